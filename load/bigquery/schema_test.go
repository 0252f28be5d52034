//go:build cgo

package bigquery

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"slices"
	"strings"
	"testing"

	"cloud.google.com/go/bigquery"
	"github.com/google/go-cmp/cmp"

	"sojourn/internal/bucket"
	"sojourn/internal/calendar"
	"sojourn/internal/parquetfile"
	"sojourn/load"
	"sojourn/sql"
)

func TestWhatIsNotTheTableIsRefused(t *testing.T) {
	type visit struct {
		Date calendar.Day `parquet:"session_date,date"`
		User string       `parquet:"user_id"`
	}
	tests := []struct {
		name  string
		spoil func(t *testing.T, w *Warehouse, b *bucket.Bucket, p *load.Partition)
		want  string
	}{
		{"file with other columns", func(t *testing.T, _ *Warehouse, b *bucket.Bucket, p *load.Partition) {
			replaceObject(t, b, p, []visit{{day1, "ann"}})
		}, "is not in the file"},
		{"file of another day", func(t *testing.T, _ *Warehouse, b *bucket.Bucket, p *load.Partition) {
			replaceObject(t, b, p, visits(day2, "ann").Sessions)
		}, "different partitions"},
		{"file with fewer rows", func(_ *testing.T, _ *Warehouse, _ *bucket.Bucket, p *load.Partition) {
			p.Rows++
		}, "loaded 1 rows, where 2 were written"},
		{"no file", func(t *testing.T, _ *Warehouse, b *bucket.Bucket, p *load.Partition) {
			if err := b.Delete(t.Context(), p.Object); err != nil {
				t.Fatal(err)
			}
		}, "does not exist"},
		{"table with a column of another type", func(t *testing.T, w *Warehouse, _ *bucket.Bucket, _ *load.Partition) {
			createSessions(t, w, func(m *bigquery.TableMetadata) { m.Schema[2].Type = bigquery.IntegerFieldType })
		}, "column user_id is INTEGER there and should be STRING"},
		{"table with an unknown column that is required", func(t *testing.T, w *Warehouse, _ *bucket.Bucket, _ *load.Partition) {
			createSessions(t, w, func(m *bigquery.TableMetadata) { m.Schema[2].Name = "client" })
		}, "column client is required there"},
		{"table partitioned otherwise", func(t *testing.T, w *Warehouse, _ *bucket.Bucket, _ *load.Partition) {
			createSessions(t, w, func(m *bigquery.TableMetadata) { m.TimePartitioning = nil; m.RequirePartitionFilter = false })
		}, "it is partitioned by"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			server := serve(t, nil)
			w, b := open(t, server)
			partition := store(t, b, visits(day1, "ann"))
			test.spoil(t, w, b, &partition)
			err := w.Publish(t.Context(), load.Group{Partitions: []load.Partition{partition}, AsOf: day2})
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "sessions") {
				t.Errorf("error %v, want one about sessions with %q", err, test.want)
			}
			if published, err := w.Published(t.Context()); err != nil || len(published) != 0 {
				t.Errorf("published %v, error %v", published, err)
			}
		})
	}
}

