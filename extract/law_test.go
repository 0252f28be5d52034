package extract_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"sojourn/extract"
	"sojourn/internal/bucket"
	"sojourn/internal/calendar"
	"sojourn/internal/lake"
	"sojourn/transform"
)

// A drawn line is a line of an object and the event that it should become;
// empty if it should become none.
type drawnLine struct{ text, event string }

func drawLine(t *rapid.T, i int) drawnLine {
	user := rapid.SampledFrom([]string{"ann", "bob", "", "zoë \\\"z\\\""}).Draw(t, "user")
	device := rapid.SampledFrom([]string{"", "d1", "d2"}).Draw(t, "device")
	at := now/1e6 - rapid.Int64Range(0, 3*86400).Draw(t, "age")
	switch kind := rapid.IntRange(0, 9).Draw(t, "kind"); {
	case kind == 0:
		return drawnLine{text: rapid.SampledFrom([]string{"garbage", "{", `{"u":1}`, `{"u":"a","n":"n","t":5}`, "[]", "{}"}).Draw(t, "bad")}
	case user == "" && device == "":
		return drawnLine{text: `{"n":"open"}`}
	}
	text := fmt.Sprintf(`{"id":"%d","u":"%s","d":"%s","n":"open","t":%d}`, i, user, device, at)
	return drawnLine{text, fmt.Sprintf("%s/%s %d %d", strings.ReplaceAll(user, `\`, ""), device, at*1e6, i)}
}

// Every line is an event or in quarantine, and every event comes back exactly
// once and in order: however lines are spread over objects and batches, read
// by however many workers with however little memory.
func TestEveryLineIsAccountedFor(t *testing.T) {
	scratch := t.TempDir()
	runs := 0
	rapid.Check(t, func(rt *rapid.T) {
		runs++
		open := func(name string) *bucket.Bucket {
			b, err := bucket.Open(t.Context(), fmt.Sprintf("%s/%d/%s", scratch, runs, name), true, nil)
			if err != nil {
				rt.Fatal(err)
			}
			return b
		}
		raw, lakeBucket := open("raw"), open("lake")
		defer raw.Close()
		defer lakeBucket.Close()
		source := minimalNamed("app")
		source.Bucket = raw
		options := extract.Options{
			Now:         now,
			Workers:     rapid.IntRange(1, 4).Draw(rt, "workers"),
			MemoryBytes: rapid.SampledFrom([]int64{1, 5_000, 1 << 30}).Draw(rt, "memory"),
		}

		var want []string
		lines := 0
		for batch := range rapid.IntRange(1, 3).Draw(rt, "batches") {
			for object := range rapid.IntRange(0, 4).Draw(rt, "objects") {
				var content strings.Builder
				for range rapid.IntRange(0, 15).Draw(rt, "lines") {
					line := drawLine(rt, lines)
					lines++
					content.WriteString(line.text + "\n")
					if line.event != "" {
						want = append(want, line.event)
					}
				}
				compress := rapid.SampledFrom([]func(testing.TB, string) string{plain, gzipped, zstandard}).Draw(rt, "compression")
				put(t, raw, fmt.Sprintf("%d/%d", batch, object), compress(t, content.String()))
			}
			stage(t, lakeBucket, source, options)
		}

		done, err := lake.Batches(t.Context(), lakeBucket)
		if err != nil {
			rt.Fatal(err)
		}
		var sum lake.Input
		quarantined := 0
		for _, batch := range done {
			for _, in := range batch.Inputs {
				if in.Lines != in.Events+in.Quarantined+in.Aliases+in.Skipped {
					rt.Errorf("input %+v: lines are not events and quarantined", in)
				}
				sum.Lines += in.Lines
				sum.Events += in.Events
			}
			quarantined += len(quarantine(t, lakeBucket, batch))
		}
		if sum.Lines != int64(lines) || sum.Events != int64(len(want)) || quarantined != lines-len(want) {
			rt.Errorf("%d lines, %d events, %d in quarantine; want %d, %d, %d",
				sum.Lines, sum.Events, quarantined, lines, len(want), lines-len(want))
		}

		var got []string
		for day, files := range lake.Staged(done) {
			var last transform.Event
			for events, err := range extract.ReadDay(t.Context(), lakeBucket, files) {
				if err != nil {
					rt.Fatal(err)
				}
				subject := events[0].Subject()
				if last.Attributes != nil && subject <= last.Subject() {
					rt.Errorf("subject %q comes after %q", subject, last.Subject())
				}
				for i := range events {
					e := events[i]
					if e.Subject() != subject || calendar.UTC.DayOf(e.At) != day {
						rt.Errorf("%+v is among the events of %q on %s", e, subject, day)
					}
					if last.Attributes != nil && last.Compare(&e) >= 0 {
						rt.Errorf("%+v comes after %+v", e, last)
					}
					last = e
					got = append(got, fmt.Sprintf("%s/%s %d %s", e.UserID, e.DeviceID, e.At, e.ID))
				}
			}
		}
		slices.Sort(want)
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			rt.Errorf("events (-want +got):\n%s", diff)
		}
	})
}

func plain(_ testing.TB, text string) string { return text }

// What fits into memory makes the same files, however it is read.
func TestStageIsDeterministic(t *testing.T) {
	raw := openBucket(t, nil)
	for i := range 7 {
		put(t, raw, fmt.Sprintf("%d.json", i), extract.FlatRecords(500*i, 40)+"bad\n")
	}
	source := extract.FlatSource()
	source.Bucket = raw
	var want lake.Batch
	for workers := 1; workers <= 4; workers++ {
		got := stage(t, openBucket(t, nil), source, extract.Options{Now: now, Workers: workers})
		if workers == 1 {
			want = got
		} else if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("with %d workers (-want +got):\n%s", workers, diff)
		}
	}
	if len(want.Staged) != 1 || len(want.Quarantine) != 1 {
		t.Errorf("%d staged files and %d of quarantine, want one each", len(want.Staged), len(want.Quarantine))
	}
}

// Staging that was broken off leaves nothing that counts.
func TestNothingIsCommittedAfterAnError(t *testing.T) {
	raw := openBucket(t, map[string]string{"a": one})
	source := minimalNamed("app")
	source.Bucket = raw
	sources := []extract.Source{source}
	pending, _, err := extract.ListPending(t.Context(), sources, nil)
	if err != nil {
		t.Fatal(err)
	}
	lakeBucket := openBucket(t, map[string]string{"events": "a file where a folder should be"})
	if _, err := extract.Stage(t.Context(), lakeBucket, sources, pending, "000001", extract.Options{Now: now}); err == nil {
		t.Fatal("no error")
	}
	if done, err := lake.Batches(t.Context(), lakeBucket); err != nil || len(done) > 0 {
		t.Errorf("batches %v, %v: want none", done, err)
	}
}

func TestReadDayTellsWhichFileIsBad(t *testing.T) {
	lakeBucket := openBucket(t, map[string]string{"events/bad.parquet": "no Parquet"})
	for _, name := range []string{"events/bad.parquet", "events/none.parquet"} {
		files := []lake.StagedFile{{File: lake.File{Object: name}}}
		failed := false
		for _, err := range extract.ReadDay(t.Context(), lakeBucket, files) {
			failed = failed || err != nil && strings.Contains(err.Error(), name)
		}
		if !failed {
			t.Errorf("%s: no error with its name", name)
		}
	}
}

// A lake that is no directory is read through temporary copies, of which none
// remains.
func TestLakeThatIsNoDirectory(t *testing.T) {
	scratch := t.TempDir()
	t.Setenv("TMPDIR", scratch)
	lakeBucket, err := bucket.Open(t.Context(), "mem://", true, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer lakeBucket.Close()
	source := minimalNamed("app")
	source.Bucket = openBucket(t, map[string]string{"in": one + "\n" + two})
	stage(t, lakeBucket, source, extract.Options{Now: now})
	want := map[string][]string{"2026-10-01": {oneStaged, twoStaged}}
	if diff := cmp.Diff(want, days(t, lakeBucket)); diff != "" {
		t.Errorf("staged (-want +got):\n%s", diff)
	}
	if left, err := os.ReadDir(scratch); err != nil || len(left) > 0 {
		t.Errorf("temporary files left: %v, %v", left, err)
	}
}

func TestStageEndsWithItsContext(t *testing.T) {
	source := minimalNamed("app")
	source.Bucket = openBucket(t, map[string]string{"in": one})
	sources := []extract.Source{source}
	pending, _, err := extract.ListPending(t.Context(), sources, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := extract.Stage(ctx, openBucket(t, nil), sources, pending, "000001", extract.Options{Now: now}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want %v", err, context.Canceled)
	}
}
