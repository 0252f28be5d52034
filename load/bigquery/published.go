package bigquery

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"cloud.google.com/go/bigquery"
	"cloud.google.com/go/civil"
	"google.golang.org/api/iterator"

	"sojourn/internal/calendar"
	"sojourn/load"
)

// String names the data set for people.
func (w *Warehouse) String() string { return w.config.Project + "." + w.config.Dataset }

// Published returns the digests of the partitions that are complete in the
// data set. It is empty if there is no data set. Partitions of a table that is
// not there any more do not count.
func (w *Warehouse) Published(ctx context.Context) (map[load.PartitionKey]string, error) {
	held, err := w.held(ctx)
	if err != nil {
		return nil, fmt.Errorf("read what %s holds: %w", w, err)
	}
	return held.Digests(), nil
}

// held reads published_partitions.
func (w *Warehouse) held(ctx context.Context) (load.Publications, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	tables := map[string]bool{}
	for list := w.dataset.Tables(ctx); ; {
		table, err := list.Next()
		if errors.Is(err, iterator.Done) {
			break
		}
		if isCode(err, http.StatusNotFound) {
			return nil, nil
		}
		if err != nil {
			return nil, fmt.Errorf("list tables: %w", advised(err))
		}
		tables[table.TableID] = true
	}
	held := load.Publications{}
	if !tables[load.PublishedPartitions().Name] {
		return held, nil
	}
	for rows := w.dataset.Table(load.PublishedPartitions().Name).Read(ctx); ; {
		var row publication
		err := rows.Next(&row)
		if errors.Is(err, iterator.Done) {
			return held, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read published_partitions: %w", advised(err))
		}
		if p := load.Publication(row); tables[p.Table] {
			held[load.PartitionKey{Table: p.Table, Day: p.Day}] = p
		}
	}
}

// publication reads a row of published_partitions.
type publication load.Publication

// Load reads the values of a row; one that is null leaves its field zero.
func (p *publication) Load(values []bigquery.Value, schema bigquery.Schema) error {
	for i, field := range schema {
		switch field.Name {
		case "table_name":
			p.Table, _ = values[i].(string)
		case "date":
			if date, ok := values[i].(civil.Date); ok {
				p.Day = calendar.Date(date.Year, date.Month, date.Day)
			}
		case "revision":
			p.Revision, _ = values[i].(int64)
		case "sha256":
			p.SHA256, _ = values[i].(string)
		case "rows":
			p.Rows, _ = values[i].(int64)
		case "is_complete":
			p.Complete, _ = values[i].(bool)
		}
	}
	return nil
}
