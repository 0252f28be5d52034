package extract

import (
	"bytes"
	"fmt"
)

// A guesser tells whose records are whose.
type guesser struct {
	scan       scanner
	candidates []candidate
}

// A candidate is a product whose records are looked for.
type candidate struct {
	name   string
	is     func(v []value) bool
	root   *node
	values []value
}

func newGuesser() *guesser {
	g := &guesser{}
	for _, p := range products() {
		g.candidates = append(g.candidates, candidate{
			p.name, p.is, newNode(splitPaths(p.paths)).embed(p.embedded...), make([]value, len(p.paths)),
		})
	}
	return g
}

// product names the product that has such records, "" if none is known to.
func (g *guesser) product(record []byte) string {
	if isSnowplow(record) {
		return "snowplow"
	}
	record = bytes.TrimSpace(record)
	if len(record) == 0 || record[0] != '{' {
		return ""
	}
	for _, c := range g.candidates {
		if g.scan.record(record, c.root, c.values) == nil && c.is(c.values) {
			return c.name
		}
	}
	return ""
}

// guessRecord names the product that has such records, "" if none is known to.
func guessRecord(record []byte) string { return newGuesser().product(record) }

// mistaken is the flaw of a record of another product than that of the source;
// nil if it is not known to be one.
func mistaken(record []byte, own string) *flaw { return misnamed(guessRecord(record), own) }

// misnamed is mistaken for a record that looks like one of another product;
// "" for none that is known.
func misnamed(other, own string) *flaw {
	if other != "" && other != own {
		return &flaw{wrongFormat, fmt.Sprintf("this is a record of %s, not of %s: is the source's format right, and its match?", other, own)}
	}
	return nil
}
