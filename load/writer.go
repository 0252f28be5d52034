package load

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"sojourn/internal/calendar"
	"sojourn/internal/parquetfile"
	"sojourn/transform"
)

// A File is the Parquet file of one partition.
type File struct {
	Table  string
	Day    calendar.Day // zero for a reference table
	Rows   int64
	Size   int64            // in bytes
	Data   []byte           // nil if a [Writer] wrote it elsewhere
	SHA256 string           // hex digest of the file
	Sums   map[string]int64 // of the whole-number columns, by column
}

// A Writer writes the files of a day some rows at a time, of any number of
// tables. However rows are divided, the files are the same.
type Writer struct {
	day    calendar.Day
	tables []dayWriter
}

// A dayWriter writes one of a day's tables.
type dayWriter interface {
	name() string
	take(t *transform.Tables) error
	close() (File, error)
	breach() string
}

// NewWriter begins a file for each of the named daily tables, all of them if
// none is named, in the order of [Tables]. Into says where each goes.
func NewWriter(day calendar.Day, into func(table string) io.Writer, names ...string) (*Writer, error) {
	w := &Writer{day: day}
	for _, table := range daily() {
		if len(names) > 0 && !slices.Contains(names, table.Name) {
			continue
		}
		of, err := table.begin(day, into(table.Name))
		if err != nil {
			return nil, err
		}
		w.tables = append(w.tables, of)
	}
	return w, nil
}

// Write writes the rows of t, each table's after those written before, and in
// the order of its key.
func (w *Writer) Write(t *transform.Tables) error {
	return w.each(func(i int) error { return w.tables[i].take(t) })
}

// Close ends the files and returns what they are. A table without rows has a
// file without rows.
func (w *Writer) Close() ([]File, error) {
	files := make([]File, len(w.tables))
	return files, w.each(func(i int) (err error) {
		files[i], err = w.tables[i].close()
		return err
	})
}

// Breaches returns what the rows written have in them that no row may have: the
// key of another, rows out of order, numbers that are none. It names the table
// and the key, and is empty if all is well.
func (w *Writer) Breaches() []string {
	var all []string
	for _, table := range w.tables {
		if why := table.breach(); why != "" {
			all = append(all, fmt.Sprintf("%s: %s", table.name(), why))
		}
	}
	return all
}

func (w *Writer) each(do func(i int) error) error {
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i := range w.tables {
		g.Go(func() error {
			if err := do(i); err != nil {
				return fmt.Errorf("table %s of %s: %w", w.tables[i].name(), w.day, err)
			}
			return nil
		})
	}
	return g.Wait()
}

// A tableWriter writes the file of one table.
type tableWriter[R any] struct {
	table Table
	day   calendar.Day
	rows  func(*transform.Tables) []R // of a table that has a partition a day

	file    *parquetfile.Writer[R]
	digest  hash.Hash
	written int64 // bytes
	count   int64 // rows
	sums    []sum // of the table's columns
	checker checker[R]
}

func newTableWriter[R any](t Table, day calendar.Day, into io.Writer) (*tableWriter[R], error) {
	w := &tableWriter[R]{table: t, day: day, digest: sha256.New(), sums: make([]sum, len(t.Columns)), checker: newChecker[R](t.Key)}
	var err error
	w.file, err = parquetfile.NewWriter[R](io.MultiWriter(into, w.digest, counter{&w.written}))
	return w, err
}

func (w *tableWriter[R]) name() string                   { return w.table.Name }
func (w *tableWriter[R]) breach() string                 { return w.checker.breach }
func (w *tableWriter[R]) take(t *transform.Tables) error { return w.write(w.rows(t)) }

func (w *tableWriter[R]) write(rows []R) error {
	w.count += int64(len(rows))
	w.checker.check(rows)
	addSums(w.sums, w.table, rows)
	return w.file.Write(rows)
}

func (w *tableWriter[R]) close() (File, error) {
	if err := w.file.Close(); err != nil {
		return File{}, err
	}
	return File{
		Table: w.table.Name, Day: w.day, Rows: w.count, Size: w.written, SHA256: hex.EncodeToString(w.digest.Sum(nil)), Sums: byColumn(w.sums, w.table),
	}, nil
}

// A counter counts the bytes written to it.
type counter struct{ n *int64 }

func (c counter) Write(p []byte) (int, error) {
	*c.n += int64(len(p))
	return len(p), nil
}
