package bigquery

import (
	"context"
	"errors"
	"fmt"

	"cloud.google.com/go/bigquery"
	"cloud.google.com/go/civil"
	"google.golang.org/api/iterator"

	"sojourn/internal/calendar"
	"sojourn/load"
	"sojourn/sql"
)

// A marker says which publish readers see. It is the row of published_group,
// and the zero marker where there is none.
type marker struct {
	sequence int64 // counts the publishes of the data set
	token    int64 // fencing token of the run that published last
	asOf     calendar.Day
}

// publishedGroup is the table of the marker. Every publish replaces its row in
// the transaction that replaces the tables.
func publishedGroup() load.Table {
	return load.Table{
		Name: sql.PublishedGroup,
		Doc:  "One row: the last publish, which all tables and views show. Never change it.",
		Columns: []load.Column{
			{Name: "sequence", Type: load.Int64, Doc: "Counts the publishes into this data set."},
			{Name: "as_of", Type: load.Date, Doc: "Last day that the views show."},
			{Name: "run", Type: load.String, Doc: "The run that published; empty if it has no name."},
			{Name: "token", Type: load.Int64, Doc: "Fencing token of that run: a run with a lower one cannot publish any more."},
		},
	}
}

// readMarker reads published_group, which exists.
func (w *Warehouse) readMarker(ctx context.Context) (marker, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	var found []marker
	for rows := w.dataset.Table(sql.PublishedGroup).Read(ctx); ; {
		var row markerRow
		err := rows.Next(&row)
		if errors.Is(err, iterator.Done) {
			break
		}
		if err != nil {
			return marker{}, fmt.Errorf("read %s: %w", sql.PublishedGroup, advised(err))
		}
		found = append(found, marker(row))
	}
	switch len(found) {
	case 0:
		return marker{}, nil
	case 1:
		return found[0], nil
	}
	return marker{}, fmt.Errorf("%s has %d rows, and should have one: drop it and run again", sql.PublishedGroup, len(found))
}

// markerRow reads a row of published_group.
type markerRow marker

// Load reads the values of a row.
func (m *markerRow) Load(values []bigquery.Value, schema bigquery.Schema) error {
	for i, field := range schema {
		switch field.Name {
		case "sequence":
			m.sequence, _ = values[i].(int64)
		case "token":
			m.token, _ = values[i].(int64)
		case "as_of":
			if date, ok := values[i].(civil.Date); ok {
				m.asOf = calendar.Date(date.Year, date.Month, date.Day)
			}
		}
	}
	return nil
}
