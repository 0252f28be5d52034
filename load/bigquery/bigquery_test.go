//go:build cgo

package bigquery

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"

	"cloud.google.com/go/bigquery"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/api/option"

	"sojourn/internal/bucket"
	"sojourn/internal/calendar"
	"sojourn/internal/lake"
	"sojourn/internal/parquetfile"
	"sojourn/load"
	"sojourn/load/bigquery/bqtest"
	"sojourn/sql"
	"sojourn/transform"
)

var (
	day1 = calendar.Date(2026, 10, 1)
	day2 = calendar.Date(2026, 10, 2)
)

// visits makes the tables of a day with a session for each user.
func visits(day calendar.Day, users ...string) *transform.Tables {
	t := &transform.Tables{Day: day}
	for _, user := range users {
		t.Sessions = append(t.Sessions, transform.Session{
			Date: day, SessionID: day.String() + user, UserID: user,
			StartedAt: 1_790_000_000_123_456, EndedAt: 1_790_000_000_123_456, Status: "ok",
		})
	}
	return t
}

// store puts the sessions of the tables into the lake.
func store(t *testing.T, b *bucket.Bucket, tables *transform.Tables) load.Partition {
	t.Helper()
	files, err := load.Encode(tables, "sessions")
	if err != nil {
		t.Fatal(err)
	}
	object := lake.TableObject("sessions", tables.Day)
	if err := b.Put(t.Context(), object, func(w io.Writer) error {
		_, err := w.Write(files[0].Data)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return load.Partition{Table: "sessions", Day: tables.Day, Object: object, Rows: files[0].Rows, SHA256: files[0].SHA256}
}

func serve(t *testing.T, open func(context.Context, string) (io.ReadCloser, error)) *bqtest.Server {
	t.Helper()
	server, err := bqtest.Start(open)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	return server
}

// open returns a warehouse that never sleeps, and a lake in memory.
func open(t *testing.T, server *bqtest.Server) (*Warehouse, *bucket.Bucket) {
	t.Helper()
	b, err := bucket.Open(t.Context(), "mem://", false, nil)
	if err != nil {
		t.Fatal(err)
	}
	w, err := Open(t.Context(), Config{Project: "acme", Dataset: "app", Location: "EU"}, b, option.WithEndpoint(server.URL), option.WithoutAuthentication())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	w.pause = func(ctx context.Context, _ int) error { return ctx.Err() }
	return w, b
}

func publish(t *testing.T, w *Warehouse, partitions ...load.Partition) {
	t.Helper()
	if err := w.Publish(t.Context(), partitions, day2); err != nil {
		t.Fatal(err)
	}
}

func wantRows(t *testing.T, server *bqtest.Server, query string, want ...string) {
	t.Helper()
	rows, err := server.Query(query)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, row := range rows {
		got = append(got, strings.TrimSuffix(fmt.Sprintln(row...), "\n"))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", query, diff)
	}
}

const whoCame = "SELECT session_date, user_id FROM app.sessions ORDER BY ALL"

// loads returns the ids of the jobs that loaded into a table or partition.
func loads(server *bqtest.Server, table string) (ids []string) {
	for _, job := range server.Jobs() {
		if job.Table == table {
			ids = append(ids, job.ID)
		}
	}
	return ids
}

func TestPublishReplacesOnlyTheDaysGiven(t *testing.T) {
	server := serve(t, nil)
	w, b := open(t, server)
	publish(t, w, store(t, b, visits(day1, "ann", "bob")), store(t, b, visits(day2, "ann")))
	wantRows(t, server, whoCame, "2026-10-01 ann", "2026-10-01 bob", "2026-10-02 ann")

	// A late event brought another user.
	changed := store(t, b, visits(day1, "ann", "bob", "cleo"))
	publish(t, w, changed)
	wantRows(t, server, whoCame, "2026-10-01 ann", "2026-10-01 bob", "2026-10-01 cleo", "2026-10-02 ann")
	if got := loads(server, "sessions$20261002"); len(got) != 1 {
		t.Errorf("the other day was loaded by %v", got)
	}
	published, err := w.Published(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := published[changed.Key()]; got != changed.SHA256 || len(published) != 2 {
		t.Errorf("published %v", published)
	}

	// Emptied, the day is gone, and can come back as it was.
	publish(t, w, load.Partition{Table: "sessions", Day: day1})
	wantRows(t, server, whoCame, "2026-10-02 ann")
	if published, err := w.Published(t.Context()); err != nil || len(published) != 1 {
		t.Errorf("published %v, error %v", published, err)
	}
	publish(t, w, changed)
	wantRows(t, server, whoCame, "2026-10-01 ann", "2026-10-01 bob", "2026-10-01 cleo", "2026-10-02 ann")
}

func TestNothingThereYet(t *testing.T) {
	w, _ := open(t, serve(t, nil))
	if published, err := w.Published(t.Context()); err != nil || len(published) != 0 {
		t.Errorf("published %v, error %v", published, err)
	}
}

func TestPublishingAgainStartsNoJob(t *testing.T) {
	server := serve(t, nil)
	w, b := open(t, server)
	partition := store(t, b, visits(day1, "ann"))
	publish(t, w, partition)
	before := server.Jobs()
	publish(t, w, partition)
	if diff := cmp.Diff(before, server.Jobs()); diff != "" {
		t.Errorf("jobs (-first time +second time):\n%s", diff)
	}
	wantRows(t, server, whoCame, "2026-10-01 ann")
}

// once injects a fault into the first call for a partition.
func once(name, table string, fault bqtest.Fault) func(bqtest.Call) bqtest.Fault {
	done := false
	return func(call bqtest.Call) bqtest.Fault {
		if done || call.Name != name || call.Table != table {
			return bqtest.Fault{}
		}
		done = true
		return fault
	}
}

func TestLoadIsDoneOnceWhateverHappens(t *testing.T) {
	tests := []struct {
		name        string
		fault       bqtest.Fault
		generations []string // the last part of the ids of the jobs that were accepted
	}{
		{"all is well", bqtest.Fault{}, []string{"g0"}},
		{"the reply is lost", bqtest.Fault{LoseReply: true}, []string{"g0"}},
		{"the reply is lost and the job is slow", bqtest.Fault{LoseReply: true, Polls: 3}, []string{"g0"}},
		{"the server is unavailable for a moment", bqtest.Fault{Status: http.StatusServiceUnavailable, Reason: "backendError"}, []string{"g0"}},
		{"too many requests", bqtest.Fault{Status: http.StatusForbidden, Reason: "rateLimitExceeded"}, []string{"g0"}},
		{"the job is slow", bqtest.Fault{Polls: 5}, []string{"g0"}},
		{"the job fails for a passing reason", bqtest.Fault{JobReason: "backendError"}, []string{"g0", "g1"}},
		{"the job fails, slowly, and its reply is lost", bqtest.Fault{JobReason: "internalError", Polls: 2, LoseReply: true}, []string{"g0", "g1"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			server := serve(t, nil)
			w, b := open(t, server)
			server.Inject(once("jobs.insert", "sessions$20261001", test.fault))
			publish(t, w, store(t, b, visits(day1, "ann", "bob")))
			wantRows(t, server, whoCame, "2026-10-01 ann", "2026-10-01 bob")
			var got []string
			for _, id := range loads(server, "sessions$20261001") {
				got = append(got, id[strings.LastIndex(id, "_")+1:])
			}
			if diff := cmp.Diff(test.generations, got); diff != "" {
				t.Errorf("jobs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPublishGoesOnAfterAnInterruption(t *testing.T) {
	server := serve(t, nil)
	w, b := open(t, server)
	partitions := []load.Partition{store(t, b, visits(day1, "ann")), store(t, b, visits(day2, "bob"))}

	// The second list, which says that all is complete, never arrives.
	lists := 0
	server.Inject(func(call bqtest.Call) bqtest.Fault {
		if call.Name == "jobs.insert" && call.Table == "published_partitions" {
			if lists++; lists > 1 {
				return bqtest.Fault{Status: http.StatusForbidden, Reason: "accessDenied"}
			}
		}
		return bqtest.Fault{}
	})
	if err := w.Publish(t.Context(), partitions, day2); err == nil {
		t.Fatal("published")
	}
	if published, err := w.Published(t.Context()); err != nil || len(published) != 0 {
		t.Errorf("published %v, error %v: what may be half done does not count", published, err)
	}

	// The next run finds the jobs of the first, also from another process.
	server.Inject(func(bqtest.Call) bqtest.Fault { return bqtest.Fault{} })
	again, lakeAgain := open(t, server)
	store(t, lakeAgain, visits(day1, "ann"))
	store(t, lakeAgain, visits(day2, "bob"))
	publish(t, again, partitions...)
	for _, table := range []string{"sessions$20261001", "sessions$20261002"} {
		if got := loads(server, table); len(got) != 1 {
			t.Errorf("%s was loaded by %v", table, got)
		}
	}
	wantRows(t, server, whoCame, "2026-10-01 ann", "2026-10-02 bob")
	if published, err := again.Published(t.Context()); err != nil || len(published) != 2 {
		t.Errorf("published %v, error %v", published, err)
	}
}

// A job that failed keeps its id. Whoever repaired the cause must not be told
// about that failure for ever.
func TestBurntJobIsSteppedOver(t *testing.T) {
	server := serve(t, nil)
	w, b := open(t, server)
	partition := store(t, b, visits(day1, "ann"))
	server.Inject(once("jobs.insert", "sessions$20261001", bqtest.Fault{JobReason: "accessDenied"}))
	err := w.Publish(t.Context(), []load.Partition{partition}, day2)
	if err == nil {
		t.Fatal("published")
	}
	for _, want := range []string{"sessions of 2026-10-01", "_g0", "accessDenied", "BigQuery Data Editor"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not say %q: %v", want, err)
		}
	}
	if errors.Is(err, load.ErrUnavailable) {
		t.Errorf("waiting will not help: %v", err)
	}
	publish(t, w, partition)
	wantRows(t, server, whoCame, "2026-10-01 ann")
	if got := loads(server, "sessions$20261001"); len(got) != 2 || !strings.HasSuffix(got[1], "_g1") {
		t.Errorf("jobs %v", got)
	}
}

// The same content returns after another one: the job that loaded it the first
// time must not be taken for done.
func TestOldContentIsLoadedWhenItReturns(t *testing.T) {
	server := serve(t, nil)
	w, b := open(t, server)
	publish(t, w, store(t, b, visits(day1, "ann")))
	publish(t, w, store(t, b, visits(day1, "bob")))
	publish(t, w, store(t, b, visits(day1, "ann")))
	wantRows(t, server, whoCame, "2026-10-01 ann")
	publish(t, w, store(t, b, visits(day1, "bob")))
	wantRows(t, server, whoCame, "2026-10-01 bob")
}

func TestDroppedTableIsLoadedAgain(t *testing.T) {
	server := serve(t, nil)
	w, b := open(t, server)
	partition := store(t, b, visits(day1, "ann"))
	publish(t, w, partition)
	for _, drop := range []string{"sessions", "published_partitions"} {
		if err := w.dataset.Table(drop).Delete(t.Context()); err != nil {
			t.Fatal(err)
		}
		if published, err := w.Published(t.Context()); err != nil || len(published) != 0 {
			t.Errorf("without %s published is %v, error %v", drop, published, err)
		}
		publish(t, w, partition)
		wantRows(t, server, whoCame, "2026-10-01 ann")
	}
}

func TestQuotaIsNotHammered(t *testing.T) {
	for _, fault := range []bqtest.Fault{
		{Status: http.StatusForbidden, Reason: "quotaExceeded"},
		{JobReason: "quotaExceeded"},
	} {
		server := serve(t, nil)
		w, b := open(t, server)
		asked := 0
		server.Inject(func(call bqtest.Call) bqtest.Fault {
			if call.Name == "jobs.insert" && call.Table == "sessions$20261001" {
				asked++
				return fault
			}
			return bqtest.Fault{}
		})
		err := w.Publish(t.Context(), []load.Partition{store(t, b, visits(day1, "ann"))}, day2)
		if !errors.Is(err, load.ErrUnavailable) || !strings.Contains(err.Error(), "tomorrow") {
			t.Errorf("error %v", err)
		}
		if asked != 1 {
			t.Errorf("asked %d times", asked)
		}
	}
}

func TestServerThatStaysAwayEndsTheRun(t *testing.T) {
	server := serve(t, nil)
	w, b := open(t, server)
	asked := 0
	server.Inject(func(call bqtest.Call) bqtest.Fault {
		if call.Name == "jobs.insert" && call.Table == "sessions$20261001" {
			asked++
			return bqtest.Fault{Status: http.StatusServiceUnavailable, Reason: "backendError"}
		}
		return bqtest.Fault{}
	})
	err := w.Publish(t.Context(), []load.Partition{store(t, b, visits(day1, "ann"))}, day2)
	if !errors.Is(err, load.ErrUnavailable) {
		t.Errorf("error %v", err)
	}
	if asked != attempts {
		t.Errorf("asked %d times, want %d", asked, attempts)
	}
}

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
			replaceObject(t, b, p.Object, []visit{{day1, "ann"}})
		}, "is not in the file"},
		{"file of another day", func(t *testing.T, _ *Warehouse, b *bucket.Bucket, p *load.Partition) {
			replaceObject(t, b, p.Object, visits(day2, "ann").Sessions)
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
			err := w.Publish(t.Context(), []load.Partition{partition}, day2)
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "sessions") {
				t.Errorf("error %v, want one about sessions with %q", err, test.want)
			}
			if published, err := w.Published(t.Context()); err != nil || len(published) != 0 {
				t.Errorf("published %v, error %v", published, err)
			}
		})
	}
}

func replaceObject[R any](t *testing.T, b *bucket.Bucket, object string, rows []R) {
	t.Helper()
	data, err := parquetfile.Encode(rows)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Put(t.Context(), object, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	}); err != nil {
		t.Fatal(err)
	}
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
	if err := w.Publish(t.Context(), partitions, day1); err != nil {
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

func TestLakeOnGoogleCloudStorageIsLoadedFromThere(t *testing.T) {
	var lakeBucket *bucket.Bucket
	server := serve(t, func(ctx context.Context, uri string) (io.ReadCloser, error) {
		object, ok := strings.CutPrefix(uri, "gs://acme-lake/")
		if !ok {
			return nil, fmt.Errorf("unknown bucket in %s", uri)
		}
		return lakeBucket.Open(ctx, object)
	})
	w, b := open(t, server)
	lakeBucket = b
	partition := store(t, b, visits(day1, "ann"))
	job := loadJob{
		table: "sessions$20261001", key: "k", rows: 1,
		source: func(context.Context) (bigquery.LoadSource, func() error, error) {
			return fromStorage(tableMetadata(load.Tables()[0]).Schema, "gs://acme-lake/"+partition.Object), nothing, nil
		},
	}
	createSessions(t, w, func(*bigquery.TableMetadata) {})
	server.Inject(once("jobs.insert", "sessions$20261001", bqtest.Fault{LoseReply: true}))
	if err := w.run(t.Context(), job); err != nil {
		t.Fatal(err)
	}
	wantRows(t, server, whoCame, "2026-10-01 ann")
	if jobs := server.Jobs(); len(jobs) != 1 || len(jobs[0].URIs) != 1 {
		t.Errorf("jobs %v", jobs)
	}
}

func TestReferenceTablesAreReplacedWhole(t *testing.T) {
	server := serve(t, nil)
	w, b := open(t, server)
	for _, app := range []string{"trailnotes", "trailnotes 2"} {
		files, err := load.EncodeReference(nil, sql.Setting{App: app})
		if err != nil {
			t.Fatal(err)
		}
		var partitions []load.Partition
		for _, f := range files {
			if err := b.Put(t.Context(), f.Table, func(w io.Writer) error {
				_, err := w.Write(f.Data)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			partitions = append(partitions, load.Partition{Table: f.Table, Object: f.Table, Rows: f.Rows, SHA256: f.SHA256})
		}
		publish(t, w, partitions...)
		wantRows(t, server, "SELECT app FROM app.settings", app)
	}
}

// More than the client sends in one piece.
func TestLargeFileIsUploadedInPieces(t *testing.T) {
	server := serve(t, nil)
	w, b := open(t, server)
	tables := visits(day1, "ann", "bob")
	random := rand.NewChaCha8([32]byte{})
	for i := range tables.Sessions {
		noise := make([]byte, 8<<20)
		random.Read(noise)
		tables.Sessions[i].EntryScreen = base64.StdEncoding.EncodeToString(noise)
	}
	partition := store(t, b, tables)
	data, err := b.Read(t.Context(), partition.Object)
	if err != nil {
		t.Fatal(err)
	}
	if len(data) <= 16<<20 {
		t.Fatalf("the file has only %d bytes", len(data))
	}
	publish(t, w, partition)
	wantRows(t, server, whoCame, "2026-10-01 ann", "2026-10-01 bob")
}

func TestDataSetElsewhereIsAnError(t *testing.T) {
	server := serve(t, nil)
	w, b := open(t, server)
	if err := w.dataset.Create(t.Context(), &bigquery.DatasetMetadata{Location: "US"}); err != nil {
		t.Fatal(err)
	}
	err := w.Publish(t.Context(), []load.Partition{store(t, b, visits(day1, "ann"))}, day2)
	if err == nil || !strings.Contains(err.Error(), "warehouse.bigquery.location") {
		t.Errorf("error %v", err)
	}
}

func TestEmulatorOfTheEnvironment(t *testing.T) {
	server := serve(t, nil)
	t.Setenv("BIGQUERY_EMULATOR_HOST", server.Host())
	b, err := bucket.Open(t.Context(), "mem://", false, nil)
	if err != nil {
		t.Fatal(err)
	}
	w, err := Open(t.Context(), Config{Project: "acme", Dataset: "app"}, b)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	publish(t, w, store(t, b, visits(day1, "ann")))
	wantRows(t, server, whoCame, "2026-10-01 ann")
}
