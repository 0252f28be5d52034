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
		go (&filler{full: full, empty: empty, stop: stop}).fill(events)
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

// A filler sends chunks to full, and has them back by empty once they have been
// read, until stop is closed.
type filler struct {
	full  chan<- *chunk
	empty <-chan *chunk
	stop  <-chan struct{}
	spare []*chunk // that came back while another was waited for
}

// fill sends events in chunks until they end or it is stopped, and then closes
// full.
func (f *filler) fill(events iter.Seq2[[]transform.Event, error]) {
	defer close(f.full)
	c := f.blank()
	for of, err := range events {
		if c == nil {
			return
		}
		if c.err = err; err != nil {
			f.send(c)
			return
		}
		if len(of) > chunkEvents {
			// One such subject can be most of a day: no copy is made of its events.
			if len(c.ends) > 0 {
				if !f.send(c) {
					return
				}
				c = f.blank()
			}
			if c == nil || !f.lend(&chunk{events: of, ends: []int{len(of)}}) {
				return
			}
			continue
		}
		c.events = append(c.events, of...)
		c.ends = append(c.ends, len(c.events))
		if len(c.events) >= chunkEvents {
			if !f.send(c) {
				return
			}
			c = f.blank()
		}
	}
	if c != nil && len(c.ends) > 0 {
		f.send(c)
	}
}

// blank returns an empty chunk, nil if it is stopped.
func (f *filler) blank() *chunk {
	c := f.back()
	if c != nil {
		c.events, c.ends = c.events[:0], c.ends[:0]
	}
	return c
}

func (f *filler) back() *chunk {
	if n := len(f.spare); n > 0 {
		c := f.spare[n-1]
		f.spare = f.spare[:n-1]
		return c
	}
	select {
	case c := <-f.empty:
		return c
	case <-f.stop:
		return nil
	}
}

func (f *filler) send(c *chunk) bool {
	select {
	case f.full <- c:
		return true
	case <-f.stop:
		return false
	}
}

// lend sends a chunk and waits until it has been read.
func (f *filler) lend(lent *chunk) bool {
	if !f.send(lent) {
		return false
	}
	for {
		select {
		case c := <-f.empty:
			if c == lent {
				return true
			}
			f.spare = append(f.spare, c)
		case <-f.stop:
			return false
		}
	}
}
