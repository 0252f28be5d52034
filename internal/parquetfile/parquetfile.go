// Package parquetfile writes and reads tables of row structs as Parquet.
//
// Files are deterministic: equal rows in equal order make equal bytes. The
// struct tags are the schema, and a table without rows still has it. Days are
// int32 with the tag date, times are int64 with timestamp(microsecond); a
// text, number or time with the tag optional is null when it is zero, a
// pointer when it is nil.
package parquetfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"unsafe"

	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go"
	zstdcodec "github.com/parquet-go/parquet-go/compress/zstd"
)

// rowGroup is the number of rows that a reader can skip or read at once.
const rowGroup = 100_000

// batch is the number of rows handed to a column at once. Row groups are whole
// batches.
const batch = 500

// Encode returns the Parquet file of rows, in their order.
func Encode[R any](rows []R) ([]byte, error) {
	var file bytes.Buffer
	w, err := NewWriter[R](&file)
	if err == nil {
		err = w.Write(rows)
	}
	if err == nil {
		err = w.Close()
	}
	return file.Bytes(), err
}

// A Writer writes a Parquet file some rows at a time. However they are divided,
// the file is the same.
type Writer[R any] struct {
	columns []column
	file    *parquet.GenericWriter[R]
	writers []*parquet.ColumnWriter
	values  []parquet.Value
	rest    []R // less than a batch: where batches end, pages may
	inGroup int // rows written of the row group at hand
}

// NewWriter begins a file of rows.
func NewWriter[R any](file io.Writer) (*Writer[R], error) {
	columns, err := columnsOf(reflect.TypeFor[R]())
	if err != nil {
		return nil, writing[R](err)
	}
	w := parquet.NewGenericWriter[R](file, writerConfig())
	return &Writer[R]{columns: columns, file: w, writers: w.ColumnWriters(), values: make([]parquet.Value, batch)}, nil
}

// Write writes rows after those before.
func (w *Writer[R]) Write(rows []R) error {
	if len(w.rest) > 0 {
		n := min(batch-len(w.rest), len(rows))
		w.rest, rows = append(w.rest, rows[:n]...), rows[n:]
		if len(w.rest) < batch {
			return nil
		}
		if err := w.batch(w.rest); err != nil {
			return err
		}
		w.rest = w.rest[:0]
	}
	for ; len(rows) >= batch; rows = rows[batch:] {
		if err := w.batch(rows[:batch]); err != nil {
			return err
		}
	}
	w.rest = append(w.rest, rows...)
	return nil
}

// batch writes at most a batch of rows.
func (w *Writer[R]) batch(rows []R) error {
	for c, column := range w.columns {
		values := w.values[:len(rows)]
		column.fill(values, field{unsafe.Add(unsafe.Pointer(&rows[0]), column.offset), unsafe.Sizeof(rows[0])})
		if _, err := w.writers[c].WriteRowValues(values); err != nil {
			return writing[R](err)
		}
	}
	if w.inGroup += len(rows); w.inGroup < rowGroup {
		return nil
	}
	w.inGroup = 0
	if err := w.file.Flush(); err != nil {
		return writing[R](err)
	}
	return nil
}

// Close ends the file. It does not close what it is written to.
func (w *Writer[R]) Close() error {
	if len(w.rest) > 0 {
		if err := w.batch(w.rest); err != nil {
			return err
		}
	}
	if err := w.file.Close(); err != nil {
		return writing[R](err)
	}
	return nil
}

func writing[R any](err error) error {
	return fmt.Errorf("write %s rows as parquet: %w", reflect.TypeFor[R](), err)
}

// Decode returns the rows of a file that [Encode] made, perhaps when R had
// fewer columns: what the file does not have is zero.
func Decode[R any](data []byte) ([]R, error) {
	r, err := NewReader[R](bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return r.Read(int(r.left))
}

// A Reader reads the rows of a file some at a time.
type Reader[R any] struct {
	columns []column
	groups  []parquet.RowGroup // that are not begun
	left    int64              // rows of the file that are not read
	inGroup int64              // likewise, of the row group at hand
	readers []*columnReader
	buffer  []parquet.Value
}

// NewReader opens a file of that many bytes that [Encode] or a [Writer] made,
// perhaps when R had fewer columns: what it does not have is zero. Close it.
func NewReader[R any](file io.ReaderAt, size int64) (*Reader[R], error) {
	f, err := parquet.OpenFile(file, size)
	if err != nil {
		return nil, reading[R](err)
	}
	columns, err := columnsOf(reflect.TypeFor[R]())
	if err != nil {
		return nil, reading[R](err)
	}
	return &Reader[R]{columns: columns, groups: f.RowGroups(), left: f.NumRows(), buffer: make([]parquet.Value, batch)}, nil
}

// Read returns the next n rows, fewer if the file ends before, none after its
// end.
func (r *Reader[R]) Read(n int) ([]R, error) {
	rows := make([]R, min(int64(n), r.left))
	for from := 0; from < len(rows); {
		if r.inGroup == 0 {
			if err := r.begin(); err != nil {
				return nil, reading[R](err)
			}
			continue
		}
		some := int(min(batch, int64(len(rows)-from), r.inGroup))
		// The columns side by side, a few rows at a time, which is much faster
		// than one after the other: the rows stay in the processor's cache.
		for _, c := range r.readers {
			if err := c.read(unsafe.Pointer(&rows[from]), unsafe.Sizeof(rows[from]), r.buffer[:some]); err != nil {
				return nil, reading[R](fmt.Errorf("column %s: %w", c.name, err))
			}
		}
		from, r.inGroup = from+some, r.inGroup-int64(some)
	}
	if r.left -= int64(len(rows)); r.left == 0 && (r.inGroup > 0 || len(r.groups) > 0) {
		return nil, reading[R](errors.New("more rows than the file says it has"))
	}
	return rows, nil
}

// Left returns how many rows have not been read.
func (r *Reader[R]) Left() int64 { return r.left }

// begin opens the columns of the next row group.
func (r *Reader[R]) begin() error {
	r.Close()
	if len(r.groups) == 0 {
		return errors.New("fewer rows than the file says it has")
	}
	group := r.groups[0]
	r.groups, r.inGroup = r.groups[1:], group.NumRows()
	for _, c := range r.columns {
		leaf, ok := group.Schema().Lookup(c.name)
		if !ok {
			continue
		}
		if kind := leaf.Node.Type().Kind(); kind != c.kind {
			return fmt.Errorf("column %s is %s in the file and %s here", c.name, kind, c.kind)
		}
		values := parquet.NewColumnChunkValueReader(group.ColumnChunks()[leaf.ColumnIndex])
		r.readers = append(r.readers, &columnReader{c, values, texts{}})
	}
	return nil
}

// Close ends the reading. It does not close the file.
func (r *Reader[R]) Close() {
	for _, c := range r.readers {
		c.values.Close() // read-only: nothing to lose
	}
	r.readers = nil
}

func reading[R any](err error) error {
	return fmt.Errorf("read parquet of %s: %w", reflect.TypeFor[R](), err)
}

// compression is one for all files: it keeps encoders of several megabytes.
var compression = &zstdcodec.Codec{Level: zstd.SpeedFastest}

// writerConfig asks for no dictionaries: under zstd they were measured to save
// neither bytes nor time.
func writerConfig() *parquet.WriterConfig {
	config := parquet.DefaultWriterConfig()
	config.CreatedBy = "sojourn"
	config.Compression = compression
	config.MaxRowsPerRowGroup = rowGroup
	return config
}
