package schedules

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"sojourn/extract"
	"sojourn/internal/calendar"
	"sojourn/internal/crash"
	"sojourn/internal/lake"
	"sojourn/load"
	"sojourn/transform"
)

// Subjects are people to erase.
type Subjects struct {
	IDs    []string // of users or devices, as the products write them
	Reason string   // why; it is kept, and must have none of the ids in it

	// Pseudonym gives the id that stands in the lake for one of a product; nil
	// if they are the same.
	Pseudonym func(string) string
}

// Erase takes everything of some people out of the lake and the warehouse, and
// keeps it out: a tombstone is set first, which every later reading of raw
// objects heeds. Erasures that were begun and did not come to their end are
// finished before. Calling it again for the same people goes on where it
// stopped, and returns the same receipt.
func (p *Pipeline) Erase(ctx context.Context, s Subjects) (receipt lake.Erasure, err error) {
	err = p.locked(ctx, func(ctx context.Context, p *Pipeline) (err error) {
		receipt, err = p.erase(ctx, s)
		return err
	})
	return receipt, err
}

// erase is Erase for the run that holds the lake.
func (p *Pipeline) erase(ctx context.Context, s Subjects) (receipt lake.Erasure, err error) {
	erased, err := lake.DrawErased(ctx, p.Lake, false)
	if err != nil {
		return receipt, err
	}
	stones, err := lake.Tombstones(ctx, p.Lake)
	if err != nil {
		return receipt, err
	}
	stone, err := p.tombstone(ctx, s, erased, stones)
	if err != nil {
		return receipt, err
	}
	for _, old := range stones {
		if old.Covers(&stone) {
			return p.finishErasures(ctx, old)
		}
	}
	if err := lake.WriteTombstone(ctx, p.Lake, stone); err != nil {
		return receipt, err
	}
	crash.At("erase.tombstone-set")
	return p.finishErasures(ctx, stone)
}

// ResumeErasure finishes an erasure, and those that were begun before it.
func (p *Pipeline) ResumeErasure(ctx context.Context, id string) (receipt lake.Erasure, err error) {
	err = p.locked(ctx, func(ctx context.Context, p *Pipeline) error {
		stones, err := lake.Tombstones(ctx, p.Lake)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(stones, func(t lake.Tombstone) bool { return t.ID == id })
		if i < 0 {
			return &UsageError{fmt.Errorf("the lake %s has no erasure %s: its receipts are under runs/erasures/", p.Lake, id)}
		}
		receipt, err = p.finishErasures(ctx, stones[i])
		return err
	})
	return receipt, err
}

// PreviewErasure returns the receipt that an erasure would begin with. It
// writes nothing.
func (p *Pipeline) PreviewErasure(ctx context.Context, s Subjects) (lake.Erasure, error) {
	erased, err := lake.DrawErased(ctx, p.Lake, true)
	if err != nil {
		return lake.Erasure{}, err
	}
	stones, err := lake.Tombstones(ctx, p.Lake)
	if err != nil {
		return lake.Erasure{}, err
	}
	stone, err := p.tombstone(ctx, s, erased, stones)
	if err != nil {
		return lake.Erasure{}, err
	}
	return p.beginErasure(ctx, stone, erased.Only(stone))
}

// tombstone returns the next tombstone, for all ids of the subjects.
func (p *Pipeline) tombstone(ctx context.Context, s Subjects, erased *lake.Erased, stones []lake.Tombstone) (lake.Tombstone, error) {
	batches, err := p.batches(ctx)
	if err != nil {
		return lake.Tombstone{}, err
	}
	identity, err := p.identity(ctx, batches)
	if err != nil {
		return lake.Tombstone{}, err
	}
	ids := slices.Clone(s.IDs)
	if s.Pseudonym != nil {
		for _, id := range s.IDs {
			ids = append(ids, s.Pseudonym(id))
		}
	}
	stone := erased.NewTombstone(stones, identity.All(ids))
	if erased.Only(stone).In([]byte(s.Reason)) {
		return stone, &UsageError{errors.New("the reason has one of the ids in it, and is kept: name a ticket instead")}
	}
	stone.Reason, stone.Given = s.Reason, int64(len(s.IDs))
	stone.Code, stone.Run, stone.Made = transform.Version, p.Run, p.Now().UTC()
	return stone, nil
}

