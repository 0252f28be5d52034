package lake

import (
	"fmt"
	"slices"

	"sojourn/internal/calendar"
)

// AsMade returns the batches that were there when a day was made, and the
// staged files that it was made from. It is an error if the batches do not say
// any more what those files had: the day is not what was made from them.
func AsMade(done []Batch, made Day) ([]Batch, []StagedFile, error) {
	known := len(done)
	if made.Batch != "" {
		known = slices.IndexFunc(done, func(b Batch) bool { return b.ID > made.Batch })
		if known < 0 {
			known = len(done)
		}
	}
	have := map[string]StagedFile{}
	for _, f := range Staged(done[:known])[made.Day] {
		have[f.Object] = f
	}
	var files []StagedFile
	for _, f := range made.Inputs {
		now, ok := have[f.Object]
		if !ok || now.SHA256 != f.SHA256 || now.SupersededSHA256 != f.SupersededSHA256 {
			return nil, nil, fmt.Errorf("the tables of %s were made from %s as it is not in the lake any more", made.Day, f.Object)
		}
		files = append(files, now)
	}
	return done[:known], files, nil
}

// An Origin is a raw object with events of a day.
type Origin struct {
	ObjectKey
	Version string `json:"version"`
	Batch   string `json:"batch"`  // that read it
	Events  int64  `json:"events"` // of the day
}

// Origins returns the raw objects whose events of a day are in some staged
// files and count, sorted by source and object.
func Origins(done []Batch, day calendar.Day, files []StagedFile) []Origin {
	from := NewReadings(done).contributions(len(done), day, files)
	var keys []ObjectKey
	for key := range from {
		keys = append(keys, key)
	}
	sortKeys(keys)
	var origins []Origin
	for _, key := range keys {
		b := done[from[key].batch]
		i := slices.IndexFunc(b.Inputs, func(in Input) bool { return in.Source == key.Source && in.Object == key.Object })
		origins = append(origins, Origin{key, b.Inputs[i].Version, b.ID, from[key].events})
	}
	return origins
}
