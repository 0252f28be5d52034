package schedules

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"sojourn/extract"
	"sojourn/internal/calendar"
	"sojourn/internal/crash"
	"sojourn/internal/lake"
	"sojourn/load"
)

// beginErasure returns the receipt of an erasure as it stands: the one that is
// there, or one that says what there is to erase.
func (p *Pipeline) beginErasure(ctx context.Context, stone lake.Tombstone, erased *lake.Erased) (lake.Erasure, error) {
	if receipt, err := lake.ReadErasure(ctx, p.Lake, stone.ID); receipt != nil || err != nil {
		if err != nil {
			return lake.Erasure{}, err
		}
		return *receipt, nil
	}
	receipt := lake.Erasure{
		ID: stone.ID, Status: lake.ErasureRunning, Reason: stone.Reason, Tombstone: lake.TombstoneObject(stone.ID), Policy: "restate",
		Given: stone.Given, IDs: int64(len(stone.IDs)), Code: stone.Code, Run: stone.Run, Began: stone.Made,
		Rows: map[string]lake.RowChange{}, Files: []lake.FileChange{}, Days: []lake.DayChange{}, RawObjects: []lake.ObjectKey{},
	}
	batches, err := p.batches(ctx)
	if err != nil {
		return receipt, err
	}
	made, err := lake.Days(ctx, p.Lake)
	if err != nil {
		return receipt, err
	}
	for name, rows := range rowsOf(batches, made) {
		receipt.Rows[name] = lake.RowChange{Before: rows}
	}
	first := calendar.Day(0)
	reaches := func(day calendar.Day) {
		if first == 0 || day < first {
			first = day
		}
	}
	raw := map[lake.ObjectKey]bool{}
	for _, batch := range batches {
		after, changed, err := extract.Erase(ctx, p.Lake, batch, erased, stone.ID, false)
		if err != nil {
			return receipt, err
		}
		if !changed {
			continue
		}
		for i, in := range batch.Inputs {
			left := after.Inputs[i]
			if left.Skipped > in.Skipped {
				raw[lake.ObjectKey{Source: in.Source, Object: in.Object}] = true
			}
			receipt.Events += in.Events - left.Events
			receipt.Quarantined += in.Quarantined - left.Quarantined
			receipt.Aliases += in.Aliases - left.Aliases
		}
		for _, files := range [][2][]lake.File{{batch.Staged, after.Staged}, {batch.Quarantine, after.Quarantine}, {batch.Identity, after.Identity}} {
			for _, f := range files[0] {
				if !slices.ContainsFunc(files[1], func(left lake.File) bool { return left.Object == f.Object }) {
					receipt.Files = append(receipt.Files, lake.FileChange{Object: f.Object, SHA256: f.SHA256, Rows: f.Rows})
					if f.Day != 0 {
						reaches(f.Day)
					}
				}
			}
		}
	}
	if receipt.Aliases > 0 {
		// Which id is whose is said of all days at once.
		for day := range made {
			reaches(day)
		}
	}
	if first != 0 {
		receipt.FirstDay = &first
	}
	// Also an earlier day may be made again, such as one that will be the last.
	for _, day := range slices.Sorted(maps.Keys(made)) {
		receipt.Days = append(receipt.Days, lake.DayChange{Day: day, Before: made[day].Revision})
		for _, f := range dayFiles(made[day]) {
			receipt.Files = append(receipt.Files, lake.FileChange{Object: f.Object, SHA256: f.SHA256, Rows: f.Rows})
		}
	}
	for _, key := range slices.SortedFunc(maps.Keys(raw), func(a, b lake.ObjectKey) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Object, b.Object))
	}) {
		if erased.InName(key.Object) {
			receipt.Unnamed++
			continue
		}
		receipt.RawObjects = append(receipt.RawObjects, key)
	}
	receipt.Notes = notes(&receipt)
	return receipt, nil
}

