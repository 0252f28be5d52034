package schedules

import (
	"iter"
	"math"

	"sojourn/internal/parquetfile"
	"sojourn/internal/spool"
	"sojourn/transform"
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

// bytes is about what the rows in memory take.
func (p *parts) bytes() (n int) {
	for i := range p.list {
		n += p.list[i].bytes()
	}
	return n
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
		if err := p.store(i, allLists, p.list[i].people); err != nil {
			return err
		}
	}
	return nil
}

// store puts lists of a part on disk: all of one in memory, or some that take
// the place of those on disk, whose room is given back when the day is closed.
func (p *parts) store(i int, some lists, of people) error {
	if p.disk == nil {
		p.disk = new(spool.File)
	}
	var s stored
	if was := p.list[i].stored; was != nil {
		s = *was
	}
	for _, list := range s.lists(some, &of) {
		if err := list.put(p.disk); err != nil {
			return err // what there was stays
		}
	}
	p.list[i].people, p.list[i].stored = people{}, &s
	return nil
}

// at returns some lists of a part. Those in memory are the part's own.
func (p *parts) at(i int, some lists) (of people, err error) {
	s := p.list[i].stored
	if s == nil {
		return p.list[i].only(some), nil
	}
	for _, list := range s.lists(some, &of) {
		if err := list.load(p.disk); err != nil {
			return people{}, err
		}
	}
	return of, nil
}

// change has some lists of a part changed, each row in its place.
func (p *parts) change(i int, some lists, change func(*people) error) error {
	of, err := p.at(i, some)
	if err != nil {
		return err
	}
	if err := change(&of); err != nil || p.list[i].stored == nil {
		return err // in memory they are the part's own
	}
	return p.store(i, some, of)
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

// lists pairs some lists of people with where they are stored.
func (s *stored) lists(some lists, of *people) (all []storedList) {
	for _, list := range []struct {
		which lists
		storedList
	}{
		{sessionLists, rowsAt[transform.Session]{&of.sessions, &s.sessions}},
		{dayLists, rowsAt[transform.SessionDay]{&of.days, &s.days}},
		{stepLists, rowsAt[transform.Step]{&of.steps, &s.steps}},
		{userLists, rowsAt[transform.User]{&of.users, &s.users}},
		{eventLists, rowsAt[transform.UserEvent]{&of.userEvents, &s.userEvents}},
		{featureLists, rowsAt[transform.UserFeature]{&of.userFeatures, &s.userFeatures}},
		{funnelLists, rowsAt[transform.UserFunnel]{&of.userFunnels, &s.userFunnels}},
		{retentionLists, rowsAt[transform.UserRetention]{&of.retention, &s.retention}},
	} {
		if some&list.which != 0 {
			all = append(all, list.storedList)
		}
	}
	return all
}

// A storedList is a list of any kind of row.
type storedList interface {
	put(disk *spool.File) error
	load(disk *spool.File) error
}

type rowsAt[R any] struct {
	rows *[]R
	at   *spool.Section
}

func (l rowsAt[R]) put(disk *spool.File) error {
	*l.at = spool.Section{}
	if len(*l.rows) == 0 {
		return nil
	}
	data, err := parquetfile.Encode(*l.rows)
	if err != nil {
		return err
	}
	*l.at, err = disk.Append(data)
	return err
}

func (l rowsAt[R]) load(disk *spool.File) error {
	if *l.at == (spool.Section{}) {
		return nil
	}
	data, err := disk.Read(*l.at)
	if err != nil {
		return err
	}
	*l.rows, err = parquetfile.Decode[R](data)
	return err
}
