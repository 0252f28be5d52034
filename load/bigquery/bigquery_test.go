//go:build cgo

package bigquery

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/api/option"

	"sojourn/internal/bucket"
	"sojourn/internal/calendar"
	"sojourn/internal/lake"
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
	return load.Partition{Table: "sessions", Day: tables.Day, Object: object, Rows: files[0].Rows, SHA256: files[0].SHA256, Sums: files[0].Sums}
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
	if err := w.Publish(t.Context(), load.Group{Partitions: partitions, AsOf: day2}); err != nil {
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
	if got := loads(server, "staging_sessions$20261002"); len(got) != 1 {
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

// A file that is not the one meant is not published, whatever it holds: what
// the warehouse notes of it would be taken for the right one for ever.
func TestDamagedFileIsNotPublished(t *testing.T) {
	server := serve(t, nil)
	w, b := open(t, server)
	right, other := store(t, b, visits(day2, "ann")), store(t, b, visits(day2, "bob")) // in the same place
	other.SHA256 = right.SHA256
	err := w.Publish(t.Context(), load.Group{Partitions: []load.Partition{other}, AsOf: day2})
	if err == nil || !strings.Contains(err.Error(), "is not what its manifest says") {
		t.Errorf("published: %v", err)
	}
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

func TestReferenceTablesAreReplacedWhole(t *testing.T) {
	server := serve(t, nil)
	w, b := open(t, server)
	for _, app := range []string{"trailnotes", "trailnotes 2"} {
		files, err := load.EncodeReference(nil, sql.Setting{App: app}, nil)
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
			partitions = append(partitions, load.Partition{Table: f.Table, Object: f.Table, Rows: f.Rows, SHA256: f.SHA256, Sums: f.Sums})
		}
		publish(t, w, partitions...)
		wantRows(t, server, "SELECT app FROM app.settings", app)
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
