package schedules

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"strings"
	"time"

	"sojourn/extract"
	"sojourn/internal/calendar"
	"sojourn/internal/lake"
)

// A QuarantineFilter says which quarantined records are asked for. The zero
// filter is all that stand: those of objects that no later batch has read again.
type QuarantineFilter struct {
	Source string // empty for all
	Object string // a pattern as of a source's match; empty for all
	Reason string // empty for all

	From, To   *calendar.Day // local days, both included, on which batches read the records; nil for no bound
	Superseded bool          // also those that stand no more
}

// Check says what is wrong with the filter.
func (f *QuarantineFilter) Check() error { return extract.CheckPattern(f.Object) }

func (f *QuarantineFilter) isOnDay(zone calendar.Zone, at time.Time) bool {
	return Range{From: f.From, To: f.To}.Includes(zone.DayOf(at.UnixMicro()))
}

func (f *QuarantineFilter) has(r *extract.Quarantined) bool {
	return (r.Stands || f.Superseded) && (f.Source == "" || r.Source == f.Source) && (f.Reason == "" || r.Reason == f.Reason) &&
		extract.MatchObject(f.Object, r.Object)
}

// Quarantined yields the quarantined records that a filter asks for, in the
// order of batches. It stops after the first error.
func (p *Pipeline) Quarantined(ctx context.Context, f QuarantineFilter) iter.Seq2[extract.Quarantined, error] {
	return func(yield func(extract.Quarantined, error) bool) {
		batches, err := p.batches(ctx)
		if err != nil {
			yield(extract.Quarantined{}, err)
			return
		}
		for r, err := range p.quarantined(ctx, batches, f) {
			if !yield(r, err) {
				return
			}
		}
	}
}

func (p *Pipeline) quarantined(ctx context.Context, batches []lake.Batch, f QuarantineFilter) iter.Seq2[extract.Quarantined, error] {
	files := slices.DeleteFunc(lake.Quarantine(batches), func(q lake.Quarantined) bool { return !f.isOnDay(p.Zone, q.Made) })
	return func(yield func(extract.Quarantined, error) bool) {
		for r, err := range extract.ReadQuarantine(ctx, p.Lake, files) {
			if err == nil && !f.has(&r) {
				continue
			}
			if !yield(r, err) {
				return
			}
		}
	}
}

// A QuarantineGroup is the quarantined records of one object and reason.
type QuarantineGroup struct {
	Source  string    `json:"source"`
	Object  string    `json:"object"`
	Reason  string    `json:"reason"`
	Records int64     `json:"records"`
	First   time.Time `json:"first_read_at"` // of the batches that read them
	Last    time.Time `json:"last_read_at"`
	Line    int64     `json:"example_line"`
	Detail  string    `json:"example_detail"`
	Stands  bool      `json:"stands"` // false for records of readings that do not count any more
}

// Quarantine counts the quarantined records that a filter asks for, by source,
// object and reason, in that order.
func (p *Pipeline) Quarantine(ctx context.Context, f QuarantineFilter) ([]QuarantineGroup, error) {
	type key struct {
		source, object, reason string
		stands                 bool
	}
	groups := map[key]*QuarantineGroup{}
	for r, err := range p.Quarantined(ctx, f) {
		if err != nil {
			return nil, err
		}
		k := key{r.Source, r.Object, r.Reason, r.Stands}
		g := groups[k]
		if g == nil {
			g = &QuarantineGroup{
				Source: r.Source, Object: r.Object, Reason: r.Reason, First: r.ReadAt, Line: r.Line, Detail: r.Detail, Stands: r.Stands,
			}
			groups[k] = g
		}
		g.Records++
		g.Last = r.ReadAt
	}
	var list []QuarantineGroup
	for _, g := range groups {
		list = append(list, *g)
	}
	slices.SortFunc(list, func(a, b QuarantineGroup) int {
		return cmp.Or(
			strings.Compare(a.Source, b.Source), strings.Compare(a.Object, b.Object), strings.Compare(a.Reason, b.Reason),
			compareBool(b.Stands, a.Stands),
		)
	})
	return list, nil
}

// compareBool orders false before true.
func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}
