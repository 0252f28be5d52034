//go:build cgo

package duckdb_test

import (
	"bufio"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sojourn/internal/bucket"
	"sojourn/internal/calendar"
	"sojourn/internal/lake"
	"sojourn/load"
	"sojourn/load/duckdb"
	views "sojourn/sql"
	"sojourn/transform"
)

var (
	day1 = calendar.Date(2026, 10, 1)
	day2 = calendar.Date(2026, 10, 2)
)

// visits makes the tables of a day with a session for each user.
func visits(day calendar.Day, users ...string) *transform.Tables {
	t := &transform.Tables{Day: day, DailyLedger: []transform.DailyLedger{{Date: day, Events: int64(len(users))}}}
	for _, user := range users {
		t.Sessions = append(t.Sessions, transform.Session{
			Date: day, SessionID: day.String() + user, UserID: user,
			StartedAt: 1_790_000_000_123_456, EndedAt: 1_790_000_000_123_456, Status: "ok",
		})
	}
	return t
}

// store puts the tables into the lake and returns the partitions they are.
func store(t *testing.T, b *bucket.Bucket, tables *transform.Tables) []load.Partition {
	t.Helper()
	files, err := load.Encode(tables)
	if err != nil {
		t.Fatal(err)
	}
	return put(t, b, files)
}

