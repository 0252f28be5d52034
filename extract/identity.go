package extract

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"unicode/utf8"

	"sojourn/internal/bucket"
	"sojourn/internal/crash"
	"sojourn/internal/lake"
	"sojourn/internal/parquetfile"
	"sojourn/transform"
)

// An aliasRow is the schema of the files of records that say which id is whose.
type aliasRow struct {
	From   string `parquet:"from_id" doc:"The id that stands for another."`
	To     string `parquet:"to_id" doc:"The id it stands for."`
	At     int64  `parquet:"said_at,optional,timestamp(microsecond)" doc:"When the product said so; null if it does not tell."`
	Source string `parquet:"source" doc:"Name of the source."`
	Object string `parquet:"object" doc:"Object that held the record."`
	Line   int64  `parquet:"line" doc:"Line or row of the object, from 1."`
}

func (a aliasRow) compare(b aliasRow) int {
	return cmp.Or(
		cmp.Compare(a.From, b.From), cmp.Compare(a.At, b.At), cmp.Compare(a.To, b.To),
		cmp.Compare(a.Source, b.Source), cmp.Compare(a.Object, b.Object), cmp.Compare(a.Line, b.Line),
	)
}

// writeAliases writes what all workers have found, if anything.
func (b *batch) writeAliases(ctx context.Context, workers []*worker) error {
	var rows []aliasRow
	for _, w := range workers {
		rows = append(rows, w.aliases...)
		w.aliases = nil
	}
	if len(rows) == 0 {
		return nil
	}
	slices.SortFunc(rows, aliasRow.compare)
	data, err := parquetfile.Encode(rows)
	if err != nil {
		return err
	}
	crash.At("extract.identity-file-encoded")
	file, err := put(ctx, b.bucket, lake.IdentityObject(b.id), func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
	if err != nil {
		return err
	}
	crash.At("extract.identity-file-written")
	file.Rows = int64(len(rows))
	b.identity = append(b.identity, file)
	return nil
}

// A Statement is a record that says which id is whose.
type Statement struct {
	transform.Alias
	Source, Object string
	Line           int64 // or row, from 1
}

// ReadIdentity returns the aliases that count, in no order.
func ReadIdentity(ctx context.Context, b *bucket.Bucket, files []lake.Aliases) ([]transform.Alias, error) {
	statements, err := ReadStatements(ctx, b, files)
	aliases := make([]transform.Alias, len(statements))
	for i := range statements {
		aliases[i] = statements[i].Alias
	}
	return aliases, err
}

// ReadStatements returns the records that count with where they are from, in
// no order.
func ReadStatements(ctx context.Context, b *bucket.Bucket, files []lake.Aliases) ([]Statement, error) {
	var statements []Statement
	for _, f := range files {
		data, err := b.Read(ctx, f.Object)
		if err != nil {
			return nil, err
		}
		rows, err := parquetfile.Decode[aliasRow](data)
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			if !slices.Contains(f.Superseded, (lake.ObjectKey{Source: row.Source, Object: row.Object})) {
				statements = append(statements, Statement{transform.Alias{From: row.From, To: row.To, At: row.At}, row.Source, row.Object, row.Line})
			}
		}
	}
	return statements, nil
}

// aliasID returns an id that a record of which id is whose must have.
func aliasID(v value, name string) (string, *flaw) {
	switch {
	case !v.known():
		return "", &flaw{wrongFormat, name + " is missing or empty: want a record of which id is whose"}
	case v.kind != text && v.kind != number:
		return "", &flaw{wrongType, fmt.Sprintf("%s is %s, want text", name, v.kind)}
	case !utf8.Valid(v.bytes) || bytes.IndexByte(v.bytes, 0) >= 0:
		return "", &flaw{invalidText, fmt.Sprintf("%s is %s, which is not UTF-8 or has a NUL character", name, excerpt(v.bytes))}
	}
	return string(v.bytes), nil
}
