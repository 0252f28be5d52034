package extract

import (
	"cmp"
	"maps"
	"slices"

	"github.com/zeebo/xxh3"

	"sojourn/transform"
)

// chunkRows is the number of events that are allocated at once.
const chunkRows = 1024

// events is a growing set of events. The zero value is empty.
type events struct {
	chunks [][]transform.Event
	rows   int
	bytes  int64 // memory they take, about
}

// add puts a copy of e into the set, which takes size bytes with its texts.
func (s *events) add(e *transform.Event, size int64) {
	last := len(s.chunks) - 1
	if last < 0 || len(s.chunks[last]) == chunkRows {
		s.chunks = append(s.chunks, make([]transform.Event, 0, chunkRows))
		last++
	}
	s.chunks[last] = append(s.chunks[last], *e)
	s.rows++
	s.bytes += size
}

// take adds the events of another set, which must not be used any more.
func (s *events) take(o *events) {
	s.chunks = append(o.chunks, s.chunks...)
	s.rows += o.rows
	s.bytes += o.bytes
}

// all returns the events.
func (s *events) all() []*transform.Event {
	list := make([]*transform.Event, 0, s.rows)
	for _, chunk := range s.chunks {
		for i := range chunk {
			list = append(list, &chunk[i])
		}
	}
	return list
}

// split returns the events in n lists, those of a subject in the same one.
func (s *events) split(n int) [][]*transform.Event {
	if n == 1 {
		return [][]*transform.Event{s.all()}
	}
	lists := make([][]*transform.Event, n)
	for _, chunk := range s.chunks {
		for i := range chunk {
			list := &lists[xxh3.HashString(chunk[i].Subject())%uint64(n)]
			*list = append(*list, &chunk[i])
		}
	}
	return lists
}

// sortEvents puts events into the order of [transform.Event.Compare].
func sortEvents(events []*transform.Event) {
	// Subjects are few: once they are in order, most events are told apart
	// by comparing two numbers.
	ranks := map[string]int{}
	for _, e := range events {
		ranks[e.Subject()] = 0
	}
	for i, subject := range slices.Sorted(maps.Keys(ranks)) {
		ranks[subject] = i
	}
	type ranked struct {
		rank  int
		at    int64
		event *transform.Event
	}
	order := make([]ranked, len(events))
	for i, e := range events {
		order[i] = ranked{ranks[e.Subject()], e.At, e}
	}
	slices.SortFunc(order, func(a, b ranked) int {
		if c := cmp.Compare(a.rank, b.rank); c != 0 {
			return c
		}
		if c := cmp.Compare(a.at, b.at); c != 0 {
			return c
		}
		return a.event.Compare(b.event)
	})
	for i, r := range order {
		events[i] = r.event
	}
}
