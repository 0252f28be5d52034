package bigquery

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"cloud.google.com/go/bigquery"

	"sojourn/load"
)

// ensureDataset creates the data set if there is none.
func (w *Warehouse) ensureDataset(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	metadata, err := w.dataset.Metadata(ctx)
	for attempt := 1; isCode(err, http.StatusNotFound); attempt++ {
		err = w.dataset.Create(ctx, &bigquery.DatasetMetadata{
			Location:    w.config.Location,
			Description: "Session tables of the app, made by Sojourn.",
			Labels:      labels(),
		})
		if err != nil && !isCode(err, http.StatusConflict) && (remedyOf(err) != again || attempt == attempts) {
			return fmt.Errorf("create data set: %w", advised(err))
		}
		if err != nil {
			if err := w.pause(ctx, attempt); err != nil {
				return err
			}
		}
		metadata, err = w.dataset.Metadata(ctx)
	}
	if err != nil {
		return fmt.Errorf("look up data set: %w", advised(err))
	}
	if w.config.Location != "" && !strings.EqualFold(metadata.Location, w.config.Location) {
		return fmt.Errorf("the data set is in %s and the configuration says %s: change warehouse.bigquery.location or name another data set", metadata.Location, w.config.Location)
	}
	// Jobs run where the data is.
	w.client.Location = metadata.Location
	return nil
}

// ensureTables creates the tables that are not there, and lets the others grow.
func (w *Warehouse) ensureTables(ctx context.Context) error {
	own := append(slices.Clone(w.tables), load.PublishedPartitions(), publishedGroup())
	return each(ctx, own, w.ensureTable)
}

// ensureTable creates a table, or adds the columns and descriptions that it
// does not have yet.
func (w *Warehouse) ensureTable(ctx context.Context, t load.Table) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	table := w.dataset.Table(t.Name)
	is, err := table.Metadata(ctx)
	if isCode(err, http.StatusNotFound) {
		err = table.Create(ctx, tableMetadata(t))
		if err != nil && !isCode(err, http.StatusConflict) {
			return fmt.Errorf("create table %s: %w", t.Name, advised(err))
		}
		is, err = table.Metadata(ctx)
	}
	if err != nil {
		return fmt.Errorf("look up table %s: %w", t.Name, advised(err))
	}
	if err := samePartitions(t, is); err != nil {
		return fmt.Errorf("table %s: %w", t.Name, err)
	}
	want, err := grown(is.Schema, t)
	if err != nil {
		return fmt.Errorf("table %s: %w", t.Name, err)
	}
	if !slices.EqualFunc(want, is.Schema, sameField) || is.Description != t.Doc {
		if _, err := table.Update(ctx, bigquery.TableMetadataToUpdate{Schema: want, Description: t.Doc}, is.ETag); err != nil {
			return fmt.Errorf("update table %s: %w", t.Name, advised(err))
		}
	}
	return nil
}

func tableMetadata(t load.Table) *bigquery.TableMetadata {
	metadata := &bigquery.TableMetadata{
		Description: t.Doc,
		Labels:      labels(),
	}
	for _, c := range t.Columns {
		metadata.Schema = append(metadata.Schema, field(c))
	}
	if t.Partition != "" {
		metadata.TimePartitioning = &bigquery.TimePartitioning{Type: bigquery.DayPartitioningType, Field: t.Partition}
		metadata.RequirePartitionFilter = true
	}
	if len(t.Cluster) > 0 {
		metadata.Clustering = &bigquery.Clustering{Fields: t.Cluster}
	}
	return metadata
}

func labels() map[string]string { return map[string]string{"managed_by": "sojourn"} }

func field(c load.Column) *bigquery.FieldSchema {
	return &bigquery.FieldSchema{
		Name:        c.Name,
		Description: c.Doc,
		Required:    !c.Nullable,
		Type: map[load.Type]bigquery.FieldType{
			load.Date:      bigquery.DateFieldType,
			load.Timestamp: bigquery.TimestampFieldType,
			load.String:    bigquery.StringFieldType,
			load.Int64:     bigquery.IntegerFieldType,
			load.Float64:   bigquery.FloatFieldType,
			load.Bool:      bigquery.BooleanFieldType,
		}[c.Type],
	}
}

func samePartitions(t load.Table, is *bigquery.TableMetadata) error {
	by := ""
	if is.TimePartitioning != nil && is.TimePartitioning.Type == bigquery.DayPartitioningType {
		by = is.TimePartitioning.Field
	}
	if by != t.Partition {
		return fmt.Errorf("it is partitioned by %q and should be by %q: rename or drop it and run again", by, t.Partition)
	}
	return nil
}

// grown returns the schema that a table should have: its own, with the
// descriptions and the columns of t that it has not. BigQuery can only add
// columns that may be null.
func grown(is bigquery.Schema, t load.Table) (bigquery.Schema, error) {
	columns := map[string]load.Column{}
	for _, c := range t.Columns {
		columns[c.Name] = c
	}
	var schema bigquery.Schema
	has := map[string]bool{}
	for _, f := range is {
		has[f.Name] = true
		c, ours := columns[f.Name]
		after := *f
		switch {
		case !ours && f.Required:
			return nil, fmt.Errorf("column %s is required there and unknown here: drop the column and run again", f.Name)
		case ours && f.Type != field(c).Type:
			return nil, fmt.Errorf("column %s is %s there and should be %s: rename or drop the table and run again", f.Name, f.Type, field(c).Type)
		case ours && f.Required && c.Nullable:
			after.Required = false
		}
		if ours {
			after.Description = c.Doc
		}
		schema = append(schema, &after)
	}
	for _, c := range t.Columns {
		if !has[c.Name] {
			added := field(c)
			added.Required = false
			schema = append(schema, added)
		}
	}
	return schema, nil
}

func sameField(a, b *bigquery.FieldSchema) bool {
	return a.Name == b.Name && a.Type == b.Type && a.Required == b.Required && a.Description == b.Description
}
