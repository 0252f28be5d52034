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

// suppress leaves out the rows of cuts, the total excepted, that are about
// fewer than least users. Where that would leave out a single segment of a
// cut, the smallest of the others goes too: else it could be had by taking
// those that are shown from the total.
func suppress[R any](rows *[]R, least int64, of func(*R) cell) {
	type group struct{ cut, rest string }
	type standing struct {
		hidden, next int // rows left out; index of the smallest that is shown, -1 if there is none
	}
	groups := map[group]*standing{}
	cells := make([]cell, len(*rows))
	hide := make([]bool, len(*rows))
	for i := range *rows {
		c := of(&(*rows)[i])
		cells[i] = c
		if c.cut == total {
			continue
		}
		g := groups[group{c.cut, c.rest}]
		if g == nil {
			g = &standing{next: -1}
			groups[group{c.cut, c.rest}] = g
		}
		switch {
		case c.users < least:
			hide[i] = true
			g.hidden++
		case g.next < 0 || c.users < cells[g.next].users:
			g.next = i // of equals the first: rows are in order
		}
	}
	for _, g := range groups {
		if g.hidden == 1 && g.next >= 0 {
			hide[g.next] = true
		}
	}
	i := -1
	*rows = slices.DeleteFunc(*rows, func(R) bool { i++; return hide[i] })
}
