package extract

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"sojourn/internal/bucket"
	"sojourn/internal/lake"
	"sojourn/transform"
)

// ReadDay yields the events of staged files, all of one subject at a time:
// subjects in order, and the events of each in the order of
// [transform.Event.Compare]. Events of superseded objects are left out. The
// slice may be changed, and is valid until the next step; its texts stay
// valid. It stops after the first error.
//
// Memory is bounded by the events of the subject that has most, and a few
// pages of each file. Files that are not in a directory are copied to the
// system's folder for temporary files while they are read.
func ReadDay(ctx context.Context, lakeBucket *bucket.Bucket, files []lake.StagedFile) iter.Seq2[[]transform.Event, error] {
	return func(yield func([]transform.Event, error) bool) {
		var open []*stagedFile
		defer func() {
			for _, f := range open {
				f.close() // read-only: nothing to lose
			}
		}()
		for _, file := range files {
			f, err := openStaged(ctx, lakeBucket, file)
			if err != nil {
				yield(nil, fmt.Errorf("staged events %s: %w", file.Object, err))
				return
			}
			open = append(open, f)
		}
		m := merge{files: slices.Clone(open)}
		for ctx.Err() == nil {
			events, err := m.next()
			if err != nil {
				yield(nil, err)
				return
			}
			if len(events) == 0 || !yield(events, nil) {
				return
			}
		}
		yield(nil, ctx.Err())
	}
}

// A merge brings together what several files have of each subject.
type merge struct {
	files   []*stagedFile // that have events left
	subject string        // the latest
	events  []transform.Event

	full  [][]transform.Event // before events, of a subject that has very many
	order []*transform.Event
	other []transform.Event // where events are put in order, and were the time before
}

// manyEvents is how many events of a subject are held in one slice: a greater
// one that grew would move them all again and again.
const manyEvents = 1 << 15

// next returns the events of the next subject, none at the end.
func (m *merge) next() ([]transform.Event, error) {
	var first string
	remaining := m.files[:0]
	for _, f := range m.files {
		head, err := f.head()
		if err != nil {
			return nil, err
		}
		if head == nil {
			continue
		}
		if s := head.Subject(); len(remaining) == 0 || s < first {
			first = s
		}
		remaining = append(remaining, f)
	}
	m.files = remaining
	if len(m.files) > 0 && first <= m.subject {
		return nil, fmt.Errorf("staged events: subject %q after %q: the files are not sorted", first, m.subject)
	}
	m.subject = first

	m.events, m.full = m.events[:0], nil
	contributors := 0
	for _, f := range m.files {
		n, err := m.take(f)
		if err != nil {
			return nil, err
		}
		if n > 0 {
			contributors++
		}
	}
	if contributors > 1 {
		return m.sorted(), nil
	}
	if len(m.full) > 0 {
		events := slices.Concat(append(m.full, m.events)...)
		m.events, m.full = nil, nil // they would be held while these are folded
		return events, nil
	}
	return m.events, nil
}

// sorted returns the subject's events in order, each moved once.
func (m *merge) sorted() []transform.Event {
	m.order = m.order[:0]
	n := 0
	for _, page := range append(m.full, m.events) {
		for i := range page {
			m.order = append(m.order, &page[i])
		}
		n += len(page)
	}
	slices.SortFunc(m.order, (*transform.Event).Compare)
	into := m.other[:0]
	if n > manyEvents {
		into = make([]transform.Event, 0, n)
	}
	for _, e := range m.order {
		into = append(into, *e)
	}
	if n > manyEvents {
		m.events, m.full, m.order = nil, nil, nil // likewise
		return into
	}
	m.events, m.other = into, m.events
	return into
}

// take moves a file's events of the subject into m.events.
func (m *merge) take(f *stagedFile) (n int, err error) {
	for {
		head, err := f.head()
		if err != nil || head == nil || head.Subject() != m.subject {
			return n, err
		}
		if len(m.events) == manyEvents {
			m.full, m.events = append(m.full, m.events), make([]transform.Event, 0, manyEvents)
		}
		m.events = append(m.events, *head)
		f.advance()
		n++
	}
}
