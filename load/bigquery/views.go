package bigquery

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"cloud.google.com/go/bigquery"

	"sojourn/internal/calendar"
	"sojourn/sql"
)

// publishViews creates the views, or replaces those that say something else.
// A view may read the views before it.
func (w *Warehouse) publishViews(ctx context.Context, asOf calendar.Day) error {
	for _, v := range sql.Views() {
		if err := w.publishView(ctx, v, asOf); err != nil {
			return fmt.Errorf("view %s: %w", v.Name, advised(err))
		}
	}
	return nil
}

func (w *Warehouse) publishView(ctx context.Context, v sql.View, asOf calendar.Day) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	query, err := queryOf(v.BigQuery(w.config.Project, w.config.Dataset, asOf))
	if err != nil {
		return err
	}
	table := w.dataset.Table(v.Name)
	is, err := table.Metadata(ctx)
	if isCode(err, http.StatusNotFound) {
		err = table.Create(ctx, &bigquery.TableMetadata{ViewQuery: query, UseStandardSQL: true, Description: v.Doc, Labels: labels()})
		if !isCode(err, http.StatusConflict) {
			return err
		}
		is, err = table.Metadata(ctx)
	}
	if err != nil {
		return err
	}
	if is.Type != bigquery.ViewTable {
		return fmt.Errorf("there is a table of that name: rename it and run again")
	}
	if is.ViewQuery == query && is.Description == v.Doc {
		return nil
	}
	_, err = table.Update(ctx, bigquery.TableMetadataToUpdate{ViewQuery: query, UseLegacySQL: false, Description: v.Doc}, "")
	return err
}

// queryOf returns the query of a statement that creates a view.
func queryOf(statement string) (string, error) {
	_, after, ok := strings.Cut(statement, "CREATE OR REPLACE VIEW ")
	if !ok {
		return "", fmt.Errorf("not a CREATE OR REPLACE VIEW statement")
	}
	_, query, ok := strings.Cut(after, " AS\n")
	if !ok {
		return "", fmt.Errorf("no query after AS")
	}
	return strings.TrimRight(query, "; \n"), nil
}
