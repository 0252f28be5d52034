package extract

import (
	"fmt"
	"slices"
	"strings"

	"github.com/parquet-go/parquet-go"
	types "github.com/parquet-go/parquet-go/format"
)

// A recordNode is a place in the rows of a Parquet file as it is written into
// a record.
type recordNode struct {
	name     string // with quotes and colon, as it stands before the value
	shape    recordShape
	children []*recordNode // of a list: the element; of a map: key and value
	first    *recordColumn // the first column at or below it
	key      bool          // is the key of a map

	// A value with a definition level below this one is null.
	definition int

	// Of a list or map: it is empty below the definition level content, and
	// each further element begins at the repetition level.
	content, repetition int
}

// A recordShape is how a place is written.
type recordShape uint8

const (
	leafNode recordShape = iota
	objectShape
	listShape
	mapShape
)

// recordSchema makes the nodes of a file.
type recordSchema struct {
	table *recordTable
	units []int64
	err   error
}

// field makes the node of a column under its name, nil if nothing of it is
// wanted. If all is set everything below it is.
func (s *recordSchema) field(c *parquet.Column, wanted *node, all bool) *recordNode {
	var n *recordNode
	if c.Repeated() {
		n = s.list(c.MaxDefinitionLevel()-1, c, s.value(c, nil, true))
	} else {
		n = s.value(c, wanted, all)
	}
	if n != nil {
		n.name = string(append(appendQuoted(nil, []byte(c.Name())), ':'))
	}
	return n
}

// value makes the node of what a column has once, or in each of its elements.
func (s *recordSchema) value(c *parquet.Column, wanted *node, all bool) *recordNode {
	if c.Leaf() {
		return s.leaf(c, wanted)
	}
	if elements, ok := listOf(c); ok {
		return s.list(c.MaxDefinitionLevel(), elements, s.element(c, elements))
	}
	if pairs, ok := mapOf(c); ok {
		return s.pairs(c, pairs)
	}
	return s.object(c, wanted, all)
}

func (s *recordSchema) leaf(c *parquet.Column, wanted *node) *recordNode {
	column := &recordColumn{path: strings.Join(c.Path(), "."), leaf: leafShape{
		c.Index(), c.MaxRepetitionLevel(), c.MaxDefinitionLevel(), c.Type().Kind(),
	}, convert: converterOf(c.Type())}
	if column.convert == nil {
		if wanted != nil && s.err == nil && !s.optional(wanted) {
			s.err = fmt.Errorf("column %s has type %s, which cannot be read", column.path, c.Type())
		}
		return nil
	}
	if wanted != nil {
		for _, slot := range wanted.slots {
			column.unit = max(column.unit, s.units[slot])
		}
	}
	s.table.columns = append(s.table.columns, column)
	return &recordNode{shape: leafNode, first: column, definition: c.MaxDefinitionLevel()}
}

// optional says whether all that is wanted at or below a place may be left out.
func (s *recordSchema) optional(n *node) bool {
	for _, slot := range n.slots {
		if s.units[slot] != optionalPlace {
			return false
		}
	}
	for i := range n.children {
		if !s.optional(&n.children[i]) {
			return false
		}
	}
	return true
}

func (s *recordSchema) object(c *parquet.Column, wanted *node, all bool) *recordNode {
	n := &recordNode{shape: objectShape, definition: c.MaxDefinitionLevel()}
	for _, column := range c.Columns() {
		var inside *node
		if wanted != nil {
			inside = wanted.child([]byte(column.Name()))
		}
		if inside == nil && !all {
			continue
		}
		if child := s.field(column, inside, all || len(inside.slots) > 0); child != nil {
			n.children = append(n.children, child)
		}
	}
	if len(n.children) == 0 {
		return nil
	}
	n.first = n.children[0].first
	return n
}

// list makes the node of a list that is null below a definition level.
func (s *recordSchema) list(definition int, elements *parquet.Column, element *recordNode) *recordNode {
	if element == nil {
		return nil
	}
	return &recordNode{
		shape: listShape, children: []*recordNode{element}, first: element.first, definition: definition,
		content: elements.MaxDefinitionLevel(), repetition: elements.MaxRepetitionLevel(),
	}
}

// element makes the node of an element of a list, by the rules for lists of
// the Parquet format: the repeated group stands for the element itself where
// older writers made it so.
func (s *recordSchema) element(list, elements *parquet.Column) *recordNode {
	columns := elements.Columns()
	if elements.Leaf() || len(columns) != 1 || elements.Name() == "array" || elements.Name() == list.Name()+"_tuple" {
		return s.value(elements, nil, true)
	}
	n := s.field(columns[0], nil, true)
	if n != nil {
		n.name = ""
	}
	return n
}

func (s *recordSchema) pairs(c, pairs *parquet.Column) *recordNode {
	key, value := s.field(pairs.Columns()[0], nil, true), s.field(pairs.Columns()[1], nil, true)
	if key == nil || value == nil {
		return nil
	}
	key.name, key.key, value.name = "", true, ""
	n := s.list(c.MaxDefinitionLevel(), pairs, key)
	n.shape, n.children = mapShape, []*recordNode{key, value}
	return n
}

// listOf returns the repeated column of a group that stands for a list. Some
// writers do not mark such groups, but name what is in them as the format says.
func listOf(c *parquet.Column) (elements *parquet.Column, ok bool) {
	if len(c.Columns()) != 1 || !c.Columns()[0].Repeated() {
		return nil, false
	}
	elements = c.Columns()[0]
	if isLogical[*types.ListType](c) {
		return elements, true
	}
	return elements, elements.Name() == "list" && len(elements.Columns()) == 1 &&
		slices.Contains([]string{"element", "item"}, elements.Columns()[0].Name())
}

// mapOf returns the repeated column of a group that stands for a map with keys
// that can be written.
func mapOf(c *parquet.Column) (pairs *parquet.Column, ok bool) {
	if len(c.Columns()) != 1 || !isLogical[*types.MapType](c) {
		return nil, false
	}
	pairs = c.Columns()[0]
	return pairs, pairs.Repeated() && len(pairs.Columns()) == 2 && pairs.Columns()[0].Leaf() && pairs.Columns()[0].Required()
}

func isLogical[T types.LogicalTypeValue](c *parquet.Column) bool {
	l := c.Type().LogicalType()
	if l == nil {
		return false
	}
	_, ok := l.Value.(T)
	return ok
}
