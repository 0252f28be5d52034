//go:build cgo

package duckdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"sojourn/internal/calendar"
	"sojourn/load"
)

var _ load.Auditor = (*Warehouse)(nil)

// Audit counts and adds up the rows of partitions, table by table.
func (w *Warehouse) Audit(ctx context.Context, partitions []load.Partition) (wrong []load.Miscount, err error) {
	db, err := w.connect(ctx, readOnly)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	for _, t := range load.Tables() {
		var own []load.Partition
		for _, p := range partitions {
			if p.Table == t.Name {
				own = append(own, p)
			}
		}
		if len(own) == 0 {
			continue
		}
		held, err := totals(ctx, db, t)
		if err != nil {
			return nil, fmt.Errorf("audit %s of %s: %w", t.Name, w.path, err)
		}
		for _, p := range own {
			if text := held[p.Day].differs(p); text != "" {
				wrong = append(wrong, load.Miscount{Partition: p, Text: text})
			}
		}
	}
	return wrong, nil
}

// A total is the number of rows of a partition and what they add up to.
type total struct {
	rows int64
	sums map[string]string // whole numbers, also those that are too big for int64
}

// differs says in what a partition is not as it should be, "" if it is.
func (t total) differs(p load.Partition) string {
	if t.rows != p.Rows {
		return fmt.Sprintf("it has %d rows there, and should have %d", t.rows, p.Rows)
	}
	for column, want := range p.Sums {
		if got := t.sums[column]; t.rows > 0 && got != strconv.FormatInt(want, 10) {
			return fmt.Sprintf("its %s add up to %s there, and should to %d", column, got, want)
		}
	}
	return ""
}

// totals returns what each partition of a table has; all of a reference table is
// that of day 0.
func totals(ctx context.Context, db *sql.DB, t load.Table) (held map[calendar.Day]total, err error) {
	day := "CAST(NULL AS DATE)"
	if t.Partition != "" {
		day = name(t.Partition)
	}
	selected := []string{day, "count(*)"}
	var columns []string
	for _, c := range t.Columns {
		if c.Type == load.Int64 {
			columns = append(columns, c.Name)
			selected = append(selected, "CAST(coalesce(sum("+name(c.Name)+"), 0) AS VARCHAR)")
		}
	}
	rows, err := db.QueryContext(ctx, "SELECT "+strings.Join(selected, ", ")+" FROM "+name(t.Name)+" GROUP BY 1")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	held = map[calendar.Day]total{}
	for rows.Next() {
		var date sql.NullTime
		of := total{sums: map[string]string{}}
		texts := make([]string, len(columns))
		into := []any{&date, &of.rows}
		for i := range texts {
			into = append(into, &texts[i])
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		for i, column := range columns {
			of.sums[column] = texts[i]
		}
		held[dayOf(date)] = of
	}
	return held, rows.Err()
}
