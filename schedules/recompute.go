package schedules

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"slices"

	"sojourn/extract"
	"sojourn/internal/bucket"
	"sojourn/internal/calendar"
	"sojourn/internal/lake"
)

// recomputeStaged makes days again from staged events, beside the lake in a
// temporary directory, and reports those that come out different.
func (v *verifier) recomputeStaged(ctx context.Context) error {
	days := v.sampled()
	if len(days) == 0 {
		return nil
	}
	return beside(ctx, func(upper *bucket.Bucket) error {
		over, err := upper.Over(ctx, v.Lake)
		if err != nil {
			return err
		}
		aside := v.aside(over)
		batches, err := aside.batches(ctx)
		if err != nil {
			return v.cannot(ctx, err)
		}
		c, err := aside.chain(ctx, batches)
		if err != nil {
			return v.cannot(ctx, err)
		}
		which := func(day calendar.Day) bool { return slices.Contains(days, day) }
		all := dataDays(c.staged, aside.horizon(Range{To: new(slices.Max(days))}, c.made))
		if err := c.forget(ctx, all, which); err != nil {
			return err
		}
		if _, err := c.foldDue(ctx, all, v.folded(len(all))); err != nil {
			return v.cannot(ctx, err)
		}
		for _, day := range days {
			was, now := v.inv.Days[day], c.made[day]
			from := now
			from.Fingerprint = was.Fingerprint
			if !from.HasFingerprint() || stale(was, c.rules, was.Inputs, was.Before) != "" { // of earlier versions there is no fingerprint
				v.note("%s was not compared: it would be made from something else than it was; sojourn plan says from what", day)
				continue
			}
			v.compareDay(was, now)
		}
		return nil
	})
}

// recomputeRaw reads the raw objects again that the lake has read, into a
// temporary lake, makes all days from them and reports those that come out
// different.
func (v *verifier) recomputeRaw(ctx context.Context) error {
	days := v.sampled()
	return beside(ctx, func(fresh *bucket.Bucket) error {
		aside := v.aside(fresh)
		if err := v.copyTombstones(ctx, fresh); err != nil {
			return err
		}
		batches, complete, err := v.readAgain(ctx, aside)
		if err != nil {
			return err
		}
		if !complete {
			v.note("no day was made again from raw objects: not all of them are as they were read")
			return nil
		}
		identity, err := aside.identity(ctx, batches)
		if err != nil {
			return v.cannot(ctx, err)
		}
		c := &chain{
			lake: fresh, rules: aside.rules(identity), made: map[calendar.Day]lake.Day{}, replaced: map[calendar.Day]int64{},
			batches: batches, readings: lake.NewReadings(batches), staged: lake.Staged(batches),
			under: newUnder(v.Definition, v.Analysis, v.Compare, identity, v.Zone), run: v.Run, now: v.Now().UTC(),
			most: limitsOf(v.RowBytes),
		}
		all := dataDays(c.staged, aside.horizon(Range{}, v.inv.Days))
		if _, err := c.foldDue(ctx, all, v.folded(len(all))); err != nil {
			return v.cannot(ctx, err)
		}
		for _, day := range days {
			was, now := v.inv.Days[day], c.made[day]
			if now.Day == 0 {
				v.find(Finding{Kind: Different, Day: day, Text: "the raw objects have no events of it", Do: repairOfDay(day)})
				continue
			}
			if why := stale(was, c.rules, was.Inputs, was.Before); why != "" || was.IsPartial != now.IsPartial {
				v.note("%s was not compared: it is stale; sojourn plan says why", day)
				continue
			}
			v.compareDay(was, now)
		}
		return nil
	})
}

