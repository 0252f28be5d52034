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

// columns returns the columns of all tables that there are, in their order.
func columns(ctx context.Context, tx *sql.Tx) (map[string][]column, error) {
	rows, err := tx.QueryContext(ctx, `
		SELECT table_name, column_name, data_type, is_nullable
		FROM duckdb_columns()
		WHERE schema_name = 'main' AND database_name = current_database()
		ORDER BY table_name, column_index`)
	if err != nil {
		return nil, fmt.Errorf("describe tables: %w", err)
	}
	defer rows.Close() // read-only: nothing to lose
	of := map[string][]column{}
	for rows.Next() {
		var table string
		var c column
		if err := rows.Scan(&table, &c.name, &c.dataType, &c.nullable); err != nil {
			return nil, fmt.Errorf("describe tables: %w", err)
		}
		of[table] = append(of[table], c)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("describe tables: %w", err)
	}
	return of, nil
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
