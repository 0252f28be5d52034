package extract

import (
	"slices"
	"strings"
)

// propertyPlaces returns the places that are read for the properties of the
// user's own: for each property one in each bag, or the keyed lists.
func (p product) propertyPlaces(s Source) [][]string {
	var places [][]string
	for _, path := range s.propertyPaths() {
		for _, bag := range p.bags {
			places = append(places, slices.Concat(splitPath(bag), splitPath(path)))
		}
	}
	if len(s.Properties) > 0 {
		places = append(places, splitPaths(p.keyed)...)
	}
	return places
}

// keeper returns what sets the values of the properties, in the order of their
// names, from those at propertyPlaces. Of a property that several bags have,
// the first that can be kept counts.
func (p product) keeper(s Source, kept []value) func(found []value) {
	if len(p.keyed) > 0 {
		return keyedKeeper(s, kept)
	}
	return func(found []value) {
		for i := range kept {
			kept[i] = firstPlain(found[i*len(p.bags) : (i+1)*len(p.bags)]...)
		}
	}
}

// keyedKeeper is keeper for lists of objects with key and value, as GA4 has.
func keyedKeeper(s Source, kept []value) func(lists []value) {
	wanted := map[string][]int{}
	for i, path := range s.propertyPaths() {
		key := strings.Join(splitPath(path), ".")
		wanted[key] = append(wanted[key], i)
	}
	var readers []*keyedList
	return func(lists []value) {
		clear(kept)
		for i, list := range lists {
			if i == len(readers) {
				readers = append(readers, newKeyedList())
			}
			readers[i].each(list, func(key []byte, v value) {
				for _, to := range wanted[string(key)] {
					kept[to] = firstPlain(kept[to], v)
				}
			})
		}
	}
}

// A keyedList reads a list of objects with a key and a value of one of the
// types that GA4 has. Values are valid until the next list.
type keyedList struct {
	scan    scanner
	root    *node
	element []value
}

func newKeyedList() *keyedList {
	paths := keyedPaths()
	return &keyedList{root: newNode(paths), element: make([]value, len(paths))}
}

// keyedPaths are the places of the key and of the four types of values.
func keyedPaths() [][]string {
	return [][]string{
		{"key"},
		{"value", "string_value"},
		{"value", "int_value"},
		{"value", "float_value"},
		{"value", "double_value"},
	}
}

// each calls take with the key and value of each element. What is no list has
// none.
func (l *keyedList) each(list value, take func(key []byte, v value)) {
	if list.kind != array {
		return
	}
	for l.scan.begin(list.bytes); l.scan.element(l.root, l.element); {
		take(l.element[0].bytes, firstKnown(l.element[1:]...))
	}
}
