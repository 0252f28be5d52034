//go:build cgo

package bigquery

import (
	"context"
	"errors"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"cloud.google.com/go/bigquery"
	"github.com/google/go-cmp/cmp"

	"sojourn/load"
	"sojourn/load/bigquery/bqtest"
	"sojourn/sql"
)

// All views turn at one moment, also those that read others.
func TestAllViewsTurnAtOnce(t *testing.T) {
	server := serve(t, nil)
	w, b := open(t, server)
	first, second := nights(t)
	if err := w.Publish(t.Context(), first.group(t, b)); err != nil {
		t.Fatal(err)
	}
	var queries []string
	for _, v := range sql.Views() {
		queries = append(queries, "SELECT * FROM app."+v.Name)
	}
	old := seen(t, server, queries)
	var looking sync.Mutex
	var states []string
	views := 0
	server.After(func(call bqtest.Call) {
		looking.Lock()
		defer looking.Unlock()
		committed := call.Name == "jobs.insert" && call.Table == ""
		// To ask all views takes a while: with each is for SOJOURN_SOAK.
		changed := call.Name == "tables.patch" && !strings.HasPrefix(call.Table, "staging_")
		if changed {
			views++
		}
		if committed || changed && (views%8 == 0 || os.Getenv("SOJOURN_SOAK") != "") {
			states = append(states, seen(t, server, queries))
		}
	})
	if err := w.Publish(t.Context(), second.group(t, b)); err != nil {
		t.Fatal(err)
	}
	server.After(func(bqtest.Call) {})
	now := seen(t, server, queries)
	if len(states) < 5 {
		t.Errorf("looked %d times", len(states))
	}
	if diff := cmp.Diff([]string{old, now}, slices.Compact(states)); diff != "" {
		t.Errorf("what a reader saw (-want +got):\n%s", diff)
	}
}

// stagedOnly publishes until something is staged, and then the process dies.
func stagedOnly(t *testing.T, server *bqtest.Server, n night) {
	t.Helper()
	w, b := open(t, server)
	ctx, die := context.WithCancel(t.Context())
	defer die()
	g := n.group(t, b)
	g.Fence = func(context.Context) error { die(); return context.Canceled }
	if err := small(w).Publish(ctx, g); !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v", err)
	}
}

