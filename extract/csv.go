package extract

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"sojourn/transform"
)

// readCSV reads an object of comma-separated values (RFC 4180) whose first
// line names the columns. All values are texts, empty ones unknown.
func readCSV(ctx context.Context, data io.Reader, r *reading) error {
	records := csvRecords{lines: newLines(data)}
	header, err := records.next()
	if err == io.EOF {
		return nil
	}
	if err != nil {
		return &brokenOff{header.line, err}
	}
	columns, err := records.columnsOf(r.source, header)
	if err != nil {
		return records.rejectAll(ctx, r, header, headerFlaw(header, err))
	}

	width := records.width()
	kept := records.propertyColumns(r.source)
	judge := newJudge(r.source, r.now, r.texts)
	var values [fieldCount]value
	var e transform.Event
	for {
		record, err := records.next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return &brokenOff{record.line, err}
		}
		f := record.flaw
		if f == nil && records.width() != width {
			f = &flaw{badCSV, fmt.Sprintf("%d columns, want %d as in the header", records.width(), width)}
		}
		if f == nil {
			for _, c := range columns {
				values[c.field] = value{kind: text, bytes: records.column(c.column)}
			}
			for i, column := range kept {
				if column >= 0 {
					judge.kept.values[i] = value{kind: text, bytes: records.column(column)}
				}
			}
			f = judge.event(&values, &e)
		}
		if f != nil {
			err = r.reject(ctx, record.line, f)
		} else {
			err = r.accept(ctx, &e, record.line.number)
		}
		if err != nil {
			return err
		}
	}
}

// headerFlaw is the flaw of an object whose header cannot be used.
func headerFlaw(header csvRecord, why error) *flaw {
	what := "a JSON record"
	switch kind := newGuesser().line(header.line.text); kind {
	case otherLine:
		return &flaw{unreadableObject, "header: " + why.Error()}
	case objectLine:
	default:
		what = "a record of " + kind
	}
	return &flaw{wrongFormat, "the first line is " + what + ", not the names of columns: is the source's format right, and its match?"}
}

// rejectAll rejects the header and all records after it, of which nobody can
// tell what their columns are.
func (c *csvRecords) rejectAll(ctx context.Context, r *reading, header csvRecord, f *flaw) error {
	r.input.Error = r.source.Privacy.shown(f.detail)
	for record := header; ; {
		if err := r.reject(ctx, record.line, f); err != nil {
			return err
		}
		var err error
		if record, err = c.next(); err == io.EOF {
			return nil
		} else if err != nil {
			return &brokenOff{record.line, err}
		}
	}
}

// columnsOf finds the columns of a source's fields in the header, the record
// that has just been read.
func (c *csvRecords) columnsOf(s Source, header csvRecord) ([]located[int], error) {
	if header.flaw != nil {
		return nil, errors.New(header.flaw.detail)
	}
	return locate(s, func(p place) (int, bool) {
		i := c.columnNamed(p.path)
		return i, i >= 0
	})
}

// propertyColumns finds the columns of a source's properties in the header, -1
// for those that are missing.
func (c *csvRecords) propertyColumns(s Source) []int {
	var columns []int
	for _, name := range s.propertyPaths() {
		columns = append(columns, c.columnNamed(name))
	}
	return columns
}

// columnNamed returns the column of that name in the header, which has just
// been read; -1 if there is none.
func (c *csvRecords) columnNamed(name string) int {
	for i := range c.ends {
		if string(c.column(i)) == name {
			return i
		}
	}
	return -1
}

// A located place is one whose column has been found.
type located[C any] struct {
	place
	column C
}

// locate finds the columns of a source's fields. Columns may be missing, but
// not those without which no record could be used.
func locate[C any](s Source, find func(place) (C, bool)) ([]located[C], error) {
	var found []located[C]
	var has [fieldCount]bool
	for _, p := range s.places() {
		if c, ok := find(p); ok {
			found = append(found, located[C]{p, c})
			has[p.field] = true
		}
	}
	j := newJudge(s, 0, nil)
	switch {
	case !has[timestamp]:
		return nil, fmt.Errorf("no column %s", j.where(timestamp))
	case !has[eventName]:
		return nil, fmt.Errorf("no column %s", j.where(eventName))
	case !has[userID] && !has[deviceID]:
		return nil, fmt.Errorf("no column %s or %s", j.where(userID), j.where(deviceID))
	}
	return found, nil
}

