package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"sojourn/load/duckdb"
)

type queryCmd struct {
	SQL    string `arg:"" help:"Query in the SQL of DuckDB."`
	Format string `enum:"table,csv,json" default:"table" help:"How to print rows: table (numbers rounded to 4 decimals), csv, or json (one object a line)."`
}

func (c *queryCmd) Help() string {
	return `SHOW TABLES lists tables and views, DESCRIBE fct_daily the columns of one; docs/tables.md and
docs/views.md say what they mean. The views fct_ and dim_ are made for analysts.

csv and json have values as they are, for programs; a spreadsheet takes a name that begins with =, +,
- or @ for a formula. A table shows control characters as \x1b.

Examples:
  sojourn query "SELECT * FROM fct_daily ORDER BY date"
  sojourn query --format csv "SELECT * FROM sessions WHERE session_date = DATE '2026-10-05'"`
}

func (c *queryCmd) Run(ctx context.Context, a *app) (err error) {
	p, err := a.openTables(ctx)
	if err != nil {
		return err
	}
	defer p.Close()
	return a.query(ctx, p, c.SQL, c.Format)
}

// query prints the answer to a query on the embedded warehouse.
func (a *app) query(ctx context.Context, p *project, text, format string) error {
	return a.answer(ctx, p, text, map[string]func(io.Writer, []duckdb.Column, iter.Seq2[[]any, error]) error{
		"table": printTable, "csv": printCSV, "json": printJSON,
	}[format])
}

// answer has a query on the embedded warehouse printed.
func (a *app) answer(ctx context.Context, p *project, text string, show func(io.Writer, []duckdb.Column, iter.Seq2[[]any, error]) error) (err error) {
	warehouse, err := p.duckdb(ctx)
	if err != nil {
		return err
	}
	rows, err := warehouse.Query(ctx, text)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	return show(a.stdout, rows.Columns, rows.All())
}

func printTable(w io.Writer, columns []duckdb.Column, rows iter.Seq2[[]any, error]) error {
	cells := [][]string{make([]string, len(columns))}
	right := make([]bool, len(columns)) // numbers line up on the right
	for i, c := range columns {
		cells[0][i] = c.Name
		right[i] = true
	}
	for row, err := range rows {
		if err != nil {
			return err
		}
		line := make([]string, len(row))
		for i, v := range row {
			switch v.(type) {
			case int64, float64, nil:
			default:
				right[i] = false
			}
			line[i] = oneLine(cell(v))
			if f, ok := v.(float64); ok {
				line[i] = short(f)
			}
		}
		cells = append(cells, line)
	}
	width := make([]int, len(columns))
	for _, line := range cells {
		for i, text := range line {
			width[i] = max(width[i], utf8.RuneCountInString(text))
		}
	}
	for n, line := range cells {
		var out strings.Builder
		for i, text := range line {
			pad := strings.Repeat(" ", width[i]-utf8.RuneCountInString(text))
			if right[i] {
				text = pad + text
			} else {
				text += pad
			}
			out.WriteString(text + "  ")
		}
		fmt.Fprintln(w, strings.TrimRight(out.String(), " "))
		if n == 0 {
			total := 2 * (len(width) - 1)
			for _, n := range width {
				total += n
			}
			fmt.Fprintln(w, strings.Repeat("-", max(total, 0)))
		}
	}
	_, err := fmt.Fprintf(w, "(%s)\n", plural(len(cells)-1, "row"))
	return err
}

// short writes a number with at most four decimals, as people read it.
func short(f float64) string {
	text := strconv.FormatFloat(f, 'f', 4, 64)
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}

// cell writes a value exactly.
func cell(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return fmt.Sprint(v)
}

func printCSV(w io.Writer, columns []duckdb.Column, rows iter.Seq2[[]any, error]) error {
	out := csv.NewWriter(w)
	var header []string
	for _, c := range columns {
		header = append(header, c.Name)
	}
	out.Write(header) // Flush reports the error
	for row, err := range rows {
		if err != nil {
			return err
		}
		line := make([]string, len(row))
		for i, v := range row {
			if v != nil {
				line[i] = cell(v)
			}
		}
		out.Write(line)
	}
	out.Flush()
	return out.Error()
}

func printJSON(w io.Writer, columns []duckdb.Column, rows iter.Seq2[[]any, error]) error {
	for row, err := range rows {
		if err != nil {
			return err
		}
		line := []byte{'{'}
		for i, v := range row {
			if i > 0 {
				line = append(line, ',')
			}
			name, _ := json.Marshal(columns[i].Name) // a string can be marshalled
			value, err := json.Marshal(v)
			if err != nil {
				return fmt.Errorf("column %s: %w", columns[i].Name, err)
			}
			line = slices.Concat(line, name, []byte{':'}, value)
		}
		if _, err := w.Write(append(line, '}', '\n')); err != nil {
			return err
		}
	}
	return nil
}
