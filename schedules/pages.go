package schedules

import (
	"cmp"
	"slices"
	"sort"
)

// Pages hold rows as they come, when nobody knows how many there will be: a
// slice that grows would move all of them again and again. The zero value
// holds none.
type pages[R any] struct {
	pages [][]R // all full but the last
}

const pageRows = 1 << 10

func (p *pages[R]) add(rows ...R) {
	for i := range rows {
		last := len(p.pages) - 1
		if last < 0 || len(p.pages[last]) == pageRows {
			// A day of few rows has a small first page.
			p.pages = append(p.pages, make([]R, 0, min(pageRows, max(16, len(p.pages)*pageRows))))
			last++
		}
		p.pages[last] = append(p.pages[last], rows[i])
	}
}

func (p *pages[R]) len() int {
	if len(p.pages) == 0 {
		return 0
	}
	return (len(p.pages)-1)*pageRows + len(p.pages[len(p.pages)-1])
}

func (p *pages[R]) at(i int32) *R { return &p.pages[i/pageRows][i%pageRows] }

// sorted returns the rows in order, those that compare as equal in the order
// they came, nil if there are none. Each is moved once, which matters as rows
// are long. The pages are empty afterwards.
func (p *pages[R]) sorted(compare func(a, b *R) int) []R {
	o := p.inOrder(compare, nil)
	return o.take(len(o.order))
}

// inOrder returns the rows in the order of sorted, to be taken some at a time,
// by users if a row's user is told. The pages are empty afterwards.
func (p *pages[R]) inOrder(compare func(a, b *R) int, user func(*R) string) *ordered[R] {
	o := &ordered[R]{rows: *p, user: user}
	*p = pages[R]{}
	o.order = make([]int32, o.rows.len())
	for i := range o.order {
		o.order[i] = int32(i)
	}
	slices.SortFunc(o.order, func(a, b int32) int { return cmp.Or(compare(o.rows.at(a), o.rows.at(b)), cmp.Compare(a, b)) })
	return o
}

// ordered are rows in order.
type ordered[R any] struct {
	rows  pages[R]
	order []int32 // of the rows not taken
	user  func(*R) string
}

// peek returns how far about the next n rows reach.
func (o *ordered[R]) peek(n int) reach {
	n = min(max(n, 1), len(o.order))
	if n == 0 {
		return reach{none: true}
	}
	return reach{user: o.user(o.rows.at(o.order[n-1])), all: n == len(o.order)}
}

// upTo takes the rows of the users up to one.
func (o *ordered[R]) upTo(user string) []R {
	return o.take(sort.Search(len(o.order), func(i int) bool { return o.user(o.rows.at(o.order[i])) > user }))
}

func (o *ordered[R]) take(n int) []R {
	if n == 0 {
		return nil
	}
	rows := make([]R, n)
	for i, from := range o.order[:n] {
		rows[i] = *o.rows.at(from)
	}
	if o.order = o.order[n:]; len(o.order) == 0 {
		o.rows = pages[R]{}
	}
	return rows
}
