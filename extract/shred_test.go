package extract

import (
	"bytes"
	"maps"
	"slices"
	"testing"

	"github.com/parquet-go/parquet-go"
	types "github.com/parquet-go/parquet-go/format"
)

// A ListLayout is a way in which writers put lists into Parquet files.
type ListLayout struct {
	Name     string
	Node     func(element parquet.Node) parquet.Node
	wrap     func(elements []any) any
	nullable bool // elements may be null
}

// ListLayouts returns the ways that are known.
func ListLayouts() []ListLayout {
	wrapped := func(group, element string) func([]any) any {
		return func(elements []any) any {
			repeated := make([]any, len(elements))
			for i, e := range elements {
				repeated[i] = map[string]any{element: e}
			}
			return map[string]any{group: repeated}
		}
	}
	bare := func(group string) func([]any) any {
		return func(elements []any) any { return map[string]any{group: elements} }
	}
	three := func(group, element string) func(parquet.Node) parquet.Node {
		return func(e parquet.Node) parquet.Node {
			return marked{parquet.Group{group: parquet.Repeated(parquet.Group{element: parquet.Optional(e)})}, &types.ListType{}}
		}
	}
	return []ListLayout{
		{"list.element", three("list", "element"), wrapped("list", "element"), true},
		{"list.item", three("list", "item"), wrapped("list", "item"), true},
		{"bag.array_element", three("bag", "array_element"), wrapped("bag", "array_element"), true},
		{"list.element without a mark", func(e parquet.Node) parquet.Node {
			return parquet.Group{"list": parquet.Repeated(parquet.Group{"element": e})}
		}, wrapped("list", "element"), false},
		{"array", func(e parquet.Node) parquet.Node {
			return marked{parquet.Group{"array": parquet.Repeated(e)}, &types.ListType{}}
		}, bare("array"), false},
		{"repeated", parquet.Repeated, func(elements []any) any { return elements }, false},
	}
}

// marked is a group with a mark.
type marked struct {
	parquet.Group
	mark types.LogicalTypeValue
}

func (m marked) Type() parquet.Type { return markedType{m.Group.Type(), m.mark} }

type markedType struct {
	parquet.Type
	mark types.LogicalTypeValue
}

func (m markedType) LogicalType() *types.LogicalType { return &types.LogicalType{Value: m.mark} }

// ShredParquet writes a Parquet file of rows that are maps; lists are []any
// and are laid out as told.
func ShredParquet(t testing.TB, layout ListLayout, root parquet.Group, rows []map[string]any, options ...parquet.WriterOption) string {
	t.Helper()
	schema := parquet.NewSchema("row", root)
	var b bytes.Buffer
	w := parquet.NewWriter(&b, slices.Concat([]parquet.WriterOption{schema}, options)...)
	for _, row := range rows {
		var s shredder
		s.group(schema, layout.wrapAll(row).(map[string]any), 0, 0, 0, 0)
		if _, err := w.WriteRows([]parquet.Row{slices.Concat(s.columns...)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func (l ListLayout) wrapAll(v any) any {
	switch v := v.(type) {
	case map[string]any:
		all := maps.Clone(v)
		for k := range all {
			all[k] = l.wrapAll(all[k])
		}
		return all
	case []any:
		all := make([]any, len(v))
		for i := range v {
			all[i] = l.wrapAll(v[i])
		}
		return l.wrap(all)
	}
	return v
}

// A shredder cuts a row into values with their levels.
type shredder struct{ columns [][]parquet.Value }

// put puts a value at repetition level rep, where its parent is at definition
// level def and lists around it are depth deep. It returns the next column.
func (s *shredder) put(n parquet.Node, v any, rep, def, depth, column int) int {
	if n.Repeated() {
		elements, _ := v.([]any)
		if len(elements) == 0 {
			return s.inside(n, nil, rep, def, depth, column)
		}
		next := column
		for _, e := range elements {
			next = s.inside(n, e, rep, def+1, depth+1, column)
			rep = depth + 1
		}
		return next
	}
	if n.Optional() && v != nil {
		def++
	}
	return s.inside(n, v, rep, def, depth, column)
}

func (s *shredder) inside(n parquet.Node, v any, rep, def, depth, column int) int {
	if !n.Leaf() {
		row, _ := v.(map[string]any)
		return s.group(n, row, rep, def, depth, column)
	}
	for len(s.columns) <= column {
		s.columns = append(s.columns, nil)
	}
	s.columns[column] = append(s.columns[column], parquet.ValueOf(v).Level(rep, def, column))
	return column + 1
}

func (s *shredder) group(n parquet.Node, row map[string]any, rep, def, depth, column int) int {
	for _, f := range n.Fields() {
		var v any
		if row != nil {
			v = row[f.Name()]
		}
		column = s.put(f, v, rep, def, depth, column)
	}
	return column
}
