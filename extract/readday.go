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
}

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

	m.events = m.events[:0]
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
		slices.SortFunc(m.events, func(a, b transform.Event) int { return a.Compare(&b) })
	}
	return m.events, nil
}

// take moves a file's events of the subject into m.events.
func (m *merge) take(f *stagedFile) (n int, err error) {
	for {
		head, err := f.head()
		if err != nil || head == nil || head.Subject() != m.subject {
			return n, err
		}
		m.events = append(m.events, *head)
		f.advance()
		n++
	}
}
