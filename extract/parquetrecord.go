package extract

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/parquet-go/parquet-go"
)

// A recordTable reads the rows of a Parquet file as JSON records, such as a
// dump of the same rows in lines would have. It reads only the columns at or
// below wanted places. The three layouts of lists, a group list with its
// element or item, a group of another name, or a field that repeats by itself,
// all become lists; maps become objects; times become RFC 3339 text, or a
// number where the place has a unit.
type recordTable struct {
	file    *spooled
	parquet *parquet.File
	group   int   // the next row group
	left    int64 // rows of the current one
	root    *recordNode
	columns []*recordColumn
	costs   *pageCosts

	text    []byte // of the record
	cut     int64  // bytes of the record that have been left out of text
	scratch []byte
}

// errLevels is the error of columns that do not tell of the same rows.
var errLevels = errors.New("columns disagree on what a row has")

// optionalPlace is the unit of a slot whose column may be of a type that
// cannot be read: it is then left out.
const optionalPlace = -1

// openRecords opens a file for the places of the root wanted. Units has the
// microseconds in a unit of each slot, 0 for none, or optionalPlace.
func openRecords(file *spooled, wanted *node, units []int64) (*recordTable, error) {
	f, err := openParquet(file)
	if err != nil {
		return nil, err
	}
	t := &recordTable{file: file, parquet: f, costs: newPageCosts(file, Limits{})}
	b := recordSchema{table: t, units: units}
	t.root = b.object(f.Root(), wanted, false)
	return t, b.err
}

// known reports whether the file has any wanted column.
func (t *recordTable) known() bool { return len(t.columns) > 0 }

func (t *recordTable) close() {
	for _, c := range t.columns {
		c.close()
	}
}

// next returns the next row as a line whose number is to be set. A row whose
// text is too long is a line that is too long. The error is io.EOF at the end.
func (t *recordTable) next() (line, error) {
	for t.left == 0 {
		if err := t.turn(); err != nil {
			return line{}, err
		}
	}
	t.left--
	t.text, t.cut = t.text[:0], 0
	if err := t.write(t.root, 0, 0); err != nil {
		return line{}, err
	}
	return line{text: t.text, length: t.cut + int64(len(t.text))}, nil
}

// turn turns to the next row group.
func (t *recordTable) turn() error {
	for _, c := range t.columns {
		if c.pages == nil {
			continue
		}
		if _, err := c.peek(); err != io.EOF {
			return errors.Join(fmt.Errorf("column %s has more rows than the file says", c.path), err)
		}
	}
	groups := t.parquet.RowGroups()
	if t.group == len(groups) {
		return io.EOF
	}
	chunks := groups[t.group].ColumnChunks()
	for _, c := range t.columns {
		c.close()
		if err := c.check.turn(t.file, t.parquet, t.group, c.leaf, t.costs); err != nil {
			return fmt.Errorf("column %s: %w", c.path, err)
		}
		c.pages = chunks[c.leaf.index].Pages()
	}
	t.left = groups[t.group].NumRows()
	t.group++
	return nil
}

// write writes the value of a node. Its first value in each column is at the
// repetition level rep, and at least at the definition level floor.
func (t *recordTable) write(n *recordNode, rep, floor int) error {
	first, err := n.first.peek()
	if err == io.EOF {
		err = errShort
	}
	if err != nil {
		return fmt.Errorf("column %s: %w", n.first.path, err)
	}
	def := first.DefinitionLevel()
	switch {
	case def < floor:
		return fmt.Errorf("column %s: %w", n.first.path, errLevels)
	case def < n.definition:
		t.put("null")
		return t.pass(n, rep, def)
	}
	switch n.shape {
	case leafNode:
		return t.writeLeaf(n.first, rep, n.key)
	case objectShape:
		t.put("{")
		for i, child := range n.children {
			if i > 0 {
				t.put(",")
			}
			t.put(child.name)
			if err := t.write(child, rep, n.definition); err != nil {
				return err
			}
		}
		t.put("}")
		return nil
	}

	begin, end := "[", "]"
	if n.shape == mapShape {
		begin, end = "{", "}"
	}
	t.put(begin)
	if def < n.content {
		t.put(end)
		return t.pass(n, rep, def)
	}
	for {
		for i, child := range n.children {
			if i > 0 {
				t.put(":")
			}
			if err := t.write(child, rep, n.content); err != nil {
				return err
			}
		}
		after, err := n.first.peek()
		if err != nil && err != io.EOF {
			return fmt.Errorf("column %s: %w", n.first.path, err)
		}
		if err == io.EOF || after.RepetitionLevel() < n.repetition {
			t.put(end)
			return nil
		}
		t.put(",")
		rep = n.repetition
	}
}

// pass passes over the one value that each column below a node has where there
// is none.
func (t *recordTable) pass(n *recordNode, rep, def int) error {
	if n.shape == leafNode {
		v, err := n.first.take(rep)
		if err == nil && v.DefinitionLevel() != def {
			err = fmt.Errorf("column %s: %w", n.first.path, errLevels)
		}
		return err
	}
	for _, child := range n.children {
		if err := t.pass(child, rep, def); err != nil {
			return err
		}
	}
	return nil
}