// beside does something with an empty bucket in a temporary directory.
func beside(ctx context.Context, do func(*bucket.Bucket) error) (err error) {
	dir, err := os.MkdirTemp("", "sojourn-verify-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	b, err := bucket.Open(ctx, dir, false, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	return do(b)
}

// aside is the pipeline over another lake. It lets all days pass: they are
// compared and not published.
func (v *verifier) aside(b *bucket.Bucket) *Pipeline {
	p := *v.Pipeline
	p.Lake, p.Checks, p.Accept, p.KeepRevisions, p.OpenWarehouse = b, Checks{}, "", 0, nil
	return &p
}

// cannot turns what stopped the making of days into a finding: what they are
// made from is damaged.
func (v *verifier) cannot(ctx context.Context, err error) error {
	if ctx.Err() != nil || errors.As(err, new(*UsageError)) {
		return err
	}
	v.find(Finding{Kind: Different, Text: "days could not be made again: " + err.Error(), Do: "mend what is missing or damaged, and verify again"})
	return nil
}

func (v *verifier) folded(total int) func(calendar.Day) {
	done := int64(0)
	return func(calendar.Day) {
		done++
		v.progress(Progress{Stage: "fold", Done: done, Total: int64(total)})
	}
}

// sampled returns the days to make again: those asked for, or some of them.
func (v *verifier) sampled() []calendar.Day {
	var days []calendar.Day
	for _, day := range slices.Sorted(maps.Keys(v.inv.Days)) {
		if v.options.Includes(day) {
			days = append(days, day)
		}
	}
	if v.options.Sample <= 0 || v.options.Sample >= 1 || len(days) == 0 {
		return days
	}
	few := max(1, int(math.Ceil(v.options.Sample*float64(len(days)))))
	r := rand.New(rand.NewPCG(v.options.Seed, 0))
	r.Shuffle(len(days), func(i, j int) { days[i], days[j] = days[j], days[i] })
	return slices.Sorted(slices.Values(days[:few]))
}

// compareDay reports the files of a day that came out different.
func (v *verifier) compareDay(was, now lake.Day) {
	v.found.Recomputed = append(v.found.Recomputed, was.Day)
	came := map[string]lake.File{}
	for _, f := range dayFiles(now) {
		came[f.name] = f.File
	}
	for _, f := range dayFiles(was) {
		// Restatements are the history of runs, and follow from nothing.
		if again := came[f.name]; f.name != "restatements" && again.SHA256 != f.SHA256 {
			v.find(Finding{
				Kind: Different, Object: f.Object, Day: was.Day, Do: repairOfDay(was.Day),
				Text: fmt.Sprintf("made again it has %d rows with digest %.12s…, and its manifest says %d with %.12s…", again.Rows, again.SHA256, f.Rows, f.SHA256),
			})
		}
	}
	if was.IsFinal != now.IsFinal || was.Ledger != now.Ledger {
		v.find(Finding{Kind: Different, Object: lake.DayManifest(was.Day), Day: was.Day, Text: "made again its ledger or its end is another", Do: repairOfDay(was.Day)})
	}
}

// copyTombstones lets a temporary lake keep out whom the lake keeps out.
func (v *verifier) copyTombstones(ctx context.Context, fresh *bucket.Bucket) error {
	for o, err := range v.Lake.List(ctx, lake.TombstoneFolder) {
		if err != nil {
			return err
		}
		data, err := v.Lake.Read(ctx, o.Name)
		if err != nil {
			return err
		}
		if err := put(ctx, fresh, o.Name, data); err != nil {
			return err
		}
	}
	return nil
}

// readAgain reads the raw objects that count, batch by batch as they were read,
// and reports those that come to something else. Complete is false if one is not
// there any more as it was read.
func (v *verifier) readAgain(ctx context.Context, aside *Pipeline) (batches []lake.Batch, complete bool, err error) {
	present := lake.Present(v.inv.Batches)
	keys := map[lake.ObjectKey]bool{}
	for key := range present {
		keys[key] = true
	}
	now, err := extract.FindObjects(ctx, v.Sources, keys)
	if err != nil {
		return nil, false, err
	}
	complete = true
	for _, was := range v.inv.Batches {
		late := lateDays(was)
		options := extract.Options{Zone: v.Zone, Now: was.Made.UnixMicro(), Workers: v.Workers, MemoryBytes: v.MemoryBytes, Run: v.Run, LateBefore: late.before}
		var pending []extract.Pending
		for _, in := range was.Inputs {
			key := lake.ObjectKey{Source: in.Source, Object: in.Object}
			if latest, ok := present[key]; !ok || latest.Version != in.Version || latest.Lines != in.Lines || latest.Reading != in.Reading {
				continue // it does not count any more
			}
			o, ok := now[key]
			if !ok || in.Version != "" && o.Version != in.Version {
				v.note("raw object %s %s is not there any more as it was read", key.Source, key.Object)
				complete = false
				continue
			}
			pending = append(pending, extract.Pending{Source: in.Source, Object: o, Known: true})
		}
		if len(pending) == 0 || !complete {
			continue
		}
		batch, err := extract.Stage(ctx, aside.Lake, v.Sources, pending, was.ID, options)
		if err != nil {
			return nil, false, fmt.Errorf("extract: %w", err)
		}
		late.apply(&batch)
		v.compareInputs(was, batch)
		batches = append(batches, batch)
	}
	return batches, complete, nil
}

// compareInputs reports raw objects that come to something else when they are
// read again.
func (v *verifier) compareInputs(was, again lake.Batch) {
	before := map[lake.ObjectKey]lake.Input{}
	for _, in := range was.Inputs {
		before[lake.ObjectKey{Source: in.Source, Object: in.Object}] = in
	}
	for _, in := range again.Inputs {
		old := before[lake.ObjectKey{Source: in.Source, Object: in.Object}]
		if in.Lines != old.Lines || in.Events != old.Events || in.Quarantined != old.Quarantined || in.Aliases != old.Aliases || in.Skipped != old.Skipped {
			v.find(Finding{
				Kind: Different, Object: lake.BatchManifest(was.ID), Do: repairOfBatch(was.ID),
				Text: fmt.Sprintf("%s %s has %d records and %d events when it is read again, and had %d and %d", in.Source, in.Object, in.Lines, in.Events, old.Lines, old.Events),
			})
		}
	}
}

// A lateness is which events of a batch were late, and which of them count.
type lateness struct {
	before  calendar.Day            // zero if none were
	applied map[calendar.Day]string // run that let them count, by day
}

func lateDays(b lake.Batch) lateness {
	l := lateness{applied: map[calendar.Day]string{}}
	for _, f := range b.Staged {
		if f.IsLate {
			l.before = max(l.before, f.Day+1)
			l.applied[f.Day] = f.AppliedBy
		}
	}
	return l
}

func (l lateness) apply(b *lake.Batch) {
	for i := range b.Staged {
		if f := &b.Staged[i]; f.IsLate {
			f.AppliedBy = l.applied[f.Day]
		}
	}
}
