package extract_test

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"

	"sojourn/extract"
	"sojourn/internal/bucket"
	"sojourn/internal/calendar"
	"sojourn/internal/lake"
	"sojourn/transform"
)

// now is the present of all tests: 2026-10-10 00:00 UTC.
var now = calendar.UTC.Start(calendar.Date(2026, 10, 10))

func openBucket(t testing.TB, objects map[string]string) *bucket.Bucket {
	t.Helper()
	b, err := bucket.Open(t.Context(), t.TempDir(), true, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	for name, content := range objects {
		put(t, b, name, content)
	}
	return b
}

func put(t testing.TB, b *bucket.Bucket, name, content string) {
	t.Helper()
	err := b.Put(t.Context(), name, func(w io.Writer) error {
		_, err := io.WriteString(w, content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// stage reads what is pending in a source into a new batch of the lake.
func stage(t testing.TB, lakeBucket *bucket.Bucket, source extract.Source, options extract.Options) lake.Batch {
	t.Helper()
	done, err := lake.Batches(t.Context(), lakeBucket)
	if err != nil {
		t.Fatal(err)
	}
	sources := []extract.Source{source}
	pending, _, err := extract.ListPending(t.Context(), sources, done)
	if err != nil {
		t.Fatal(err)
	}
	batch, err := extract.Stage(t.Context(), lakeBucket, sources, pending, lake.NextBatch(done), options)
	if err != nil {
		t.Fatal(err)
	}
	return batch
}

// days reads all staged events back, as one line of text an event.
func days(t testing.TB, lakeBucket *bucket.Bucket) map[string][]string {
	t.Helper()
	done, err := lake.Batches(t.Context(), lakeBucket)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][]string{}
	for day, files := range lake.Staged(done) {
		for events, err := range extract.ReadDay(t.Context(), lakeBucket, files) {
			if err != nil {
				t.Fatal(err)
			}
			for i := range events {
				got[day.String()] = append(got[day.String()], show(&events[i]))
			}
		}
	}
	return got
}

func show(e *transform.Event) string {
	return fmt.Sprintf("%s/%s %s %d id=%s %s:%d", e.UserID, e.DeviceID, e.Name, e.At, e.ID, e.Object, e.Line)
}

// A rejectedRow is a row of a quarantine file, as others read it.
type rejectedRow struct {
	Source   string `parquet:"source"`
	Object   string `parquet:"object"`
	Line     int64  `parquet:"line"`
	Reason   string `parquet:"reason"`
	Detail   string `parquet:"detail"`
	Raw      []byte `parquet:"raw"`
	RawBytes int64  `parquet:"raw_bytes"`
}

// quarantine reads the rejected records of a batch.
func quarantine(t testing.TB, lakeBucket *bucket.Bucket, batch lake.Batch) []rejectedRow {
	t.Helper()
	var all []rejectedRow
	for _, file := range batch.Quarantine {
		data, err := lakeBucket.Read(t.Context(), file.Object)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := parquet.Read[rejectedRow](bytes.NewReader(data), int64(len(data)))
		if err != nil {
			t.Fatal(err)
		}
		if int64(len(rows)) != file.Rows {
			t.Errorf("%s: %d rows, manifest says %d", file.Object, len(rows), file.Rows)
		}
		all = append(all, rows...)
	}
	return all
}

// staged reads one object of a source into a new lake and returns its events
// and what is in quarantine, each as one line of text.
func staged(t testing.TB, source extract.Source, content string) (events, rejects []string) {
	t.Helper()
	source.Name = "app"
	source.Bucket = openBucket(t, map[string]string{"in": content})
	lakeBucket := openBucket(t, nil)
	batch := stage(t, lakeBucket, source, extract.Options{Now: now})
	all := days(t, lakeBucket)
	for _, day := range slices.Sorted(maps.Keys(all)) {
		events = append(events, all[day]...)
	}
	for _, r := range quarantine(t, lakeBucket, batch) {
		rejects = append(rejects, fmt.Sprintf("%d %s: %s", r.Line, r.Reason, r.Detail))
	}
	for _, in := range batch.Inputs {
		if in.Lines != in.Events+in.Quarantined+in.Aliases+in.Skipped || in.Events != int64(len(events)) || in.Quarantined != int64(len(rejects)) {
			t.Errorf("input %+v, but %d events and %d in quarantine", in, len(events), len(rejects))
		}
	}
	return events, rejects
}

// stagedOne returns the only event of an object.
func stagedOne(t testing.TB, source extract.Source, content string) transform.Event {
	t.Helper()
	source.Name = "app"
	source.Bucket = openBucket(t, map[string]string{"in": content})
	lakeBucket := openBucket(t, nil)
	batch := stage(t, lakeBucket, source, extract.Options{Now: now})
	for _, r := range quarantine(t, lakeBucket, batch) {
		t.Fatalf("%s: %s", r.Reason, r.Detail)
	}
	for _, files := range lake.Staged([]lake.Batch{batch}) {
		for events, err := range extract.ReadDay(t.Context(), lakeBucket, files) {
			if err != nil {
				t.Fatal(err)
			}
			return events[0]
		}
	}
	t.Fatal("no event")
	return transform.Event{}
}

// describe writes the content of an event, without its name and time.
func describe(e transform.Event) string {
	var words []string
	word := func(name, text string) {
		if text != "" {
			words = append(words, name+"="+text)
		}
	}
	word("user", e.UserID)
	word("device", e.DeviceID)
	word("id", e.ID)
	if e.ReceivedAt != 0 {
		word("received", fmt.Sprint(e.ReceivedAt))
	}
	for _, at := range []struct {
		name   string
		micros int64
	}{{"client", e.ClientAt}, {"sent", e.SentAt}, {"sequence", e.Sequence}} {
		if at.micros != 0 {
			word(at.name, fmt.Sprint(at.micros))
		}
	}
	word("session", e.SourceSession)
	word("screen", e.Screen)
	word("view", e.View)
	word("platform", e.Platform)
	word("os", e.OSVersion)
	word("app", e.AppVersion)
	word("model", e.DeviceModel)
	word("country", e.Country)
	word("language", e.Language)
	word("source", e.AcquisitionSource)
	word("campaign", e.Campaign)
	word("class", e.DeviceClass)
	word("offset", e.UTCOffset)
	word("properties", e.Properties)
	if e.Crash {
		words = append(words, "crash")
	}
	for _, is := range []struct {
		name string
		yes  bool
	}{{"background", e.Background}, {"launch", e.Launch}, {"new_session", e.NewSession}} {
		if is.yes {
			words = append(words, is.name)
		}
	}
	if e.EngagedMillis >= 0 {
		word("engaged", fmt.Sprint(e.EngagedMillis))
	}
	return strings.Join(words, " ")
}

func TestStageSortsEventsByDay(t *testing.T) {
	raw := openBucket(t, map[string]string{"a.json": strings.Join([]string{
		`{"event_id":"3","user_id":"bob","event_name":"open","timestamp":"2026-10-01T22:59:59Z"}`,
		`{"event_id":"2","user_id":"ann","event_name":"open","timestamp":"2026-10-01T23:00:00Z"}`,
		`nonsense`,
		``,
		`{"event_id":"1","user_id":"ann","event_name":"open","timestamp":"2026-10-01T12:00:00Z"}`,
	}, "\n")})
	lisbon, err := calendar.LoadZone("Europe/Lisbon")
	if err != nil {
		t.Fatal(err)
	}
	lakeBucket := openBucket(t, nil)
	batch := stage(t, lakeBucket, extract.Source{Name: "app", Bucket: raw, Format: "ndjson"}, extract.Options{Zone: lisbon, Now: now})
	want := map[string][]string{
		"2026-10-01": {
			"ann/ open 1790856000000000 id=1 a.json:5",
			"bob/ open 1790895599000000 id=3 a.json:1",
		},
		"2026-10-02": {"ann/ open 1790895600000000 id=2 a.json:2"},
	}
	if diff := cmp.Diff(want, days(t, lakeBucket)); diff != "" {
		t.Errorf("staged (-want +got):\n%s", diff)
	}
	in := batch.Inputs[0]
	if in.Lines != 4 || in.Events != 3 || in.Quarantined != 1 {
		t.Errorf("input %+v: want 4 lines, 3 events, 1 quarantined", in)
	}
}
