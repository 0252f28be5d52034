package lake

import "time"

// Quarantined is a file of quarantined records.
type Quarantined struct {
	File
	Batch      string      // that read them
	Made       time.Time   // when
	Superseded []ObjectKey // sorted: records of these objects do not count
}

// Quarantine returns the files of records that could not be used, in the order
// of batches, with the objects that a later batch has read again or that are
// gone since.
func Quarantine(done []Batch) []Quarantined {
	stands := standing(done)
	var files []Quarantined
	for i, batch := range done {
		var superseded []ObjectKey
		for _, in := range batch.Inputs {
			if in.Quarantined > 0 && !stands(i, in) {
				superseded = append(superseded, ObjectKey{in.Source, in.Object})
			}
		}
		sortKeys(superseded)
		for _, f := range batch.Quarantine {
			files = append(files, Quarantined{f, batch.ID, batch.Made, superseded})
		}
	}
	return files
}
