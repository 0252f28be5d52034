package schedules

import (
	"errors"
	"fmt"
	"iter"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sojourn/transform"
)

// subjects yields events of n subjects, one slice that is used again, and then
// the error if there is one.
func subjects(n int, err error) iter.Seq2[[]transform.Event, error] {
	return func(yield func([]transform.Event, error) bool) {
		var events []transform.Event
		for i := range n {
			events = events[:0]
			size := i%5 + 1
			if i%1400 == 7 {
				size = 3 * chunkEvents // which are lent
			}
			for j := range size {
				events = append(events, transform.Event{DeviceID: fmt.Sprint("d", i), At: int64(j)})
			}
			if !yield(events, nil) {
				return
			}
		}
		if err != nil {
			yield(nil, err)
		}
	}
}

// list writes down what is yielded, up to a number of subjects.
func list(events iter.Seq2[[]transform.Event, error], most int) (list []string) {
	for of, err := range events {
		if err != nil {
			list = append(list, err.Error())
			continue
		}
		list = append(list, fmt.Sprint(of[0].DeviceID, " ", len(of)))
		if len(list) == most {
			break
		}
	}
	return list
}

// Reading ahead changes nothing: not what comes, not where an error stands, and
// not that one may stop early.
func TestAheadChangesNothing(t *testing.T) {
	const all = 1 << 30
	for _, n := range []int{0, 1, 2, 1500, 20_000} {
		for _, err := range []error{nil, errors.New("the file ends")} {
			for _, most := range []int{1, 1400, all} {
				want := list(subjects(n, err), most)
				got := list(ahead(subjects(n, err)), most)
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%d subjects, error %v, at most %d (-want +got):\n%.500s", n, err, most, diff)
				}
			}
		}
	}
}
