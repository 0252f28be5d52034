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

// prepareViews lets the views show the next last day as soon as the marker
// says so, and until then what they show now. A view that says something else
// than this version would, of the day that the marker names, is left alone: it
// is new, of another version, or at work in another publish.
func (w *Warehouse) prepareViews(ctx context.Context, now marker, next calendar.Day) error {
	if now.sequence == 0 || now.asOf == next {
		return nil
	}
	return each(ctx, w.views, func(ctx context.Context, v sql.View) error {
		ctx, cancel := context.WithTimeout(ctx, callTimeout)
		defer cancel()
		before, after := w.query(v, now.asOf), w.query(v, next)
		is, err := w.dataset.Table(v.Name).Metadata(ctx)
		switch {
		case isCode(err, http.StatusNotFound):
			return nil
		case err != nil:
			return fmt.Errorf("look up view %s: %w", v.Name, advised(err))
		case before == after || !sql.Shows(is.ViewQuery, before):
			return nil
		}
		turn := sql.Turn(before, after, w.name(sql.PublishedGroup), now.asOf)
		if is.ViewQuery == turn {
			return nil
		}
		if err := w.updateView(ctx, v, turn, is.ETag); err != nil {
			return fmt.Errorf("prepare view %s: %w", v.Name, advised(err))
		}
		return nil
	})
}

// settleViews creates the views, or replaces those that say something else. A
// view may read the views before it.
func (w *Warehouse) settleViews(ctx context.Context, asOf calendar.Day) error {
	for _, v := range w.views {
		if err := w.settleView(ctx, v, asOf); err != nil {
			return fmt.Errorf("view %s: %w", v.Name, advised(err))
		}
	}
	return nil
}

func (w *Warehouse) settleView(ctx context.Context, v sql.View, asOf calendar.Day) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	query := w.query(v, asOf)
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
	return w.updateView(ctx, v, query, is.ETag)
}

// updateView changes a view, unless somebody else has since it was looked up.
func (w *Warehouse) updateView(ctx context.Context, v sql.View, query, etag string) error {
	_, err := w.dataset.Table(v.Name).Update(ctx, bigquery.TableMetadataToUpdate{ViewQuery: query, UseLegacySQL: false, Description: v.Doc}, etag)
	return err
}

// query is what a view says as of a day.
func (w *Warehouse) query(v sql.View, asOf calendar.Day) string {
	_, query, ok := strings.Cut(v.BigQuery(w.config.Project, w.config.Dataset, asOf), " AS\n")
	if !ok {
		panic("view " + v.Name + " has no query") // any test shows it
	}
	return strings.TrimRight(query, "; \n")
}
