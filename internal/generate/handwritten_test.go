package generate

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sojourn/internal/calendar"
)

// The sample for readers means what its README says.
func TestHandwrittenSample(t *testing.T) {
	const dir = "../../testdata/sample/"
	f := found{objects: map[string][]byte{}}
	for _, name := range []string{"events/2026/01/30/app-1800-0.json", "events/2026/01/31/app-0000-0.json"} {
		data, err := os.ReadFile(dir + name)
		if err != nil {
			t.Fatal(err)
		}
		f.objects[name] = data
	}
	f.readEvents(t)
	zone, err := calendar.LoadZone("Europe/Lisbon")
	if err != nil {
		t.Fatal(err)
	}
	sessions, places := sessionize(f.distinct(), zone)

	var got []string
	inSessions := 0
	for _, s := range sessions {
		inSessions += s.Events
		rfc := func(ms int64) string { return time.UnixMilli(ms).UTC().Format(time.RFC3339Nano) }
		got = append(got, fmt.Sprintf("| %s | %s | %s | %s | %d | %s |",
			s.DeviceID, s.UserID, rfc(s.StartedAt), rfc(s.EndedAt), s.Events, s.StartReason))
	}
	readme, err := os.ReadFile(dir + "README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(readme), "why it began |\n| --- | --- | --- | --- | --- | --- |\n")
	table, _, _ = strings.Cut(table, "\n\n")
	if diff := cmp.Diff(strings.Split(table, "\n"), got); diff != "" {
		t.Errorf("sessions (-README +from the lines):\n%s", diff)
	}

	var future, outside int
	for _, place := range places {
		switch place {
		case Future:
			future++
		case Outside:
			outside++
		}
	}
	counted := []int{f.lines, inSessions, outside, len(f.records) - len(f.distinct()), f.bad + future}
	if want := []int{38, 31, 1, 1, 5}; !slices.Equal(want, counted) {
		t.Errorf("lines, events in sessions, outside, duplicates, quarantined: %v, the README says %v", counted, want)
	}
}
