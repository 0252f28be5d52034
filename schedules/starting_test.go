package schedules

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"sojourn/internal/bucket"
	"sojourn/internal/calendar"
	"sojourn/internal/lake"
	"sojourn/load"
	"sojourn/transform"
)

// A run begins with listing the sources and reading the manifests, which takes
// the longer the older a lake is. That of the benchmarks is this old.
const (
	oldDays    = 1000
	oldObjects = 50 // raw objects of a day
)

// grow makes a site so many days old: its raw objects have all been read and its
// days have all been made and published, and it is the morning after the last of
// them. One night makes the manifests of a day, and those of the others are
// copies.
func grow(t testingT, s *site, days, objects int) {
	t.Helper()
	ctx := context.Background()
	first := date(20) - calendar.Day(days)
	end := date(20)
	name := func(day calendar.Day, n int) string { return fmt.Sprintf("events/date=%s/part-%03d.ndjson", day, n) }
	at := s.Zone.Start(first)
	for n := range objects {
		s.put(t, name(first, n), line(fmt.Sprint(n), "phone", "ann", "tap", at+int64(n)*1e6))
	}
	s.night(t, first+1, Range{})
	var writes errgroup.Group
	writes.SetLimit(8)
	for day := first + 1; day < end; day++ {
		for n := range objects {
			writes.Go(func() error {
				return s.raw.Put(ctx, name(day, n), func(w io.Writer) error {
					_, err := io.WriteString(w, "{}\n")
					return err
				})
			})
		}
	}
	if err := writes.Wait(); err != nil {
		t.Fatal(err)
	}

	batches, err := lake.Batches(ctx, s.Lake)
	if err != nil {
		t.Fatal(err)
	}
	made, err := lake.Days(ctx, s.Lake)
	if err != nil {
		t.Fatal(err)
	}
	sample, day, n := made[first], first, 0
	inputs := make([]lake.Input, objects)
	for o, err := range s.raw.List(ctx, "") {
		if err != nil {
			t.Fatal(err)
		}
		inputs[n] = batches[0].Inputs[n]
		inputs[n].Object, inputs[n].Version, inputs[n].Size = o.Name, o.Version, o.Size
		inputs[n].Days = []lake.DayCount{{Day: day, Events: 1}}
		if n++; n < objects {
			continue
		}
		if day > first {
			batches = append(batches, batchOfDay(t, s.Lake, batches, day, inputs))
		}
		day, n, inputs = day+1, 0, make([]lake.Input, objects)
	}
	staged, names := lake.Staged(batches), load.DailyTables(true)
	var before *lake.StateRef
	for day := first; day < end; day++ {
		m := sample
		m.Day, m.Inputs, m.Before, m.IsFinal = day, staged[day], before, day < end-1
		m.Batch = fmt.Sprintf("%06d", day-first+1)
		m.Carry = ofDay(sample.Carry, lake.CarryObject(day), day)
		m.Restatements = ofDay(sample.Restatements, lake.TableObject("restatements", day), day)
		m.Tables = map[string]lake.File{}
		for table, f := range sample.Tables {
			m.Tables[table] = ofDay(f, lake.TableObject(table, day), day)
		}
		if err := lake.WriteDay(ctx, s.Lake, m); err != nil {
			t.Fatal(err)
		}
		made[day] = m
		before = stateAfter(m, names)
	}
	references, err := s.references(ctx, made, batches)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range wanted(made, references) {
		s.warehouse.held[p.Key()] = p.SHA256
	}
	s.at(end)
}

// batchOfDay commits that the raw objects of a day have been read.
func batchOfDay(t testingT, b *bucket.Bucket, before []lake.Batch, day calendar.Day, inputs []lake.Input) lake.Batch {
	t.Helper()
	batch := before[0]
	batch.ID, batch.Inputs = lake.NextBatch(before), inputs
	batch.Staged = []lake.File{ofDay(before[0].Staged[0], lake.StagedObject(day, batch.ID, 0), day)}
	if err := lake.WriteBatch(context.Background(), b, batch); err != nil {
		t.Fatal(err)
	}
	return batch
}

// ofDay is a file like another of another day and content.
func ofDay(f lake.File, object string, day calendar.Day) lake.File {
	f.Object, f.Day = object, day
	f.SHA256 = fmt.Sprintf("%x", sha256.Sum256([]byte(object)))
	return f
}

