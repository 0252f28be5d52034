package extract

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"sojourn/transform"
)

func drawEvents(t *rapid.T) *events {
	set := &events{}
	for i := range rapid.IntRange(0, 40).Draw(t, "events") {
		set.add(&transform.Event{
			UserID:     rapid.SampledFrom([]string{"", "ann", "bob"}).Draw(t, "user"),
			DeviceID:   rapid.SampledFrom([]string{"", "d1", "d2"}).Draw(t, "device"),
			At:         rapid.Int64Range(0, 3).Draw(t, "at"),
			ID:         rapid.SampledFrom([]string{"1", "2"}).Draw(t, "id"),
			Attributes: transform.NoAttributes,
			Line:       int64(i),
		}, 1)
	}
	return set
}

func TestSortEventsIsTheOrderOfEvents(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		got := drawEvents(t).all()
		want := slices.Clone(got)
		slices.SortFunc(want, (*transform.Event).Compare)
		sortEvents(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("order (-want +got):\n%s", diff)
		}
	})
}

func TestSplitKeepsSubjectsTogether(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		set := drawEvents(t)
		list := map[string]int{}
		var lines []int64
		for i, events := range set.split(rapid.IntRange(1, 5).Draw(t, "lists")) {
			for _, e := range events {
				if first, ok := list[e.Subject()]; ok && first != i {
					t.Errorf("subject %q is in lists %d and %d", e.Subject(), first, i)
				}
				list[e.Subject()] = i
				lines = append(lines, e.Line)
			}
		}
		slices.Sort(lines)
		for i, line := range lines {
			if line != int64(i) {
				t.Fatalf("events %v: want each once", lines)
			}
		}
		if len(lines) != set.rows {
			t.Errorf("%d events of %d", len(lines), set.rows)
		}
	})
}
