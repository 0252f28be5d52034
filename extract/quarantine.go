package extract

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/parquet-go/parquet-go"

	"sojourn/internal/bucket"
	"sojourn/internal/lake"
)

// maxRaw bounds how much of a record is kept in quarantine, in bytes.
const maxRaw = 64 << 10

// A rejected record is a row of a quarantine file.
type rejected struct {
	Source   string `parquet:"source,dict"`
	Object   string `parquet:"object,dict"`
	Line     int64  `parquet:"line"` // or row, from 1
	Reason   string `parquet:"reason,dict"`
	Detail   string `parquet:"detail"`
	Raw      []byte `parquet:"raw,optional"` // the record's bytes, or their beginning; null if they are not kept
	RawBytes int64  `parquet:"raw_bytes"`    // length of the whole record
}

func (r *rejected) size() int64 { return int64(len(r.Raw)+len(r.Detail)) + 128 }

func compareRejected(a, b rejected) int {
	return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Object, b.Object), cmp.Compare(a.Line, b.Line))
}

// writeQuarantine writes rejected records, sorted by origin.
func writeQuarantine(ctx context.Context, b *bucket.Bucket, name string, rows []rejected) (lake.File, error) {
	slices.SortStableFunc(rows, compareRejected)
	file, err := put(ctx, b, name, func(w io.Writer) error { return encodeQuarantine(w, rows) })
	if err != nil {
		return lake.File{}, fmt.Errorf("quarantine: %w", err)
	}
	file.Rows = int64(len(rows))
	return file, nil
}

func encodeQuarantine(w io.Writer, rows []rejected) error {
	pw := parquet.NewGenericWriter[rejected](w, parquet.Compression(&parquet.Zstd))
	if _, err := pw.Write(rows); err != nil {
		return err
	}
	return pw.Close()
}
