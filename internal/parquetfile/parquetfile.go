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

// batch is the number of rows handed to a column at once.
const batch = 500

// Encode returns the Parquet file of rows, in their order.
func Encode[R any](rows []R) ([]byte, error) {
	var file bytes.Buffer
	if err := encode(&file, rows); err != nil {
		return nil, fmt.Errorf("write %s rows as parquet: %w", reflect.TypeFor[R](), err)
	}
	return file.Bytes(), nil
}

func encode[R any](file io.Writer, rows []R) error {
	columns, err := columnsOf(reflect.TypeFor[R]())
	if err != nil {
		return err
	}
	w := parquet.NewGenericWriter[R](file, writerConfig())
	writers := w.ColumnWriters()
	values := make([]parquet.Value, batch)
	for from := 0; from < len(rows); {
		n := min(batch, len(rows)-from)
		for c, column := range columns {
			column.fill(values[:n], field{unsafe.Add(unsafe.Pointer(&rows[from]), column.offset), unsafe.Sizeof(rows[from])})
			if _, err := writers[c].WriteRowValues(values[:n]); err != nil {
				return err
			}
		}
		if from += n; from%rowGroup == 0 {
			if err := w.Flush(); err != nil {
				return err
			}
		}
	}
	return w.Close()
}

// Decode returns the rows of a file that [Encode] made, perhaps when R had
// fewer columns: what the file does not have is zero.
func Decode[R any](data []byte) ([]R, error) {
	rows, err := decode[R](data)
	if err != nil {
		return nil, fmt.Errorf("read parquet of %s: %w", reflect.TypeFor[R](), err)
	}
	return rows, nil
}

func decode[R any](data []byte) ([]R, error) {
	file, err := parquet.OpenFile(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, err
	}
	columns, err := columnsOf(reflect.TypeFor[R]())
	if err != nil {
		return nil, err
	}
	rows := make([]R, file.NumRows())
	at := 0
	for _, group := range file.RowGroups() {
		end := at + int(group.NumRows())
		if end > len(rows) {
			return nil, errors.New("more rows than the file says it has")
		}
		if err := decodeGroup(rows[at:end], group, columns); err != nil {
			return nil, err
		}
		at = end
	}
	if at < len(rows) {
		return nil, errors.New("fewer rows than the file says it has")
	}
	return rows, nil
}

// decodeGroup reads the columns side by side, a few rows at a time, which is
// much faster than one after the other: the rows stay in the processor's cache.
func decodeGroup[R any](rows []R, group parquet.RowGroup, columns []column) error {
	var readers []*columnReader
	for _, c := range columns {
		leaf, ok := group.Schema().Lookup(c.name)
		if !ok {
			continue
		}
		if kind := leaf.Node.Type().Kind(); kind != c.kind {
			return fmt.Errorf("column %s is %s in the file and %s here", c.name, kind, c.kind)
		}
		values := parquet.NewColumnChunkValueReader(group.ColumnChunks()[leaf.ColumnIndex])
		defer values.Close() // read-only: nothing to lose
		readers = append(readers, &columnReader{c, values, texts{}})
	}
	buffer := make([]parquet.Value, batch)
	for from := 0; from < len(rows); from += batch {
		n := min(batch, len(rows)-from)
		for _, r := range readers {
			if err := r.read(unsafe.Pointer(&rows[from]), unsafe.Sizeof(rows[from]), buffer[:n]); err != nil {
				return fmt.Errorf("column %s: %w", r.name, err)
			}
		}
	}
	return nil
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
