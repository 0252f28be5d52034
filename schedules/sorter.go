package schedules

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"sojourn/internal/spool"
	"sojourn/transform"
)

// A sorter puts what the subjects of a day come to in the order of users. It
// does so in memory or, where that is limited, run by run on disk.
type sorter struct {
	sessions pages[transform.Session]
	days     pages[transform.SessionDay]
	steps    pages[transform.Step]
	bytes    int // of those

	most limits
	runs []*parts // in the order in which their subjects came
}

const (
	runChunks = 32 // about in how many pieces a run is read when runs are merged
	mostRuns  = 32 // that are merged at once
)

// add adds what a subject comes to.
func (s *sorter) add(f *transform.Folded) error {
	of := people{sessions: f.Began, days: f.Days, steps: f.Steps}
	if s.most.run > 0 && of.bytes() >= s.most.run && of.isSorted() {
		// Such as a bot's: they would not fit twice.
		if err := s.spill(); err != nil {
			return err
		}
		return s.addRun(&crowd{next: func() (people, error) {
			all := of
			of = people{}
			return all, nil
		}})
	}
	s.take(of)
	if s.most.run == 0 || s.bytes < s.most.run {
		return nil
	}
	return s.spill()
}

func (s *sorter) take(of people) {
	s.sessions.add(of.sessions...)
	s.days.add(of.days...)
	s.steps.add(of.steps...)
	s.bytes += of.bytes()
}

// isSorted says whether all rows of sessions are in the order of their tables.
func (p *people) isSorted() bool {
	return isSorted(p.sessions, (*transform.Session).Compare) && isSorted(p.days, (*transform.SessionDay).Compare) && isSorted(p.steps, (*transform.Step).Compare)
}

func isSorted[R any](rows []R, compare func(a, b *R) int) bool {
	for i := 1; i < len(rows); i++ {
		if compare(&rows[i-1], &rows[i]) > 0 {
			return false
		}
	}
	return true
}

// spill writes what is in memory to disk.
func (s *sorter) spill() error {
	if s.bytes == 0 {
		return nil
	}
	return s.addRun(s.inMemory(s.most.run / runChunks))
}

// addRun writes rows to disk that are in order.
func (s *sorter) addRun(rows *crowd) error {
	run := s.newRun()
	s.runs = append(s.runs, run)
	if err := run.addAll(rows); err != nil {
		return err
	}
	if err := run.toDisk(); err != nil || len(s.runs) < mostRuns {
		return err
	}
	// One of all, or reading a little of each would take all memory.
	all := s.newRun()
	err := all.addAll(merged(s.runs))
	if err == nil {
		err = all.toDisk()
	}
	s.close() // they have been read
	s.runs = []*parts{all}
	return err
}

func (s *sorter) newRun() *parts {
	return &parts{most: max(1, s.most.run/runChunks), disk: new(spool.File)}
}

// inMemory returns what is in memory, sorted, about so many bytes at a time.
func (s *sorter) inMemory(bytes int) *crowd {
	sessions := s.sessions.inOrder((*transform.Session).Compare, ofSession)
	days := s.days.inOrder((*transform.SessionDay).Compare, ofSessionDay)
	steps := s.steps.inOrder((*transform.Step).Compare, ofStep)
	s.bytes = 0
	bytes /= 3 // of each list
	return &crowd{next: func() (people, error) {
		user, ok := meet(sessions.peek(rowsIn[transform.Session](bytes)), days.peek(rowsIn[transform.SessionDay](bytes)), steps.peek(rowsIn[transform.Step](bytes)))
		if !ok {
			return people{}, nil
		}
		return people{sessions: sessions.upTo(user), days: days.upTo(user), steps: steps.upTo(user)}, nil
	}}
}

func rowsIn[R any](bytes int) int { return bytes / sizeOf(make([]R, 1)) }

// sorted returns all rows in the order of their tables, those that compare as
// equal in the order they came. Steps have their numbers.
func (s *sorter) sorted() (*crowd, error) {
	var all *crowd
	switch {
	case s.most.part == 0:
		all = s.inMemory(math.MaxInt)
	case len(s.runs) == 0:
		all = s.inMemory(s.most.part)
	default:
		if err := s.spill(); err != nil {
			return nil, err
		}
		all = merged(s.runs)
	}
	return &crowd{next: func() (people, error) {
		of, err := all.next()
		transform.NumberSteps(of.steps)
		return of, err
	}}, nil
}

// merged merges runs. What only one of them has is not copied.
func merged(runs []*parts) *crowd {
	var readers []*runReader
	for _, r := range runs {
		readers = append(readers, &runReader{run: r})
	}
	var found []people // in order, of different users
	return &crowd{next: func() (people, error) {
		for len(found) == 0 {
			user, ok := leastReach(readers)
			if !ok {
				return people{}, nil
			}
			for _, r := range readers {
				of, err := r.upTo(user)
				if err != nil {
					return people{}, err
				}
				found = append(found, of...)
			}
			found = apart(found)
		}
		first := found[0]
		found = found[1:]
		return first, nil
	}}
}

// leastReach returns the user up to whom the next part of every run reaches; ok
// is false if there is none.
func leastReach(readers []*runReader) (user string, ok bool) {
	for _, r := range readers {
		if last := r.reach(); last != "" && (!ok || last < user) {
			user, ok = last, true
		}
	}
	return user, ok
}

// apart returns the rows of different users, in order. They are as they were
// where no two of the lists have a user in common, and else sorted together.
func apart(all []people) []people {
	all = slices.DeleteFunc(all, func(of people) bool { return of.bytes() == 0 })
	inOrder := slices.Clone(all)
	slices.SortStableFunc(inOrder, func(a, b people) int {
		return cmp.Or(strings.Compare(a.first(), b.first()), strings.Compare(a.last(), b.last()))
	})
	for i := 1; i < len(inOrder); i++ {
		if inOrder[i].first() <= inOrder[i-1].last() {
			var together sorter
			for _, of := range all {
				together.take(of)
			}
			of, _ := together.inMemory(math.MaxInt).next() // of memory: no error
			return []people{of}
		}
	}
	return inOrder
}

// A runReader reads a run on disk. It knows how far a part reaches without
// reading it, which may be all that a bot did.
type runReader struct {
	run  *parts
	read int    // parts
	held people // of them, not taken
}

// reach returns the last user of the next part, "" after the last part.
func (r *runReader) reach() string {
	switch {
	case r.held.bytes() > 0:
		return r.held.last()
	case r.read < len(r.run.list):
		return r.run.list[r.read].last
	}
	return ""
}

// upTo takes the rows of the users up to one, no further than reach.
func (r *runReader) upTo(user string) ([]people, error) {
	if r.held.bytes() == 0 {
		if r.read == len(r.run.list) || r.run.list[r.read].first > user {
			return nil, nil
		}
		var err error
		if r.held, err = r.run.at(r.read, allLists); err != nil {
			return nil, err
		}
		r.read++
	}
	mine, rest := r.held.cut(user)
	r.held = rest
	return []people{mine}, nil
}

// close lets go of what is on disk.
func (s *sorter) close() {
	for _, r := range s.runs {
		r.close() // it has been read to its end, or is not wanted
	}
}
