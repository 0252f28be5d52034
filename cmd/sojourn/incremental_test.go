//go:build cgo

package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sojourn/internal/bucket"
	"sojourn/internal/bucket/clouds"
	"sojourn/internal/calendar"
	"sojourn/internal/generate"
	"sojourn/internal/lake"
	"sojourn/load"
	"sojourn/schedules"
)

// Some days in which events come twice, late and from wrong clocks.
var messyDays = generate.Options{Seed: 11, Users: 40, Days: 4, First: calendar.Date(2026, time.March, 26), Zone: lisbon}

// A delivery says what arrives before each run, and in which night it runs.
type delivery struct {
	name  string
	lots  func(objects []bucket.Object) [][]bucket.Object
	night func(lot int) calendar.Day // the morning of the run after a lot
}

var deliveries = []delivery{
	{"night by night", byDayOfArrival, func(lot int) calendar.Day { return messyDays.First + calendar.Day(lot) + 1 }},
	{"in one sweep", func(objects []bucket.Object) [][]bucket.Object { return [][]bucket.Object{objects} }, afterwards},
	{"the last first", func(objects []bucket.Object) [][]bucket.Object {
		lots := byDayOfArrival(objects)
		slices.Reverse(lots)
		return lots
	}, afterwards},
}

func afterwards(int) calendar.Day { return messyDays.First + calendar.Day(messyDays.Days) }

// byDayOfArrival parts objects, whose names begin with events/YYYY/MM/DD.
func byDayOfArrival(objects []bucket.Object) [][]bucket.Object {
	var lots [][]bucket.Object
	day := ""
	for _, o := range objects {
		if folder := o.Name[:len("events/2026/03/26")]; folder != day {
			lots, day = append(lots, nil), folder
		}
		lots[len(lots)-1] = append(lots[len(lots)-1], o)
	}
	return lots
}

// However its events arrive, by how many workers they are read and wherever the
// lake is, its days have the same tables, to the byte: night by night with what is
// late as in one run at the end.
func TestIncrementalIsFromScratch(t *testing.T) {
	s3 := startS3(t)
	startGCS(t)
	lakes := []struct{ name, url, query string }{
		{"directory", t.TempDir(), ""}, {"Google Cloud", "gs://acme", ""}, {"S3", "s3://acme", s3},
	}
	workers := []int{1, 2, 8}

	shop := t.TempDir()
	raw, err := bucket.Open(t.Context(), shop, true, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	sum, err := generate.Write(t.Context(), raw, messyDays)
	if err != nil {
		t.Fatal(err)
	}
	if sum.Late == 0 || sum.Duplicates == 0 || sum.SlowClocks == 0 || sum.CrossMidnight == 0 {
		t.Errorf("there is too little trouble in the events: %+v", sum)
	}
	var objects []bucket.Object
	for o, err := range raw.List(t.Context(), "events/") {
		if err != nil {
			t.Fatal(err)
		}
		objects = append(objects, o)
	}

	var want map[string]string
	for i, at := range lakes {
		for j, d := range deliveries {
			for k, n := range workers {
				if !soak && k != (i+j)%len(workers) {
					continue // each lake has each delivery, and each delivery each number of workers
				}
				t.Run(fmt.Sprintf("%s/%s/%d workers", at.name, d.name, n), func(t *testing.T) {
					folder := fmt.Sprintf("%s/%d-%d", at.url, j, n)
					p := newTrial(t, fmt.Sprintf(`
app: trailnotes
timezone: Europe/Lisbon
compare_definitions: [{preset: mixpanel}]
lake: %q
sources: [{name: app, url: %q, format: ndjson, match: "events/**", properties: {network: properties.network}}]
session: {events: %s}
max_bad_share: 10%%
`, folder+"/lake"+at.query, folder+"/raw"+at.query, oracleEvents)+allAsked, nil)
					to, err := bucket.Open(t.Context(), folder+"/raw"+at.query, true, clouds.Version)
					if err != nil {
						t.Fatal(err)
					}
					defer to.Close()
					pipeline := p.open(t).pipeline
					pipeline.Workers = n
					pipeline.OpenWarehouse = func(context.Context) (load.Warehouse, error) { return nowhere{}, nil }
					for lot, arrived := range d.lots(objects) {
						for _, o := range arrived {
							carry(t, raw, to, o.Name)
						}
						pipeline.Now = func() time.Time { return time.UnixMicro(lisbon.Start(d.night(lot))).Add(4 * time.Hour) }
						if _, err := pipeline.Night(t.Context(), schedules.Range{}); err != nil {
							t.Fatalf("after lot %d: %v", lot, err)
						}
					}
					got := tableFiles(t, pipeline.Lake)
					if want == nil {
						want = got
					}
					if diff := cmp.Diff(want, got); diff != "" {
						t.Errorf("other tables than those of the first case (-first +this):\n%.4000s", diff)
					}
				})
			}
		}
	}
	if days := messyDays.Days; len(want) < days*len(load.DailyTables(false)) {
		t.Errorf("%d files to compare: those of %d days are more", len(want), days)
	}
}

// nowhere is a warehouse that keeps nothing.
type nowhere struct{ load.Warehouse }

func (nowhere) Published(context.Context) (map[load.PartitionKey]string, error) { return nil, nil }
func (nowhere) Publish(context.Context, load.Group) error                       { return nil }
func (nowhere) Close() error                                                    { return nil }

// carry copies an object.
func carry(t *testing.T, from, to *bucket.Bucket, name string) {
	t.Helper()
	data, err := from.Read(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	if err := to.Put(t.Context(), name, func(w io.Writer) error {
		_, err := io.Copy(w, bytes.NewReader(data))
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

// tableFiles returns the digests of the files that the manifests of days name,
// by object. What a manifest says of a file it must be.
func tableFiles(t *testing.T, b *bucket.Bucket) map[string]string {
	t.Helper()
	made, err := lake.Days(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	digests := map[string]string{}
	for _, m := range made {
		files := []lake.File{m.Carry}
		for _, f := range m.Tables {
			files = append(files, f)
		}
		for _, o := range m.Others {
			files = append(files, o.Sessions, o.Days)
		}
		for _, f := range files {
			data, err := b.Read(t.Context(), f.Object)
			if err != nil {
				t.Fatal(err)
			}
			digests[f.Object] = fmt.Sprintf("%x", sha256.Sum256(data))
			if digests[f.Object] != f.SHA256 {
				t.Errorf("%s is not what its manifest says", f.Object)
			}
		}
	}
	return digests
}
