package schedules

import (
	"cmp"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Rows come out as a stable sort of one slice would leave them, however they
// came in.
func TestPagesAreSortedStably(t *testing.T) {
	type row struct{ key, came int }
	rapid.Check(t, func(t *rapid.T) {
		var want []row
		var p pages[row]
		for range rapid.IntRange(0, 6).Draw(t, "times") {
			var rows []row
			for range rapid.SampledFrom([]int{0, 1, 15, 17, pageRows - 1, pageRows, pageRows + 1, 3 * pageRows}).Draw(t, "rows") {
				rows = append(rows, row{len(want) * 7919 % 13, len(want)})
				want = append(want, rows[len(rows)-1])
			}
			p.add(rows...)
		}
		byKey := func(a, b *row) int { return cmp.Compare(a.key, b.key) }
		slices.SortStableFunc(want, func(a, b row) int { return byKey(&a, &b) })
		if got := p.sorted(byKey); !slices.Equal(got, want) {
			t.Fatalf("%d rows came out as %d, or in another order", len(want), len(got))
		}
		if p.len() != 0 {
			t.Fatalf("%d rows are left behind", p.len())
		}
	})
}
