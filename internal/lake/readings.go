package lake

// Readings says which readings of raw objects count, now and at the time of any
// earlier batch: a day was made from what counted then. An index of them is made
// once, and asked for each day.
type Readings struct {
	done    []Batch
	of      map[ObjectKey][]fate
	settled map[edition][]attempt // readings for good
	byFile  map[string]int        // the batch that wrote a staged file, by its name before erasures
}

// A fate is what a batch did of an object: it was read to the end, or not, or
// found to be gone.
type fate struct {
	batch int
	kind  fateKind
}

type fateKind uint8

const (
	broken fateKind = iota
	whole
	gone
)

// An edition is what objects of a source are that take each other's place.
type edition struct{ source, name string }

// An attempt is a reading of an object by a batch.
type attempt struct {
	key   ObjectKey
	batch int
}

// NewReadings indexes the inputs of all batches, oldest first.
func NewReadings(done []Batch) *Readings {
	inputs := 0
	for i := range done {
		inputs += len(done[i].Inputs)
	}
	r := &Readings{done: done, of: make(map[ObjectKey][]fate, inputs), settled: map[edition][]attempt{}, byFile: map[string]int{}}
	for i, batch := range done {
		for _, key := range batch.Removed {
			r.of[key] = append(r.of[key], fate{i, gone})
		}
		for _, in := range batch.Inputs {
			key, kind := ObjectKey{in.Source, in.Object}, broken
			if in.Version != "" {
				kind = whole
				if in.Edition != "" && !in.Provisional {
					e := edition{in.Source, in.Edition}
					r.settled[e] = append(r.settled[e], attempt{key, i})
				}
			}
			r.of[key] = append(r.of[key], fate{i, kind})
		}
		for _, f := range batch.Staged {
			r.byFile[writtenObject(f.Object)] = i
		}
	}
	return r
}

// latest returns the batch whose reading of an object counts after so many
// batches: the last one that read it to the end, or the last one if none did. A
// reading that broke off has no version, and must not undo an earlier one. An
// object that was removed and has not been read since has none.
func (r *Readings) latest(known int, key ObjectKey) (batch int, ok bool) {
	isWhole := false
	for _, f := range r.of[key] {
		switch {
		case f.batch >= known:
			return batch, ok
		case f.kind == gone:
			ok, isWhole = false, false
		case f.kind == whole || !isWhole:
			batch, ok, isWhole = f.batch, true, f.kind == whole
		}
	}
	return batch, ok
}

// stands says whether a reading of batch i counts after so many batches: it is
// the latest of its object, the object has not been removed since, and no object
// has been read for good in its place.
func (r *Readings) stands(known, i int, in Input) bool {
	at, ok := r.latest(known, ObjectKey{in.Source, in.Object})
	if !ok || at != i {
		return false
	}
	if !in.Provisional {
		return true
	}
	for _, a := range r.settled[edition{in.Source, in.Edition}] {
		if at, ok := r.latest(known, a.key); ok && at == a.batch {
			return false
		}
	}
	return true
}
