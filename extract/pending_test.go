package extract_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sojourn/extract"
	"sojourn/internal/bucket"
	"sojourn/internal/calendar"
	"sojourn/internal/lake"
)

func names(pending []extract.Pending) []string {
	var names []string
	for _, p := range pending {
		names = append(names, p.Source+" "+p.Object.Name)
	}
	return names
}

func TestListPendingLeavesOutWhatIsNoData(t *testing.T) {
	raw := openBucket(t, map[string]string{
		"b.json": one, "day/a.json": one, "day/_SUCCESS": "", "day/x.json.tmp": one, ".hidden/a.json": one,
		"day/.a.json": one, "day/_temporary/0/a.json": one, "empty.json": "", "day/notes.txt": "hello",
	})
	sources := []extract.Source{
		{Name: "web", Bucket: raw, Format: "ndjson", Match: "day/*.json"},
		{Name: "app", Bucket: raw, Format: "ndjson", Match: "**/*.json"},
		{Name: "all", Bucket: raw, Format: "ndjson"},
	}
	pending, _, err := extract.ListPending(t.Context(), sources, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"all b.json", "all day/a.json", "all day/notes.txt", "all empty.json",
		"app b.json", "app day/a.json", "app empty.json",
		"web day/a.json",
	}
	if diff := cmp.Diff(want, names(pending)); diff != "" {
		t.Errorf("pending (-want +got):\n%s", diff)
	}
}

func TestListPendingNamesTheSourceThatFails(t *testing.T) {
	raw := openBucket(t, nil)
	raw.Close()
	_, _, err := extract.ListPending(t.Context(), []extract.Source{{Name: "app", Bucket: raw}}, nil)
	if err == nil || !strings.Contains(err.Error(), "source app at "+raw.String()) {
		t.Errorf("error %v, want one with the source and its location", err)
	}
}

// An object version is read once; a new version replaces what the old one
// gave, and an object that could not be fetched is tried again.
func TestVersions(t *testing.T) {
	raw := openBucket(t, map[string]string{"a": one + "\n" + two, "b": strings.Replace(two, "ann", "bob", 1)})
	lakeBucket := openBucket(t, nil)
	source := minimal
	source.Name, source.Bucket = "app", raw
	stage(t, lakeBucket, source, extract.Options{Now: now})

	done, err := lake.Batches(t.Context(), lakeBucket)
	if err != nil {
		t.Fatal(err)
	}
	if pending, _, err := extract.ListPending(t.Context(), []extract.Source{source}, done); err != nil || len(pending) > 0 {
		t.Errorf("pending after reading: %v, %v", names(pending), err)
	}

	put(t, raw, "a", strings.Replace(one, "open", "start", 1))
	batch := stage(t, lakeBucket, source, extract.Options{Now: now})
	if len(batch.Inputs) != 1 || batch.Inputs[0].Object != "a" {
		t.Errorf("second batch read %+v, want only a", batch.Inputs)
	}
	want := map[string][]string{"2026-10-01": {
		"ann/ start 1790856000000000 id=1 a:1",
		"bob/ close 1790856060000000 id=2 b:1",
	}}
	if diff := cmp.Diff(want, days(t, lakeBucket)); diff != "" {
		t.Errorf("staged (-want +got):\n%s", diff)
	}
}

func TestObjectThatCannotBeFetchedStaysPending(t *testing.T) {
	dir := t.TempDir()
	raw, err := bucket.Open(t.Context(), dir, true, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	put(t, raw, "a", one)
	put(t, raw, "b", one)
	source := minimal
	source.Name, source.Bucket = "app", raw
	sources := []extract.Source{source}
	pending, _, err := extract.ListPending(t.Context(), sources, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "a")); err != nil {
		t.Fatal(err)
	}
	lakeBucket := openBucket(t, nil)
	first, err := extract.Stage(t.Context(), lakeBucket, sources, pending, "000001", extract.Options{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	lost := first.Inputs[0]
	if lost.Version != "" || lost.Quarantined != 1 || !strings.Contains(lost.Error, fs.ErrNotExist.Error()) {
		t.Errorf("input %+v: want no version, one record in quarantine, and the reason", lost)
	}
	if rejects := quarantine(t, lakeBucket, first); rejects[0].Reason != "unreadable_object" {
		t.Errorf("in quarantine: %+v", rejects)
	}

	put(t, raw, "a", strings.Replace(one, "ann", "bob", 1))
	second := stage(t, lakeBucket, source, extract.Options{Now: now})
	if len(second.Inputs) != 1 || second.Inputs[0].Object != "a" || second.Inputs[0].Events != 1 {
		t.Errorf("second batch read %+v, want a", second.Inputs)
	}
}

// Days are those of the reporting zone: the night on which clocks go back has
// 25 hours.
func TestStageSplitsLocalDays(t *testing.T) {
	lisbon, err := calendar.LoadZone("Europe/Lisbon")
	if err != nil {
		t.Fatal(err)
	}
	source := extract.Source{Name: "app", Format: "ndjson", Bucket: openBucket(t, map[string]string{"a": strings.Join([]string{
		`{"event_id":"1","user_id":"ann","event_name":"first","timestamp":"2025-10-25T23:00:00Z"}`,
		`{"event_id":"2","user_id":"ann","event_name":"before","timestamp":"2025-10-25T22:59:59.999999Z"}`,
		`{"event_id":"3","user_id":"ann","event_name":"last","timestamp":"2025-10-26T23:59:59.999999Z"}`,
		`{"event_id":"4","user_id":"ann","event_name":"after","timestamp":"2025-10-27T00:00:00Z"}`,
	}, "\n")})}
	lakeBucket := openBucket(t, nil)
	stage(t, lakeBucket, source, extract.Options{Zone: lisbon, Now: now})
	want := map[string][]string{
		"2025-10-25": {"ann/ before 1761433199999999 id=2 a:2"},
		"2025-10-26": {"ann/ first 1761433200000000 id=1 a:1", "ann/ last 1761523199999999 id=3 a:3"},
		"2025-10-27": {"ann/ after 1761523200000000 id=4 a:4"},
	}
	if diff := cmp.Diff(want, days(t, lakeBucket)); diff != "" {
		t.Errorf("staged (-want +got):\n%s", diff)
	}
}
