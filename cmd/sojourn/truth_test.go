//go:build cgo

package main

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go"

	"sojourn/extract"
	"sojourn/internal/bucket"
	"sojourn/internal/calendar"
	"sojourn/internal/generate"
	"sojourn/internal/lake"
	"sojourn/schedules"
	"sojourn/transform"
)

const truthConfig = `
app: trailnotes
timezone: Europe/Lisbon
sources: [{name: app, url: ./raw, format: ndjson, match: "events/**"}]
`

// A world is generated events, the truth about them, and a project that has
// made tables of them.
type world struct {
	trial
	raw       *bucket.Bucket
	generated generate.Summary
	sessions  []generate.Session
	fates     map[string]generate.Fate // by event id

	night      schedules.Summary
	batches    []lake.Batch
	staged     []transform.Event
	quarantine []refused
}

// A refused record is a row of a quarantine file.
type refused struct {
	Object string `parquet:"object"`
	Line   int64  `parquet:"line"`
	Reason string `parquet:"reason"`
	Raw    []byte `parquet:"raw"`
}

// newWorld generates ten days in which all troubles occur, the night in which
// the clocks go forward included, and runs the night after.
func newWorld(t *testing.T) *world {
	t.Helper()
	lisbon, err := calendar.LoadZone("Europe/Lisbon")
	if err != nil {
		t.Fatal(err)
	}
	first := calendar.Date(2026, time.March, 25)
	w := &world{trial: newTrial(t, truthConfig, nil), fates: map[string]generate.Fate{}}
	if w.raw, err = bucket.Open(t.Context(), filepath.Join(w.dir, "raw"), true, nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.raw.Close() })
	w.generated, err = generate.Write(t.Context(), w.raw, generate.Options{Seed: 5, Users: 300, Days: 10, First: first, Zone: lisbon})
	if err != nil {
		t.Fatal(err)
	}
	w.sessions = jsonLines[generate.Session](t, bytes.NewReader(w.read(t, w.raw, "truth/sessions.ndjson")))
	fates, err := unpacked(w.read(t, w.raw, "truth/events.ndjson.gz"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range jsonLines[generate.Fate](t, bytes.NewReader(fates)) {
		w.fates[f.EventID] = f
	}

	p := w.open(t)
	p.pipeline.Now = func() time.Time { return time.UnixMicro(lisbon.Start(first + 10)).Add(4 * time.Hour) }
	if w.night, err = p.pipeline.Night(t.Context(), schedules.Range{}); err != nil {
		t.Fatal(err)
	}
	w.readLake(t, p.pipeline.Lake)
	return w
}

func (w *world) read(t *testing.T, b *bucket.Bucket, object string) []byte {
	t.Helper()
	data, err := b.Read(t.Context(), object)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// readLake reads what was staged and what was refused.
func (w *world) readLake(t *testing.T, b *bucket.Bucket) {
	t.Helper()
	var err error
	if w.batches, err = lake.Batches(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	for _, files := range lake.Staged(w.batches) {
		for events, err := range extract.ReadDay(t.Context(), b, files) {
			if err != nil {
				t.Fatal(err)
			}
			w.staged = append(w.staged, events...)
		}
	}
	for _, batch := range w.batches {
		for _, f := range batch.Quarantine {
			data := w.read(t, b, f.Object)
			rows, err := parquet.Read[refused](bytes.NewReader(data), int64(len(data)))
			if err != nil {
				t.Fatal(err)
			}
			w.quarantine = append(w.quarantine, rows...)
		}
	}
}

// unpacked returns the contents of an object; the error is
// io.ErrUnexpectedEOF, with what there is, if it breaks off.
func unpacked(data []byte) ([]byte, error) {
	switch {
	case bytes.HasPrefix(data, []byte{0x1f, 0x8b}):
		r, err := gzip.NewReader(bytes.NewReader(data))
		if err != nil {
			return nil, err
		}
		return io.ReadAll(r)
	case bytes.HasPrefix(data, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		r, err := zstd.NewReader(bytes.NewReader(data))
		if err != nil {
			return nil, err
		}
		defer r.Close()
		return io.ReadAll(r)
	}
	return data, nil
}

func TestTruth(t *testing.T) {
	w := newWorld(t)
	t.Run("the sessions are the true ones", w.testSessions)
	t.Run("every event fares as it should", w.testFates)
	t.Run("every line is staged or in quarantine", w.testLines)
	t.Run("the counts add up", w.testCounts)
	t.Run("the troubles occurred", func(t *testing.T) {
		g := w.generated
		for name, n := range map[string]int64{
			"sessions across midnight": g.CrossMidnight, "explicit ends": g.AfterEnd, "user changes": g.UserChanges,
			"capped sessions": g.Capped, "longest pauses": g.LongestPauses, "shortest pauses": g.ShortestPauses,
			"crashes": g.Crashes, "pushes outside": g.Outside, "duplicates": g.Duplicates, "late events": g.Late,
			"slow clocks": g.SlowClocks, "fast clocks": g.Future, "bots": g.Bots, "bad lines": g.BadLines,
			"truncated objects": g.TruncatedObjects,
		} {
			if n == 0 {
				t.Errorf("no %s: the test shows less than it says", name)
			}
		}
	})
}

// Precision and recall of the boundaries are 1, and what is inside them is right.
func (w *world) testSessions(t *testing.T) {
	got := ask[generate.Session](t, w.trial, `
		SELECT device_id, user_id, session_date, epoch_ms(started_at) AS started_at, epoch_ms(ended_at) AS ended_at,
			event_count, background_event_count, crash_count, start_reason
		FROM sessions`)
	want := slices.Clone(w.sessions)
	for i := range want {
		want[i].Session, want[i].Offline = 0, false // not in the records
	}
	byStart := func(a, b generate.Session) int {
		return cmp.Or(strings.Compare(a.DeviceID, b.DeviceID), cmp.Compare(a.StartedAt, b.StartedAt), cmp.Compare(a.EndedAt, b.EndedAt))
	}
	slices.SortFunc(want, byStart)
	slices.SortFunc(got, byStart)

	starts := map[string]int{}
	for _, s := range want {
		starts[fmt.Sprint(s.DeviceID, s.StartedAt)]++
	}
	right := 0
	for _, s := range got {
		if at := fmt.Sprint(s.DeviceID, s.StartedAt); starts[at] > 0 {
			starts[at]--
			right++
		}
	}
	if right != len(want) || right != len(got) {
		t.Errorf("boundaries: precision %d/%d, recall %d/%d", right, len(got), right, len(want))
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("sessions (-truth +table):\n%.4000s", diff)
	}
}

func (w *world) testFates(t *testing.T) {
	const reach = 30 * time.Minute // of a session for background events
	background := transform.App().Events[transform.Join]
	sessions := map[int64]generate.Session{}
	for _, s := range w.sessions {
		sessions[s.Session] = s
	}
	stagedAs := map[string]transform.Event{}
	for _, e := range w.staged {
		stagedAs[e.ID] = e
	}
	ahead := map[string]bool{} // refused because of a clock ahead
	for _, r := range w.quarantine {
		if r.Reason == "timestamp_in_future" {
			ahead[eventID(t, r.Raw)] = true
		}
	}
	inSession := map[int64]int{}
	for id, f := range w.fates {
		e, staged := stagedAs[id]
		switch {
		case f.Fate == generate.Future:
			if staged || !ahead[id] {
				t.Errorf("event %s of a clock ahead: staged %v, refused %v", id, staged, ahead[id])
			}
			continue
		case !staged || ahead[id]:
			t.Errorf("event %s: staged %v, refused for its time %v", id, staged, ahead[id])
			continue
		case f.Fate == generate.Outside:
			continue
		}
		inSession[f.Session]++
		s := sessions[f.Session]
		at, end := time.UnixMicro(e.At), time.UnixMilli(s.EndedAt)
		if slices.Contains(background, e.Name) {
			end = end.Add(reach)
		}
		if e.DeviceID != s.DeviceID || at.Before(time.UnixMilli(s.StartedAt)) || at.After(end) {
			t.Errorf("event %s of %s at %v is not within session %d of %s", id, e.DeviceID, at, s.Session, s.DeviceID)
		}
	}
	for id := range stagedAs {
		if _, ok := w.fates[id]; !ok {
			t.Errorf("event %s was never sent", id)
		}
	}
	for _, s := range w.sessions {
		if inSession[s.Session] != s.Events {
			t.Errorf("session %d has %d events, %d say so", s.Session, s.Events, inSession[s.Session])
		}
	}
}

func eventID(t *testing.T, raw []byte) string {
	t.Helper()
	var e struct {
		ID string `json:"event_id"`
	}
	if err := json.Unmarshal(raw, &e); err != nil {
		t.Fatal(err)
	}
	return e.ID
}

// rawLine is a line of an object.
type rawLine struct {
	object string
	line   int64
}

func (w *world) testLines(t *testing.T) {
	became := map[rawLine][]string{}
	for _, e := range w.staged {
		at := rawLine{e.Object, e.Line}
		became[at] = append(became[at], "staged")
	}
	for _, r := range w.quarantine {
		at := rawLine{r.Object, r.Line}
		became[at] = append(became[at], r.Reason)
	}
	want := map[rawLine]bool{}
	for o, err := range w.raw.List(t.Context(), "events/") {
		if err != nil {
			t.Fatal(err)
		}
		text, err := unpacked(w.read(t, w.raw, o.Name))
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatalf("%s: %v", o.Name, err)
		}
		n := int64(bytes.Count(text, []byte("\n")))
		if err != nil {
			n++ // where it breaks off
		}
		for line := range n {
			want[rawLine{o.Name, line + 1}] = true
		}
	}
	for at := range want {
		if len(became[at]) != 1 {
			t.Errorf("line %d of %s became %q, want one thing", at.line, at.object, became[at])
		}
	}
	for at := range became {
		if !want[at] {
			t.Errorf("line %d of %s does not exist", at.line, at.object)
		}
	}
}

func (w *world) testCounts(t *testing.T) {
	g := w.generated
	var lines int64
	reasons := map[string]int64{}
	for _, b := range w.batches {
		for _, in := range b.Inputs {
			lines += in.Lines
		}
		for reason, n := range b.Reasons {
			reasons[reason] += n
		}
	}
	type ledger struct {
		Staged     int64 `json:"staged"`
		InSessions int64 `json:"in_sessions"`
		Duplicates int64 `json:"duplicates"`
		Conflicts  int64 `json:"conflicts"`
		Outside    int64 `json:"outside"`
		Ignored    int64 `json:"ignored"`
	}
	total := ask[ledger](t, w.trial, `
		SELECT sum(events_staged) AS staged, sum(events_in_sessions) AS in_sessions, sum(events_duplicate) AS duplicates,
			sum(events_conflicting) AS conflicts, sum(events_outside_session) AS outside, sum(events_ignored) AS ignored
		FROM daily_ledger`)[0]
	counted := ask[struct {
		Sessions int64 `json:"sessions"`
		Events   int64 `json:"events"`
	}](t, w.trial, "SELECT count(*) AS sessions, sum(event_count) AS events FROM sessions")[0]

	staged := g.Lines - g.BadLines - g.Future
	want := ledger{Staged: staged, InSessions: g.Events - g.Future - g.Outside, Duplicates: g.Duplicates, Outside: g.Outside}
	if diff := gocmp.Diff(want, total); diff != "" {
		t.Errorf("ledger (-generated +daily_ledger):\n%s", diff)
	}
	for _, sum := range []struct {
		of        string
		got, want int64
	}{
		{"records = staged + refused", lines, int64(w.night.Events + w.night.Quarantined)},
		{"records = lines and the ends of broken objects", lines, g.Lines + g.TruncatedObjects},
		{"staged by the summary", int64(w.night.Events), staged},
		{"refused = rows in quarantine", int64(w.night.Quarantined), int64(len(w.quarantine))},
		{"reasons", sumOf(reasons), int64(len(w.quarantine))},
		{"refused for the clock", reasons["timestamp_in_future"], g.Future},
		{"broken objects", reasons["truncated_object"], g.TruncatedObjects},
		{"events of the sessions", counted.Events, total.InSessions},
		{"staged = in sessions + duplicates + outside + ignored", total.Staged, total.InSessions + total.Duplicates + total.Outside + total.Ignored},
		{"sessions", counted.Sessions, g.Sessions},
		{"sessions by the summary", w.night.Sessions, g.Sessions},
	} {
		if sum.got != sum.want {
			t.Errorf("%s: %d, want %d", sum.of, sum.got, sum.want)
		}
	}
}

func sumOf(counts map[string]int64) (sum int64) {
	for n := range maps.Values(counts) {
		sum += n
	}
	return sum
}
