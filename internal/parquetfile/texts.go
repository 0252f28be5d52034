package parquetfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go"
)

// Texts calls yield with every text of a Parquet file of any schema and the
// name of its column, column by column, but only once for a run of equal
// ones. A text is valid until yield returns.
func Texts(data []byte, yield func(column string, text []byte)) error {
	file, err := parquet.OpenFile(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return err
	}
	columns := file.Schema().Columns()
	for _, group := range file.RowGroups() {
		for c, chunk := range group.ColumnChunks() {
			if kind := chunk.Type().Kind(); kind != parquet.ByteArray && kind != parquet.FixedLenByteArray {
				continue
			}
			name := columns[c][len(columns[c])-1]
			if err := chunkTexts(chunk, func(text []byte) { yield(name, text) }); err != nil {
				return fmt.Errorf("column %s: %w", name, err)
			}
		}
	}
	return nil
}

func chunkTexts(chunk parquet.ColumnChunk, yield func([]byte)) error {
	values := parquet.NewColumnChunkValueReader(chunk)
	defer values.Close() // read-only: nothing to lose
	buffer := make([]parquet.Value, batch)
	var last []byte
	for {
		n, err := values.ReadValues(buffer)
		for _, v := range buffer[:n] {
			if v.IsNull() || last != nil && bytes.Equal(last, v.ByteArray()) {
				continue
			}
			last = append(last[:0], v.ByteArray()...)
			yield(last)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
