package schedules

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"golang.org/x/sync/errgroup"

	"sojourn/internal/bucket"
	"sojourn/internal/calendar"
	"sojourn/internal/lake"
	"sojourn/load"
	"sojourn/transform"
)

// references returns the files of the reference tables: those that are given,
// what the daily tables say of the interventions, and what arrived too late.
func (p *Pipeline) references(ctx context.Context, made map[calendar.Day]lake.Day, batches []lake.Batch) ([]load.File, error) {
	var days []calendar.Day
	for _, day := range slices.Sorted(maps.Keys(made)) {
		if made[day].IsFinal && p.tellsOfInterventions(day) {
			days = append(days, day)
		}
	}
	tables := make([]transform.Tables, len(days))
	var group errgroup.Group
	group.SetLimit(effectReaders)
	for i, day := range days {
		group.Go(func() (err error) {
			tables[i], err = p.readDaily(ctx, made[day])
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, fmt.Errorf("effects of interventions: %w", err)
	}
	first := slices.Min(slices.Collect(maps.Keys(made)))
	effects, err := load.EncodeEffects(transform.Effects(p.Interventions, tables, first, p.Definition.Digest()))
	if err != nil {
		return nil, err
	}
	arrivals, err := p.lateArrivals(ctx, batches)
	if err != nil {
		return nil, err
	}
	late, err := load.EncodeLate(arrivals)
	if err != nil {
		return nil, err
	}
	return append(slices.Clone(p.Reference), late, effects), nil
}

// effectReaders is how many days are read at once.
const effectReaders = 16

// tellsOfInterventions says whether a day is in the span of one: history before
// and after is never read.
func (p *Pipeline) tellsOfInterventions(day calendar.Day) bool {
	return slices.ContainsFunc(p.Interventions, func(v transform.Intervention) bool {
		first, last := v.Span()
		return day >= first && day <= last
	})
}

// readDaily reads of a day's daily tables the rows that concern an intervention.
func (p *Pipeline) readDaily(ctx context.Context, made lake.Day) (transform.Tables, error) {
	concerned := func(cut, segment string) bool {
		return slices.ContainsFunc(p.Interventions, func(v transform.Intervention) bool { return v.Concerns(cut, segment) })
	}
	t := transform.Tables{Day: made.Day}
	var err error
	if t.DailySessions, err = readRows(ctx, p.Lake, made.Tables["daily_sessions"], load.ReadDailySessions); err != nil {
		return t, err
	}
	if t.DailyFrequency, err = readRows(ctx, p.Lake, made.Tables["daily_frequency"], load.ReadDailyFrequency); err != nil {
		return t, err
	}
	if t.DailyRetention, err = readRows(ctx, p.Lake, made.Tables["daily_retention"], load.ReadDailyRetention); err != nil {
		return t, err
	}
	t.KeepSegments(concerned)
	return t, nil
}

func readRows[R any](ctx context.Context, b *bucket.Bucket, f lake.File, decode func([]byte) ([]R, error)) ([]R, error) {
	data, err := b.Read(ctx, f.Object)
	if err != nil {
		return nil, err
	}
	rows, err := decode(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Object, err)
	}
	return rows, nil
}
