package lake

import (
	"context"
	"fmt"
	"time"

	"sojourn/internal/bucket"
)

// Applied says that staged files count although they are late.
type Applied struct {
	ID    string    `json:"id"` // six digits, counting up
	Files []string  `json:"files"`
	Run   string    `json:"run"`
	Made  time.Time `json:"made"`
}

// WriteApplied lets late files count from now on.
func WriteApplied(ctx context.Context, b *bucket.Bucket, a Applied) error {
	before, err := readAll[Applied](ctx, b, applied)
	if err != nil {
		return err
	}
	a.ID = fmt.Sprintf("%06d", len(before)+1)
	return writeJSON(ctx, b, applied+a.ID+".json", a)
}

// apply notes in the batches which late files count.
func apply(done []Batch, counts []Applied) {
	by := map[string]string{}
	for _, a := range counts {
		for _, f := range a.Files {
			by[writtenObject(f)] = a.Run
		}
	}
	for i := range done {
		for j := range done[i].Staged {
			f := &done[i].Staged[j]
			f.AppliedBy = by[writtenObject(f.Object)]
		}
	}
}

// Late returns the late files of all batches, whether they count or not, in
// order of batch and day.
func Late(done []Batch) []File {
	var late []File
	for _, b := range done {
		for _, f := range b.Staged {
			if f.IsLate {
				late = append(late, f)
			}
		}
	}
	return late
}
