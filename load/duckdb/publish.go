//go:build cgo

package duckdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	"sojourn/internal/calendar"
	"sojourn/internal/crash"
	"sojourn/load"
	views "sojourn/sql"
)

// Publish replaces the partitions and the views in one transaction.
func (w *Warehouse) Publish(ctx context.Context, g load.Group) error {
	if err := w.commit(ctx, g); err != nil || !g.Purge {
		return err
	}
	return w.purge(ctx)
}

func (w *Warehouse) commit(ctx context.Context, g load.Group) (err error) {
	debug.FreeOSMemory() // what making the days left behind: DuckDB takes its memory beside Go's
	dir, err := os.MkdirTemp("", "sojourn-duckdb-")
	if err != nil {
		return fmt.Errorf("publish into %s: %w", w.path, err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	db, err := w.connect(ctx, readWrite)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("publish into %s: %w", w.path, err)
	}
	if err := w.publish(ctx, tx, g, dir); err != nil {
		return fmt.Errorf("publish into %s: %w", w.path, errors.Join(err, tx.Rollback()))
	}
	if g.Fence != nil {
		if err := g.Fence(ctx); err != nil {
			return fmt.Errorf("publish into %s: %w", w.path, errors.Join(err, tx.Rollback()))
		}
	}
	crash.At("publish.duckdb-before-commit")
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("publish into %s: %w", w.path, err)
	}
	crash.At("publish.duckdb-after-commit")
	return nil
}

func (w *Warehouse) publish(ctx context.Context, tx *sql.Tx, g load.Group, dir string) error {
	crash.At("publish.duckdb-begun")
	stale, err := staleTables(ctx, tx)
	if err != nil {
		return err
	}
	held, err := publications(ctx, tx, stale, ofDays(g.Partitions))
	if err != nil {
		return err
	}
	for _, t := range ownTables() {
		if _, ok := stale[t.Name]; !ok {
			continue
		}
		if err := execute(ctx, tx, createTable(t)...); err != nil {
			return fmt.Errorf("create table %s: %w", t.Name, err)
		}
	}
	if err := forget(ctx, tx, stale); err != nil {
		return err
	}
	changes, err := held.Changes(g.Partitions)
	if err != nil {
		return err
	}
	for _, t := range load.Tables() {
		of := slices.DeleteFunc(slices.Clone(changes), func(c load.Change) bool { return c.Table != t.Name })
		if len(of) == 0 {
			continue
		}
		_, isNew := stale[t.Name]
		if err := w.replace(ctx, tx, t, of, isNew, dir); err != nil {
			return fmt.Errorf("replace %s and %d more days: %w", of[0].Key(), len(of)-1, err)
		}
		crash.At("publish.duckdb-table-replaced")
	}
	if len(changes) > 0 {
		if err := note(ctx, tx, changes); err != nil {
			return fmt.Errorf("published_partitions: %w", err)
		}
	}
	crash.At("publish.duckdb-tables-replaced")
	if err := execute(ctx, tx, views.DuckDBMacros()...); err != nil {
		return fmt.Errorf("create macros: %w", err)
	}
	for _, v := range views.Views() {
		if err := execute(ctx, tx, v.DuckDB(g.AsOf), "COMMENT ON VIEW main."+name(v.Name)+" IS "+text(v.Doc)); err != nil {
			return fmt.Errorf("create view %s: %w", v.Name, err)
		}
	}
	return nil
}

// forget forgets what tables that have just been made held before.
func forget(ctx context.Context, tx *sql.Tx, tables map[string]load.Table) error {
	if len(tables) == 0 {
		return nil
	}
	var names []string
	for _, t := range slices.Sorted(maps.Keys(tables)) {
		names = append(names, text(t))
	}
	return execute(ctx, tx, "DELETE FROM published_partitions WHERE table_name IN ("+strings.Join(names, ", ")+")")
}

// replace puts the rows of the changes' files in the place of the rows of
// their days, of which a new table has none. All changes are of table t.
func (w *Warehouse) replace(ctx context.Context, tx *sql.Tx, t load.Table, changes []load.Change, isNew bool, dir string) error {
	var files []string
	for _, c := range changes {
		if c.Object == "" || c.Rows == 0 { // most tables of most days; each would cost an opened file
			continue
		}
		file, err := w.file(ctx, c.Partition, dir)
		if err != nil {
			return err
		}
		files = append(files, text(file))
	}
	if !isNew {
		if err := execute(ctx, tx, "DELETE FROM "+name(t.Name)+where(t, changes)); err != nil {
			return err
		}
	}
	if len(files) > 0 {
		// The date is in the rows; the folder's name would add it again.
		if err := execute(ctx, tx, "INSERT INTO "+name(t.Name)+" BY NAME SELECT * FROM read_parquet(["+
			strings.Join(files, ", ")+"], hive_partitioning = false, union_by_name = true)"); err != nil {
			return err
		}
	}
	got, err := countRows(ctx, tx, t, changes)
	if err != nil {
		return err
	}
	for _, c := range changes {
		if got[c.Day] != c.Rows {
			return fmt.Errorf("%s: %d rows in %s, where %d were written: the file was changed since, or holds rows of another day; make it again",
				c.Key(), got[c.Day], w.lake.URL(c.Object), c.Rows)
		}
	}
	return nil
}

// countRows returns the rows that the table has of the days of the changes.
func countRows(ctx context.Context, tx *sql.Tx, t load.Table, changes []load.Change) (map[calendar.Day]int64, error) {
	day := "CAST(NULL AS DATE)"
	if t.Partition != "" {
		day = name(t.Partition)
	}
	rows, err := tx.QueryContext(ctx, "SELECT "+day+" AS day, count(*) FROM "+name(t.Name)+where(t, changes)+" GROUP BY day")
	if err != nil {
		return nil, err
	}
	defer rows.Close() // read-only: nothing to lose
	count := map[calendar.Day]int64{}
	for rows.Next() {
		var date sql.NullTime
		var n int64
		if err := rows.Scan(&date, &n); err != nil {
			return nil, err
		}
		count[dayOf(date)] = n
	}
	return count, rows.Err()
}

// where selects the rows of the days of the changes; all rows of a reference
// table.
func where(t load.Table, changes []load.Change) string {
	if t.Partition == "" {
		return ""
	}
	var days []string
	for _, c := range changes {
		days = append(days, "DATE "+text(c.Day.String()))
	}
	return " WHERE " + name(t.Partition) + " IN (" + strings.Join(days, ", ") + ")"
}

// file returns a local file with the rows of a partition.
func (w *Warehouse) file(ctx context.Context, p load.Partition, dir string) (_ string, err error) {
	r, err := w.lake.Open(ctx, p.Object)
	if err != nil {
		return "", err
	}
	defer r.Close() // read-only: nothing to lose
	if path, ok := w.lake.LocalPath(p.Object); ok {
		_, err := io.Copy(io.Discard, p.Check(r))
		return path, err
	}
	path := filepath.Join(dir, filepath.FromSlash(p.Object))
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return "", err
	}
	f, err := os.Create(path)
	if err != nil {
		return "", err
	}
	_, err = io.Copy(f, p.Check(r))
	return path, errors.Join(err, f.Close())
}

func execute(ctx context.Context, tx *sql.Tx, statements ...string) error {
	for _, s := range statements {
		if _, err := tx.ExecContext(ctx, s); err != nil {
			return err
		}
	}
	return nil
}