func TestStagingLeftBehindIsUsedIfItIsOfThisContent(t *testing.T) {
	first, second := nights(t)
	s := afterFirstNight(t)
	stagedOnly(t, s.server, second)
	before := s.server.Jobs()
	if err := s.publishSecond(t, t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	if got := s.server.Jobs()[len(before):]; len(got) != 1 {
		t.Errorf("%d jobs, want the commit alone: %v", len(got), got)
	}

	// Of other content it is dropped, also if its sums are the same.
	third, fourth := first, first
	third.token, fourth.token, third.asOf, fourth.asOf = 3, 4, day2, day2
	third.files, fourth.files = sessionsOf(t, "eve"), sessionsOf(t, "fay")
	stagedOnly(t, s.server, third)
	stagedOnly(t, s.server, fourth)
	w, b := open(t, s.server)
	if err := small(w).Publish(t.Context(), third.group(t, b)); err != nil {
		t.Fatal(err)
	}
	wantRows(t, s.server, "SELECT user_id FROM app.sessions WHERE session_date = '2026-10-01'", "eve")
}

func sessionsOf(t *testing.T, user string) []load.File {
	t.Helper()
	files, err := load.Encode(visits(day1, user), "sessions")
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestWhatIsNotWhatWasWrittenIsNotPublished(t *testing.T) {
	for name, test := range map[string]struct {
		spoil func(*load.Partition)
		want  string
	}{
		"rows": {func(p *load.Partition) { p.Rows++ }, "sessions of 2026-10-01: loaded 3 rows, where 4 were written"},
		"sums": {func(p *load.Partition) { p.Sums["event_count"]++ }, "event_count adds up to 0, where 1 was written"},
	} {
		t.Run(name, func(t *testing.T) {
			s := afterFirstNight(t)
			w, b := open(t, s.server)
			wrong := store(t, b, visits(day1, "ann", "bob", "cleo"))
			right := wrong
			right.Sums = map[string]int64{"event_count": wrong.Sums["event_count"]}
			test.spoil(&wrong)
			g := load.Group{Partitions: []load.Partition{wrong}, AsOf: day2, Token: 2}
			err := small(w).Publish(t.Context(), g)
			if !errors.As(err, new(*load.AuditError)) || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("error %v, want %q", err, test.want)
			}
			if got := seen(t, s.server, read); got != s.old {
				t.Error("a reader sees something else")
			}
			// What was wrong is not found again.
			right.Sums = nil // as a manifest of an earlier version has it
			g.Partitions = []load.Partition{right}
			if err := w.Publish(t.Context(), g); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// The staging tables are looked at again by the transaction itself.
func TestStagingThatChangesAfterTheAuditIsNotPublished(t *testing.T) {
	s := afterFirstNight(t)
	w, b := open(t, s.server)
	_, second := nights(t)
	g := second.group(t, b)
	g.Fence = func(ctx context.Context) error {
		return w.run(ctx, w.loadInto("staging_sessions$20261002", "k", w.file(tableMetadata(load.Tables()[0]).Schema, store(t, b, visits(day2, "eve")))))
	}
	err := small(w).Publish(t.Context(), g)
	if !errors.As(err, new(*load.AuditError)) {
		t.Fatalf("error %v", err)
	}
	if got := seen(t, s.server, read); got != s.old {
		t.Error("a reader sees something else")
	}
	// What was found wrong is not found again.
	g = second.group(t, b)
	if err := w.Publish(t.Context(), g); err != nil {
		t.Error(err)
	}
}

func TestRunThatIsNotAtWorkAnyMoreCannotPublish(t *testing.T) {
	s := afterFirstNight(t)
	w, b := open(t, s.server)
	_, second := nights(t)
	second.token = 0
	if err := small(w).Publish(t.Context(), second.group(t, b)); !errors.As(err, new(*load.SupersededError)) {
		t.Errorf("a run with a lower token: %v", err)
	}
	if got := seen(t, s.server, read); got != s.old {
		t.Error("a reader sees something else")
	}

	// It is asked right before the commit,
	refused := errors.New("the lease is gone")
	second.token = 2
	g := second.group(t, b)
	g.Fence = func(context.Context) error { return refused }
	if err := w.Publish(t.Context(), g); !errors.Is(err, refused) {
		t.Errorf("fenced: %v", err)
	}
	if got := seen(t, s.server, read); got != s.old {
		t.Error("a reader sees something else")
	}

	// and the commit asks the marker once more: here another run, with a later
	// token, published after this one had been admitted.
	g.Fence = func(context.Context) error { return s.publishSecond(t, t.Context(), 3) }
	err := w.Publish(t.Context(), g)
	if !errors.Is(err, load.ErrUnavailable) || !strings.Contains(err.Error(), "another publish came in between") {
		t.Errorf("overtaken: %v", err)
	}
	wantRows(t, s.server, "SELECT token, sequence FROM app.published_group", "3 2")
}

func TestTableDroppedInBetween(t *testing.T) {
	s := afterFirstNight(t)
	w, b := open(t, s.server)
	small(w)
	_, second := nights(t)
	g := second.group(t, b)
	for _, table := range []string{"users", "staging_users"} {
		g.Fence = func(ctx context.Context) error { return w.dataset.Table(table).Delete(ctx) }
		err := w.Publish(t.Context(), g)
		if err == nil || !strings.Contains(err.Error(), table) {
			t.Errorf("without %s: %v", table, err)
		}
		wantRows(t, s.server, "SELECT sequence FROM app.published_group", "1")
	}
	g.Fence = nil
	if err := w.Publish(t.Context(), g); err != nil {
		t.Fatal(err)
	}
	wantRows(t, s.server, "SELECT date, user_id FROM app.users ORDER BY ALL", "2026-10-01 ann", "2026-10-01 bob", "2026-10-02 ann", "2026-10-02 cleo", "2026-10-03 dan")
}

// What the data set says of its tables survives every publish.
func TestDescriptionsSurvive(t *testing.T) {
	s := afterFirstNight(t)
	w, _ := open(t, s.server)
	small(w)
	own := append(slices.Clone(w.tables), load.PublishedPartitions(), publishedGroup())
	look := func() (all []*bigquery.TableMetadata) {
		for _, table := range own {
			is, err := w.dataset.Table(table.Name).Metadata(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			is.ETag, is.LastModifiedTime = "", is.CreationTime
			if is.Description != table.Doc || is.Labels["managed_by"] != "sojourn" || is.Schema[0].Description == "" {
				t.Errorf("%s: description %q, labels %v", table.Name, is.Description, is.Labels)
			}
			all = append(all, is)
		}
		return all
	}
	before := look()
	if err := s.publishSecond(t, t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, look()); diff != "" {
		t.Errorf("tables (-before +after):\n%s", diff)
	}
}

func TestQuotaOfTheCommitIsNotHammered(t *testing.T) {
	s := afterFirstNight(t)
	asked := 0
	s.server.Inject(func(call bqtest.Call) bqtest.Fault {
		if call.Name == "jobs.insert" && call.Table == "" {
			asked++
			return bqtest.Fault{Status: http.StatusForbidden, Reason: "quotaExceeded"}
		}
		return bqtest.Fault{}
	})
	if err := s.publishSecond(t, t.Context(), 2); !errors.Is(err, load.ErrUnavailable) || asked != 1 {
		t.Errorf("asked %d times: %v", asked, err)
	}
}

func TestSomebodyElsesTableIsLeftAlone(t *testing.T) {
	s := afterFirstNight(t)
	w, _ := open(t, s.server)
	if err := w.dataset.Table("staging_users").Create(t.Context(), &bigquery.TableMetadata{
		Schema: bigquery.Schema{{Name: "user_id", Type: bigquery.StringFieldType}},
	}); err != nil {
		t.Fatal(err)
	}
	if err := s.publishSecond(t, t.Context(), 2); err == nil || !strings.Contains(err.Error(), "staging_users") {
		t.Errorf("error %v", err)
	}
	if _, err := w.dataset.Table("staging_users").Metadata(t.Context()); err != nil {
		t.Error(err)
	}
}
