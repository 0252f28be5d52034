package transform

import (
	"encoding/binary"
	"slices"
)

// A spanRun holds durations in order, each as what it has more than the one
// before it: two or three bytes where there are many.
type spanRun struct {
	count int
	last  int64
	data  []byte
	marks []spanMark
}

// A spanMark says where in a run one can begin to read.
type spanMark struct {
	length int64 // of the one before
	offset int   // in data
}

const markEvery = 1 << 12 // durations

// add adds a duration that is at least the last one.
func (r *spanRun) add(length int64) {
	if r.count%markEvery == 0 {
		r.marks = append(r.marks, spanMark{r.last, len(r.data)})
	}
	// Of a first one below zero the difference wraps, and so does its sum.
	r.data = binary.AppendUvarint(r.data, uint64(length-r.last))
	r.last = length
	r.count++
}

// at returns the duration of a rank, from 1.
func (r *spanRun) at(rank int) int64 {
	from := (rank - 1) / markEvery
	at := spanCursor{length: r.marks[from].length, data: r.data[r.marks[from].offset:]}
	for range rank - from*markEvery {
		at.next()
	}
	return at.length
}

func (r *spanRun) begin() spanCursor { return spanCursor{data: r.data} }

// A spanCursor reads a run.
type spanCursor struct {
	length int64
	data   []byte // that is left
}

// next goes to the next duration; false if there is none.
func (c *spanCursor) next() bool {
	if len(c.data) == 0 {
		return false
	}
	more, n := binary.Uvarint(c.data)
	c.length, c.data = c.length+int64(more), c.data[n:]
	return true
}

// mergedRuns returns one run of two.
func mergedRuns(a, b *spanRun) (both spanRun) {
	both.data = make([]byte, 0, len(a.data)+len(b.data)) // differences become less
	x, y := a.begin(), b.begin()
	inX, inY := x.next(), y.next()
	for inX || inY {
		if inX && (!inY || x.length <= y.length) {
			both.add(x.length)
			inX = x.next()
		} else {
			both.add(y.length)
			inY = y.next()
		}
	}
	both.data = slices.Clone(both.data) // in as much memory as it takes
	return both
}