// finishErasures finishes the erasures that were begun, and at last the one
// that is asked for.
func (p *Pipeline) finishErasures(ctx context.Context, asked lake.Tombstone) (lake.Erasure, error) {
	open, err := lake.UnfinishedErasures(ctx, p.Lake)
	if err != nil {
		return lake.Erasure{}, err
	}
	for _, stone := range open {
		if stone.ID == asked.ID {
			continue
		}
		if receipt, err := p.finishErasure(ctx, stone); err != nil {
			return receipt, err
		}
	}
	return p.finishErasure(ctx, asked)
}

// finishErasure brings an erasure to its end. Every step may be done again:
// what has been done is seen from the manifests, and what there was before is
// in the receipt.
func (p *Pipeline) finishErasure(ctx context.Context, stone lake.Tombstone) (lake.Erasure, error) {
	all, err := lake.ReadErased(ctx, p.Lake)
	if err != nil {
		return lake.Erasure{}, err
	}
	erased := all.Only(stone)
	receipt, err := p.beginErasure(ctx, stone, erased)
	if err != nil {
		return receipt, err
	}
	fail := func(err error) (lake.Erasure, error) {
		return receipt, fmt.Errorf("erasure %s is not finished: %w", stone.ID, err)
	}
	if receipt.Status != lake.ErasureComplete {
		if err := lake.WriteErasure(ctx, p.Lake, receipt); err != nil {
			return fail(err)
		}
		crash.At("erase.receipt-begun")
	}
	batches, err := p.eraseBatches(ctx, stone, erased)
	if err != nil {
		return fail(err)
	}
	staged := lake.Staged(batches)
	if err := p.removeDays(ctx, staged); err != nil {
		return fail(err)
	}
	if err := p.dropBackfills(ctx, stone.ID); err != nil {
		return fail(err)
	}
	restating := *p
	restating.erasing = stone.ID
	restating.Accept = "erasure " + stone.ID + ": " + stone.Reason // a day may well have lost much
	var sum Summary
	if _, err := restating.fold(ctx, batches, Range{}, &sum); err != nil {
		return fail(err)
	}
	crash.At("erase.days-restated")
	if err := p.sweep(ctx, batches, &receipt); err != nil {
		return fail(err)
	}
	if err := p.publishErasure(ctx, batches, staged, &sum); err != nil {
		return fail(err)
	}
	crash.At("erase.published")
	if receipt.Status == lake.ErasureComplete {
		return receipt, nil
	}
	receipt.Published = int64(sum.Published)
	if err := p.endErasure(ctx, batches, &receipt); err != nil {
		return fail(err)
	}
	crash.At("erase.receipt-complete")
	p.Log.InfoContext(ctx, "erased", "erasure", stone.ID, "events", receipt.Events, "days", len(receipt.Days))
	return receipt, nil
}

// eraseBatches commits every batch without the records of the erased, hides the
// names of raw objects that name them, and returns the manifests of all batches.
func (p *Pipeline) eraseBatches(ctx context.Context, stone lake.Tombstone, erased *lake.Erased) ([]lake.Batch, error) {
	batches, err := p.batches(ctx)
	if err != nil {
		return nil, err
	}
	at := Progress{Stage: "erase", Total: int64(len(batches))}
	for i, batch := range batches {
		after, changed, err := extract.Erase(ctx, p.Lake, batch, erased, stone.ID, true)
		if err != nil {
			return nil, err
		}
		if changed {
			crash.At("erase.files-rewritten")
			if err := lake.WriteBatch(ctx, p.Lake, after); err != nil {
				return nil, err
			}
			crash.At("erase.batch-committed")
			batches[i] = after
		}
		at.Done++
		p.progress(at)
	}
	return batches, lake.HideErased(ctx, p.Lake, erased)
}

// removeDays takes back the manifests of days that have no events any more:
// there would be none if the events had never been.
func (p *Pipeline) removeDays(ctx context.Context, staged map[calendar.Day][]lake.StagedFile) error {
	made, err := lake.Days(ctx, p.Lake)
	if err != nil {
		return err
	}
	var gone []calendar.Day
	var last calendar.Day // of those that stay
	for _, day := range slices.Sorted(maps.Keys(made)) {
		if len(staged[day]) == 0 {
			gone = append(gone, day)
		} else {
			last = day
		}
	}
	if len(gone) == 0 {
		return nil
	}
	if m, ok := made[last]; ok && gone[len(gone)-1] > last {
		// A day after it completed it, and does not any more. No other day
		// would tell the fold.
		m.Inputs = nil
		if err := lake.WriteDay(ctx, p.Lake, m); err != nil {
			return err
		}
		crash.At("erase.last-day-due")
	}
	for _, day := range gone {
		if err := lake.WriteRevision(ctx, p.Lake, made[day]); err != nil {
			return err
		}
		crash.At("erase.revision-kept")
		if err := lake.RemoveDay(ctx, p.Lake, day); err != nil {
			return err
		}
		crash.At("erase.day-removed")
	}
	return nil
}

