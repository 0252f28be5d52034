package extract

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"runtime/debug"

	"github.com/parquet-go/parquet-go"

	"sojourn/transform"
)

// readParquet reads a Parquet object, of which it fetches only the columns of
// mapped fields, and decodes a few pages of them at a time. An object that is
// not in a directory is first copied to a temporary file.
func readParquet(ctx context.Context, r *reading) error {
	file, err := r.spool(ctx)
	if err != nil {
		return &lost{err}
	}
	defer file.Close() // read-only: nothing to lose
	if file.size == 0 {
		return nil
	}
	var table *parquetTable
	if err := guarded(func() (err error) {
		table, err = openParquetTable(file, r.source)
		return err
	}); err != nil {
		if product := resemblance(file); product != "" {
			return &misfit{fmt.Sprintf("%v; these are records of %s", err, product)}
		}
		return err
	}
	defer table.close()

	judge := newJudge(r.source, r.now, r.texts)
	values := make([]value, fieldCount+len(judge.kept.values))
	var e transform.Event
	for {
		var rows int
		err := guarded(func() (err error) {
			rows, err = table.decode()
			return err
		})
		if err != nil {
			return &brokenOff{line{number: r.input.Lines + 1}, err}
		}
		if rows == 0 {
			return nil
		}
		for i := range rows {
			number := r.input.Lines + 1
			table.row(i, values)
			copy(judge.kept.values, values[fieldCount:])
			if flaw := judge.event((*[fieldCount]value)(values), &e); flaw != nil {
				raw := table.describe(i)
				err = r.reject(ctx, line{number, raw, int64(len(raw))}, flaw)
			} else {
				err = r.accept(ctx, &e, number)
			}
			if err != nil {
				return err
			}
		}
	}
}

// guarded calls a function of the Parquet library, which panics on some files
// that are corrupt. It works in the goroutine that called it, so that each panic
// comes here, and so does an access to memory that its assembly should not make.
func guarded(call func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("corrupt Parquet file: %v", p)
		}
	}()
	return call()
}

func checkMagic(file *spooled) error {
	var head [4]byte
	if _, err := file.ReadAt(head[:], 0); err != nil && err != io.EOF {
		return &lost{err}
	}
	if string(head[:]) != "PAR1" {
		return fmt.Errorf("not a Parquet file: it begins with %s, want PAR1", excerpt(head[:]))
	}
	return nil
}

// parquetRows is the number of rows that are decoded at once.
const parquetRows = 256

// A parquetTable reads the columns of mapped fields in step.
type parquetTable struct {
	file    *spooled
	parquet *parquet.File
	group   int   // the next row group
	left    int64 // rows of the current one
	columns []parquetColumn
	costs   *pageCosts
	texts   []byte // of the decoded rows
}

type parquetColumn struct {
	slot    int // the field, or fieldCount and the place of a property
	path    string
	leaf    leafShape
	convert parquetConverter

	check  pageCheck
	pages  parquet.Pages
	page   parquet.Page
	values parquet.ValueReader // of the page; nil if there is none

	raw  [parquetRows]parquet.Value
	rows [parquetRows]value
}

// openParquetTable finds the columns of a source's fields in a file.
func openParquetTable(file *spooled, s Source) (*parquetTable, error) {
	f, err := openParquet(file)
	if err != nil {
		return nil, err
	}
	leaves, err := locate(s, func(p place) (parquet.LeafColumn, bool) { return f.Schema().Lookup(splitPath(p.path)...) })
	if err != nil {
		return nil, err
	}
	t := &parquetTable{file: file, parquet: f, costs: newPageCosts(file, s.Limits)}
	for _, leaf := range leaves {
		if err := t.add(int(leaf.field), leaf.path, leaf.column); err != nil && !leaf.field.isLenient() {
			return nil, err
		}
	}
	for i, path := range s.propertyPaths() {
		if leaf, ok := f.Schema().Lookup(splitPath(path)...); ok {
			_ = t.add(fieldCount+i, path, leaf) // what cannot be read is not kept
		}
	}
	return t, nil
}

