//go:build cgo

package duckdb

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"sojourn/load"
)

// column is a column as DuckDB describes it.
type column struct {
	name, dataType string
	nullable       bool
}

// hasColumns reports whether a table exists and has exactly the columns of t.
func hasColumns(ctx context.Context, tx *sql.Tx, t load.Table) (bool, error) {
	rows, err := tx.QueryContext(ctx, `
		SELECT column_name, data_type, is_nullable
		FROM duckdb_columns()
		WHERE schema_name = 'main' AND database_name = current_database() AND table_name = ?
		ORDER BY column_index`, t.Name)
	if err != nil {
		return false, fmt.Errorf("describe %s: %w", t.Name, err)
	}
	defer rows.Close() // read-only: nothing to lose
	same, n := true, 0
	for ; rows.Next(); n++ {
		var c column
		if err := rows.Scan(&c.name, &c.dataType, &c.nullable); err != nil {
			return false, fmt.Errorf("describe %s: %w", t.Name, err)
		}
		same = same && n < len(t.Columns) && c == describe(t.Columns[n])
	}
	if err := rows.Err(); err != nil {
		return false, fmt.Errorf("describe %s: %w", t.Name, err)
	}
	return same && n == len(t.Columns), nil
}

func describe(c load.Column) column {
	dataType := map[load.Type]string{
		load.Date:      "DATE",
		load.Timestamp: "TIMESTAMP WITH TIME ZONE",
		load.String:    "VARCHAR",
		load.Int64:     "BIGINT",
		load.Float64:   "DOUBLE",
		load.Bool:      "BOOLEAN",
	}[c.Type]
	return column{c.Name, dataType, c.Nullable}
}

// createTable returns the statements that make an empty table of t, whatever
// was there.
func createTable(t load.Table) []string {
	var columns []string
	for _, c := range t.Columns {
		definition := name(c.Name) + " " + describe(c).dataType
		if !c.Nullable {
			definition += " NOT NULL"
		}
		columns = append(columns, definition)
	}
	statements := []string{
		"CREATE OR REPLACE TABLE " + name(t.Name) + " (\n  " + strings.Join(columns, ",\n  ") + "\n)",
		"COMMENT ON TABLE " + name(t.Name) + " IS " + text(t.Doc),
	}
	for _, c := range t.Columns {
		statements = append(statements, "COMMENT ON COLUMN "+name(t.Name)+"."+name(c.Name)+" IS "+text(c.Doc))
	}
	return statements
}

// name quotes an identifier.
func name(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

// text quotes a string.
func text(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
