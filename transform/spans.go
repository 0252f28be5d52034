package transform

import (
	"iter"
	"math"
	"slices"
)

// spans are durations whose exact percentiles will be asked for. Of very many,
// as a day has that millions of users make, most are packed: a day's tally
// would else be most of what is held while it is made.
type spans struct {
	loose  []int64 // in microseconds, of the latest
	packed []spanRun
	sum    int64
	sorted bool // loose is
}

// mostLoose is how many durations are held as they are.
const mostLoose = 1 << 14

// add adds a duration; one that is nil is not known and does not count.
func (s *spans) add(seconds *float64) {
	if seconds == nil {
		return
	}
	s.addMicros(micros(*seconds))
}

// addMicros adds a duration in microseconds.
func (s *spans) addMicros(length int64) {
	if len(s.loose) == mostLoose {
		s.pack()
	}
	s.loose = append(s.loose, length)
	s.sum += length
	s.sorted = false
}

func (s *spans) merge(o *spans) {
	sum := s.sum + o.sum
	for _, r := range o.packed {
		s.push(r)
	}
	for _, length := range o.loose {
		s.addMicros(length)
	}
	s.sum = sum
}

// pack packs those that are loose.
func (s *spans) pack() {
	slices.Sort(s.loose)
	var r spanRun
	for _, length := range s.loose {
		r.add(length)
	}
	s.loose = s.loose[:0]
	s.push(r)
}

// push adds a run. Two of about the same length become one, so that there are few,
// and each duration is moved but a few times.
func (s *spans) push(r spanRun) {
	for n := len(s.packed); n > 0 && s.packed[n-1].count <= 2*r.count; n-- {
		r = mergedRuns(&s.packed[n-1], &r)
		s.packed = s.packed[:n-1]
	}
	s.packed = append(s.packed, r)
}

// count is how many there are.
func (s *spans) count() int {
	n := len(s.loose)
	for i := range s.packed {
		n += s.packed[i].count
	}
	return n
}

// all yields them, in no particular order, in microseconds.
func (s *spans) all() iter.Seq[int64] {
	return func(yield func(int64) bool) {
		for i := range s.packed {
			for at := s.packed[i].begin(); at.next(); {
				if !yield(at.length) {
					return
				}
			}
		}
		for _, length := range s.loose {
			if !yield(length) {
				return
			}
		}
	}
}

// percentile returns the exact nearest-rank percentile p in seconds: the
// smallest value that at least p percent of all do not exceed. It is nil if
// there are none.
func (s *spans) percentile(p int) *float64 {
	n := s.count()
	if n == 0 {
		return nil
	}
	rank := max((n*p+99)/100, 1)
	if len(s.packed) == 0 {
		if !s.sorted {
			slices.Sort(s.loose)
			s.sorted = true
		}
		return ptr(seconds(s.loose[rank-1]))
	}
	if len(s.loose) > 0 {
		s.pack()
	}
	for n := len(s.packed); n > 1; n-- {
		s.packed[n-2] = mergedRuns(&s.packed[n-2], &s.packed[n-1])
		s.packed = s.packed[:n-1]
	}
	return ptr(seconds(s.packed[0].at(rank)))
}

// micros is a duration in whole microseconds: as such, sums do not depend on
// the order of addition.
func micros(seconds float64) int64 { return int64(math.Round(seconds * 1e6)) }

// mean is nil if there are none.
func (s *spans) mean() *float64 { return ratio(seconds(s.sum), float64(s.count())) }
