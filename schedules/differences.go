package schedules

import (
	"context"
	"fmt"

	"sojourn/extract"
	"sojourn/internal/calendar"
	"sojourn/internal/lake"
	"sojourn/transform"
)

// warmUp is how many days before the one in question are strung too, so that
// sessions which began on them are known.
const warmUp = 2

// Differences tells what becomes of the sessions that one definition begins on
// a day under another. It strings the staged events of that day, of the two
// days before it and of the day after, and writes nothing; of a session that
// has gone on for longer than those two days the beginning is not seen.
func (p *Pipeline) Differences(ctx context.Context, one, other transform.Definition, day calendar.Day) ([]transform.Difference, error) {
	batches, err := p.batches(ctx)
	if err != nil {
		return nil, err
	}
	staged := lake.Staged(batches)
	if len(staged[day]) == 0 {
		return nil, &UsageError{fmt.Errorf("there are no events of %s in the lake %s", day, p.Lake)}
	}
	identity, err := p.identity(ctx, batches)
	if err != nil {
		return nil, err
	}
	const name = "other"
	other.Name = name
	u := newUnder(one, transform.Analysis{}, []transform.Definition{other}, identity, p.Zone)
	var before, asked *work
	for d := range calendar.Days(day-warmUp, day+1) {
		if len(staged[d]) == 0 {
			continue
		}
		w, tells, err := foldDay(ctx, d, u, before, extract.ReadDay(ctx, p.Lake, staged[d]), limits{})
		if err != nil {
			return nil, fmt.Errorf("fold %s: %w", d, err)
		}
		if asked != nil {
			if err := asked.learn(tells); err != nil {
				return nil, err
			}
		}
		if d == day {
			asked = w
		}
		before = w
	}
	ones, err := asked.under(one)
	if err != nil {
		return nil, err
	}
	others, err := asked.others[name].under(other)
	if err != nil {
		return nil, err
	}
	return transform.Differences(day, &ones, &others), nil
}
