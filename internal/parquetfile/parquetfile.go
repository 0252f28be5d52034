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
	w := parquet.NewGenericWriter[R](file, writerConfig(rows))
	writers := w.ColumnWriters()
	values := make([]parquet.Value, batch)
	for from := 0; from < len(rows); {
		n := min(batch, len(rows)-from)
		for c, column := range columns {
			for i := range n {
				values[i] = column.value(unsafe.Add(unsafe.Pointer(&rows[from+i]), column.offset))
			}
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

// Decode returns the rows of a file that [Encode] made.
func Decode[R any](data []byte) ([]R, error) {
	file, err := parquet.OpenFile(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, fmt.Errorf("open parquet of %s: %w", reflect.TypeFor[R](), err)
	}
	r := parquet.NewGenericReader[R](file)
	defer r.Close() // read-only: nothing to lose
	rows := make([]R, r.NumRows())
	n, err := r.Read(rows)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read parquet of %s: %w", reflect.TypeFor[R](), err)
	}
	if n < len(rows) {
		return nil, fmt.Errorf("read parquet of %s: %d rows of %d", reflect.TypeFor[R](), n, len(rows))
	}
	return rows, nil
}

func writerConfig[R any](rows []R) *parquet.WriterConfig {
	config := parquet.DefaultWriterConfig()
	config.CreatedBy = "sojourn"
	config.SchemaConfig = &parquet.SchemaConfig{StructTags: dictionaries(rows)}
	config.Compression = &zstdcodec.Codec{Level: zstd.SpeedFastest}
	config.MaxRowsPerRowGroup = rowGroup
	return config
}