func put(t *testing.T, b *bucket.Bucket, files []load.File) []load.Partition {
	t.Helper()
	var partitions []load.Partition
	for _, f := range files {
		object := lake.TableObject(f.Table, f.Day)
		if err := b.Put(t.Context(), object, func(w io.Writer) error {
			_, err := w.Write(f.Data)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		partitions = append(partitions, load.Partition{Table: f.Table, Day: f.Day, Object: object, Rows: f.Rows, SHA256: f.SHA256})
	}
	return partitions
}

func open(t *testing.T) (*duckdb.Warehouse, *bucket.Bucket) {
	t.Helper()
	return openAt(t, filepath.Join(t.TempDir(), "warehouse.duckdb"), t.TempDir())
}

func openAt(t *testing.T, path, location string) (*duckdb.Warehouse, *bucket.Bucket) {
	t.Helper()
	b, err := bucket.Open(t.Context(), location, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	w, err := duckdb.Open(t.Context(), path, b, duckdb.Options{Threads: 1, MemoryLimit: "256MiB"})
	if err != nil {
		t.Fatal(err)
	}
	return w, b
}

func publish(t *testing.T, w *duckdb.Warehouse, partitions []load.Partition) {
	t.Helper()
	if err := w.Publish(t.Context(), load.Group{Partitions: partitions, AsOf: day2}); err != nil {
		t.Fatal(err)
	}
}

// ask returns the answer to a query, one line a row.
func ask(t *testing.T, w *duckdb.Warehouse, query string) []string {
	t.Helper()
	rows, err := w.Query(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var lines []string
	for row, err := range rows.All() {
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, strings.TrimSuffix(fmt.Sprintln(row...), "\n"))
	}
	return lines
}

func wantRows(t *testing.T, w *duckdb.Warehouse, query string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, ask(t, w, query)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", query, diff)
	}
}

const whoCame = "SELECT session_date, user_id FROM sessions ORDER BY ALL"

func TestPublishReplacesDays(t *testing.T) {
	w, b := open(t)
	publish(t, w, append(store(t, b, visits(day1, "ann", "bob")), store(t, b, visits(day2, "ann"))...))
	wantRows(t, w, whoCame, "2026-10-01 ann", "2026-10-01 bob", "2026-10-02 ann")

	// A late event brought another user: only that day changes.
	partitions := store(t, b, visits(day1, "ann", "bob", "cleo"))
	publish(t, w, partitions)
	wantRows(t, w, whoCame, "2026-10-01 ann", "2026-10-01 bob", "2026-10-01 cleo", "2026-10-02 ann")

	published, err := w.Published(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range partitions {
		if got := published[load.PartitionKey{Table: p.Table, Day: p.Day}]; got != p.SHA256 {
			t.Errorf("%s is published as %q, want %q", p.Table, got, p.SHA256)
		}
	}

	// Emptied, the day is gone.
	for i := range partitions {
		partitions[i].Object = ""
	}
	publish(t, w, partitions)
	wantRows(t, w, whoCame, "2026-10-02 ann")
	if published, err = w.Published(t.Context()); err != nil || len(published) != len(partitions) {
		t.Errorf("%d partitions published, error %v", len(published), err)
	}
}

// Small nights fill small blocks sooner.
func TestBlocksOfANewWarehouse(t *testing.T) {
	w, b := open(t)
	publish(t, w, store(t, b, visits(day1, "ann")))
	wantRows(t, w, "SELECT block_size FROM pragma_database_size()", "65536")
}

func TestPublishingAgainChangesNothing(t *testing.T) {
	w, b := open(t)
	partitions := store(t, b, visits(day1, "ann"))
	publish(t, w, partitions)
	before := ask(t, w, "SELECT * FROM published_partitions ORDER BY ALL")

	// Not even the files are read again.
	for _, p := range partitions {
		if err := b.Delete(t.Context(), p.Object); err != nil {
			t.Fatal(err)
		}
	}
	publish(t, w, partitions)
	wantRows(t, w, "SELECT * FROM published_partitions ORDER BY ALL", before...)
	wantRows(t, w, whoCame, "2026-10-01 ann")
}

// A publish reads what the warehouse has of its own days; the reference tables
// have none, and are counted on, too.
func TestRevisionsCountOn(t *testing.T) {
	w, b := open(t)
	for revision, of := range []views.Setting{{Industry: "all"}, {Industry: "travel"}, {Industry: "games"}} {
		files, err := load.EncodeReference(nil, of, nil)
		if err != nil {
			t.Fatal(err)
		}
		day := visits(day1, strings.Repeat("a", 1+revision))
		publish(t, w, append(store(t, b, day), put(t, b, files)...))
		wantRows(t, w, "SELECT table_name, max(revision) FROM published_partitions WHERE table_name IN ('settings', 'sessions', 'users') GROUP BY 1 ORDER BY 1",
			fmt.Sprint("sessions ", 1+revision), fmt.Sprint("settings ", 1+revision), "users 1")
	}
}

func TestViewsAnswerAsOfTheLastDay(t *testing.T) {
	w, b := open(t)
	reference, err := load.EncodeReference(
		[]views.Benchmark{{ID: 1, Metric: "session_length", Unit: "seconds"}},
		views.Setting{App: "trailnotes", Industry: "travel"}, nil,
	)
	if err != nil {
		t.Fatal(err)
	}
	partitions := append(put(t, b, reference), store(t, b, visits(day1, "ann"))...)
	publish(t, w, append(partitions, store(t, b, visits(day2, "ann", "bob"))...))
	wantRows(t, w, "SELECT app, industry FROM settings", "trailnotes travel")
	wantRows(t, w, "SELECT count(*) FROM fct_sessions", "3")
	for _, v := range views.Views() {
		rows, err := w.Query(t.Context(), "SELECT * FROM "+v.Name)
		if err != nil {
			t.Errorf("%s: %v", v.Name, err)
			continue
		}
		if err := rows.Close(); err != nil {
			t.Error(err)
		}
	}

	// The same as of the day before: the views move, the tables stay.
	if err := w.Publish(t.Context(), load.Group{Partitions: partitions, AsOf: day1}); err != nil {
		t.Fatal(err)
	}
	wantRows(t, w, "SELECT count(*) FROM fct_sessions", "1")
	wantRows(t, w, "SELECT count(*) FROM sessions", "3")
}

func TestPublishIsAllOrNothing(t *testing.T) {
	damage := map[string]func(*testing.T, *bucket.Bucket, []load.Partition){
		"a file is missing": func(t *testing.T, b *bucket.Bucket, partitions []load.Partition) {
			if err := b.Delete(t.Context(), partitions[len(partitions)-1].Object); err != nil {
				t.Fatal(err)
			}
		},
		"a file has fewer rows than were written": func(_ *testing.T, _ *bucket.Bucket, partitions []load.Partition) {
			partitions[len(partitions)-1].Rows++
		},
		"a file is of another day": func(t *testing.T, b *bucket.Bucket, partitions []load.Partition) {
			last := partitions[len(partitions)-1]
			other, err := b.Read(t.Context(), lake.TableObject(last.Table, day2))
			if err != nil {
				t.Fatal(err)
			}
			if err := b.Put(t.Context(), last.Object, func(w io.Writer) error {
				_, err := w.Write(other)
				return err
			}); err != nil {
				t.Fatal(err)
			}
		},
	}
	for name, damage := range damage {
		t.Run(name, func(t *testing.T) {
			w, b := open(t)
			publish(t, w, append(store(t, b, visits(day1, "ann")), store(t, b, visits(day2, "ann"))...))
			before := ask(t, w, "SELECT * FROM published_partitions ORDER BY ALL")

			partitions := store(t, b, visits(day1, "ann", "bob"))
			damage(t, b, partitions)
			if err := w.Publish(t.Context(), load.Group{Partitions: partitions, AsOf: day2}); err == nil {
				t.Fatal("published")
			} else if !strings.Contains(err.Error(), "daily_ledger") {
				t.Errorf("the error does not name the table: %v", err)
			}
			wantRows(t, w, whoCame, "2026-10-01 ann", "2026-10-02 ann")
			wantRows(t, w, "SELECT * FROM published_partitions ORDER BY ALL", before...)
		})
	}
}

// A file that is not the one meant is not published, whatever it holds: what
// the warehouse notes of it would be taken for the right one for ever.
func TestDamagedFileIsNotPublished(t *testing.T) {
	for _, where := range []string{t.TempDir(), "mem://"} { // read in its place, and downloaded
		w, b := openAt(t, filepath.Join(t.TempDir(), "warehouse.duckdb"), where)
		partitions := store(t, b, visits(day2, "ann"))
		other := store(t, b, visits(day2, "bob")) // in the same places
		for i := range other {
			other[i].SHA256 = partitions[i].SHA256
		}
		err := w.Publish(t.Context(), load.Group{Partitions: other, AsOf: day2})
		if err == nil || !strings.Contains(err.Error(), "is not what its manifest says") {
			t.Errorf("published from %s: %v", where, err)
		}
	}
}

func TestRemoteLakeIsDownloaded(t *testing.T) {
	w, b := openAt(t, filepath.Join(t.TempDir(), "warehouse.duckdb"), "mem://")
	publish(t, w, store(t, b, visits(day1, "ann")))
	wantRows(t, w, whoCame, "2026-10-01 ann")
}

func TestTableOfAnotherVersionIsMadeAnew(t *testing.T) {
	path := filepath.Join(t.TempDir(), "warehouse.duckdb")
	w, b := openAt(t, path, t.TempDir())
	partitions := store(t, b, visits(day1, "ann"))
	publish(t, w, partitions)
	alter(t, path, "ALTER TABLE sessions DROP COLUMN campaign")

	published, err := w.Published(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := published[load.PartitionKey{Table: "sessions", Day: day1}]; ok {
		t.Error("a partition without one of the columns counts as published")
	}
	if _, ok := published[load.PartitionKey{Table: "users", Day: day1}]; !ok {
		t.Error("a table that did not change is to be published again")
	}
	publish(t, w, partitions)
	wantRows(t, w, "SELECT user_id, campaign FROM sessions", "ann <nil>")
}

func TestTablesSayWhatTheyMean(t *testing.T) {
	w, b := open(t)
	publish(t, w, store(t, b, visits(day1, "ann")))
	for _, table := range append(load.Tables(), load.PublishedPartitions()) {
		var want []string
		for _, c := range table.Columns {
			want = append(want, c.Name+": "+c.Doc)
		}
		wantRows(t, w, "SELECT column_name || ': ' || comment FROM duckdb_columns() WHERE table_name = '"+table.Name+"' ORDER BY column_index", want...)
	}
}

func TestParquetReadsTheSameInDuckDB(t *testing.T) {
	w, b := open(t)
	seconds, zero := 12.5, 0.0
	tables := visits(day1, "ann", "bob")
	tables.Sessions[0].Country = "PT"
	tables.Sessions[0].ForegroundSeconds = &seconds
	tables.Sessions[1].ForegroundSeconds = &zero
	tables.DailyFrequency = []transform.DailyFrequency{{Date: day1, Measure: "hours_since_previous"}}
	publish(t, w, store(t, b, tables))
	wantRows(t, w, "SELECT session_date, started_at, country, foreground_seconds, crash_corrected_seconds, is_final FROM sessions ORDER BY user_id",
		"2026-10-01 2026-09-21T14:13:20.123456Z PT 12.5 <nil> false",
		"2026-10-01 2026-09-21T14:13:20.123456Z <nil> 0 <nil> false")
	wantRows(t, w, "SELECT window_days, bucket, value FROM daily_frequency", "<nil> <nil> <nil>")
}

func TestQueryAnswersInPlainValues(t *testing.T) {
	w, b := open(t)
	publish(t, w, store(t, b, visits(day1, "ann", "bob")))
	rows, err := w.Query(t.Context(), `SELECT
		SUM(events_staged) AS events, 170141183460469231731687303715884105727 AS big, 1.50 AS price, DATE '2026-10-01' AS day,
		TIMESTAMPTZ '2026-10-01 12:00:00+02' AS at, [DATE '2026-10-01'] AS days, {'n': SUM(events_staged)} AS object, NULL AS nothing, true AS yes
		FROM daily_ledger`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	want := []any{int64(2), "170141183460469231731687303715884105727", "1.5", "2026-10-01", "2026-10-01T10:00:00Z", []any{"2026-10-01"}, map[string]any{"n": int64(2)}, nil, true}
	for row, err := range rows.All() {
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, row); diff != "" {
			t.Errorf("row (-want +got):\n%s", diff)
		}
	}
	if diff := cmp.Diff(duckdb.Column{Name: "day", Type: "DATE"}, rows.Columns[3]); diff != "" {
		t.Errorf("column (-want +got):\n%s", diff)
	}
}

func TestQueryCannotChangeTheWarehouse(t *testing.T) {
	w, b := open(t)
	publish(t, w, store(t, b, visits(day1, "ann")))
	if rows, err := w.Query(t.Context(), "DELETE FROM sessions"); err == nil {
		rows.Close()
		t.Error("deleted")
	}
	wantRows(t, w, whoCame, "2026-10-01 ann")
}

func TestNoWarehouseYet(t *testing.T) {
	w, _ := open(t)
	if published, err := w.Published(t.Context()); err != nil || len(published) != 0 {
		t.Errorf("published %v, error %v", published, err)
	}
	_, err := w.Query(t.Context(), "SELECT 1")
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "sojourn run") {
		t.Errorf("error %v", err)
	}
}

// alter changes a warehouse behind our back.
func alter(t *testing.T, path, statement string) {
	t.Helper()
	db, err := sql.Open("duckdb", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

// The test runs its own binary again, as the other program: it opens the
// warehouse of that name and keeps it open until its input ends.
func TestWarehouseInUseByAnotherProgram(t *testing.T) {
	const variable = "SOJOURN_TEST_HOLD"
	if path := os.Getenv(variable); path != "" {
		db, err := sql.Open("duckdb", path)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if err := db.PingContext(t.Context()); err != nil {
			t.Fatal(err)
		}
		fmt.Println("holding")
		io.Copy(io.Discard, os.Stdin)
		return
	}
	path := filepath.Join(t.TempDir(), "warehouse.duckdb")
	w, b := openAt(t, path, t.TempDir())
	publish(t, w, store(t, b, visits(day1, "ann")))

	other := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestWarehouseInUseByAnotherProgram$")
	other.Env = append(os.Environ(), variable+"="+path)
	stdin, err := other.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := other.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(stdout).ReadString('\n'); line != "holding\n" {
		t.Fatalf("the other program said %q, error %v", line, err)
	}
	if _, err = w.Query(t.Context(), "SELECT 1"); err == nil || !strings.Contains(err.Error(), "in use by another program") {
		t.Errorf("error %v", err)
	}
	if err := errors.Join(stdin.Close(), other.Wait()); err != nil {
		t.Error(err)
	}
	wantRows(t, w, whoCame, "2026-10-01 ann")
}

func TestBuildsWithoutCgo(t *testing.T) {
	build := exec.CommandContext(t.Context(), "go", "build", "-o", os.DevNull, "sojourn/load/duckdb")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