// writeLeaf writes the next value of a column, in quotes if it is a key.
func (t *recordTable) writeLeaf(c *recordColumn, rep int, key bool) error {
	v, err := c.take(rep)
	if err != nil {
		return err
	}
	if v.IsNull() {
		return fmt.Errorf("column %s: %w", c.path, errLevels)
	}
	if v.Kind() == parquet.ByteArray && len(v.ByteArray()) > maxLine { // too long for a record by itself
		t.cut += int64(len(v.ByteArray()) - maxRaw)
		v = cut(v, maxRaw)
	}
	var found value
	found, t.scratch = c.convert(v, t.scratch[:0])
	if key && found.kind != moment {
		found.kind = text
	}
	t.text = appendJSON(t.text, found, c.unit)
	return nil
}

// put writes what is between values. Of a record that is too long it keeps
// only the beginning.
func (t *recordTable) put(text string) {
	t.text = append(t.text, text...)
	if len(t.text) > maxLine || t.cut > 0 && len(t.text) > maxRaw {
		t.cut += int64(len(t.text) - maxRaw)
		t.text = t.text[:maxRaw]
	}
}

// A recordColumn reads the values of one column of a row group, one by one.
type recordColumn struct {
	path    string
	leaf    leafShape
	convert parquetConverter
	unit    int64 // microseconds in the unit of a time; 0 for RFC 3339 text

	check  pageCheck
	pages  parquet.Pages
	page   parquet.Page
	values parquet.ValueReader // of the page; nil if there is none

	buffer [parquetRows]parquet.Value
	used   int // of the values in the buffer
	filled int
}

// peek returns the next value, which is valid until the one after it is asked
// for. The error is io.EOF at the end of the row group.
func (c *recordColumn) peek() (*parquet.Value, error) {
	for c.used == c.filled {
		if c.values == nil {
			if err := c.check.next(); err != nil {
				return nil, err
			}
			page, err := c.pages.ReadPage()
			if err != nil {
				return nil, err
			}
			c.page, c.values = page, page.Values()
		}
		n, err := c.values.ReadValues(c.buffer[:])
		if err != nil && err != io.EOF {
			return nil, err
		}
		c.used, c.filled = 0, n
		if n == 0 {
			parquet.Release(c.page)
			c.page, c.values = nil, nil
		}
	}
	return &c.buffer[c.used], nil
}

// take takes the next value, which must be at a repetition level.
func (c *recordColumn) take(rep int) (parquet.Value, error) {
	v, err := c.peek()
	switch {
	case err == io.EOF:
		err = errShort
	case err == nil && v.RepetitionLevel() != rep:
		err = errLevels
	}
	if err != nil {
		return parquet.Value{}, fmt.Errorf("column %s: %w", c.path, err)
	}
	c.used++
	return *v, nil
}

func (c *recordColumn) close() {
	if c.pages == nil {
		return
	}
	parquet.Release(c.page)
	c.page, c.values, c.used, c.filled = nil, nil, 0, 0
	c.pages.Close() // read-only: nothing to lose
	c.pages = nil
}

// eachRow reads a Parquet object and hands each of its rows to take, as a
// line. Of a file without any wanted column it tells so.
func eachRow(ctx context.Context, r *reading, wanted *node, units []int64, take func(line) error) error {
	file, err := r.spool(ctx)
	if err != nil {
		return &lost{err}
	}
	defer file.Close() // read-only: nothing to lose
	var table *recordTable
	if err := guarded(func() (err error) {
		table, err = openRecords(file, wanted, units)
		return err
	}); err != nil {
		return err
	}
	defer table.close()
	table.costs.allowed.limits = r.source.Limits.orDefaults()
	r.likeness = sync.OnceValue(func() string { return resemblance(file) })
	defer func() { r.likeness = nil }()
	if !table.known() {
		return table.misfit(r)
	}
	for number := int64(1); ; number++ {
		var row line
		err := guarded(func() (err error) {
			row, err = table.next()
			return err
		})
		if err == io.EOF {
			return nil
		}
		row.number = number
		if err != nil {
			row.text = nil
			return &brokenOff{row, err}
		}
		if err := take(row); err != nil {
			return err
		}
	}
}

// misfit is the error of a file without any wanted column.
func (t *recordTable) misfit(r *reading) error {
	what := "this Parquet file"
	if other := r.likeness(); other != "" {
		what += fmt.Sprintf(" has records of %s and", other)
	}
	return &misfit{fmt.Sprintf("%s has no column of %s, but %s", what, r.source.Format, shortList(columnNames(t.parquet)))}
}

// columnNames names the columns of a file, without what is inside of them.
func columnNames(f *parquet.File) []string {
	var names []string
	for _, c := range f.Root().Columns() {
		names = append(names, c.Name())
	}
	return names
}

// resemblance names the product that has such records as the first row of a
// file, "" if none is known to.
func resemblance(file *spooled) (product string) {
	var paths [][]string
	for _, p := range products() {
		paths = append(paths, splitPaths(p.paths)...)
	}
	err := guarded(func() error {
		table, err := openRecords(file, newNode(paths), make([]int64, len(paths)))
		if err != nil || !table.known() {
			return err
		}
		defer table.close()
		row, err := table.next()
		product = guessRecord(row.text)
		return err
	})
	if err != nil {
		return "" // a file that cannot be read resembles nothing
	}
	return product
}
