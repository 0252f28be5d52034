//go:build cgo

package duckdb

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"sojourn/internal/crash"
)

// purge writes the file anew, with all that it holds, tables of others
// included. Deleted rows stay in the blocks of a DuckDB file until something
// is written over them, and a checkpoint does not change that.
func (w *Warehouse) purge(ctx context.Context) error {
	fresh := w.path + ".purged"
	if err := w.copyTo(ctx, fresh); err != nil {
		return fmt.Errorf("write %s anew: %w", w.path, err)
	}
	crash.At("erase.duckdb-copied")
	if err := os.Rename(fresh, w.path); err != nil {
		return fmt.Errorf("write %s anew: %w", w.path, err)
	}
	crash.At("erase.duckdb-replaced")
	return nil
}

// copyTo copies the database into a new file, in the place of what a killed
// run may have left there.
func (w *Warehouse) copyTo(ctx context.Context, fresh string) (err error) {
	for _, left := range []string{fresh, fresh + ".wal"} {
		if err := os.Remove(left); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	info, err := os.Stat(w.path)
	if err != nil {
		return err
	}
	db, err := w.connect(ctx, readWrite)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var own string
	if err := db.QueryRowContext(ctx, "SELECT current_database()").Scan(&own); err != nil {
		return err
	}
	for _, statement := range []string{
		"ATTACH " + text(fresh) + " AS purged",
		"COPY FROM DATABASE " + name(own) + " TO purged",
		"DETACH purged",
	} {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return os.Chmod(fresh, info.Mode().Perm())
}
