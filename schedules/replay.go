package schedules

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"sojourn/extract"
	"sojourn/internal/bucket"
	"sojourn/internal/calendar"
	"sojourn/internal/crash"
	"sojourn/internal/lake"
)

// A Replay is what became of objects with quarantined records that were read
// again, or would be.
type Replay struct {
	Objects []lake.ObjectKey `json:"objects"`         // read again, in order
	Left    []LeftObject     `json:"left,omitempty"`  // not read again: they stay as they were read
	Before  Accounts         `json:"before"`          // of the objects, as they counted before
	After   *Accounts        `json:"after,omitempty"` // likewise, as they count now; nil if nothing was read
	Days    []calendar.Day   `json:"days,omitempty"`  // of events of the objects, before or now: a run makes them again
	Batches []string         `json:"batches,omitempty"`
}

// A LeftObject is an object that was not read again, and why.
type LeftObject struct {
	lake.ObjectKey
	Why string `json:"why"`
}

// Accounts says what became of the records of some objects: Records is the sum
// of Events, Quarantined, Aliases and Skipped.
type Accounts struct {
	Records     int64            `json:"records"`
	Events      int64            `json:"events"`
	Quarantined int64            `json:"quarantined"`
	Aliases     int64            `json:"aliases"`
	Skipped     int64            `json:"skipped"`
	Reasons     map[string]int64 `json:"reasons"` // of the quarantined ones
}

func (a *Accounts) add(in lake.Input) {
	a.Records += in.Lines
	a.Events += in.Events
	a.Quarantined += in.Quarantined
	a.Aliases += in.Aliases
	a.Skipped += in.Skipped
}

// Balanced says whether every record is in one of the counts.
func (a *Accounts) Balanced() bool {
	reasons := int64(0)
	for _, n := range a.Reasons {
		reasons += n
	}
	return a.Records == a.Events+a.Quarantined+a.Aliases+a.Skipped && reasons == a.Quarantined
}

// Replay reads again the objects that have standing quarantined records which
// a filter asks for, in the way that their sources say now. What they were read
// as before counts no more; the tables of their days are for the next run to
// make. Objects that are gone or have been replaced are left as they are. Dry
// says to write nothing.
func (p *Pipeline) Replay(ctx context.Context, f QuarantineFilter, dry bool) (done Replay, err error) {
	f.Superseded = false
	if dry {
		done, _, err = p.replayable(ctx, f)
		return done, err
	}
	err = p.locked(ctx, func(ctx context.Context, p *Pipeline) (err error) {
		done, err = p.replay(ctx, f)
		return err
	})
	return done, err
}

// replayable says what is to be read again, and how it counts now.
func (p *Pipeline) replayable(ctx context.Context, f QuarantineFilter) (Replay, []extract.Pending, error) {
	var r Replay
	batches, err := p.batches(ctx)
	if err != nil {
		return r, nil, err
	}
	asked := map[lake.ObjectKey]bool{}
	for record, err := range p.quarantined(ctx, batches, f) {
		if err != nil {
			return r, nil, err
		}
		asked[lake.ObjectKey{Source: record.Source, Object: record.Object}] = true
	}
	found, err := extract.FindObjects(ctx, p.Sources, asked)
	if err != nil {
		return r, nil, err
	}
	readings := lake.Present(batches)
	var pending []extract.Pending
	chosen := map[lake.ObjectKey]bool{}
	for _, key := range slices.SortedFunc(maps.Keys(asked), compareKeys) {
		o, ok := found[key]
		if why := p.whyLeft(key, readings[key], o, ok); why != "" {
			r.Left = append(r.Left, LeftObject{key, why})
			continue
		}
		chosen[key] = true
		pending = append(pending, extract.Pending{Source: key.Source, Object: o, Again: true, Known: true})
		r.Objects = append(r.Objects, key)
		r.Before.add(readings[key])
		r.noteDays(readings[key])
	}
	r.Before.Reasons, err = p.reasonsOf(ctx, batches, chosen)
	return r, pending, err
}

