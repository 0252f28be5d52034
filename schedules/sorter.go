package schedules

import (
	"math"

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

	most int // bytes in memory; 0 for no limit
	runs []*parts
	disk *spool.File // of all runs
}

// runChunks is about in how many pieces a run is read when runs are merged.
const runChunks = 32

// add adds what a subject comes to.
func (s *sorter) add(f *transform.Folded) error {
	of := people{sessions: f.Began, days: f.Days, steps: f.Steps}
	n := of.bytes()
	if s.most > 0 && n >= s.most && of.isSorted() {
		// Such as a bot's: they would not fit twice.
		return s.addRun(of)
	}
	s.sessions.add(of.sessions...)
	s.days.add(of.days...)
	s.steps.add(of.steps...)
	if s.bytes += n; s.most == 0 || s.bytes < s.most {
		return nil
	}
	return s.spill()
}

// addRun writes rows to disk that are in order, after those before.
func (s *sorter) addRun(of people) error {
	if err := s.spill(); err != nil {
		return err
	}
	run := s.run()
	if err := run.add(of); err != nil {
		return err
	}
	return run.toDisk()
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

// run begins a run.
func (s *sorter) run() *parts {
	if s.disk == nil {
		s.disk = new(spool.File)
	}
	run := &parts{most: s.most / runChunks, disk: s.disk}
	s.runs = append(s.runs, run)
	return run
}

// spill writes what is in memory to disk.
func (s *sorter) spill() error {
	if s.bytes == 0 {
		return nil
	}
	run := s.run()
	for c := s.inMemory(s.most / runChunks); ; {
		of, err := c.next()
		if err != nil {
			return err
		}
		if of.bytes() == 0 {
			break
		}
		if err := run.add(of); err != nil {
			return err
		}
	}
	return run.toDisk()
}

// inMemory returns what is in memory, sorted, about so many bytes at a time.
func (s *sorter) inMemory(bytes int) *crowd {
	sessions := s.sessions.inOrder((*transform.Session).Compare, ofSession)
	days := s.days.inOrder((*transform.SessionDay).Compare, ofSessionDay)
	steps := s.steps.inOrder((*transform.Step).Compare, ofStep)
	s.bytes = 0
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
	if len(s.runs) == 0 {
		all = s.inMemory(math.MaxInt)
	} else {
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

// merged merges runs, those of subjects that came first first.
func merged(runs []*parts) *crowd {
	var crowds []*crowd
	for _, r := range runs {
		crowds = append(crowds, r.crowd())
	}
	return &crowd{next: func() (people, error) {
		var reaches []reach
		for _, c := range crowds {
			r, err := c.peek(1)
			if err != nil {
				return people{}, err
			}
			reaches = append(reaches, r)
		}
		user, ok := meet(reaches...)
		if !ok {
			return people{}, nil
		}
		var found []people
		for _, c := range crowds {
			of, err := c.upTo(user)
			if err != nil {
				return people{}, err
			}
			if of.bytes() > 0 {
				found = append(found, of)
			}
		}
		if len(found) == 1 {
			return found[0], nil
		}
		var together sorter
		for _, of := range found {
			together.sessions.add(of.sessions...)
			together.days.add(of.days...)
			together.steps.add(of.steps...)
		}
		return together.inMemory(math.MaxInt).next()
	}}
}

// close lets go of what is on disk.
func (s *sorter) close() error {
	if s.disk == nil {
		return nil
	}
	return s.disk.Close()
}