// BenchmarkPlan plans on an old lake in a directory: when nothing is to be
// done, and when a definition that has changed makes every day due.
func BenchmarkPlan(b *testing.B) {
	s := newSite(b, b.TempDir(), nil)
	defer s.close()
	grow(b, s, oldDays, oldObjects)
	changed := transform.App()
	changed.Cap *= 2
	for _, test := range []struct {
		name       string
		definition transform.Definition
		due        int
	}{{"idle", s.Definition, 0}, {"all days due", changed, oldDays}} {
		b.Run(test.name, func(b *testing.B) {
			s.Definition = test.definition
			for b.Loop() {
				p, err := s.Plan(b.Context(), Range{})
				if err != nil {
					b.Fatal(err)
				}
				if len(p.Days) != oldDays || len(p.Due()) != test.due || len(p.Pending)+len(p.Removed)+p.Unpublished > 0 {
					b.Fatalf("%d days, %d due, %d objects to read, %d gone, %d partitions to publish",
						len(p.Days), len(p.Due()), len(p.Pending), len(p.Removed), p.Unpublished)
				}
			}
		})
	}
}

// A meter tells what a plan and a night with nothing to do ask of object
// storage.
type meter struct {
	*site
	ofLake, ofRaw *mortal
}

func newMeter(t testing.TB, days, objects int) meter {
	lakeBucket, ofLake := openMortal(t, nil, immortal)
	raw, ofRaw := openMortal(t, nil, immortal)
	s := newSite(t, t.TempDir(), lakeBucket)
	s.raw.Close()
	s.raw, s.Sources[0].Bucket = raw, raw
	grow(t, s, days, objects)
	return meter{s, ofLake, ofRaw}
}

// of returns the requests that something makes of the lake, and how many lists
// of the source; it makes no others of that.
func (m meter) of(t testing.TB, do func(context.Context) error) (lake map[string]int, rawLists int) {
	t.Helper()
	clear(m.ofLake.asked)
	clear(m.ofRaw.asked)
	if err := do(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(m.ofRaw.asked) != 1 {
		t.Errorf("requests of the source: %v, want lists alone", m.ofRaw.asked)
	}
	return maps.Clone(m.ofLake.asked), m.ofRaw.asked["list"]
}

func (m meter) plan(ctx context.Context) error {
	p, err := m.Plan(ctx, Range{})
	if err == nil && len(p.Due())+len(p.Pending)+p.Unpublished > 0 {
		err = fmt.Errorf("something is to be done: %+v", p)
	}
	return err
}

func (m meter) idleNight(ctx context.Context) error {
	sum, err := m.Night(ctx, Range{})
	if err == nil && !sum.Idle() {
		err = fmt.Errorf("something was done: %+v", sum)
	}
	return err
}

// A plan and a night read each manifest once; a plan writes nothing.
func TestRequestsOfAnIdleRun(t *testing.T) {
	const days, objects = 5, 3
	m := newMeter(t, days, objects)
	defer m.close()
	for _, test := range []struct {
		name string
		do   func(context.Context) error
		want map[string]int
	}{
		{"plan", m.plan, map[string]int{"list": 3, "read": 2 * days}},
		{"night", m.idleNight, map[string]int{"list": 9, "read": 2*days + 3, "write": 2, "delete": 1}},
	} {
		got, rawLists := m.of(t, test.do)
		if diff := cmp.Diff(test.want, got); diff != "" || rawLists != 1 {
			t.Errorf("%s: %d lists of the source, want 1; requests of the lake (-want +got):\n%s", test.name, rawLists, diff)
		}
	}
}

// BenchmarkRequests counts what a cloud would bill. Its time is that of buckets
// in memory.
func BenchmarkRequests(b *testing.B) {
	m := newMeter(b, oldDays, oldObjects)
	defer m.close()
	for name, do := range map[string]func(context.Context) error{"plan": m.plan, "idle night": m.idleNight} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				lake, rawLists := m.of(b, do)
				b.ReportMetric(float64(rawLists), "raw-lists/op")
				for _, op := range []string{"list", "read", "write", "delete"} {
					b.ReportMetric(float64(lake[op]), op+"s/op")
				}
			}
		})
	}
}
