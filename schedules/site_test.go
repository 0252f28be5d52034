package schedules

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"sojourn/extract"
	"sojourn/internal/bucket"
	"sojourn/internal/calendar"
	"sojourn/internal/lake"
	"sojourn/internal/lease"
	"sojourn/internal/parquetfile"
	"sojourn/load"
	"sojourn/transform"
)

// testingT is what *testing.T and *rapid.T have in common.
type testingT interface {
	Helper()
	Errorf(format string, args ...any)
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// lisbon has a day of 23 hours on 2026-03-29.
func lisbon(t testingT) calendar.Zone {
	t.Helper()
	zone, err := calendar.LoadZone("Europe/Lisbon")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func date(day int) calendar.Day { return calendar.Date(2026, time.March, day) }

// A shelf is a warehouse that keeps nothing but digests.
type shelf struct {
	held map[load.PartitionKey]string
}

func (s *shelf) Published(context.Context) (map[load.PartitionKey]string, error) {
	return maps.Clone(s.held), nil
}

func (s *shelf) Publish(ctx context.Context, g load.Group) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if g.Fence != nil {
		if err := g.Fence(ctx); err != nil {
			return err
		}
	}
	if s.held == nil {
		s.held = map[load.PartitionKey]string{}
	}
	for _, p := range g.Partitions {
		if p.Object == "" {
			delete(s.held, p.Key())
		} else {
			s.held[p.Key()] = p.SHA256
		}
	}
	return nil
}

func (s *shelf) Close() error { return nil }

// A site is a pipeline with a directory of raw objects, a lake and a warehouse
// of its own.
type site struct {
	*Pipeline
	raw       *bucket.Bucket
	warehouse *shelf
}

// newSite makes a site in a directory, with the lake in a bucket; nil for one
// in the directory. Close it.
func newSite(t testingT, dir string, lakeBucket *bucket.Bucket) *site {
	t.Helper()
	open := func(name string) *bucket.Bucket {
		b, err := bucket.Open(context.Background(), filepath.Join(dir, name), true, nil)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	s := &site{raw: open("raw"), warehouse: &shelf{}}
	if lakeBucket == nil {
		lakeBucket = open("lake")
	}
	s.Pipeline = &Pipeline{
		Lake:          lakeBucket,
		Sources:       []extract.Source{{Name: "app", Bucket: s.raw, Format: "ndjson"}},
		Definition:    transform.App(),
		Analysis:      asked(),
		Zone:          lisbon(t),
		OpenWarehouse: func(context.Context) (load.Warehouse, error) { return s.warehouse, nil },
		MaxBadShare:   1,
		KeepRevisions: 240 * time.Hour,
		Run:           "test",
		Log:           slog.New(slog.DiscardHandler),
		Workers:       2,
	}
	return s
}

// asked is all that tables can be asked of the events that the laws draw.
func asked() transform.Analysis {
	return transform.Analysis{
		Cuts: []string{"activity_tier", "lifecycle"},
		Retentions: []transform.Retention{
			{Name: "engaged", Anchor: transform.Moment{Kind: transform.OnFirstSession}, Return: transform.Moment{Kind: transform.OnEngagedSession}, By: transform.By24h, Mode: transform.OnOrAfter, Periods: 2},
			{Name: "opened", Anchor: transform.Moment{Kind: transform.OnEvent, Event: "app_foreground"}, Recurring: true, Return: transform.Moment{Kind: transform.OnEvent, Event: "screen_view"}, By: transform.ByDay, Mode: transform.InBrackets, Brackets: []transform.Bracket{{First: 0, Last: 0}, {First: 1, Last: 2}}},
		},
		Features: []transform.Feature{{Name: "map", Events: []string{"login"}, Screens: []string{"Map"}}, {Name: "none", Events: []string{"nothing"}}},
		Funnels: []transform.Funnel{
			{Name: "days", Days: 1, Steps: []transform.FunnelStep{{{Event: "push_received"}}, {{Screen: "Home"}, {Screen: "Map"}}}},
			{Name: "session", Steps: []transform.FunnelStep{{{Screen: "Home"}}, {{Screen: "Map"}}, {{Event: "tap"}}}},
		},
		Onboarding: transform.Onboarding{Steps: []string{"tap", "screen_view", "heartbeat"}, Completed: "screen_view"},
		PushWindow: 3 * time.Hour,
		Incentives: []transform.Incentive{{Name: "offer", Events: []string{"login", "tap"}, ReturnDays: 1, Holdout: transform.Holdout{Event: "app_background"}}},
	}
}

func (s *site) close() {
	s.raw.Close()
	s.Lake.Close()
}

// tempSite is a site in a new directory under root, with the lake in memory,
// which is faster; finished removes it.
func tempSite(t testingT, root string) (s *site, finished func()) {
	t.Helper()
	dir, err := os.MkdirTemp(root, "site")
	if err != nil {
		t.Fatal(err)
	}
	b, _ := openMortal(t, nil, immortal)
	s = newSite(t, dir, b)
	return s, func() {
		s.close()
		os.RemoveAll(dir) // under the test's own directory
	}
}

// put stores a raw object.
func (s *site) put(t testingT, name string, lines ...string) {
	t.Helper()
	err := s.raw.Put(context.Background(), name, func(w io.Writer) error {
		_, err := io.WriteString(w, strings.Join(lines, ""))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// at sets the clock to four in the morning of a day.
func (s *site) at(day calendar.Day) {
	now := time.UnixMicro(s.Zone.Start(day)).Add(4 * time.Hour)
	s.Now = func() time.Time { return now }
}

// night runs on the morning of a day.
func (s *site) night(t testingT, day calendar.Day, r Range) Summary {
	t.Helper()
	s.at(day)
	sum, err := s.Night(context.Background(), r)
	if err != nil {
		t.Fatalf("night of %s: %v", day, err)
	}
	return sum
}

// objects returns the digests of the objects of a bucket, but for leases: each
// run leaves one.
func objects(t testingT, b *bucket.Bucket) map[string]string {
	t.Helper()
	digests := map[string]string{}
	for o, err := range b.List(context.Background(), "") {
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(o.Name, lease.Folder) {
			continue
		}
		data, err := b.Read(context.Background(), o.Name)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(data)
		digests[o.Name] = hex.EncodeToString(sum[:])
	}
	return digests
}

// result is what a site has made, by object: the digests of all tables and of
// what is carried over midnight, and what the manifests say of each day apart
// from how and when it came about. It checks that manifests, objects and
// warehouse agree.
func (s *site) result(t testingT) map[string]string {
	t.Helper()
	have := objects(t, s.Lake)
	made, err := lake.Days(context.Background(), s.Lake)
	if err != nil {
		t.Fatal(err)
	}
	result := map[string]string{}
	published := map[load.PartitionKey]string{}
	for day, m := range made {
		result[m.Carry.Object] = m.Carry.SHA256
		for name, f := range m.Tables {
			result[f.Object] = f.SHA256
			published[load.PartitionKey{Table: name, Day: day}] = f.SHA256
		}
		// What was restated is the history of runs, and no result of theirs.
		if have[m.Restatements.Object] != m.Restatements.SHA256 {
			t.Errorf("%s is not what its manifest says", m.Restatements.Object)
		}
		published[load.PartitionKey{Table: "restatements", Day: day}] = m.Restatements.SHA256
		for _, other := range m.Others {
			result[other.Sessions.Object], result[other.Days.Object] = other.Sessions.SHA256, other.Days.SHA256
		}
	}
	for object, digest := range result {
		if have[object] != digest {
			t.Errorf("%s is not what its manifest says", object)
		}
	}
	for object := range have {
		folder, _, _ := strings.Cut(object, "/")
		if _, ok := result[object]; !ok && folder != "runs" && folder != "events" && folder != "quarantine" && folder != "identity" && folder != "reference" && folder != "restatements" && folder != "history" && folder != "backfills" {
			t.Errorf("no manifest names %s", object)
		}
	}
	held := maps.Clone(s.warehouse.held)
	delete(held, load.PartitionKey{Table: "intervention_effects"})
	delete(held, load.PartitionKey{Table: "late"})
	if !maps.Equal(published, held) {
		t.Errorf("the warehouse holds %d partitions, not the %d of the lake", len(held), len(published))
	}
	s.checkFinal(t, made)
	batches, err := lake.Batches(context.Background(), s.Lake)
	if err != nil {
		t.Fatal(err)
	}
	now := lake.Staged(batches)
	for day, m := range made {
		result["manifest of "+day.String()] = fmt.Sprintf("%v %+v", m.IsFinal, m.Ledger)
		staged := countedEvents(now[day])
		if changedInputs(m.Inputs, now[day]) != "" {
			staged = -1 // the day was made from others
		}
		ledgers := map[string]transform.Ledger{"": m.Ledger}
		for name, other := range m.Others {
			ledgers[name] = other.Ledger
			result["ledger of "+name+" on "+day.String()] = fmt.Sprintf("%+v", other.Ledger)
		}
		// Law 1, for every definition: all saw the same events, and each
		// accounts for all of them.
		for name, l := range ledgers {
			if l.Events != l.InSessions+l.Duplicates+l.Outside+l.Ignored+l.BeyondCap+l.UploadedLate || staged >= 0 && l.Events != staged {
				t.Errorf("%s %s: %d events are staged, and the ledger is %+v", day, name, staged, l)
			}
		}
	}
	return result
}

// checkFinal checks that a day is final if it is not the last one and no
// session that began on it, or before it, is open, and that it says who
// returned on the next day if that day has been made.
func (s *site) checkFinal(t testingT, made map[calendar.Day]lake.Day) {
	t.Helper()
	days := slices.Sorted(maps.Keys(made))
	open := 0
	for i, day := range days {
		for _, r := range rows[transform.Session](t, s.Lake, made[day].Tables["sessions"]) {
			if !r.IsFinal {
				open++
			}
		}
		if want := i+1 < len(days) && open == 0; made[day].IsFinal != want {
			t.Errorf("%s is final: %v, with %d open sessions up to it", day, made[day].IsFinal, open)
		}
		known := i+1 < len(days) && days[i+1] == day+1
		for _, r := range rows[transform.DailySegment](t, s.Lake, made[day].Tables["daily_segments"]) {
			if (r.Returned != nil) != known || r.IsFinal != made[day].IsFinal {
				t.Errorf("segment %s %s of %s is final %v and knows who returned: %v", r.Segmentation, r.Segment, day, r.IsFinal, r.Returned != nil)
			}
		}
	}
}

// rows returns the rows of a table's file.
func rows[R any](t testingT, b *bucket.Bucket, f lake.File) []R {
	t.Helper()
	data, err := b.Read(context.Background(), f.Object)
	if err != nil {
		t.Fatal(err)
	}
	decoded, err := parquetfile.Decode[R](data)
	if err != nil {
		t.Fatalf("%s: %v", f.Object, err)
	}
	return decoded
}

// line is an event as a line of JSON.
func line(id, device, user, name string, at int64) string {
	return stampedLine(id, device, user, name, at, "", "")
}

// stampedLine is a line with a session id of the source and a screen.
func stampedLine(id, device, user, name string, at int64, stamp, screen string) string {
	var out bytes.Buffer
	err := json.NewEncoder(&out).Encode(map[string]string{
		"event_id": id, "device_id": device, "user_id": user, "event_name": name, "session_id": stamp, "screen": screen,
		"timestamp": time.UnixMicro(at).UTC().Format(time.RFC3339Nano),
	})
	if err != nil {
		panic(err) // strings can be encoded
	}
	return out.String()
}
