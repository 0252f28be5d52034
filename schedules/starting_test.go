package schedules

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"testing"

	"golang.org/x/sync/errgroup"

	"sojourn/internal/bucket"
	"sojourn/internal/calendar"
	"sojourn/internal/lake"
	"sojourn/load"
	"sojourn/transform"
)

// What a run does before it has anything to do: it lists the sources and reads
// the manifests. Both grow with the age of a lake, up to this one's.
const (
	oldLakeDays    = 1000
	oldLakeObjects = 50 // raw objects of a day
)

// oldLake makes a site old: its raw objects have all been read and its days have
// all been made and published, and it is the morning after the last of them. One
// night makes the manifests of a day, and those of the other days are copies.
func oldLake(t testingT, s *site) {
	t.Helper()
	ctx := context.Background()
	first := date(20) - oldLakeDays
	name := func(day calendar.Day, n int) string { return fmt.Sprintf("events/date=%s/part-%03d.ndjson", day, n) }
	at := s.Zone.Start(first)
	for n := range oldLakeObjects {
		s.put(t, name(first, n), line(fmt.Sprint(n), "phone", "ann", "tap", at+int64(n)*1e6))
	}
	s.night(t, first+1, Range{})
	var writes errgroup.Group
	writes.SetLimit(8)
	for day := first + 1; day < first+oldLakeDays; day++ {
		for n := range oldLakeObjects {
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
	inputs := make([]lake.Input, oldLakeObjects)
	for o, err := range s.raw.List(ctx, "") {
		if err != nil {
			t.Fatal(err)
		}
		inputs[n] = batches[0].Inputs[n]
		inputs[n].Object, inputs[n].Version, inputs[n].Size = o.Name, o.Version, o.Size
		inputs[n].Days = []lake.DayCount{{Day: day, Events: 1}}
		if n++; n < oldLakeObjects {
			continue
		}
		if day > first {
			batches = append(batches, batchOfDay(t, s.Lake, batches, day, inputs))
		}
		day, n, inputs = day+1, 0, make([]lake.Input, oldLakeObjects)
	}
	staged, names := lake.Staged(batches), load.DailyTables(true)
	var before *lake.StateRef
	for day := first; day < first+oldLakeDays; day++ {
		m := sample
		m.Day, m.Inputs, m.Before, m.IsFinal = day, staged[day], before, day < first+oldLakeDays-1
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
	s.at(first + oldLakeDays)
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

// BenchmarkPlan plans on the old lake, in directories: when nothing is to be
// done, and when a definition that has changed makes every day due.
func BenchmarkPlan(b *testing.B) {
	s := newSite(b, b.TempDir(), nil)
	defer s.close()
	oldLake(b, s)
	changed := transform.App()
	changed.Cap *= 2
	for _, test := range []struct {
		name       string
		definition transform.Definition
		due        int
	}{{"idle", s.Definition, 0}, {"all days due", changed, oldLakeDays}} {
		b.Run(test.name, func(b *testing.B) {
			s.Definition = test.definition
			for b.Loop() {
				p, err := s.Plan(b.Context(), Range{})
				if err != nil {
					b.Fatal(err)
				}
				if len(p.Days) != oldLakeDays || len(p.Due()) != test.due || len(p.Pending)+len(p.Removed)+p.Unpublished > 0 {
					b.Fatalf("%d days, %d due, %d objects to read, %d gone, %d partitions to publish",
						len(p.Days), len(p.Due()), len(p.Pending), len(p.Removed), p.Unpublished)
				}
			}
		})
	}
}

// BenchmarkRequests counts what a cloud would bill of a plan and of a night with
// nothing to do, by kind of request: time is that of a bucket in memory.
func BenchmarkRequests(b *testing.B) {
	lakeBucket, ofLake := openMortal(b, nil, immortal)
	raw, ofRaw := openMortal(b, nil, immortal)
	s := newSite(b, b.TempDir(), lakeBucket)
	defer s.close()
	s.raw.Close()
	s.raw, s.Sources[0].Bucket = raw, raw
	oldLake(b, s)
	for _, test := range []struct {
		name string
		do   func() error
	}{
		{"plan", func() error { _, err := s.Plan(b.Context(), Range{}); return err }},
		{"idle night", func() error {
			sum, err := s.Night(b.Context(), Range{})
			if err == nil && !sum.Idle() {
				err = fmt.Errorf("it was not idle: %+v", sum)
			}
			return err
		}},
	} {
		b.Run(test.name, func(b *testing.B) {
			clear(ofLake.asked)
			clear(ofRaw.asked)
			for b.Loop() {
				if err := test.do(); err != nil {
					b.Fatal(err)
				}
			}
			report := func(n int, unit string) { b.ReportMetric(float64(n)/float64(b.N), unit) }
			report(ofRaw.asked["list"], "raw-lists/op")
			report(ofLake.asked["list"], "lists/op")
			report(ofLake.asked["read"], "reads/op")
			report(ofLake.asked["look up"], "lookups/op")
			report(ofLake.asked["write"], "writes/op")
			report(ofLake.asked["delete"], "deletes/op")
		})
	}
}
