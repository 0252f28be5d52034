package transform

import (
	"math"
	"slices"
)

// spans are durations whose exact percentiles will be asked for.
type spans struct {
	micros []int64
	sum    int64
	sorted bool
}

// add adds a duration; one that is nil is not known and does not count.
func (s *spans) add(seconds *float64) {
	if seconds == nil {
		return
	}
	s.addMicros(micros(*seconds))
}

// addMicros adds a duration in microseconds.
func (s *spans) addMicros(length int64) {
	s.micros = append(s.micros, length)
	s.sum += length
	s.sorted = false
}

func (s *spans) merge(o *spans) {
	s.micros = append(s.micros, o.micros...)
	s.sum += o.sum
	s.sorted = false
}

// percentile returns the exact nearest-rank percentile p in seconds: the
// smallest value that at least p percent of all do not exceed. It is nil if
// there are none.
func (s *spans) percentile(p int) *float64 {
	if len(s.micros) == 0 {
		return nil
	}
	if !s.sorted {
		slices.Sort(s.micros)
		s.sorted = true
	}
	rank := (len(s.micros)*p + 99) / 100
	return ptr(seconds(s.micros[max(rank, 1)-1]))
}

// micros is a duration in whole microseconds: as such, sums do not depend on
// the order of addition.
func micros(seconds float64) int64 { return int64(math.Round(seconds * 1e6)) }

// mean is nil if there are none.
func (s *spans) mean() *float64 { return ratio(seconds(s.sum), float64(len(s.micros))) }
