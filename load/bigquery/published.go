package bigquery

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

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
	is, err := w.state(ctx)
	if err != nil {
		return nil, fmt.Errorf("read what %s holds: %w", w, err)
	}
	return is.held.Digests(), nil
}

// A state is what a data set says of itself; the zero state is that of one
// that does not exist.
type state struct {
	tables map[string]bool // and views, by name
	marker marker
	held   load.Publications // without those of tables that are gone
	gone   []string          // tables that published_partitions names and that are not there any more
}

// state reads the marker first: a publish that comes in between is noticed at
// the commit, because it changes it.
func (w *Warehouse) state(ctx context.Context) (is state, err error) {
	if is.tables, err = w.list(ctx); err != nil {
		return state{}, fmt.Errorf("list tables: %w", advised(err))
	}
	if is.tables[publishedGroup().Name] {
		if is.marker, err = w.readMarker(ctx); err != nil {
			return state{}, err
		}
	}
	if is.tables[load.PublishedPartitions().Name] {
		if is.held, err = w.readHeld(ctx); err != nil {
			return state{}, fmt.Errorf("read published_partitions: %w", advised(err))
		}
	}
	for key := range is.held {
		if is.tables[key.Table] {
			continue
		}
		delete(is.held, key)
		if !slices.Contains(is.gone, key.Table) {
			is.gone = append(is.gone, key.Table)
		}
	}
	slices.Sort(is.gone)
	return is, nil
}

// list returns the names of all tables and views.
func (w *Warehouse) list(ctx context.Context) (map[string]bool, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	tables := map[string]bool{}
	for list := w.dataset.Tables(ctx); ; {
		table, err := list.Next()
		if errors.Is(err, iterator.Done) || isCode(err, http.StatusNotFound) {
			return tables, nil
		}
		if err != nil {
			return nil, err
		}
		tables[table.TableID] = true
	}
}

func (w *Warehouse) readHeld(ctx context.Context) (load.Publications, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	held := load.Publications{}
	for rows := w.dataset.Table(load.PublishedPartitions().Name).Read(ctx); ; {
		var row publication
		err := rows.Next(&row)
		if errors.Is(err, iterator.Done) {
			return held, nil
		}
		if err != nil {
			return nil, err
		}
		p := load.Publication(row)
		held[load.PartitionKey{Table: p.Table, Day: p.Day}] = p
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
