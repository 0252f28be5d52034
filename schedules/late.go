package schedules

import (
	"context"
	"fmt"
	"slices"

	"sojourn/internal/calendar"
	"sojourn/internal/crash"
	"sojourn/internal/lake"
	"sojourn/load"
)

// lateBefore returns the first day whose events are not late; zero if none can
// be, as no table has been made of any. Nights that are caught up with one by
// one, by their last days, judge as they would have when it was their time.
func (p *Pipeline) lateBefore(ctx context.Context, r Range) (calendar.Day, error) {
	if p.LateLimit == 0 {
		return 0, nil
	}
	made, err := lake.HasDays(ctx, p.Lake)
	if err != nil || !made {
		return 0, err
	}
	now := p.Now().UnixMicro()
	if r.From == nil && r.To != nil {
		now = min(now, p.Zone.Start(*r.To+1))
	}
	return p.Zone.DayOf(now - p.LateLimit.Microseconds()), nil
}

// applyLate lets the late events of the days of r count, if that is asked for,
// and returns the batches as they are then.
func (p *Pipeline) applyLate(ctx context.Context, batches []lake.Batch, r Range, sum *Summary) ([]lake.Batch, error) {
	if !r.Affected {
		return batches, nil
	}
	applied := lake.Applied{Run: p.Run, Made: p.Now().UTC()}
	for _, f := range waiting(batches) {
		if r.Includes(f.Day) {
			applied.Files = append(applied.Files, f.Object)
			sum.Applied += f.Rows
		}
	}
	if len(applied.Files) == 0 {
		return batches, nil
	}
	if err := lake.WriteApplied(ctx, p.Lake, applied); err != nil {
		return nil, fmt.Errorf("apply late events: %w", err)
	}
	crash.At("late.applied")
	return p.batches(ctx)
}

// waiting returns the late files that do not count.
func waiting(batches []lake.Batch) []lake.File {
	return slices.DeleteFunc(lake.Late(batches), func(f lake.File) bool { return f.AppliedBy != "" })
}

// lateArrivals tells of all late events, by batch, source, object and day.
func (p *Pipeline) lateArrivals(ctx context.Context, batches []lake.Batch) ([]load.LateArrival, error) {
	var rows []load.LateArrival
	for _, b := range batches {
		appliedBy := map[calendar.Day]string{}
		for _, f := range b.Staged {
			if f.IsLate {
				appliedBy[f.Day] = f.AppliedBy
			}
		}
		if len(appliedBy) == 0 {
			continue
		}
		for _, in := range b.Inputs {
			for _, d := range in.Days {
				run, isLate := appliedBy[d.Day]
				if !isLate {
					continue
				}
				rows = append(rows, load.LateArrival{
					Batch: b.ID, ArrivedAt: b.Made.UnixMicro(), Source: in.Source, Object: in.Object, Date: d.Day, Events: d.Events,
					AgeDays: int64(p.Zone.DayOf(b.Made.UnixMicro()) - d.Day), IsApplied: run != "", AppliedBy: run,
				})
			}
		}
	}
	if len(rows) == 0 {
		return nil, nil
	}
	erased, err := lake.ReadErased(ctx, p.Lake)
	if err != nil {
		return nil, err
	}
	for i := range rows {
		if r := &rows[i]; erased.InName(r.Object) {
			r.Object = lake.ErasedObject
		}
	}
	return rows, nil
}

// LateEvents are late events that do not count.
type LateEvents struct {
	Events      int64
	First, Last calendar.Day // of their days
}

func lateEvents(batches []lake.Batch) LateEvents {
	var l LateEvents
	for _, f := range waiting(batches) {
		if l.Events == 0 || f.Day < l.First {
			l.First = f.Day
		}
		l.Last = max(l.Last, f.Day)
		l.Events += f.Rows
	}
	return l
}
