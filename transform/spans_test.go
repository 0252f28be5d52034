package transform

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Whatever is packed, and in whatever parts durations come: the percentiles are
// those of all of them in order.
func TestSpansAreExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		most := rapid.SampledFrom([]int64{1, 1_000, 3_600_000_000, math.MaxInt64}).Draw(t, "most")
		least := rapid.SampledFrom([]int64{0, -5}).Draw(t, "least")
		var all spans
		var want []int64
		for _, n := range rapid.SliceOfN(rapid.IntRange(0, 3*mostLoose), 1, 5).Draw(t, "parts") {
			part := &all
			merged := rapid.Bool().Draw(t, "merged")
			if merged {
				part = &spans{}
			}
			for range n {
				length := random.Int64N(most) + least
				part.addMicros(length)
				want = append(want, length)
			}
			if merged {
				all.merge(part)
			}
		}
		slices.Sort(want)
		if got := slices.Sorted(all.all()); !slices.Equal(got, want) || all.count() != len(want) {
			t.Fatalf("there are %d durations, %d by count, of %d, or others", len(got), all.count(), len(want))
		}
		for _, p := range []int{0, 1, 5, 50, 99, 100} {
			got := all.percentile(p)
			if len(want) == 0 {
				if got != nil {
					t.Fatalf("percentile %d of none is %g", p, *got)
				}
				continue
			}
			rank := max(1, int(math.Ceil(float64(len(want))*float64(p)/100)))
			if *got != seconds(want[rank-1]) {
				t.Fatalf("percentile %d of %d is %g, want %g", p, len(want), *got, seconds(want[rank-1]))
			}
		}
	})
}

// A million durations of up to an hour take less than a third of what they
// would take each by itself.
func TestSpansArePacked(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var all spans
	const n = 1_000_000
	for range n {
		all.addMicros(random.Int64N(3_600_000_000))
	}
	bytes := 8 * cap(all.loose)
	for _, r := range all.packed {
		bytes += cap(r.data) + 16*cap(r.marks)
	}
	if bytes > n*8/3 {
		t.Errorf("%d durations take %d bytes", n, bytes)
	}
}

func BenchmarkSpans(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 2))
	for b.Loop() {
		var all spans
		for range 1_000_000 {
			all.addMicros(random.Int64N(3_600_000_000))
		}
		all.percentile(50)
	}
}
