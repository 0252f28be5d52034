package bigquery

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"cloud.google.com/go/bigquery"

	"sojourn/internal/calendar"
	"sojourn/load"
	"sojourn/transform"
)

// parallel is how many loads run at once.
const parallel = 4

// Publish replaces the partitions that are not published yet, and the views.
func (w *Warehouse) Publish(ctx context.Context, g load.Group) error {
	if err := w.publish(ctx, g); err != nil {
		return fmt.Errorf("publish into %s: %w", w, err)
	}
	return nil
}

func (w *Warehouse) publish(ctx context.Context, g load.Group) error {
	if err := w.ensureDataset(ctx); err != nil {
		return err
	}
	// A table that is about to be created holds nothing, whatever the list says.
	held, err := w.held(ctx)
	if err != nil {
		return err
	}
	targets, err := w.ensureTables(ctx)
	if err != nil {
		return err
	}
	changes, err := held.Changes(g.Partitions)
	if err != nil {
		return err
	}
	if len(changes) > 0 {
		if err := w.list(ctx, targets, held.With(changes, false)); err != nil {
			return err
		}
		if err := each(ctx, changes, func(ctx context.Context, c load.Change) error {
			return w.replace(ctx, targets, c)
		}); err != nil {
			return err
		}
		if err := w.list(ctx, targets, held.With(changes, true)); err != nil {
			return err
		}
	}
	return w.publishViews(ctx, g.AsOf)
}

func (w *Warehouse) ensureTables(ctx context.Context) (map[string]target, error) {
	tables := append(load.Tables(), load.PublishedPartitions())
	targets := map[string]target{}
	var mu sync.Mutex
	err := each(ctx, tables, func(ctx context.Context, t load.Table) error {
		ready, err := w.ensureTable(ctx, t)
		mu.Lock()
		defer mu.Unlock()
		targets[t.Name] = ready
		return err
	})
	return targets, err
}

// replace loads one partition.
func (w *Warehouse) replace(ctx context.Context, targets map[string]target, c load.Change) error {
	to := targets[c.Table]
	// Revisions are counted in published_partitions. If that is lost they begin
	// anew, and must not be taken for those of before.
	counted := targets[load.PublishedPartitions().Name].created.UnixMilli()
	job := loadJob{
		table: c.Table,
		key:   w.key(c.Table, c.Day, c.Revision, digest(c.SHA256, counted), to),
		rows:  c.Rows,
		source: func(ctx context.Context) (bigquery.LoadSource, func() error, error) {
			return w.source(ctx, to.schema, c.Partition)
		},
	}
	if c.Day != 0 {
		job.table += "$" + strings.ReplaceAll(c.Day.String(), "-", "")
	}
	if err := w.run(ctx, job); err != nil {
		return fmt.Errorf("load %s: %w", c.Key(), err)
	}
	return nil
}

// source returns where BigQuery finds the rows of a partition.
func (w *Warehouse) source(ctx context.Context, schema bigquery.Schema, p load.Partition) (bigquery.LoadSource, func() error, error) {
	if p.Object == "" {
		empty, err := load.Encode(&transform.Tables{Day: p.Day}, p.Table)
		if err != nil {
			return nil, nil, err
		}
		return upload(schema, bytes.NewReader(empty[0].Data)), nothing, nil
	}
	if uri := w.lake.URL(p.Object); strings.HasPrefix(uri, "gs://") {
		return fromStorage(schema, uri), nothing, nil
	}
	r, err := w.lake.Open(ctx, p.Object)
	if err != nil {
		return nil, nil, &lakeError{err}
	}
	return upload(schema, lakeReader{r}), r.Close, nil
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

// list replaces published_partitions.
func (w *Warehouse) list(ctx context.Context, targets map[string]target, publications load.Publications) error {
	data, err := publications.Encode()
	if err != nil {
		return err
	}
	name := load.PublishedPartitions().Name
	// A list may return when a table was dropped and made again.
	digest := digest(data, targets)
	err = w.run(ctx, loadJob{
		table: name,
		key:   w.key(name, 0, 0, digest, targets[name]),
		rows:  int64(len(publications)),
		source: func(context.Context) (bigquery.LoadSource, func() error, error) {
			return upload(targets[name].schema, bytes.NewReader(data)), nothing, nil
		},
	})
	if err != nil {
		return fmt.Errorf("load %s: %w", name, err)
	}
	return nil
}

// key names a load: equal keys load equal rows into the same state of the same
// partition. The revision tells a content from the same content after another
// one in between, the time of creation a table from a later one of its name.
func (w *Warehouse) key(table string, day calendar.Day, revision int64, content string, to target) string {
	return digest(w.config.Project, w.config.Dataset, table, day, revision, content, to.schema, to.created.UnixMilli())
}

// digest returns 40 hex digits that stand for the parts.
func digest(parts ...any) string {
	hash := sha256.New()
	if err := json.NewEncoder(hash).Encode(parts); err != nil {
		panic(err) // a part that JSON cannot write: any test shows it
	}
	return hex.EncodeToString(hash.Sum(nil))[:40]
}

// each calls do for every item, a few at a time. After an error no further
// item is begun; the errors are in the order of the items.
func each[T any](ctx context.Context, items []T, do func(context.Context, T) error) error {
	errs := make([]error, len(items))
	slots := make(chan struct{}, parallel)
	var failed sync.Once
	stop := make(chan struct{})
	var running sync.WaitGroup
begin:
	for i, item := range items {
		select {
		case <-stop:
			break begin
		case <-ctx.Done():
			errs[i] = ctx.Err()
			break begin
		case slots <- struct{}{}:
		}
		running.Go(func() {
			defer func() { <-slots }()
			if errs[i] = do(ctx, item); errs[i] != nil {
				failed.Do(func() { close(stop) })
			}
		})
	}
	running.Wait()
	return errors.Join(errs...)
}
