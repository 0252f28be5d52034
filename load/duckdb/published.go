//go:build cgo

package duckdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"sojourn/internal/calendar"
	"sojourn/load"
)

// Published returns the digests of the partitions that the file holds. It is
// empty if there is no file. Partitions of a table that has other columns than
// this version gives it do not count: they are to be published again.
func (w *Warehouse) Published(ctx context.Context) (_ map[load.PartitionKey]string, err error) {
	if err := w.exists(); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	db, err := w.connect(ctx, readOnly)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return nil, fmt.Errorf("read what %s holds: %w", w.path, err)
	}
	defer tx.Rollback() // read-only: nothing to lose
	stale, err := staleTables(ctx, tx)
	if err != nil {
		return nil, fmt.Errorf("read what %s holds: %w", w.path, err)
	}
	held, err := publications(ctx, tx, stale, "")
	if err != nil {
		return nil, fmt.Errorf("read what %s holds: %w", w.path, err)
	}
	return held.Digests(), nil
}

// ownTables returns all tables of ours, published_partitions first.
func ownTables() []load.Table {
	return append([]load.Table{load.PublishedPartitions()}, load.Tables()...)
}

// staleTables returns the tables that do not exist, or have other columns than
// this version gives them.
func staleTables(ctx context.Context, tx *sql.Tx) (map[string]load.Table, error) {
	have, err := columns(ctx, tx)
	if err != nil {
		return nil, err
	}
	stale := map[string]load.Table{}
	for _, t := range ownTables() {
		var want []column
		for _, c := range t.Columns {
			want = append(want, describe(c))
		}
		if !slices.Equal(have[t.Name], want) {
			stale[t.Name] = t
		}
	}
	return stale, nil
}

// publications reads published_partitions, as far as a WHERE clause selects, without
// the rows of stale tables.
func publications(ctx context.Context, tx *sql.Tx, stale map[string]load.Table, where string) (load.Publications, error) {
	held := load.Publications{}
	if _, none := stale[load.PublishedPartitions().Name]; none {
		return held, nil
	}
	rows, err := tx.QueryContext(ctx, "SELECT table_name, date, revision, coalesce(sha256, ''), rows, is_complete FROM published_partitions"+where)
	if err != nil {
		return nil, err
	}
	defer rows.Close() // read-only: nothing to lose
	for rows.Next() {
		var p load.Publication
		var date sql.NullTime
		if err := rows.Scan(&p.Table, &date, &p.Revision, &p.SHA256, &p.Rows, &p.Complete); err != nil {
			return nil, err
		}
		p.Day = dayOf(date)
		if _, forgotten := stale[p.Table]; !forgotten {
			held[load.PartitionKey{Table: p.Table, Day: p.Day}] = p
		}
	}
	return held, rows.Err()
}

// ofDays selects the rows of published_partitions that are about the days of
// partitions, and those of reference tables: few, where a warehouse has years.
func ofDays(partitions []load.Partition) string {
	days := map[calendar.Day]bool{}
	for _, p := range partitions {
		days[p.Day] = true
	}
	texts := []string{"NULL"}
	for _, day := range slices.Sorted(maps.Keys(days)) {
		if day != 0 {
			texts = append(texts, "DATE "+text(day.String()))
		}
	}
	return " WHERE date IS NULL OR date IN (" + strings.Join(texts, ", ") + ")"
}

// note records the changes in published_partitions.
func note(ctx context.Context, tx *sql.Tx, changes []load.Change) error {
	var keys, values []string
	for _, c := range changes {
		date, digest := "CAST(NULL AS DATE)", "NULL"
		if c.Day != 0 {
			date = "DATE " + text(c.Day.String())
		}
		if c.SHA256 != "" {
			digest = text(c.SHA256)
		}
		keys = append(keys, fmt.Sprintf("(%s, %s)", text(c.Table), date))
		values = append(values, fmt.Sprintf("(%s, %s, %d, %s, %d, true)", text(c.Table), date, c.Revision, digest, c.Rows))
	}
	return execute(ctx, tx,
		"DELETE FROM published_partitions AS p USING (VALUES "+strings.Join(keys, ", ")+") AS k(table_name, date)\n"+
			"WHERE p.table_name = k.table_name AND p.date IS NOT DISTINCT FROM k.date",
		"INSERT INTO published_partitions (table_name, date, revision, sha256, rows, is_complete) VALUES "+strings.Join(values, ", "),
	)
}

// dayOf returns the day of a DATE, zero for null.
func dayOf(date sql.NullTime) calendar.Day {
	if !date.Valid {
		return 0
	}
	return calendar.Date(date.Time.Date())
}