// add reads one more column, for a slot of values.
func (t *parquetTable) add(slot int, path string, leaf parquet.LeafColumn) error {
	c := parquetColumn{slot: slot, path: path, leaf: leafShape{
		leaf.ColumnIndex, leaf.MaxRepetitionLevel, leaf.MaxDefinitionLevel, leaf.Node.Type().Kind(),
	}}
	if leaf.MaxRepetitionLevel > 0 {
		return fmt.Errorf("column %s is a list, want one value a row", path)
	}
	if c.convert = converterOf(leaf.Node.Type()); c.convert == nil {
		return fmt.Errorf("column %s has type %s, which cannot be read", path, leaf.Node.Type())
	}
	t.columns = append(t.columns, c)
	return nil
}

// decode reads the next rows and returns how many, 0 at the end.
func (t *parquetTable) decode() (n int, err error) {
	for groups := t.parquet.RowGroups(); t.left == 0; t.group++ {
		if t.group == len(groups) {
			return 0, nil
		}
		chunks := groups[t.group].ColumnChunks()
		for i := range t.columns {
			c := &t.columns[i]
			c.close()
			if err := c.check.turn(t.file, t.parquet, t.group, c.leaf, t.costs); err != nil {
				return 0, fmt.Errorf("column %s: %w", c.path, err)
			}
			c.pages = chunks[c.leaf.index].Pages()
		}
		t.left = groups[t.group].NumRows()
	}
	n = int(min(t.left, parquetRows))
	t.left -= int64(n)
	t.texts = t.texts[:0]
	for i := range t.columns {
		if t.texts, err = t.columns[i].decode(n, t.texts); err != nil {
			return 0, fmt.Errorf("column %s: %w", t.columns[i].path, err)
		}
	}
	return n, nil
}

func (t *parquetTable) close() {
	for i := range t.columns {
		t.columns[i].close()
	}
}

// row sets the values of a decoded row.
func (t *parquetTable) row(i int, values []value) {
	clear(values)
	for c := range t.columns {
		values[t.columns[c].slot] = t.columns[c].rows[i]
	}
}

// describe writes what is known of a decoded row as JSON, for quarantine.
func (t *parquetTable) describe(i int) []byte {
	known := map[string]any{}
	for c := range t.columns {
		switch v := t.columns[c].rows[i]; v.kind {
		case absent, null:
		case moment:
			known[t.columns[c].path] = formatMoment(v.at)
		default:
			known[t.columns[c].path] = string(v.bytes)
		}
	}
	text, err := json.Marshal(known)
	if err != nil {
		return nil // texts can always be written
	}
	return text
}

// decode reads the next n values of a column, whose bytes it appends to texts.
func (c *parquetColumn) decode(n int, texts []byte) ([]byte, error) {
	for done := 0; done < n; {
		if c.values == nil {
			if err := c.check.next(); err != nil {
				return texts, err
			}
			page, err := c.pages.ReadPage()
			if err == io.EOF {
				return texts, errShort
			}
			if err != nil {
				return texts, err
			}
			c.page, c.values = page, page.Values()
		}
		got, err := c.values.ReadValues(c.raw[done:n])
		for i := done; i < done+got; i++ {
			if c.raw[i].IsNull() {
				c.rows[i] = value{kind: null}
			} else {
				c.rows[i], texts = c.convert(cut(c.raw[i], maxText+1), texts)
			}
		}
		done += got
		if err != nil && err != io.EOF {
			return texts, err
		}
		if err == io.EOF || got == 0 {
			parquet.Release(c.page)
			c.page, c.values = nil, nil
		}
	}
	return texts, nil
}

// cut is a value whose bytes end after so many.
func cut(v parquet.Value, most int) parquet.Value {
	if v.Kind() == parquet.ByteArray && len(v.ByteArray()) > most {
		return parquet.ByteArrayValue(v.ByteArray()[:most])
	}
	return v
}

func (c *parquetColumn) close() {
	if c.pages == nil {
		return
	}
	parquet.Release(c.page)
	c.page, c.values = nil, nil
	c.pages.Close() // read-only: nothing to lose
}
