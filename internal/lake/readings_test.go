package lake

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// plainlyStands is the rule as one would tell it: of the readings of the object
// by the batches up to a time, from its latest removal on, the last one to the
// end counts, or else the last one; but a provisional one does not if there is a
// reading that counts and is for good.
func plainlyStands(done []Batch, i int, in Input) bool {
	counts := func(of Input) int {
		key, last := ObjectKey{of.Source, of.Object}, -1
		isWhole := false
		for n, batch := range done {
			if slices.Contains(batch.Removed, key) {
				last, isWhole = -1, false
			}
			for _, other := range batch.Inputs {
				if other.Source == of.Source && other.Object == of.Object && (other.Version != "" || !isWhole) {
					last, isWhole = n, other.Version != ""
				}
			}
		}
		return last
	}
	if counts(in) != i {
		return false
	}
	for n, batch := range done {
		for _, other := range batch.Inputs {
			isFinal := other.Edition != "" && !other.Provisional && other.Version != ""
			if in.Provisional && isFinal && other.Source == in.Source && other.Edition == in.Edition && counts(other) == n {
				return false
			}
		}
	}
	return true
}

// An index of all batches knows what counted at any earlier time.
func TestReadingsAtAnyTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var done []Batch
		for n := range rapid.IntRange(1, 6).Draw(t, "batches") {
			batch := Batch{ID: fmt.Sprint(n)}
			for _, object := range []string{"a", "b", "c"} {
				if rapid.IntRange(0, 3).Draw(t, "removed") == 0 {
					batch.Removed = append(batch.Removed, ObjectKey{"app", object})
				}
				if rapid.Bool().Draw(t, "read") {
					batch.Inputs = append(batch.Inputs, Input{
						Source: "app", Object: object, Version: rapid.SampledFrom([]string{"", "1"}).Draw(t, "version"),
						Edition: rapid.SampledFrom([]string{"", "x"}).Draw(t, "edition"), Provisional: object == "a",
					})
				}
			}
			done = append(done, batch)
		}
		r := NewReadings(done)
		for known := range len(done) + 1 {
			for i, batch := range done[:known] {
				for _, in := range batch.Inputs {
					if got, want := r.stands(known, i, in), plainlyStands(done[:known], i, in); got != want {
						t.Errorf("after %d batches, of batch %d, %s counts: %v, want %v\n%+v", known, i, in.Object, got, want, done)
					}
				}
			}
		}
	})
}
