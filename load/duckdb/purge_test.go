//go:build cgo

package duckdb_test

import (
	"bytes"
	"os"
	"testing"

	"sojourn/load"
)

// What a purged file held before is not in its bytes any more; without the
// purge it is. All else is as it was, with what is said of it.
func TestPurgeLeavesNothingInTheFile(t *testing.T) {
	w, b := open(t)
	publish(t, w, append(store(t, b, visits(day1, "canary-of-the-mine", "bob")), store(t, b, visits(day2, "bob"))...))
	has := func() bool {
		data, err := os.ReadFile(w.Path())
		if err != nil {
			t.Fatal(err)
		}
		return bytes.Contains(data, []byte("canary-of-the-mine"))
	}
	without := store(t, b, visits(day1, "bob"))
	publish(t, w, without)
	if !has() {
		t.Fatal("DuckDB has written over the rows by itself: this shows nothing")
	}
	const described = "SELECT view_name, comment, sql FROM duckdb_views() WHERE NOT internal ORDER BY ALL"
	const columns = "SELECT table_name, column_name, data_type, is_nullable, comment FROM duckdb_columns() WHERE NOT internal ORDER BY ALL"
	views, tables := ask(t, w, described), ask(t, w, columns)

	// A purge that was killed has left a file behind.
	if err := os.WriteFile(w.Path()+".purged", []byte("half of a database"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := w.Publish(t.Context(), load.Group{Partitions: without, AsOf: day2, Purge: true}); err != nil {
		t.Fatal(err)
	}
	if has() {
		t.Error("the file has the deleted rows")
	}
	wantRows(t, w, whoCame, "2026-10-01 bob", "2026-10-02 bob")
	wantRows(t, w, described, views...)
	wantRows(t, w, columns, tables...)
	publish(t, w, store(t, b, visits(day2, "bob", "eve")))
	wantRows(t, w, whoCame, "2026-10-01 bob", "2026-10-02 bob", "2026-10-02 eve")
}