// notes say what an erasure cannot do.
func notes(r *lake.Erasure) []string {
	var notes []string
	if n := int64(len(r.RawObjects)) + r.Unnamed; n > 0 {
		notes = append(notes, fmt.Sprintf("raw objects that still hold records of these people: %d; delete them, or the records in them, at the source; the tombstone keeps them from being read again", n))
	}
	return append(notes,
		"BigQuery keeps replaced rows for time travel (2 to 7 days, as the data set is set) and 7 more days of fail-safe",
		"a bucket with object versioning or soft delete keeps replaced files for as long as it is set to: bound it",
		"copies that others have made of the tables, exports and backups of the warehouse are not reached",
	)
}

// endErasure completes the receipt.
func (p *Pipeline) endErasure(ctx context.Context, batches []lake.Batch, receipt *lake.Erasure) error {
	made, err := lake.Days(ctx, p.Lake)
	if err != nil {
		return err
	}
	after := rowsOf(batches, made)
	for name, rows := range after {
		change := receipt.Rows[name]
		change.After = rows
		receipt.Rows[name] = change
	}
	now := map[string]lake.File{}
	for _, b := range batches {
		for _, f := range slices.Concat(b.Staged, b.Quarantine, b.Identity) {
			now[f.Object] = f
		}
	}
	for _, m := range made {
		for _, f := range dayFiles(m) {
			now[f.Object] = f.File
		}
	}
	files := receipt.Files[:0]
	for _, f := range receipt.Files {
		is, ok := now[f.Object]
		if !ok {
			is = now[lake.RewrittenObject(f.Object, receipt.ID)]
		}
		if is.SHA256 == f.SHA256 {
			continue
		}
		f.ObjectAfter, f.SHA256After, f.RowsAfter = is.Object, is.SHA256, is.Rows
		files = append(files, f)
	}
	receipt.Files = files
	days := receipt.Days[:0]
	for _, d := range receipt.Days {
		m, ok := made[d.Day]
		d.After = m.Revision
		object := "/date=" + d.Day.String() + "/"
		if !ok || slices.ContainsFunc(files, func(f lake.FileChange) bool { return strings.Contains(f.Object, object) }) {
			days = append(days, d)
		}
	}
	receipt.Days = days
	receipt.Status = lake.ErasureComplete
	receipt.Ended = new(p.Now().UTC())
	return lake.WriteErasure(ctx, p.Lake, *receipt)
}

// sweep deletes the objects of the lake that no manifest names, such as files
// that were replaced or that a killed run left behind, and the old revisions of
// the days that the erasure reaches.
func (p *Pipeline) sweep(ctx context.Context, batches []lake.Batch, receipt *lake.Erasure) error {
	made, err := lake.Days(ctx, p.Lake)
	if err != nil {
		return err
	}
	named := map[string]bool{}
	for _, b := range batches {
		for _, f := range slices.Concat(b.Staged, b.Quarantine, b.Identity) {
			named[f.Object] = true
		}
	}
	for _, m := range made {
		for _, f := range dayFiles(m) {
			named[f.Object] = true
		}
	}
	folders := []string{"events", "quarantine", "identity", "carry", "definitions"}
	for _, t := range load.Tables() {
		if t.Partition != "" {
			folders = append(folders, t.Name)
		}
	}
	for _, folder := range folders {
		for o, err := range p.Lake.List(ctx, folder+"/") {
			if err != nil {
				return err
			}
			if named[o.Name] {
				continue
			}
			if err := p.sweepObject(ctx, o.Name, receipt); err != nil {
				return err
			}
		}
	}
	if receipt.FirstDay == nil {
		return nil
	}
	for o, err := range p.Lake.List(ctx, "history/") {
		if err != nil {
			return err
		}
		// history/date=D/rNNNNNN/…
		date, _, _ := strings.Cut(strings.TrimPrefix(o.Name, "history/date="), "/")
		if day, err := calendar.ParseDay(date); err == nil && day < *receipt.FirstDay {
			continue
		}
		if err := p.sweepObject(ctx, o.Name, receipt); err != nil {
			return err
		}
	}
	return nil
}

func (p *Pipeline) sweepObject(ctx context.Context, name string, receipt *lake.Erasure) error {
	if err := p.Lake.Delete(ctx, name); err != nil {
		return err
	}
	receipt.Swept++
	crash.At("erase.object-swept")
	return nil
}
