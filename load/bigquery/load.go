package bigquery

import (
	"context"
	"errors"
	"io"
	"strings"

	"cloud.google.com/go/bigquery"

	"sojourn/internal/calendar"
	"sojourn/load"
)

// A source opens where BigQuery finds the rows of a load, and returns what
// closes it.
type source func(context.Context) (bigquery.LoadSource, func() error, error)

// loadInto is the task of a load that replaces a table or one of its
// partitions.
func (w *Warehouse) loadInto(table, key string, open source) task {
	return task{
		key: key,
		send: func(ctx context.Context, id string) (*bigquery.Job, error) {
			from, closeSource, err := open(ctx)
			if err != nil {
				return nil, err
			}
			ctx, cancel := context.WithTimeout(ctx, uploadTimeout)
			defer cancel()
			loader := w.dataset.Table(table).LoaderFrom(from)
			loader.JobIDConfig = bigquery.JobIDConfig{JobID: id, Location: w.client.Location}
			loader.CreateDisposition = bigquery.CreateNever
			loader.WriteDisposition = bigquery.WriteTruncate
			loader.Labels = jobLabels(key)
			job, err := loader.Run(ctx)
			return job, errors.Join(err, closeSource())
		},
		check: func(config bigquery.JobConfig) bool {
			loaded, ok := config.(*bigquery.LoadConfig)
			return ok && loaded.Dst.TableID == table && loaded.Labels["content"] == key
		},
	}
}

func jobLabels(key string) map[string]string {
	return map[string]string{"managed_by": "sojourn", "content": key}
}

// decorated names a partition of a table for a job; a reference table has none.
func decorated(table string, day calendar.Day) string {
	if day == 0 {
		return table
	}
	return table + "$" + strings.ReplaceAll(day.String(), "-", "")
}

// file returns where BigQuery finds the rows of a partition.
func (w *Warehouse) file(schema bigquery.Schema, p load.Partition) source {
	return func(ctx context.Context) (bigquery.LoadSource, func() error, error) {
		r, err := w.lake.Open(ctx, p.Object)
		if err != nil {
			return nil, nil, &lakeError{err}
		}
		rows := lakeReader{p.Check(r)}
		if uri := w.lake.URL(p.Object); strings.HasPrefix(uri, "gs://") {
			_, err := io.Copy(io.Discard, rows)
			return fromStorage(schema, uri), nothing, errors.Join(err, r.Close())
		}
		return upload(schema, rows), r.Close, nil
	}
}

// A lakeReader tells errors of the lake from those of BigQuery.
type lakeReader struct{ r io.Reader }

func (l lakeReader) Read(data []byte) (int, error) {
	n, err := l.r.Read(data)
	if err != nil && err != io.EOF {
		err = &lakeError{err}
	}
	return n, err
}

func fromStorage(schema bigquery.Schema, uri string) bigquery.LoadSource {
	source := bigquery.NewGCSReference(uri)
	source.SourceFormat = bigquery.Parquet
	source.Schema = schema
	return source
}

func upload(schema bigquery.Schema, r io.Reader) bigquery.LoadSource {
	source := bigquery.NewReaderSource(r)
	source.SourceFormat = bigquery.Parquet
	source.Schema = schema
	return source
}

// nothing is to be closed.
func nothing() error { return nil }
