package extract

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"sojourn/internal/bucket"
	"sojourn/internal/calendar"
	"sojourn/internal/crash"
	"sojourn/internal/lake"
	"sojourn/transform"
)

// A batch is what the workers of one extraction share.
type batch struct {
	bucket  *bucket.Bucket
	options Options
	id      string
	erased  *lake.Erased // whose records are skipped

	mu              sync.Mutex
	parts           map[calendar.Day]int // part files begun, by day
	quarantineParts int
	staged          []lake.File
	quarantined     []lake.File
	identity        []lake.File
}

// readAll reads the pending objects, the biggest first, and returns their
// inputs in the order of pending.
func (b *batch) readAll(ctx context.Context, workers []*worker, sources map[string]Source, pending []Pending) ([]lake.Input, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)

	progress := Progress{Total: len(pending)}
	order := make([]int, len(pending))
	for i := range order {
		order[i] = i
		progress.TotalBytes += pending[i].Object.Size
	}
	// So that no worker begins a big object when the others are done.
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(pending[j].Object.Size, pending[i].Object.Size) })
	queue := make(chan int, len(order))
	for _, i := range order {
		queue <- i
	}
	close(queue)

	inputs := make([]lake.Input, len(pending))
	var reporting sync.Mutex
	var wait sync.WaitGroup
	for _, w := range workers {
		wait.Go(func() {
			for i := range queue {
				if ctx.Err() != nil {
					return
				}
				input, err := w.read(ctx, sources[pending[i].Source], pending[i].Object)
				if err != nil {
					cancel(err)
					return
				}
				inputs[i] = input
				crash.At("extract.object-read")

				reporting.Lock()
				progress.Objects++
				progress.Bytes += input.Size
				progress.Events += input.Events
				progress.Quarantined += input.Quarantined
				if b.options.Progress != nil {
					b.options.Progress(progress)
				}
				reporting.Unlock()
			}
		})
	}
	wait.Wait()
	return inputs, context.Cause(ctx)
}

// A part is what goes into one file of staged events.
type part struct {
	day    calendar.Day
	number int
	events []*transform.Event // in any order
}

// partRows is about how many events are written to a file at the end, so that
// a day of many events is sorted and written by all workers at once.
const partRows = 250_000

// finish writes what the workers still hold, all of a day's events together.
func (b *batch) finish(ctx context.Context, workers []*worker) error {
	days := map[calendar.Day]*events{}
	var rejects []rejected
	for _, w := range workers {
		for day, held := range w.days {
			if days[day] == nil {
				days[day] = &events{}
			}
			days[day].take(held)
		}
		w.days = nil
		rejects = append(rejects, w.rejects...)
		w.rejects = nil
	}
	if err := b.writeAliases(ctx, workers); err != nil {
		return err
	}
	if len(rejects) > 0 {
		if err := b.writeQuarantine(ctx, rejects); err != nil {
			return err
		}
	}
	var parts []part
	for _, day := range slices.Sorted(maps.Keys(days)) {
		held := days[day]
		for _, list := range held.split((held.rows + partRows - 1) / partRows) {
			if len(list) > 0 {
				parts = append(parts, part{day, b.nextPart(day), list})
			}
		}
	}

	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	queue := make(chan part, len(parts))
	for _, p := range parts {
		queue <- p
	}
	close(queue)
	var wait sync.WaitGroup
	for range b.options.Workers {
		wait.Go(func() {
			for p := range queue {
				if ctx.Err() != nil {
					return
				}
				if err := b.writeEvents(ctx, p); err != nil {
					cancel(err)
					return
				}
			}
		})
	}
	wait.Wait()
	return context.Cause(ctx)
}

// nextPart numbers the part files of a day.
func (b *batch) nextPart(day calendar.Day) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.parts[day]++
	return b.parts[day] - 1
}

// writeEvents sorts and writes a part file.
func (b *batch) writeEvents(ctx context.Context, p part) error {
	sortEvents(p.events)
	crash.At("extract.staged-file-sorted")
	file, err := writeStaged(ctx, b.bucket, lake.StagedObject(p.day, b.id, p.number), p.events)
	if err != nil {
		return err
	}
	file.Day, file.IsLate = p.day, p.day < b.options.LateBefore
	crash.At("extract.staged-file-written")

	b.mu.Lock()
	b.staged = append(b.staged, file)
	b.mu.Unlock()
	return nil
}

// writeQuarantine writes a part file of rejected records.
func (b *batch) writeQuarantine(ctx context.Context, rows []rejected) error {
	b.mu.Lock()
	part := b.quarantineParts
	b.quarantineParts++
	b.mu.Unlock()

	crash.At("extract.quarantine-file-numbered")
	file, err := writeQuarantine(ctx, b.bucket, lake.QuarantineObject(b.id, part), rows)
	if err != nil {
		return err
	}
	crash.At("extract.quarantine-file-written")

	b.mu.Lock()
	b.quarantined = append(b.quarantined, file)
	b.mu.Unlock()
	return nil
}

func (b *batch) manifest(inputs []lake.Input, workers []*worker) lake.Batch {
	byName := func(x, y lake.File) int {
		return cmp.Or(cmp.Compare(x.Day, y.Day), cmp.Compare(x.Object, y.Object))
	}
	slices.SortFunc(b.staged, byName)
	slices.SortFunc(b.quarantined, byName)
	reasons, skips := map[string]int64{}, map[string]int64{}
	for _, w := range workers {
		for reason, n := range w.reasons {
			reasons[reason] += n
		}
		for reason, n := range w.skips {
			skips[reason] += n
		}
	}
	return lake.Batch{
		ID: b.id, Zone: b.options.Zone.String(), Inputs: inputs, Removed: b.options.Removed,
		Run: b.options.Run, Replay: b.options.Replay, Made: time.UnixMicro(b.options.Now).UTC(),
		Staged: b.staged, Quarantine: b.quarantined, Identity: b.identity, Reasons: reasons, Skips: skips,
	}
}
