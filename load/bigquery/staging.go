package bigquery

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"cloud.google.com/go/bigquery"

	"sojourn/load"
)

// stagingExpires is how long a staging table stays that nobody cleans up.
const stagingExpires = 7 * 24 * time.Hour

// A staged is a table whose partitions are to be replaced. The new ones are
// loaded into its staging table, a twin of the same shape.
type staged struct {
	load.Table
	changes []load.Change // by day
	open    func(load.Change) source
}

// stagingName names the twin of a table.
func stagingName(table string) string { return "staging_" + table }

// arrivals returns the changes that have content; the others only empty their
// partition.
func (s staged) arrivals() []load.Change {
	return slices.DeleteFunc(slices.Clone(s.changes), func(c load.Change) bool { return c.Object == "" })
}

// content names what the staging table is to hold. A twin of other content is
// made anew, so that no load of the past passes for one of now.
func (s staged) content() string {
	parts := []any{s.Columns}
	for _, c := range s.changes {
		parts = append(parts, c.Day, c.Revision, c.SHA256)
	}
	return digest(parts...)
}

// toStage returns the tables that the changes are of, and published_partitions
// as it will be.
func (w *Warehouse) toStage(changes []load.Change, after load.Publications) ([]staged, error) {
	var list []staged
	for _, t := range w.tables {
		of := slices.DeleteFunc(slices.Clone(changes), func(c load.Change) bool { return c.Table != t.Name })
		if len(of) > 0 {
			schema := tableMetadata(t).Schema
			list = append(list, staged{t, of, func(c load.Change) source { return w.file(schema, c.Partition) }})
		}
	}
	f, err := after.Encode()
	if err != nil {
		return nil, err
	}
	own := load.PublishedPartitions()
	schema := tableMetadata(own).Schema
	// Its rows are in no file of the lake.
	all := load.Change{Partition: load.Partition{Table: own.Name, Object: own.Name, Rows: f.Rows, SHA256: f.SHA256, Sums: f.Sums}}
	return append(list, staged{own, []load.Change{all}, func(load.Change) source {
		return func(context.Context) (bigquery.LoadSource, func() error, error) {
			return upload(schema, bytes.NewReader(f.Data)), nothing, nil
		}
	}}), nil
}

// stage loads what arrives into the staging tables.
func (w *Warehouse) stage(ctx context.Context, tables []staged) error {
	type arrival struct {
		load.Change
		task
	}
	var mu sync.Mutex
	var arrivals []arrival
	if err := each(ctx, tables, func(ctx context.Context, s staged) error {
		if len(s.arrivals()) == 0 {
			return nil
		}
		created, err := w.ensureStaging(ctx, s)
		if err != nil {
			return fmt.Errorf("staging table %s: %w", stagingName(s.Name), advised(err))
		}
		mu.Lock()
		defer mu.Unlock()
		for _, c := range s.arrivals() {
			to := decorated(stagingName(s.Name), c.Day)
			key := digest(w.config.Project, w.config.Dataset, to, c.SHA256, s.Columns, created.UnixMilli())
			arrivals = append(arrivals, arrival{c, w.loadInto(to, key, s.open(c))})
		}
		return nil
	}); err != nil {
		return err
	}
	return each(ctx, arrivals, func(ctx context.Context, a arrival) error {
		if err := w.run(ctx, a.task); err != nil {
			return fmt.Errorf("load %s: %w", a.Key(), err)
		}
		return nil
	})
}

// ensureStaging makes the staging table, or finds it with the content it is to
// have, or some of it, and returns when it was made.
func (w *Warehouse) ensureStaging(ctx context.Context, s staged) (time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	table := w.dataset.Table(stagingName(s.Name))
	is, err := table.Metadata(ctx)
	if err == nil && is.Labels["managed_by"] != labels()["managed_by"] {
		return time.Time{}, fmt.Errorf("somebody else's table has this name: rename it and run again")
	}
	if err == nil && is.Labels["content"] == s.content() {
		return is.CreationTime, nil
	}
	if err == nil {
		err = table.Delete(ctx)
	}
	if err != nil && !isCode(err, http.StatusNotFound) {
		return time.Time{}, err
	}
	metadata := tableMetadata(s.Table)
	metadata.Description = "Rows on their way into " + s.Name + ". Read that table: these may be half-loaded, and go away."
	metadata.Labels["content"] = s.content()
	if err := table.Create(ctx, metadata); err != nil && !isCode(err, http.StatusConflict) {
		return time.Time{}, err
	}
	if is, err = table.Metadata(ctx); err != nil {
		return time.Time{}, err
	}
	if is.Labels["content"] != s.content() {
		return time.Time{}, fmt.Errorf("another publish is staging: %w", load.ErrUnavailable)
	}
	expires := bigquery.TableMetadataToUpdate{ExpirationTime: is.CreationTime.Add(stagingExpires)}
	if _, err := table.Update(ctx, expires, ""); err != nil {
		return time.Time{}, err
	}
	return is.CreationTime, nil
}

// dropStaging removes the staging tables of ours that are named.
func (w *Warehouse) dropStaging(ctx context.Context, names []string) error {
	return each(ctx, names, func(ctx context.Context, name string) error {
		ctx, cancel := context.WithTimeout(ctx, callTimeout)
		defer cancel()
		table := w.dataset.Table(name)
		is, err := table.Metadata(ctx)
		if err == nil && is.Labels["managed_by"] == labels()["managed_by"] {
			err = table.Delete(ctx)
		}
		if err != nil && !isCode(err, http.StatusNotFound) {
			return fmt.Errorf("drop %s, which nobody needs any more: %w", name, advised(err))
		}
		return nil
	})
}

// stagingThere returns the names of the staging tables among all names.
func (w *Warehouse) stagingThere(names map[string]bool) []string {
	var there []string
	for _, t := range append(slices.Clone(w.tables), load.PublishedPartitions()) {
		if name := stagingName(t.Name); names[name] {
			there = append(there, name)
		}
	}
	return there
}
