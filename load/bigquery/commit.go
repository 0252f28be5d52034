package bigquery

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"cloud.google.com/go/bigquery"

	"sojourn/load"
	"sojourn/sql"
)

// What the transaction says when it stops itself.
const (
	markerChanged  = "sojourn: another publish came in between"
	stagingChanged = "sojourn: the staging tables were changed"
)

// commit puts what is staged in its places: all of it and the marker in one
// transaction, unless another publish came in between.
func (w *Warehouse) commit(ctx context.Context, g load.Group, before marker, tables []staged, bytes int64) error {
	err := w.transact(ctx, w.script(g, before, tables), bytes)
	var failed *bigquery.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &failed) && strings.Contains(failed.Message, stagingChanged):
		return &load.AuditError{Differences: []string{"the staging tables were changed after they had been audited"}}
	case errors.As(err, &failed) && (strings.Contains(failed.Message, markerChanged) || strings.Contains(failed.Message, "concurrent update")):
		return fmt.Errorf("another publish came in between, nothing of this one is published: run again (%w)", load.ErrUnavailable)
	}
	return fmt.Errorf("commit: %w", err)
}

// transact runs the statements of a transaction once.
func (w *Warehouse) transact(ctx context.Context, script string, bytes int64) error {
	key := digest(w.config.Project, w.config.Dataset, script)
	return w.run(ctx, task{
		key: key,
		send: func(ctx context.Context, id string) (*bigquery.Job, error) {
			ctx, cancel := context.WithTimeout(ctx, callTimeout)
			defer cancel()
			query := w.client.Query(script)
			query.JobIDConfig = bigquery.JobIDConfig{JobID: id, Location: w.client.Location}
			query.Labels = jobLabels(key)
			query.MaxBytesBilled = bytes
			return query.Run(ctx)
		},
		check: func(config bigquery.JobConfig) bool {
			query, ok := config.(*bigquery.QueryConfig)
			return ok && query.Labels["content"] == key
		},
	})
}

// forget removes from published_partitions what it says of tables that are not
// there any more, before they are made again: else a publish that is
// interrupted would leave empty tables that pass for complete.
func (w *Warehouse) forget(ctx context.Context, is state) error {
	if len(is.gone) == 0 {
		return nil
	}
	err := w.transact(ctx, strings.Join([]string{
		fmt.Sprintf("-- After publish %d: tables that were dropped.\nBEGIN TRANSACTION", is.marker.sequence),
		"DELETE FROM " + w.name(load.PublishedPartitions().Name) + " WHERE table_name IN ('" + strings.Join(is.gone, "', '") + "')",
		"COMMIT TRANSACTION",
	}, ";\n")+";\n", leastBytes)
	if err != nil {
		return fmt.Errorf("forget the partitions of tables that were dropped: %w", err)
	}
	return nil
}

// script is the transaction. It reads the marker and the staging tables again,
// so that only what was audited, and only upon what was read, is published.
func (w *Warehouse) script(g load.Group, before marker, tables []staged) string {
	list := []string{"BEGIN TRANSACTION", w.unlessMarkerChanged(before)}
	for _, s := range tables {
		if len(s.arrivals()) > 0 {
			list = append(list, w.unlessStagingChanged(s))
		}
	}
	for _, s := range tables {
		list = append(list, "DELETE FROM "+w.name(s.Name)+" WHERE "+s.days("", s.changes))
		if len(s.arrivals()) > 0 {
			list = append(list, "INSERT INTO "+w.name(s.Name)+" ("+s.columns("")+")\nSELECT "+s.columns("s.")+
				"\nFROM "+w.name(stagingName(s.Name))+" AS s\nWHERE "+s.days("s.", s.arrivals()))
		}
	}
	list = append(list,
		"DELETE FROM "+w.name(sql.PublishedGroup)+" WHERE TRUE",
		fmt.Sprintf("INSERT INTO %s (sequence, as_of, run, token) VALUES (%d, DATE '%s', '%s', %d)",
			w.name(sql.PublishedGroup), before.sequence+1, g.AsOf, unquotable.ReplaceAllString(g.Run, "-"), g.Token),
		"COMMIT TRANSACTION")
	return strings.Join(list, ";\n") + ";\n"
}

// unquotable is what a name of a run does not have, and a text in SQL could
// not have as it is.
var unquotable = regexp.MustCompile(`[^\w.:+ -]`)

func (s staged) columns(prefix string) string {
	var names []string
	for _, c := range s.Columns {
		names = append(names, prefix+c.Name)
	}
	return strings.Join(names, ", ")
}

// unlessMarkerChanged fails if the marker is not the one that was read.
func (w *Warehouse) unlessMarkerChanged(before marker) string {
	unchanged := "COUNT(*) = 0"
	if before.sequence > 0 {
		unchanged = fmt.Sprintf("COUNT(*) = 1 AND COUNTIF(p.sequence = %d) = 1", before.sequence)
	}
	return "SELECT IF(" + unchanged + ", 'unchanged', ERROR('" + markerChanged + "')) FROM " + w.name(sql.PublishedGroup) + " AS p"
}

// unlessStagingChanged fails if a staging table has other rows than those that
// arrived. Sums that might not fit are not looked at.
func (w *Warehouse) unlessStagingChanged(s staged) string {
	var rows int64
	for _, c := range s.arrivals() {
		rows += c.Rows
	}
	unchanged := fmt.Sprintf("COUNT(*) = %d", rows)
columns:
	for _, name := range s.audited() {
		var sum int64
		for _, c := range s.arrivals() {
			if sum += c.Sums[name]; c.Sums[name] < 0 || sum < 0 {
				continue columns
			}
		}
		unchanged += fmt.Sprintf(" AND IFNULL(SUM(s.%s), 0) = %d", name, sum)
	}
	return "SELECT IF(" + unchanged + ", 'unchanged', ERROR('" + stagingChanged + "')) FROM " +
		w.name(stagingName(s.Name)) + " AS s WHERE " + s.days("s.", s.arrivals())
}
