package extract_test

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

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
	pending, err := extract.ListPending(t.Context(), sources, done)
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
