package schedules

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"sojourn/extract"
	"sojourn/internal/calendar"
	"sojourn/internal/lake"
	"sojourn/internal/lease"
	"sojourn/load"
)

// A Plan is what a run would do.
type Plan struct {
	Pending     []extract.Pending // raw objects to read; which days they have events of is not known yet
	Days        []DayPlan         // from the first day with events to the horizon
	Removed     []lake.ObjectKey  // raw objects that were read before and are gone
	Lost        []LostSource
	Late        LateEvents // read, but too late to count
	Unpublished int        // partitions made that the warehouse has not got, reference tables included

	// InUse is set if the warehouse could not be asked what it has got, as
	// another program uses it.
	InUse *load.InUseError
}

// Due returns the days a run would make.
func (p Plan) Due() []DayPlan {
	var due []DayPlan
	for _, d := range p.Days {
		if d.Due {
			due = append(due, d)
		}
	}
	return due
}

// Plan says what [Pipeline.Night] would do for a range. It writes nothing.
func (p *Pipeline) Plan(ctx context.Context, r Range) (Plan, error) {
	batches, err := p.batches(ctx)
	if err != nil {
		return Plan{}, err
	}
	pending, removed, lost, err := p.list(ctx, batches)
	if err != nil {
		return Plan{}, err
	}
	made, err := lake.Days(ctx, p.Lake)
	if err != nil {
		return Plan{}, err
	}
	if r.Affected {
		for i := range batches {
			applyAll(&batches[i], r)
		}
	}
	gone, read := foresee(batches, pending, removed)
	identity, err := p.identity(ctx, gone) // what objects read again will say of it is not known
	if err != nil {
		return Plan{}, err
	}
	staged := lake.Staged(read)
	days := plan(staged, made, p.rules(identity), p.horizon(r, made))
	nameCauses(days, read, made, staged)
	asRead(days, pending, lake.Staged(batches))
	for i := range days {
		if d := &days[i]; r.Force && !d.Due && d.State != Missing && r.Includes(d.Day) {
			d.Due, d.Reason = true, "forced"
		}
	}
	plan := Plan{Pending: pending, Removed: removed, Lost: lost, Days: days, Late: lateEvents(batches)}
	if len(made) > 0 {
		plan.Unpublished, _, err = p.markUnpublished(ctx, batches, made, days)
		if errors.As(err, &plan.InUse) {
			err = nil
		}
	}
	return plan, err
}

// applyAll lets the late files of a batch count, as far as a range goes.
func applyAll(b *lake.Batch, r Range) {
	for i := range b.Staged {
		if f := &b.Staged[i]; f.IsLate && r.Includes(f.Day) && f.AppliedBy == "" {
			f.AppliedBy = "plan"
		}
	}
}

// Includes says whether a day is inside the bounds.
func (r Range) Includes(day calendar.Day) bool {
	return (r.From == nil || day >= *r.From) && (r.To == nil || day <= *r.To)
}

// Status is how the lake and the warehouse stand.
type Status struct {
	Days      []DayPlan // from the first day with events to yesterday
	Made      map[calendar.Day]lake.Day
	Lease     *lease.Lease    // the latest; nil if the lake never had one
	Standing  lease.Standing  // whether it keeps others out
	Late      LateEvents      // read, but too late to count
	Blocked   *lake.Blocked   // the run that a check has ended; nil if the latest was not
	Backfills []lake.Backfill // staged ones that have not ended
	Foreign   int             // partitions in the warehouse that this lake has not got
	Yesterday calendar.Day

	// InUse is set if the warehouse could not be asked what it has got, as
	// another program uses it: published is then what the lake takes for it.
	InUse *load.InUseError
}

// Status compares what was made with what the sources staged so far and with
// what the warehouse holds. It does not list the sources.
func (p *Pipeline) Status(ctx context.Context) (Status, error) {
	batches, err := p.batches(ctx)
	if err != nil {
		return Status{}, err
	}
	made, err := lake.Days(ctx, p.Lake)
	if err != nil {
		return Status{}, err
	}
	identity, err := p.identity(ctx, batches)
	if err != nil {
		return Status{}, err
	}
	s := Status{Made: made, Yesterday: p.Yesterday(), Late: lateEvents(batches)}
	staged := lake.Staged(batches)
	s.Days = plan(staged, made, p.rules(identity), p.horizon(Range{}, made))
	nameCauses(s.Days, batches, made, staged)
	if s.Lease, s.Standing, err = p.LockStatus(ctx); err != nil {
		return Status{}, err
	}
	if s.Blocked, err = lake.ReadBlocked(ctx, p.Lake); err != nil {
		return Status{}, err
	}
	if s.Backfills, err = lake.Backfills(ctx, p.Lake); err != nil {
		return Status{}, err
	}
	s.Backfills = slices.DeleteFunc(s.Backfills, func(b lake.Backfill) bool { return !b.Ended.IsZero() })
	if len(made) == 0 {
		return s, nil
	}
	_, s.Foreign, err = p.markUnpublished(ctx, batches, made, s.Days)
	if errors.As(err, &s.InUse) {
		err = nil
	}
	return s, err
}

// markUnpublished marks the days of which the warehouse has not got all, and
// returns how many partitions it has not got, and how many it has that the lake
// has not got: those of days that are gone, or of another lake.
func (p *Pipeline) markUnpublished(ctx context.Context, batches []lake.Batch, made map[calendar.Day]lake.Day, days []DayPlan) (unpublished, foreign int, err error) {
	_, want, err := p.partitions(ctx, batches, made)
	if err != nil {
		return 0, 0, err
	}
	warehouse, err := p.OpenWarehouse(ctx)
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, warehouse.Close()) }()
	have, err := warehouse.Published(ctx)
	if err != nil {
		return 0, 0, fmt.Errorf("warehouse: %w", err)
	}
	missing := changed(want, have)
	lacking := map[calendar.Day][]load.Partition{}
	for _, w := range missing {
		lacking[w.Day] = append(lacking[w.Day], w)
	}
	for i := range days {
		d := &days[i]
		if n := len(lacking[d.Day]); n > 0 && (d.State == Published || d.State == Provisional) {
			d.State, d.Reason = Unpublished, fmt.Sprintf("%d tables are not in the warehouse yet", n)
		}
	}
	for _, w := range want {
		delete(have, load.PartitionKey{Table: w.Table, Day: w.Day})
	}
	return len(missing), len(have), nil
}
