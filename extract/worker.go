package extract

import (
	"context"
	"strings"
	"unsafe"

	"sojourn/internal/bucket"
	"sojourn/internal/calendar"
	"sojourn/internal/lake"
	"sojourn/transform"
)

// maxRejects bounds the rejected records that a worker holds, in bytes.
const maxRejects = 16 << 20

// A worker reads objects one after the other and holds what it finds, until
// that is too much or everything has been read.
type worker struct {
	batch   *batch
	now     int64
	texts   *texts
	reasons map[string]int64 // of rejected records
	skips   map[string]int64 // of skipped records

	budget  int64 // bytes of events to hold
	held    int64 // bytes held
	days    map[calendar.Day]*events
	day     calendar.Day // of the latest event
	current *events      // of that day,
	start   int64        // which has its first instant here
	end     int64        // and ends before this one

	rejects     []rejected
	rejectBytes int64

	aliases []aliasRow

	erased *lake.Erased    // nil if nobody is
	known  map[string]bool // whether ids met lately are

	sampler *sampler // takes the place of the lake where a sample is taken; else nil
}

func newWorker(b *batch, budget int64) *worker {
	return &worker{
		batch: b, now: b.options.Now, texts: newTexts(), reasons: map[string]int64{}, skips: map[string]int64{},
		budget: budget, days: map[calendar.Day]*events{}, erased: b.erased, known: map[string]bool{},
	}
}

// isErased says whether an id has been erased from the lake.
func (w *worker) isErased(id string) bool {
	if !w.erased.Anybody() {
		return false
	}
	if len(id) > maxRepeated {
		return w.erased.Has(id)
	}
	is, ok := w.known[id]
	if !ok {
		if len(w.known) >= maxInterned {
			clear(w.known)
		}
		is = w.erased.Has(id)
		w.known[strings.Clone(id)] = is
	}
	return is
}

// read reads one object. Its error is one of the lake, or the end of ctx.
func (w *worker) read(ctx context.Context, s Source, o bucket.Object) (lake.Input, error) {
	f, _ := formatNamed(s.Format) // of a source that has been validated
	r := &reading{worker: w, source: s.admitted(), object: o}
	if w.erased.Anybody() {
		r.source.erased = w.isErased
	}
	err := r.read(ctx, f)
	r.input.Days = r.dayCounts()
	return r.input, err
}

// keep holds a copy of an event.
func (w *worker) keep(ctx context.Context, e *transform.Event) error {
	if w.sampler != nil {
		return w.sampler.keep(e)
	}
	if w.current == nil || e.At < w.start || e.At >= w.end {
		w.turnTo(w.batch.options.Zone.DayOf(e.At))
	}
	size := int64(unsafe.Sizeof(*e)) + w.texts.allocated
	w.texts.allocated = 0
	w.current.add(e, size)
	w.held += size
	if w.held > w.budget {
		return w.spill(ctx)
	}
	return nil
}

func (w *worker) turnTo(day calendar.Day) {
	zone := w.batch.options.Zone
	w.start, w.end = zone.Start(day), zone.Start(day+1)
	if w.days[day] == nil {
		w.days[day] = &events{}
	}
	w.day, w.current = day, w.days[day]
}

// spill writes the biggest days until half of the budget is free.
func (w *worker) spill(ctx context.Context) error {
	for w.held > w.budget/2 {
		var biggest calendar.Day
		var bytes int64
		for day, held := range w.days {
			if held.bytes > bytes || held.bytes == bytes && day < biggest {
				biggest, bytes = day, held.bytes
			}
		}
		p := part{biggest, w.batch.nextPart(biggest), w.days[biggest].all()}
		if err := w.batch.writeEvents(ctx, p); err != nil {
			return &unwritten{err}
		}
		w.held -= bytes
		delete(w.days, biggest)
	}
	w.current = nil
	return nil
}

// quarantine holds a rejected record.
func (w *worker) quarantine(ctx context.Context, r rejected) error {
	if w.sampler != nil {
		return w.sampler.reject(&r)
	}
	w.reasons[r.Reason]++
	w.rejects = append(w.rejects, r)
	if w.rejectBytes += r.size(); w.rejectBytes < maxRejects {
		return nil
	}
	if err := w.batch.writeQuarantine(ctx, w.rejects); err != nil {
		return &unwritten{err}
	}
	w.rejects, w.rejectBytes = nil, 0
	return nil
}

// unwritten is the error of a lake that does not take what was read; it is
// not the fault of the object being read.
type unwritten struct{ err error }

func (u *unwritten) Error() string { return u.err.Error() }
func (u *unwritten) Unwrap() error { return u.err }
