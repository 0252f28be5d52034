package transform

import (
	"fmt"
	"slices"
)

// A cell is what a row of a metric table is about, for deciding whether it is
// about too few.
type cell struct {
	cut, segment string
	rest         string // what else tells it from other rows of its segment
	users        int64
}

// key writes what else is in the key of a row.
func key(parts ...any) string { return fmt.Sprint(parts...) }

// within is how rows of one segment give each other away.
type within[R any] struct {
	// line names the rows of a segment that add up to one that is shown, such
	// as the buckets of its active users. A user may be in several of them.
	// It is "" for a row in none.
	line func(*R) string
	// tells are what is left of the keys of rows that can be had from this one,
	// such as the row that its share is of.
	tells func(*R) []string
}

// suppress leaves out the rows of cuts, the total excepted, that are about
// fewer than least users, and as many others as it takes that none of those
// can be had by taking what is shown from a sum that is shown too.
//
// The rows of a cut that differ by segment alone add up to the row of the
// total: they are a line. Others says of further ones.
func suppress[R any](rows *[]R, least int64, of func(*R) cell, others ...within[R]) {
	suppressAmong(rows, least, of, func(*R) int64 { return 0 }, others...)
}

// suppressAmong is suppress for a table in which 0 users are an answer too: a
// row about nobody is shown where the group, those who could have been among
// its users, is large enough.
func suppressAmong[R any](rows *[]R, least int64, of func(*R) cell, group func(*R) int64, others ...within[R]) {
	s := suppression{least: least, shown: make([]bool, len(*rows))}
	lines := map[string]int{}
	join := func(name string, overlaps bool, row int) {
		i, ok := lines[name]
		if !ok {
			i = len(s.lines)
			lines[name] = i
			s.lines = append(s.lines, line{overlaps: overlaps})
		}
		s.lines[i].rows = append(s.lines[i].rows, row)
	}
	named := map[[3]string]int{}
	for i := range *rows {
		c := of(&(*rows)[i])
		s.users, s.groups = append(s.users, c.users), append(s.groups, group(&(*rows)[i]))
		s.shown[i] = c.cut == total || c.users >= least || c.users == 0 && s.groups[i] >= least
		named[[3]string{c.cut, c.segment, c.rest}] = i
	}
	for i := range *rows {
		r := &(*rows)[i]
		c := of(r)
		if c.cut == total {
			continue
		}
		join(fmt.Sprintf("%q %q", c.cut, c.rest), c.cut == byVersion, i)
		for n, o := range others {
			if name := o.line(r); name != "" {
				join(fmt.Sprintf("%d %q %q %q", n, c.cut, c.segment, name), true, i)
			}
			for _, rest := range o.tells(r) {
				if told, ok := named[[3]string{c.cut, c.segment, rest}]; ok {
					s.tells = append(s.tells, [2]int{i, told})
				}
			}
		}
	}
	s.settle()
	i := -1
	*rows = slices.DeleteFunc(*rows, func(R) bool { i++; return !s.shown[i] })
}

// A suppression says which rows are shown. It knows them by their indexes.
type suppression struct {
	least  int64
	users  []int64
	groups []int64 // of which the users are
	shown  []bool
	lines  []line
	tells  [][2]int // a row, and one that can be had from it
}

// A line is rows that add up to something that is shown.
type line struct {
	rows     []int
	overlaps bool // a user may be in several of them
}

// settle hides rows until nothing more has to be: what one line hides may be
// had from another that it is in too.
func (s *suppression) settle() {
	for changed := true; changed; {
		changed = false
		for _, t := range s.tells {
			if s.shown[t[0]] && !s.shown[t[1]] {
				s.shown[t[0]], changed = false, true
			}
		}
		for i := range s.lines {
			for row := s.next(&s.lines[i]); row >= 0; row = s.next(&s.lines[i]) {
				s.shown[row], changed = false, true
			}
		}
	}
}

// next returns the row of a line that has to go next, the smallest of those
// shown and of equals the first; -1 if none has to. The sum of what is hidden
// is known: it must be of two rows or more, and about least users. Rows about
// nobody have nothing to hide but how many could have been among their users.
func (s *suppression) next(l *line) int {
	for _, numbers := range [...][]int64{s.users, s.groups} {
		rows, sum := s.hidden(l, numbers)
		if rows == 0 {
			continue
		}
		if rows > 1 && sum >= s.least {
			return -1
		}
		if row := s.smallest(l, numbers); row >= 0 {
			return row
		}
		return s.smallest(l, s.groups)
	}
	return -1
}

// hidden counts the hidden rows of a line that have a number, and the users
// who are surely behind them.
func (s *suppression) hidden(l *line, numbers []int64) (rows int, sum int64) {
	for _, i := range l.rows {
		n := numbers[i]
		if s.shown[i] || n == 0 {
			continue
		}
		rows++
		if l.overlaps {
			sum = max(sum, n) // at least those of one row are different users
		} else {
			sum += n
		}
	}
	return rows, sum
}

// smallest returns the row that is shown with the smallest number but 0, the
// first of equals; -1 if there is none.
func (s *suppression) smallest(l *line, numbers []int64) int {
	row := -1
	for _, i := range l.rows {
		if s.shown[i] && numbers[i] > 0 && (row < 0 || numbers[i] < numbers[row]) {
			row = i
		}
	}
	return row
}

// withoutRunningSums takes from rows of cuts what adds up buckets: two of them
// would tell of the bucket between, shown or not.
func withoutRunningSums(tables *Tables) {
	for i := range tables.DailyFrequency {
		if r := &tables.DailyFrequency[i]; r.Cut != total {
			r.UsersAtLeast, r.ShareAtLeast = nil, nil
		}
	}
	for i := range tables.LengthHistogram {
		if r := &tables.LengthHistogram[i]; r.Cut != total {
			r.CumulativeShare = nil
		}
	}
}
