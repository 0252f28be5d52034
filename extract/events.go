package extract

import (
	"cmp"
	"maps"
	"slices"
	"unsafe"

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

// add puts a copy of e into the set and returns what it takes, in bytes.
func (s *events) add(e *transform.Event) int64 {
	last := len(s.chunks) - 1
	if last < 0 || len(s.chunks[last]) == chunkRows {
		s.chunks = append(s.chunks, make([]transform.Event, 0, chunkRows))
		last++
	}
	s.chunks[last] = append(s.chunks[last], *e)
	s.rows++
	// The other texts repeat from event to event, and are shared.
	size := int64(unsafe.Sizeof(*e)) + int64(len(e.ID))
	s.bytes += size
	return size
}

// take adds the events of another set, which must not be used any more.
func (s *events) take(o *events) {
	s.chunks = append(o.chunks, s.chunks...)
	s.rows += o.rows
	s.bytes += o.bytes
}

// A ranked event is one whose subject has been given its place in the order.
type ranked struct {
	event *transform.Event
	at    int64
	rank  int
}

// sorted returns the events in the order of [transform.Event.Compare].
func (s *events) sorted() []ranked {
	// Subjects are few: once they are in order, most events are told apart
	// by comparing two numbers.
	ranks := map[string]int{}
	for _, chunk := range s.chunks {
		for i := range chunk {
			ranks[chunk[i].Subject()] = 0
		}
	}
	for i, subject := range slices.Sorted(maps.Keys(ranks)) {
		ranks[subject] = i
	}
	order := make([]ranked, 0, s.rows)
	for _, chunk := range s.chunks {
		for i := range chunk {
			e := &chunk[i]
			order = append(order, ranked{e, e.At, ranks[e.Subject()]})
		}
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
	return order
}
