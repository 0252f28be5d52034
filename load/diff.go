package load

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"sojourn/internal/calendar"
	"sojourn/internal/parquetfile"
)

// A Comparison is what two versions of a day of a table, A and B, have and have
// not in common. Rows of the same key are the same row.
type Comparison struct {
	RowsA   int64          `json:"rows_a"`
	RowsB   int64          `json:"rows_b"`
	OnlyA   int64          `json:"only_a"`             // rows whose key B has not got
	OnlyB   int64          `json:"only_b"`             // rows whose key A has not got
	Changed int64          `json:"changed"`            // rows of one key with other values
	Columns []ColumnChange `json:"columns,omitempty"`  // those that differ, in the order of the table
	First   []RowChange    `json:"examples,omitempty"` // the first rows that differ, in the order of the key
}

// Differ returns the number of rows that differ.
func (c *Comparison) Differ() int64 { return c.OnlyA + c.OnlyB + c.Changed }

// A ColumnChange is a column in which rows differ.
type ColumnChange struct {
	Column  string `json:"column"`
	Changed int64  `json:"changed"` // rows of one key that have another value there
	// The sums over all rows of A and of B; nil if it is no column of numbers.
	SumA *float64 `json:"sum_a,omitempty"`
	SumB *float64 `json:"sum_b,omitempty"`
}

// A RowChange is a row that differs.
type RowChange struct {
	Key    []Cell       `json:"key"`
	OnlyIn string       `json:"only_in,omitempty"` // a or b; empty if both have it
	Cells  []CellChange `json:"cells,omitempty"`   // the columns that differ
}

// A Cell is a value of a column: nil, bool, int64, float64 or string; a date as
// in 2026-10-01, a time as in RFC 3339 in UTC.
type Cell struct {
	Column string `json:"column"`
	Value  any    `json:"value"`
}

// A CellChange is a value of A and that of B.
type CellChange struct {
	Column string `json:"column"`
	A      any    `json:"a"`
	B      any    `json:"b"`
}

// Compare compares two files of a table, whose rows are in the order of its
// key, and tells of the first most rows that differ. No file has no rows, and a
// column that a file has not got is null. It reads both side by side, a few rows at a time.
func Compare(t Table, a, b []byte, most int) (c Comparison, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("compare %s: %w", t.Name, err)
		}
	}()
	m := merge{table: t, most: most, comparison: &c, changed: make([]int64, len(t.Columns))}
	for _, column := range t.Columns {
		m.names = append(m.names, column.Name)
	}
	for _, name := range t.Key {
		m.keys = append(m.keys, slices.Index(m.names, name))
	}
	defer m.close()
	if m.a, err = m.open(a); err != nil {
		return c, err
	}
	if m.b, err = m.open(b); err != nil {
		return c, err
	}
	if err := m.run(); err != nil {
		return c, err
	}
	c.RowsA, c.RowsB = m.a.count, m.b.count
	for i, column := range t.Columns {
		change := ColumnChange{Column: column.Name, Changed: m.changed[i]}
		if column.Type == Int64 || column.Type == Float64 {
			change.SumA, change.SumB = &m.a.sums[i], &m.b.sums[i]
		}
		if change.Changed > 0 || change.SumA != nil && *change.SumA != *change.SumB {
			c.Columns = append(c.Columns, change)
		}
	}
	return c, nil
}

// A merge walks over the rows of two files in the order of their keys.
type merge struct {
	table      Table
	names      []string
	keys       []int // columns
	most       int
	comparison *Comparison
	changed    []int64 // rows, by column
	a, b       *side
}

// A side is one of the files.
type side struct {
	cursor *parquetfile.Cursor
	row    []any // the one at hand
	before []any // the one before it, for the order
	done   bool
	count  int64
	sums   []float64 // by column
}

func (m *merge) open(data []byte) (*side, error) {
	n := len(m.names)
	s := &side{row: make([]any, n), before: make([]any, n), sums: make([]float64, n)}
	if data == nil {
		s.done = true
		return s, nil
	}
	var err error
	if s.cursor, err = parquetfile.NewCursor(data, m.names); err != nil {
		return nil, err
	}
	return s, m.next(s)
}

func (m *merge) close() {
	for _, s := range []*side{m.a, m.b} {
		if s != nil && s.cursor != nil {
			s.cursor.Close()
		}
	}
}

// next takes the next row of a side.
func (m *merge) next(s *side) error {
	s.row, s.before = s.before, s.row
	more, err := s.cursor.Next(s.row)
	if err != nil || !more {
		s.done = true
		return err
	}
	if s.count > 0 && m.compare(s.before, s.row) >= 0 {
		return errors.New("its rows are not in the order of its key: make the day again with sojourn backfill --force")
	}
	s.count++
	for i, v := range s.row {
		switch v := v.(type) {
		case int64:
			s.sums[i] += float64(v)
		case float64:
			s.sums[i] += v
		}
	}
	return nil
}

func (m *merge) run() error {
	for !m.a.done || !m.b.done {
		order := 0
		switch {
		case m.b.done:
			order = -1
		case m.a.done:
			order = 1
		default:
			order = m.compare(m.a.row, m.b.row)
		}
		switch {
		case order < 0:
			m.comparison.OnlyA++
			m.tell(m.a.row, "a", nil)
		case order > 0:
			m.comparison.OnlyB++
			m.tell(m.b.row, "b", nil)
		default:
			m.both()
		}
		if order <= 0 {
			if err := m.next(m.a); err != nil {
				return err
			}
		}
		if order >= 0 {
			if err := m.next(m.b); err != nil {
				return err
			}
		}
	}
	return nil
}

// both compares two rows of one key.
func (m *merge) both() {
	var cells []CellChange
	for i, column := range m.table.Columns {
		if a, b := m.a.row[i], m.b.row[i]; a != b {
			m.changed[i]++
			cells = append(cells, CellChange{column.Name, plain(column, a), plain(column, b)})
		}
	}
	if len(cells) > 0 {
		m.comparison.Changed++
		m.tell(m.a.row, "", cells)
	}
}

func (m *merge) tell(row []any, onlyIn string, cells []CellChange) {
	if len(m.comparison.First) >= m.most {
		return
	}
	var key []Cell
	for _, k := range m.keys {
		key = append(key, Cell{m.names[k], plain(m.table.Columns[k], row[k])})
	}
	m.comparison.First = append(m.comparison.First, RowChange{key, onlyIn, cells})
}

// compare orders two rows by their keys; a null is first.
func (m *merge) compare(a, b []any) int {
	for _, k := range m.keys {
		if c := compareCells(a[k], b[k]); c != 0 {
			return c
		}
	}
	return 0
}

func compareCells(a, b any) int {
	if a == nil || b == nil {
		switch {
		case a != nil:
			return 1
		case b != nil:
			return -1
		}
		return 0
	}
	switch a := a.(type) {
	case int64:
		return cmp.Compare(a, b.(int64))
	case string:
		return strings.Compare(a, b.(string))
	}
	return 0 // of no key
}

// plain returns a value as one of the types that a Cell has.
func plain(c Column, value any) any {
	switch v := value.(type) {
	case int64:
		switch c.Type {
		case Date:
			return calendar.Day(v).String()
		case Timestamp:
			return time.UnixMicro(v).UTC().Format(time.RFC3339Nano)
		}
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Sprint(v) // JSON has no such numbers
		}
	}
	return value
}