// csvRecords reads records, whose quoted columns may go over several lines.
type csvRecords struct {
	lines *lines
	text  []byte // columns of the record, one after the other
	ends  []int  // where each column ends in text
	open  bool   // the last column is quoted and has not ended yet

	again []line // lines that were read on for a record that turned out to be bad
	last  line   // what came with err
	err   error  // of lines, once it has come
}

// maxQuoted is how far a record may go over the end of its line: a quote that
// is never closed must not take the records after it along.
const maxQuoted = 64 << 10

// A csvRecord is where a record was found and what is wrong with it, if
// anything is.
type csvRecord struct {
	line line
	flaw *flaw
}

// width returns the number of columns of the record.
func (c *csvRecords) width() int { return len(c.ends) }

// column returns a column of the record, without quotes.
func (c *csvRecords) column(i int) []byte {
	start := 0
	if i > 0 {
		start = c.ends[i-1]
	}
	return c.text[start:c.ends[i]]
}

// line returns the next line, those that are to be read again first. Its text
// is valid until the next call.
func (c *csvRecords) line() (line, error) {
	if len(c.again) > 0 {
		l := c.again[0]
		c.again = c.again[1:]
		return l, nil
	}
	if c.err == nil {
		c.last, c.err = c.lines.next()
	}
	return c.last, c.err
}

// next reads the next record. Blank lines between records are none. What is
// wrong with a record spoils its first line alone: the others are read again.
func (c *csvRecords) next() (csvRecord, error) {
	l, err := c.line()
	for err == nil && l.flaw() == nil && isBlank(l.text) {
		l, err = c.line()
	}
	if err != nil {
		return csvRecord{line: l}, err
	}
	c.text, c.ends, c.open = c.text[:0], c.ends[:0], false
	if f := l.flaw(); f != nil {
		return csvRecord{l, f}, nil
	}
	problem := c.parse(l.text)
	if problem != "" {
		return csvRecord{l, &flaw{badCSV, problem}}, nil
	}
	if !c.open {
		return csvRecord{line: l}, nil
	}

	l.text = bytes.Clone(l.text)
	first := len(l.text)
	var more []line
	for problem == "" && c.open {
		next, err := c.line()
		if err != nil {
			problem = "a quote is never closed" // the next record tells the error
			break
		}
		next.text = bytes.Clone(next.text)
		more = append(more, next)
		l.text = append(l.text, '\n')
		l.text = append(l.text, next.text...)
		if next.flaw() != nil || len(l.text)-first > maxQuoted {
			problem = fmt.Sprintf("a quote is not closed within %d KiB", maxQuoted>>10)
			break
		}
		c.text = append(c.text, '\n')
		problem = c.parse(next.text)
	}
	if problem != "" {
		c.again = append(more, c.again...)
		l.text = l.text[:first]
		return csvRecord{l, &flaw{badCSV, problem}}, nil
	}
	l.length = int64(len(l.text))
	return csvRecord{line: l}, nil
}

// parse adds the columns of a line to the record and says what is wrong.
func (c *csvRecords) parse(text []byte) (problem string) {
	for {
		if !c.open && len(text) > 0 && text[0] == '"' {
			c.open, text = true, text[1:]
		}
		if c.open {
			if text = c.parseQuoted(text); c.open {
				return ""
			}
			if len(text) > 0 && text[0] != ',' {
				return fmt.Sprintf("text after the closing quote of column %d", len(c.ends)+1)
			}
		} else {
			column := text
			if i := bytes.IndexByte(text, ','); i >= 0 {
				column = text[:i]
			}
			if bytes.IndexByte(column, '"') >= 0 {
				return fmt.Sprintf("a quote inside column %d, which does not begin with one", len(c.ends)+1)
			}
			c.text = append(c.text, column...)
			text = text[len(column):]
		}
		c.ends = append(c.ends, len(c.text))
		if len(text) == 0 {
			return ""
		}
		text = text[1:]
	}
}

// parseQuoted reads on in a quoted column and returns what follows it, if it
// ends here.
func (c *csvRecords) parseQuoted(text []byte) []byte {
	for {
		i := bytes.IndexByte(text, '"')
		if i < 0 {
			c.text = append(c.text, text...)
			return nil
		}
		c.text = append(c.text, text[:i]...)
		text = text[i+1:]
		if len(text) == 0 || text[0] != '"' {
			c.open = false
			return text
		}
		c.text = append(c.text, '"')
		text = text[1:]
	}
}