// whyLeft is why an object is not read again, "" if it is.
func (p *Pipeline) whyLeft(key lake.ObjectKey, read lake.Input, now bucket.Object, found bool) string {
	switch {
	case !slices.ContainsFunc(p.Sources, func(s extract.Source) bool { return s.Name == key.Source }):
		return "its source is not configured any more"
	case !found:
		return "it is gone from the source, or match leaves it out"
	case read.Version != "" && read.Version != now.Version:
		return "it has been replaced since it was read: sojourn run reads the new version"
	}
	return ""
}

// reasonsOf counts the standing quarantined records of some objects by reason.
func (p *Pipeline) reasonsOf(ctx context.Context, batches []lake.Batch, objects map[lake.ObjectKey]bool) (map[string]int64, error) {
	reasons := map[string]int64{}
	for r, err := range p.quarantined(ctx, batches, QuarantineFilter{}) {
		if err != nil {
			return nil, err
		}
		if objects[lake.ObjectKey{Source: r.Source, Object: r.Object}] {
			reasons[r.Reason]++
		}
	}
	return reasons, nil
}

// replay is Replay for the run that holds the lake.
func (p *Pipeline) replay(ctx context.Context, f QuarantineFilter) (Replay, error) {
	r, pending, err := p.replayable(ctx, f)
	if err != nil {
		return r, err
	}
	batches, err := p.batches(ctx)
	if err != nil {
		return r, err
	}
	read := map[lake.ObjectKey]bool{}
	at := Progress{Stage: "extract", Total: totalSize(pending)}
	for len(pending) > 0 {
		n := batchOf(pending)
		// What is read again was not late when it came.
		batch, err := extract.Stage(ctx, p.Lake, p.Sources, pending[:n], lake.NextBatch(batches), extract.Options{
			Zone: p.Zone, Now: p.Now().UnixMicro(), Workers: p.Workers, MemoryBytes: p.MemoryBytes, Run: p.Run, Replay: true,
			Progress: func(done extract.Progress) {
				p.progress(Progress{Stage: at.Stage, Done: at.Done + done.Bytes, Total: at.Total, Rows: at.Rows + done.Events})
			},
		})
		if err != nil {
			return r, fmt.Errorf("extract: %w", err)
		}
		crash.At("replay.batch-committed")
		at.Done += totalSize(pending[:n])
		batches, pending = append(batches, batch), pending[n:]
		r.Batches = append(r.Batches, batch.ID)
		for _, in := range batch.Inputs {
			read[lake.ObjectKey{Source: in.Source, Object: in.Object}] = true
		}
	}
	if len(read) == 0 {
		return r, nil
	}
	// An object that broke off on its way counts as it was read before.
	r.After = &Accounts{}
	readings := lake.Present(batches)
	for _, key := range r.Objects {
		r.After.add(readings[key])
		r.noteDays(readings[key])
		if in := lastReading(batches, key); in.Version == "" {
			r.Left = append(r.Left, LeftObject{key, "it could not be read: " + in.Error})
		}
	}
	if r.After.Reasons, err = p.reasonsOf(ctx, batches, read); err != nil {
		return r, err
	}
	p.Log.InfoContext(ctx, "replayed", "objects", len(r.Objects), "events", r.After.Events, "quarantined", r.After.Quarantined)
	return r, nil
}

// lastReading is the latest attempt at an object.
func lastReading(batches []lake.Batch, key lake.ObjectKey) lake.Input {
	for _, b := range slices.Backward(batches) {
		for _, in := range b.Inputs {
			if in.Source == key.Source && in.Object == key.Object {
				return in
			}
		}
	}
	return lake.Input{}
}

// noteDays notes the days that a reading has events of.
func (r *Replay) noteDays(in lake.Input) {
	for _, d := range in.Days {
		if i, known := slices.BinarySearch(r.Days, d.Day); !known {
			r.Days = slices.Insert(r.Days, i, d.Day)
		}
	}
}

func compareKeys(a, b lake.ObjectKey) int {
	return cmp.Or(strings.Compare(a.Source, b.Source), strings.Compare(a.Object, b.Object))
}
