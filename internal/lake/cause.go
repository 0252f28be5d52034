package lake

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"sojourn/internal/calendar"
)

// A Cause is a raw object because of which a day is made again.
type Cause struct {
	ObjectKey
	Change Change `json:"change"`
	Events int64  `json:"events"` // of the day that it brings; of one that is removed or to be read again, that it had
}

// A Change is what became of a raw object.
type Change string

// The changes of raw objects.
const (
	Arrived  Change = "new"      // it was not read before, or its late events have been applied
	Replaced Change = "replaced" // it was read again, in another version or another way
	Replayed Change = "replayed" // it was read again as records of it were in quarantine
	Removed  Change = "removed"  // it does not count any more

	// ToRead is foreseen: it has been read before, and a run would read it again.
	ToRead Change = "to be read again"
)

// String is such as "app b.ndjson (new, 5 events)".
func (c Cause) String() string {
	return fmt.Sprintf("%s %s (%s, %d events)", c.Source, c.Object, c.Change, c.Events)
}

// Causes returns the raw objects whose events of a day are others than when
// its tables were made, in order of source and name. None can be told where
// batches do not say what their objects have of the day.
func (r *Readings) Causes(made Day, now []StagedFile) []Cause {
	known := len(r.done)
	for i, b := range r.done {
		if b.ID > made.Batch {
			known = i
			break
		}
	}
	before := r.contributions(known, made.Day, made.Inputs)
	after := r.contributions(len(r.done), made.Day, now)
	var causes []Cause
	for key, c := range after {
		switch was, ok := before[key]; {
		case (!ok || was.batch != c.batch) && r.done[c.batch].Replay:
			causes = append(causes, Cause{key, Replayed, c.events})
		case !ok:
			causes = append(causes, Cause{key, Arrived, c.events})
		case was.batch != c.batch:
			causes = append(causes, Cause{key, Replaced, c.events})
		}
	}
	for key, c := range before {
		if _, ok := after[key]; !ok {
			causes = append(causes, Cause{key, Removed, c.events})
		}
	}
	slices.SortFunc(causes, func(a, b Cause) int {
		return cmp.Or(strings.Compare(a.Source, b.Source), strings.Compare(a.Object, b.Object))
	})
	return causes
}

// A contribution is what an object has of a day, by the batch that counts.
type contribution struct {
	batch  int
	events int64
}

// contributions returns what each object has of a day in staged files, after so
// many batches.
func (r *Readings) contributions(known int, day calendar.Day, files []StagedFile) map[ObjectKey]contribution {
	of, seen := map[ObjectKey]contribution{}, map[int]bool{}
	for _, f := range files {
		i, ok := r.byFile[writtenObject(f.Object)]
		if !ok || i >= known || seen[i] {
			continue
		}
		seen[i] = true
		for _, in := range r.done[i].Inputs {
			if n := in.eventsOf(day); n > 0 && r.stands(known, i, in) {
				of[ObjectKey{in.Source, in.Object}] = contribution{i, n}
			}
		}
	}
	return of
}
