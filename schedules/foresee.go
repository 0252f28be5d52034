package schedules

import (
	"slices"

	"sojourn/extract"
	"sojourn/internal/calendar"
	"sojourn/internal/lake"
)

// foresee returns the batches as they would be if the objects that are gone
// were noted as such, and those that are to be read again had been read and
// found empty: what a run takes from days is known before it reads anything,
// what it brings to them is not.
func foresee(batches []lake.Batch, pending []extract.Pending, removed []lake.ObjectKey) (gone, read []lake.Batch) {
	next := lake.Batch{ID: lake.NextBatch(batches), Removed: removed}
	gone = append(slices.Clone(batches), next)
	present := lake.Present(batches)
	for _, p := range pending {
		key := lake.ObjectKey{Source: p.Source, Object: p.Object.Name}
		if was, ok := present[key]; ok {
			next.Inputs = append(next.Inputs, lake.Input{
				Source: key.Source, Object: key.Object, Version: p.Object.Version, Edition: was.Edition, Provisional: was.Provisional,
			})
		}
	}
	return gone, append(slices.Clone(batches), next)
}

// asRead corrects what was foreseen as if objects had been read and found
// empty: they are not removed, and their events count until they are read again.
func asRead(days []DayPlan, pending []extract.Pending, staged map[calendar.Day][]lake.StagedFile) {
	again := map[lake.ObjectKey]bool{}
	for _, p := range pending {
		again[lake.ObjectKey{Source: p.Source, Object: p.Object.Name}] = true
	}
	for i := range days {
		d := &days[i]
		d.Events = countedEvents(staged[d.Day])
		for j := range d.Causes {
			if c := &d.Causes[j]; again[c.ObjectKey] && c.Change == lake.Removed {
				c.Change = lake.ToRead
			}
		}
	}
}
