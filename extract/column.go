package extract

import (
	"errors"
	"io"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding"
)

// A column reads one column of a row group of our own files, page by page.
type column struct {
	pages parquet.Pages

	page  parquet.Page
	row   int // rows of the page that have been read
	given int // values of the page that have been read; nulls are none
	rows  int // rows of the page

	levels []byte // 1 for a row with a value, 0 for null; empty if no row is null
	data   encoding.Values

	dictionary []string // of the row group
	entries    []int32  // of the page, into the dictionary
	texts      []string // of a page without a dictionary
}

// errShort is the error of a column with fewer rows than the others.
var errShort = errors.New("column ends before the others")

// each calls set for the next n rows with the place of the row's value in the
// page, -1 for null.
func (c *column) each(n int, set func(row, place int)) error {
	for i := 0; i < n; i++ {
		if c.row == c.rows {
			if err := c.turn(); err != nil {
				return err
			}
		}
		if len(c.levels) > 0 && c.levels[c.row] == 0 {
			set(i, -1)
		} else {
			set(i, c.given)
			c.given++
		}
		c.row++
	}
	return nil
}

// turn turns to the next page that has rows.
func (c *column) turn() error {
	c.close()
	page, err := c.pages.ReadPage()
	if err == io.EOF {
		return errShort
	}
	if err != nil {
		return err
	}
	c.page, c.data, c.levels = page, page.Data(), page.DefinitionLevels()
	c.row, c.given, c.rows = 0, 0, int(page.NumRows())
	if page.Type().Kind() != parquet.ByteArray {
		return nil
	}
	if dictionary := page.Dictionary(); dictionary == nil {
		c.entries, c.texts = nil, stringsOf(c.data)
	} else {
		if c.dictionary == nil {
			c.dictionary = stringsOf(dictionary.Page().Data())
		}
		c.entries, c.texts = c.data.Int32(), nil
	}
	return nil
}

// close releases the page.
func (c *column) close() {
	parquet.Release(c.page)
	c.page = nil
}

// stringsOf copies the texts of a page.
func stringsOf(data encoding.Values) []string {
	bytes, offsets := data.ByteArray()
	if len(offsets) == 0 {
		return nil
	}
	all := string(bytes)
	list := make([]string, len(offsets)-1)
	for i := range list {
		list[i] = all[offsets[i]:offsets[i+1]]
	}
	return list
}

// readTexts reads the next rows of a text column; null is empty.
func (c *column) readTexts(rows []string) error {
	return c.each(len(rows), func(row, place int) {
		switch {
		case place < 0:
			rows[row] = ""
		case c.texts != nil:
			rows[row] = c.texts[place]
		default:
			rows[row] = c.dictionary[c.entries[place]]
		}
	})
}

// readInts reads the next rows of an integer column.
func (c *column) readInts(rows []int64, null int64) error {
	return c.each(len(rows), func(row, place int) {
		if place < 0 {
			rows[row] = null
		} else {
			rows[row] = c.data.Int64()[place]
		}
	})
}

// readBools reads the next rows of a truth column.
func (c *column) readBools(rows []bool) error {
	return c.each(len(rows), func(row, place int) {
		rows[row] = c.data.Boolean()[place/8]>>(place%8)&1 == 1
	})
}