// replaceObject puts a file of other rows in the place of a partition's, which
// is then what the partition means.
func replaceObject[R any](t *testing.T, b *bucket.Bucket, p *load.Partition, rows []R) {
	t.Helper()
	data, err := parquetfile.Encode(rows)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Put(t.Context(), p.Object, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(data)
	p.SHA256 = hex.EncodeToString(sum[:])
}

// createSessions creates a sessions table that somebody else thought up.
func createSessions(t *testing.T, w *Warehouse, change func(*bigquery.TableMetadata)) {
	t.Helper()
	metadata := tableMetadata(load.Tables()[0])
	change(metadata)
	if err := w.dataset.Create(t.Context(), &bigquery.DatasetMetadata{Location: "EU"}); err != nil {
		t.Fatal(err)
	}
	if err := w.dataset.Table("sessions").Create(t.Context(), metadata); err != nil {
		t.Fatal(err)
	}
}

func TestTableOfAnOlderVersionGrows(t *testing.T) {
	server := serve(t, nil)
	w, b := open(t, server)
	createSessions(t, w, func(m *bigquery.TableMetadata) {
		m.Schema = slices.DeleteFunc(m.Schema, func(f *bigquery.FieldSchema) bool {
			return f.Name == "campaign" || f.Name == "event_count"
		})
		m.Schema = append(m.Schema, &bigquery.FieldSchema{Name: "retired", Type: bigquery.StringFieldType})
		m.Schema[1].Description = "before"
	})
	publish(t, w, store(t, b, visits(day1, "ann")))
	wantRows(t, server, "SELECT user_id, campaign, event_count, retired FROM app.sessions", "ann <nil> 0 <nil>")
	metadata, err := w.dataset.Table("sessions").Metadata(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := metadata.Schema[1].Description; got == "before" || got == "" {
		t.Errorf("description %q", got)
	}
}

func TestTablesAreMadeForAnalysts(t *testing.T) {
	server := serve(t, nil)
	w, b := open(t, server)
	publish(t, w, store(t, b, visits(day1, "ann")))
	for _, table := range load.Tables() {
		metadata, err := w.dataset.Table(table.Name).Metadata(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if metadata.Description != table.Doc || len(metadata.Labels) == 0 {
			t.Errorf("%s: description %q, labels %v", table.Name, metadata.Description, metadata.Labels)
		}
		if metadata.RequirePartitionFilter != (table.Partition != "") {
			t.Errorf("%s: requires a partition filter: %t", table.Name, metadata.RequirePartitionFilter)
		}
		if len(table.Cluster) > 0 {
			if diff := cmp.Diff(table.Cluster, metadata.Clustering.Fields); diff != "" {
				t.Errorf("%s: clustering:\n%s", table.Name, diff)
			}
		}
		for i, c := range table.Columns {
			if f := metadata.Schema[i]; f.Name != c.Name || f.Required == c.Nullable || f.Description != c.Doc {
				t.Errorf("%s: column %+v, want %+v", table.Name, f, c)
			}
		}
	}
	if _, err := w.client.Query("SELECT user_id FROM `acme`.`app`.sessions").Read(t.Context()); err == nil {
		t.Error("a query of all days was answered")
	}
	if _, err := w.client.Query("SELECT user_id FROM `acme`.`app`.sessions WHERE session_date = DATE '2026-10-01'").Read(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestViewsFollowTheDay(t *testing.T) {
	server := serve(t, nil)
	w, b := open(t, server)
	partitions := []load.Partition{store(t, b, visits(day1, "ann")), store(t, b, visits(day2, "ann", "bob"))}
	publish(t, w, partitions...)
	wantRows(t, server, "SELECT count(*) FROM app.fct_sessions", "3")
	if err := w.Publish(t.Context(), load.Group{Partitions: partitions, AsOf: day1}); err != nil {
		t.Fatal(err)
	}
	wantRows(t, server, "SELECT count(*) FROM app.fct_sessions", "1")
	for _, v := range sql.Views() {
		metadata, err := w.dataset.Table(v.Name).Metadata(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if metadata.Type != bigquery.ViewTable || metadata.Description != v.Doc || metadata.UseLegacySQL {
			t.Errorf("%s: type %s, description %q", v.Name, metadata.Type, metadata.Description)
		}
	}
}

func TestDataSetElsewhereIsAnError(t *testing.T) {
	server := serve(t, nil)
	w, b := open(t, server)
	if err := w.dataset.Create(t.Context(), &bigquery.DatasetMetadata{Location: "US"}); err != nil {
		t.Fatal(err)
	}
	err := w.Publish(t.Context(), load.Group{Partitions: []load.Partition{store(t, b, visits(day1, "ann"))}, AsOf: day2})
	if err == nil || !strings.Contains(err.Error(), "warehouse.bigquery.location") {
		t.Errorf("error %v", err)
	}
}
