package extract

import "strings"

// An inside tells which places are inside of which: for each place, the index
// of the place of the object that it is inside of, -1 for none.
type inside []int

// newInside returns what paths say. A path comes after that of its object.
func newInside(paths []string) inside {
	in := make(inside, len(paths))
	for i, path := range paths {
		in[i] = -1
		for j, holder := range paths[:i] {
			if strings.HasPrefix(path, holder+".") {
				in[i] = j
			}
		}
	}
	return in
}

// clear empties the values inside of what is no object: programs write true
// or a name where others write an object, and then nothing is inside.
func (in inside) clear(v []value) {
	for i, holder := range in {
		if holder >= 0 && v[holder].kind != object {
			v[i] = value{}
		}
	}
}