// dropBackfills cancels the backfills that lie beside the lake: they were made
// from what has been erased.
func (p *Pipeline) dropBackfills(ctx context.Context, erasure string) error {
	all, err := lake.Backfills(ctx, p.Lake)
	if err != nil {
		return err
	}
	for _, b := range all {
		if b.Status == lake.BackfillComplete || b.Status == lake.BackfillCancelled {
			continue
		}
		b.Completion, b.CompletedBy = "erasure "+erasure, p.Run
		if err := p.close(ctx, b, lake.BackfillCancelled); err != nil {
			return fmt.Errorf("backfill %s: %w", b.ID, err)
		}
	}
	return nil
}

// publishErasure publishes what changed, empties the partitions of days that
// are no more, and lets the warehouse leave nothing of the old rows in its
// files.
func (p *Pipeline) publishErasure(ctx context.Context, batches []lake.Batch, staged map[calendar.Day][]lake.StagedFile, sum *Summary) (err error) {
	made, err := lake.Days(ctx, p.Lake)
	if err != nil {
		return err
	}
	references, want, err := p.partitions(ctx, batches, made)
	if err != nil {
		return err
	}
	warehouse, err := p.OpenWarehouse(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, warehouse.Close()) }()
	have, err := warehouse.Published(ctx)
	if err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	if len(have) == 0 && len(want) == 0 {
		return nil // there is no warehouse yet
	}
	changed := changed(want, have)
	for key := range have {
		if key.Day != 0 && len(staged[key.Day]) == 0 {
			changed = append(changed, load.Partition{Table: key.Table, Day: key.Day})
		}
	}
	if err := p.putReferences(ctx, references, changed); err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	asOf := p.Yesterday()
	if sum.Last = lastDay(want); sum.Last != 0 {
		asOf = min(asOf, sum.Last)
	}
	group := load.Group{Partitions: changed, AsOf: asOf, Run: p.Run, Token: p.held.Token(), Fence: p.held.Check, Purge: true}
	if err := warehouse.Publish(ctx, group); err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	sum.Published = len(changed)
	return nil
}

// warnOfErasures warns of erasures that were begun and have not come to their end.
func (p *Pipeline) warnOfErasures(ctx context.Context) error {
	open, err := lake.UnfinishedErasures(ctx, p.Lake)
	for _, stone := range open {
		p.Log.WarnContext(ctx, "an erasure is not finished: sojourn erase --resume "+stone.ID, "erasure", stone.ID)
	}
	return err
}

// rowsOf counts the rows of the tables of all days, and of what was staged.
func rowsOf(batches []lake.Batch, made map[calendar.Day]lake.Day) map[string]int64 {
	rows := map[string]int64{"events": 0, "quarantine": 0, "identity": 0}
	for _, b := range batches {
		for folder, files := range map[string][]lake.File{"events": b.Staged, "quarantine": b.Quarantine, "identity": b.Identity} {
			for _, f := range files {
				rows[folder] += f.Rows
			}
		}
	}
	for _, m := range made {
		for _, f := range dayFiles(m) {
			rows[f.name] += f.Rows
		}
	}
	return rows
}

// A namedFile is a file of a day, and what it is of.
type namedFile struct {
	name string // table, or definitions/NAME/table
	lake.File
}

// dayFiles are all files that a day's manifest names.
func dayFiles(m lake.Day) []namedFile {
	files := []namedFile{{"carry", m.Carry}}
	if m.Restatements.Object != "" {
		files = append(files, namedFile{"restatements", m.Restatements})
	}
	for _, name := range slices.Sorted(maps.Keys(m.Tables)) {
		files = append(files, namedFile{name, m.Tables[name]})
	}
	for _, name := range slices.Sorted(maps.Keys(m.Others)) {
		files = append(files,
			namedFile{"definitions/" + name + "/sessions", m.Others[name].Sessions},
			namedFile{"definitions/" + name + "/session_days", m.Others[name].Days})
	}
	return files
}
