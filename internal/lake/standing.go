package lake

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"sojourn/internal/calendar"
)

// Staged returns the staged files of each day that count, sorted by object
// name: those that are late count once they have been applied.
func Staged(done []Batch) map[calendar.Day][]StagedFile {
	stands := standing(done)
	byDay := map[calendar.Day][]StagedFile{}
	for i, batch := range done {
		var fallen []Input // readings that do not count any more
		for _, in := range batch.Inputs {
			// A reading that gave no event has none that could be superseded.
			if in.Events > 0 && !stands(i, in) {
				fallen = append(fallen, in)
			}
		}
		for j, f := range batch.Staged {
			if f.IsLate && f.AppliedBy == "" {
				continue
			}
			staged := stagedFile(f, fallen)
			if j > 0 && batch.Staged[j-1].Day == f.Day {
				staged.Fallen = 0
			}
			byDay[f.Day] = append(byDay[f.Day], staged)
		}
	}
	for _, files := range byDay {
		slices.SortFunc(files, func(a, b StagedFile) int { return strings.Compare(a.Object, b.Object) })
	}
	return byDay
}

// stagedFile names the objects with events in a file whose readings have
// fallen.
func stagedFile(f File, fallen []Input) StagedFile {
	var superseded []ObjectKey
	events := int64(0)
	for _, in := range fallen {
		events += in.eventsOf(f.Day)
		if in.mayHave(f.Day) {
			superseded = append(superseded, ObjectKey{in.Source, in.Object})
		}
	}
	digest := ""
	if len(superseded) > 0 {
		sortKeys(superseded)
		digest = fmt.Sprintf("%x", sha256.Sum256(fmt.Appendf(nil, "%q", superseded)))
	}
	return StagedFile{File: f, Superseded: superseded, Fallen: events, SupersededSHA256: digest}
}

// mayHave says whether an object has events of a day. Where that was not noted
// it may have some of any.
func (in *Input) mayHave(day calendar.Day) bool {
	return in.Events > 0 && (in.Days == nil || in.eventsOf(day) > 0)
}

// eventsOf returns how many events of a day the object has.
func (in *Input) eventsOf(day calendar.Day) int64 {
	i, ok := slices.BinarySearchFunc(in.Days, day, func(c DayCount, day calendar.Day) int { return cmp.Compare(c.Day, day) })
	if !ok {
		return 0
	}
	return in.Days[i].Events
}

// Aliases are a batch's records of which id is whose that count.
type Aliases struct {
	File
	Superseded []ObjectKey // sorted: records of these objects do not count
}

// Identity returns the files of aliases, oldest first.
func Identity(done []Batch) []Aliases {
	stands := standing(done)
	var files []Aliases
	for i, batch := range done {
		var superseded []ObjectKey
		for _, in := range batch.Inputs {
			if in.Aliases > 0 && !stands(i, in) {
				superseded = append(superseded, ObjectKey{in.Source, in.Object})
			}
		}
		sortKeys(superseded)
		for _, f := range batch.Identity {
			files = append(files, Aliases{f, superseded})
		}
	}
	return files
}

func sortKeys(keys []ObjectKey) {
	slices.SortFunc(keys, func(a, b ObjectKey) int {
		return cmp.Or(strings.Compare(a.Source, b.Source), strings.Compare(a.Object, b.Object))
	})
}

// standing returns what says whether a reading of batch i counts after all of
// the batches.
func standing(done []Batch) func(i int, in Input) bool {
	r := NewReadings(done)
	return func(i int, in Input) bool { return r.stands(len(done), i, in) }
}

// Present returns the objects that count, as they were read last.
func Present(done []Batch) map[ObjectKey]Input {
	r := NewReadings(done)
	present := make(map[ObjectKey]Input, len(r.of))
	for i, batch := range done {
		for _, in := range batch.Inputs {
			key := ObjectKey{in.Source, in.Object}
			if at, ok := r.latest(len(done), key); ok && at == i {
				present[key] = in
			}
		}
	}
	return present
}
