package schedules

import (
	"context"
	"errors"
	"fmt"

	"sojourn/extract"
	"sojourn/internal/calendar"
	"sojourn/internal/lake"
	"sojourn/load"
)

// A Plan is what a run would do.
type Plan struct {
	Pending []extract.Pending // raw objects to read; their days are not known yet
	Days    []DayPlan         // from the first day with events to the horizon
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
	pending, err := extract.ListPending(ctx, p.Sources, batches)
	if err != nil {
		return Plan{}, err
	}
	made, err := lake.Days(ctx, p.Lake)
	if err != nil {
		return Plan{}, err
	}
	days := plan(lake.Staged(batches), made, p.rules(), p.horizon(r, made))
	for i := range days {
		if d := &days[i]; r.Force && !d.Due && d.State != Missing && r.includes(d.Day) {
			d.Due, d.Reason = true, "forced"
		}
	}
	if len(made) > 0 {
		err = p.markUnpublished(ctx, days)
	}
	return Plan{Pending: pending, Days: days}, err
}

// includes says whether a day is inside the bounds.
func (r Range) includes(day calendar.Day) bool {
	return (r.From == nil || day >= *r.From) && (r.To == nil || day <= *r.To)
}

// Status is how the lake and the warehouse stand.
type Status struct {
	Days      []DayPlan // from the first day with events to yesterday
	Made      map[calendar.Day]lake.Day
	Holder    *Holder // the run at work now; nil if there is none
	Yesterday calendar.Day
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
	s := Status{Made: made, Yesterday: p.Yesterday()}
	s.Days = plan(lake.Staged(batches), made, p.rules(), p.horizon(Range{}, made))
	if holder, err := p.holder(ctx); err == nil {
		s.Holder = &holder
	}
	if len(made) == 0 {
		return s, nil
	}
	return s, p.markUnpublished(ctx, s.Days)
}

// markUnpublished marks the days of which the warehouse has not got all.
func (p *Pipeline) markUnpublished(ctx context.Context, days []DayPlan) (err error) {
	want, err := p.partitions(ctx)
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
		return fmt.Errorf("warehouse: %w", err)
	}
	lacking := map[calendar.Day][]load.Partition{}
	for _, w := range changed(want, have) {
		lacking[w.Day] = append(lacking[w.Day], w)
	}
	for i := range days {
		d := &days[i]
		if n := len(lacking[d.Day]); n > 0 && (d.State == Published || d.State == Provisional) {
			d.State, d.Reason = Unpublished, fmt.Sprintf("%d tables are not in the warehouse yet", n)
		}
	}
	return nil
}
