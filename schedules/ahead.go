package schedules

import (
	"iter"

	"sojourn/transform"
)

// A chunk is some subjects' events: those of subject i end before ends[i].
type chunk struct {
	events []transform.Event
	ends   []int
	err    error // ends the sequence after the chunk
}

// chunkEvents is about how many events are read ahead at once.
const chunkEvents = 4096

// ahead yields what events yields and reads on meanwhile, on a goroutine of its
// own, a few chunks ahead. A slice is valid until the next step.
func ahead(events iter.Seq2[[]transform.Event, error]) iter.Seq2[[]transform.Event, error] {
	return func(yield func([]transform.Event, error) bool) {
		full, empty, stop := make(chan *chunk), make(chan *chunk, 3), make(chan struct{})
		for range cap(empty) {
			empty <- new(chunk)
		}
		go fill(events, full, empty, stop)
		// The reader must have ended before its sources are closed or reused.
		defer func() {
			close(stop)
			for range full {
			}
		}()
		for c := range full {
			from := 0
			for _, end := range c.ends {
				if !yield(c.events[from:end], nil) {
					return
				}
				from = end
			}
			if c.err != nil {
				yield(nil, c.err)
				return
			}
			empty <- c
		}
	}
}

// fill sends events in chunks until they end or stop is closed, and then
// closes full.
func fill(events iter.Seq2[[]transform.Event, error], full chan<- *chunk, empty <-chan *chunk, stop <-chan struct{}) {
	defer close(full)
	next := func() *chunk {
		select {
		case c := <-empty:
			c.events, c.ends = c.events[:0], c.ends[:0]
			return c
		case <-stop:
			return nil
		}
	}
	send := func(c *chunk) bool {
		select {
		case full <- c:
			return true
		case <-stop:
			return false
		}
	}
	c := next()
	for of, err := range events {
		if c == nil {
			return
		}
		if c.err = err; err != nil {
			send(c)
			return
		}
		c.events = append(c.events, of...)
		c.ends = append(c.ends, len(c.events))
		if len(c.events) >= chunkEvents {
			if !send(c) {
				return
			}
			c = next()
		}
	}
	if c != nil && len(c.ends) > 0 {
		send(c)
	}
}
