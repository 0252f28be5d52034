package schedules

import (
	"iter"
	"math"

	"sojourn/internal/parquetfile"
	"sojourn/internal/spool"
)

// parts are what a day has of all users, in order: in one part or, where
// memory is limited, in several of about that many bytes, which are then on
// disk.
type parts struct {
	most int // bytes of a part; 0 for no limit
	list []part
	disk *spool.File
}

// A part is what a day has of some users.
type part struct {
	first, last string // of its users
	people             // none while it is on disk
	stored      *stored
}

// target is about how many bytes are to be in hand at once.
func (p *parts) target() int {
	if p.most == 0 {
		return math.MaxInt
	}
	return p.most
}

// add adds what there is of the users after those before.
func (p *parts) add(of people) error {
	if of.bytes() == 0 {
		return nil
	}
	p.list = append(p.list, part{first: of.first(), last: of.last(), people: of})
	if p.most == 0 || len(p.list) == 1 {
		return nil
	}
	return p.toDisk() // there are more than may be held
}

// addAll adds all that a crowd has.
func (p *parts) addAll(rows *crowd) error {
	for {
		of, err := rows.next()
		if err != nil || of.bytes() == 0 {
			return err
		}
		if err := p.add(of); err != nil {
			return err
		}
	}
}

// toDisk lets go of all rows in memory.
func (p *parts) toDisk() error {
	for i := range p.list {
		if p.list[i].stored != nil {
			continue
		}
		if err := p.store(i, p.list[i].people); err != nil {
			return err
		}
	}
	return nil
}

func (p *parts) store(i int, of people) error {
	if p.disk == nil {
		p.disk = new(spool.File)
	}
	s, err := store(p.disk, &of)
	if err != nil {
		return err // what there was stays
	}
	p.list[i].people, p.list[i].stored = people{}, s
	return nil
}

// at returns some lists of a part. Those in memory are the part's own.
func (p *parts) at(i int, some lists) (people, error) {
	if s := p.list[i].stored; s != nil {
		return s.load(p.disk, some)
	}
	return p.list[i].only(some), nil
}

// set replaces the rows of a part by others of the same users.
func (p *parts) set(i int, of people) error {
	if p.list[i].stored != nil {
		return p.store(i, of)
	}
	p.list[i].people = of
	return nil
}

// each yields some lists of one part after the other.
func (p *parts) each(some lists) iter.Seq2[people, error] {
	return func(yield func(people, error) bool) {
		for i := range p.list {
			of, err := p.at(i, some)
			if !yield(of, err) || err != nil {
				return
			}
		}
	}
}

// crowd returns some lists of all users, to be read some users at a time.
func (p *parts) crowd(some lists) *crowd {
	i := -1
	return &crowd{next: func() (of people, err error) {
		for of.bytes() == 0 && err == nil {
			if i++; i >= len(p.list) {
				break
			}
			of, err = p.at(i, some)
		}
		return of, err
	}}
}

// whole returns some lists of all users at once.
func (p *parts) whole(some lists) (people, error) {
	var all []people
	for of, err := range p.each(some) {
		if err != nil {
			return people{}, err
		}
		all = append(all, of)
	}
	return joined(all), nil
}

// close lets go of what is on disk.
func (p *parts) close() error {
	if p.disk == nil {
		return nil
	}
	return p.disk.Close()
}

// stored says where in a temporary file the lists of people are.
type stored struct {
	sessions, days, steps, users, userEvents, userFeatures, userFunnels, retention spool.Section
}

func store(disk *spool.File, of *people) (*stored, error) {
	s := &stored{}
	for _, put := range []func() error{
		func() error { return storeRows(disk, of.sessions, &s.sessions) },
		func() error { return storeRows(disk, of.days, &s.days) },
		func() error { return storeRows(disk, of.steps, &s.steps) },
		func() error { return storeRows(disk, of.users, &s.users) },
		func() error { return storeRows(disk, of.userEvents, &s.userEvents) },
		func() error { return storeRows(disk, of.userFeatures, &s.userFeatures) },
		func() error { return storeRows(disk, of.userFunnels, &s.userFunnels) },
		func() error { return storeRows(disk, of.retention, &s.retention) },
	} {
		if err := put(); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *stored) load(disk *spool.File, some lists) (of people, err error) {
	for _, list := range []struct {
		which lists
		get   func() error
	}{
		{sessionLists, func() error { return loadRows(disk, s.sessions, &of.sessions) }},
		{dayLists, func() error { return loadRows(disk, s.days, &of.days) }},
		{stepLists, func() error { return loadRows(disk, s.steps, &of.steps) }},
		{userLists, func() error { return loadRows(disk, s.users, &of.users) }},
		{eventLists, func() error { return loadRows(disk, s.userEvents, &of.userEvents) }},
		{featureLists, func() error { return loadRows(disk, s.userFeatures, &of.userFeatures) }},
		{funnelLists, func() error { return loadRows(disk, s.userFunnels, &of.userFunnels) }},
		{retentionLists, func() error { return loadRows(disk, s.retention, &of.retention) }},
	} {
		if some&list.which == 0 {
			continue
		}
		if err := list.get(); err != nil {
			return people{}, err
		}
	}
	return of, nil
}

func storeRows[R any](disk *spool.File, rows []R, at *spool.Section) error {
	if len(rows) == 0 {
		return nil
	}
	data, err := parquetfile.Encode(rows)
	if err != nil {
		return err
	}
	*at, err = disk.Append(data)
	return err
}

func loadRows[R any](disk *spool.File, at spool.Section, rows *[]R) error {
	if at == (spool.Section{}) {
		return nil
	}
	data, err := disk.Read(at)
	if err != nil {
		return err
	}
	*rows, err = parquetfile.Decode[R](data)
	return err
}
