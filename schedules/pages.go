package schedules

import (
	"cmp"
	"slices"
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
	n := p.len()
	if n == 0 {
		return nil
	}
	order := make([]int32, n)
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int { return cmp.Or(compare(p.at(a), p.at(b)), cmp.Compare(a, b)) })
	rows := make([]R, n)
	for i, from := range order {
		rows[i] = *p.at(from)
	}
	p.pages = nil
	return rows
}
