//go:build cgo

package bigquery

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sojourn/internal/bucket"
	"sojourn/internal/calendar"
	"sojourn/internal/lake"
	"sojourn/load"
	"sojourn/load/bigquery/bqtest"
	"sojourn/sql"
	"sojourn/transform"
)

// A night is what one publish of the matrix makes of the data set: two tables
// with days and one without, of which the second night changes a day, adds
// one, empties one and leaves one as it is.
type night struct {
	files []load.File
	empty []load.PartitionKey
	asOf  calendar.Day
	token int64
}

func nights(t *testing.T) (first, second night) {
	t.Helper()
	day3 := day2 + 1
	with := func(day calendar.Day, users ...string) []load.File {
		tables := visits(day, users...)
		for _, user := range users {
			tables.Users = append(tables.Users, transform.User{Date: day, UserID: user, FirstSeen: day, LastSeen: day, SessionsTotal: int64(len(user))})
		}
		files, err := load.Encode(tables, "sessions", "users")
		if err != nil {
			t.Fatal(err)
		}
		return files
	}
	settings := func(app string) load.File {
		files, err := load.EncodeReference(nil, sql.Setting{App: app}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return files[slices.IndexFunc(files, func(f load.File) bool { return f.Table == "settings" })]
	}
	day0 := day1 - 1
	old := slices.Concat(with(day0, "zoe"), with(day1, "ann", "bob"), with(day2, "ann"))
	first = night{append(old, settings("trailnotes")), nil, day2, 1}
	fresh := slices.Concat(with(day1, "ann", "bob"), with(day2, "ann", "cleo"), with(day3, "dan"))
	second = night{append(fresh, settings("trailnotes 2")), []load.PartitionKey{{Table: "sessions", Day: day0}}, day3, 2}
	return first, second
}

// group puts the files into a lake and returns the group of them.
func (n night) group(t *testing.T, b *bucket.Bucket) load.Group {
	t.Helper()
	g := load.Group{AsOf: n.asOf, Run: fmt.Sprintf("night-%d", n.token), Token: n.token}
	for _, f := range n.files {
		object := lake.TableObject(f.Table, f.Day)
		if err := b.Put(t.Context(), object, func(w io.Writer) error {
			_, err := w.Write(f.Data)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		g.Partitions = append(g.Partitions, load.Partition{Table: f.Table, Day: f.Day, Object: object, Rows: f.Rows, SHA256: f.SHA256, Sums: f.Sums})
	}
	for _, key := range n.empty {
		g.Partitions = append(g.Partitions, load.Partition{Table: key.Table, Day: key.Day})
	}
	return g
}

// read are the queries of the reader of the matrix: on tables as on views.
var read = []string{
	"SELECT session_date, session_id, user_id FROM app.sessions",
	"SELECT date, user_id, sessions_total FROM app.users",
	"SELECT as_of_date, user_id, sessions_total FROM app.dim_users",
	"SELECT session_id FROM app.fct_sessions",
	// Several in one query, as analysts join them.
	`SELECT (SELECT max(as_of_date) FROM app.dim_users), (SELECT max(session_date) FROM app.fct_sessions), (SELECT app FROM app.settings),
	 (SELECT as_of FROM app.published_group), (SELECT string_agg(table_name || date || revision || rows, ' ' ORDER BY table_name, date) FROM app.published_partitions)`,
}

// seen returns a digest of what a reader sees.
func seen(t *testing.T, server *bqtest.Server, queries []string) string {
	t.Helper()
	hash := sha256.New()
	for _, query := range queries {
		rows, err := server.Query("SELECT * FROM (" + query + ") ORDER BY ALL")
		if err != nil {
			t.Fatalf("a reader's query fails: %v", err)
		}
		fmt.Fprintln(hash, query, rows)
	}
	return hex.EncodeToString(hash.Sum(nil)[:8])
}

// small makes a warehouse of few tables and views, so that the matrix is fast.
func small(w *Warehouse) *Warehouse {
	w.tables = slices.DeleteFunc(w.tables, func(t load.Table) bool {
		return !slices.Contains([]string{"sessions", "users", "settings"}, t.Name)
	})
	w.views = slices.DeleteFunc(w.views, func(v sql.View) bool {
		return !slices.Contains([]string{"dim_users", "fct_sessions"}, v.Name)
	})
	return w
}

// A stage is a data set that holds the first night, and what a reader sees
// before and after the second.
type stage struct {
	server *bqtest.Server
	old    string
}

func afterFirstNight(t *testing.T) stage {
	t.Helper()
	server := serve(t, nil)
	w, b := open(t, server)
	small(w)
	first, _ := nights(t)
	if err := w.Publish(t.Context(), first.group(t, b)); err != nil {
		t.Fatal(err)
	}
	return stage{server: server, old: seen(t, server, read)}
}

// publishSecond publishes the second night as a process of its own would. It
// dies when the context ends.
func (s stage) publishSecond(t *testing.T, ctx context.Context, token int64) error {
	w, b := open(t, s.server)
	small(w)
	_, second := nights(t)
	second.token = token
	return w.Publish(ctx, second.group(t, b))
}

// writes says whether a call may change what readers see.
func writes(name string) bool {
	switch name {
	case "tables.get", "tables.list", "datasets.get", "tabledata.list", "jobs.query":
		return false
	}
	return true
}

// Whatever goes wrong with any one call of a publish, a reader sees the old
// night or the new one, also after the process died there, and the next
// publish comes to what an undisturbed one comes to.
func TestReadersSeeTheOldNightOrTheNewOne(t *testing.T) {
	undisturbed := afterFirstNight(t)
	var calls []bqtest.Call
	undisturbed.server.Inject(func(call bqtest.Call) bqtest.Fault { calls = append(calls, call); return bqtest.Fault{} })
	if err := undisturbed.publishSecond(t, t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	undisturbed.server.Inject(func(bqtest.Call) bqtest.Fault { return bqtest.Fault{} })
	want := seen(t, undisturbed.server, read)
	if want == undisturbed.old {
		t.Fatal("the second night looks like the first")
	}
	t.Logf("%d calls", len(calls))

	always := func(bqtest.Call) bool { return true }
	jobs := func(call bqtest.Call) bool { return call.Name == "jobs.insert" }
	changes := func(call bqtest.Call) bool { return writes(call.Name) }
	never := func(bqtest.Call) bool { return false }
	for _, f := range []struct {
		name  string
		fault bqtest.Fault
		at    func(bqtest.Call) bool // the calls it makes sense at
		daily func(bqtest.Call) bool // those of them that are tried without SOJOURN_SOAK
	}{
		{"reply lost", bqtest.Fault{LoseReply: true}, always, changes},
		{"503", bqtest.Fault{Status: http.StatusServiceUnavailable, Reason: "backendError"}, always, jobs},
		{"429", bqtest.Fault{Status: http.StatusTooManyRequests, Reason: "rateLimitExceeded"}, always, never},
		{"quota exceeded", bqtest.Fault{Status: http.StatusForbidden, Reason: "quotaExceeded"}, always, jobs},
		{"slow and the reply lost", bqtest.Fault{Polls: 3, LoseReply: true}, jobs, jobs},
		{"fails for now", bqtest.Fault{JobReason: "backendError"}, jobs, jobs},
		{"fails for good", bqtest.Fault{JobReason: "invalid"}, jobs, jobs},
		{diesBefore, bqtest.Fault{}, always, never},
		{diesAfter, bqtest.Fault{}, always, changes},
	} {
		tried := map[bqtest.Call]bool{}
		for i, call := range calls {
			// One day of a table goes as another.
			kind := bqtest.Call{Name: call.Name}
			kind.Table, _, _ = strings.Cut(call.Table, "$")
			if !f.at(call) || os.Getenv("SOJOURN_SOAK") == "" && (!f.daily(call) || tried[kind]) {
				continue
			}
			tried[kind] = true
			t.Run(fmt.Sprintf("%s/%d %s %s", f.name, i, call.Name, call.Table), func(t *testing.T) {
				t.Parallel()
				disturb(t, i, f.name, f.fault, want)
			})
		}
	}
}

const (
	diesBefore = "the process dies before"
	diesAfter  = "the process dies after"
)

// disturb publishes the second night with a fault at the i-th call, and then
// once more.
func disturb(t *testing.T, i int, name string, fault bqtest.Fault, want string) {
	s := afterFirstNight(t)
	ctx, die := context.WithCancel(t.Context())
	defer die()
	n := 0
	var looking sync.Mutex
	states := map[string]bool{}
	look := func() {
		looking.Lock()
		defer looking.Unlock()
		states[seen(t, s.server, read)] = true
	}
	s.server.After(func(call bqtest.Call) {
		if writes(call.Name) {
			look()
		}
	})
	s.server.Inject(func(call bqtest.Call) bqtest.Fault {
		defer func() { n++ }()
		switch {
		case ctx.Err() != nil, n == i && name == diesBefore:
			die()
			return bqtest.Fault{Status: http.StatusForbidden, Reason: "accessDenied"}
		case n == i && name == diesAfter:
			die()
			return bqtest.Fault{LoseReply: true}
		case n == i:
			return fault
		}
		return bqtest.Fault{}
	})
	disturbed := s.publishSecond(t, ctx, 2)
	s.server.Inject(func(bqtest.Call) bqtest.Fault { return bqtest.Fault{} })
	look()
	if err := s.publishSecond(t, t.Context(), 2); err != nil {
		t.Fatalf("the next publish: %v\nthe disturbed one: %v", err, disturbed)
	}
	if got := seen(t, s.server, read); got != want {
		t.Errorf("the next publish comes to something else; the disturbed one: %v", disturbed)
	}
	for state := range states {
		if state != s.old && state != want {
			t.Errorf("a reader saw neither the old night nor the new one")
		}
	}
	w, _ := open(t, s.server)
	is, err := w.state(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if left := small(w).stagingThere(is.tables); len(left) > 0 {
		t.Errorf("left behind: %s", strings.Join(left, ", "))
	}
	if diff := cmp.Diff(int64(2), is.marker.sequence); diff != "" {
		t.Errorf("publishes (-want +got):\n%s", diff)
	}
}
