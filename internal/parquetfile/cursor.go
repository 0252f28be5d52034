package parquetfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go"
)

// A Cursor reads the rows of a file one after the other, whatever their type,
// in memory that does not grow with their number.
type Cursor struct {
	columns []string
	groups  []parquet.RowGroup // that are not begun
	left    int64              // rows of the group at hand
	readers []*cellReader      // by column; nil for one that the file has not got
}

// NewCursor reads some columns of a file that [Encode] made. Close it.
func NewCursor(data []byte, columns []string) (*Cursor, error) {
	file, err := parquet.OpenFile(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, fmt.Errorf("read parquet: %w", err)
	}
	return &Cursor{columns: columns, groups: file.RowGroups()}, nil
}

// Next sets row to the values of the next row, in the order of the columns:
// nil, bool, int64, float64 or string, and nil for a column that the file has
// not got. It returns false after the last row.
func (c *Cursor) Next(row []any) (bool, error) {
	for c.left == 0 {
		c.Close()
		if len(c.groups) == 0 {
			return false, nil
		}
		c.begin(c.groups[0])
		c.groups = c.groups[1:]
	}
	c.left--
	for i, r := range c.readers {
		if row[i] = nil; r == nil {
			continue
		}
		var err error
		if row[i], err = r.next(); err != nil {
			return false, fmt.Errorf("read parquet: column %s: %w", c.columns[i], err)
		}
	}
	return true, nil
}

// begin opens the columns of a row group.
func (c *Cursor) begin(group parquet.RowGroup) {
	c.left = group.NumRows()
	for _, name := range c.columns {
		leaf, ok := group.Schema().Lookup(name)
		if !ok {
			c.readers = append(c.readers, nil)
			continue
		}
		c.readers = append(c.readers, &cellReader{
			values: parquet.NewColumnChunkValueReader(group.ColumnChunks()[leaf.ColumnIndex]), buffer: make([]parquet.Value, batch),
		})
	}
}

// Close ends the reading.
func (c *Cursor) Close() {
	for _, r := range c.readers {
		if r != nil {
			r.values.Close() // read-only: nothing to lose
		}
	}
	c.readers, c.left = nil, 0
}

// A cellReader reads the values of a column one by one.
type cellReader struct {
	values parquet.ColumnChunkValueReader
	buffer []parquet.Value
	unread []parquet.Value // of the buffer
}

func (r *cellReader) next() (any, error) {
	for len(r.unread) == 0 {
		n, err := r.values.ReadValues(r.buffer)
		if r.unread = r.buffer[:n]; n > 0 {
			break
		}
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return nil, err
		}
	}
	v := r.unread[0]
	r.unread = r.unread[1:]
	if v.IsNull() {
		return nil, nil
	}
	switch v.Kind() {
	case parquet.Boolean:
		return v.Boolean(), nil
	case parquet.Int32:
		return int64(v.Int32()), nil
	case parquet.Int64:
		return v.Int64(), nil
	case parquet.Double:
		return v.Double(), nil
	case parquet.ByteArray:
		return string(v.ByteArray()), nil
	}
	return nil, fmt.Errorf("it is %s, which no table has", v.Kind())
}

// Rows returns how many rows a Parquet file of that many bytes says it has.
func Rows(file io.ReaderAt, size int64) (int64, error) {
	f, err := parquet.OpenFile(file, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return 0, fmt.Errorf("read parquet: %w", err)
	}
	return f.NumRows(), nil
}
