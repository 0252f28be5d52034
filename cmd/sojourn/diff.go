package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"sojourn/load"
	"sojourn/schedules"
)

type diffCmd struct {
	A string `arg:"" help:"What to compare: lake, lake:URL, run:RUN, asof:TIME, backfill:ID or definition:NAME."`
	B string `arg:"" help:"What to compare it with."`
	days
	Table  []string `placeholder:"TABLE" help:"Daily tables to compare; default all."`
	Rows   int      `default:"3" help:"Rows that differ to show of each day of a table."`
	Format string   `enum:"table,json" default:"table" help:"table for people, json for programs: a line for each day of a table, and one for the total."`
}

func (c *diffCmd) Help() string {
	return `Compares two versions of the daily tables, day by day and row by row. Days of tables that are the
same file are not read. Exit status 5 if rows differ, 0 if none does. Nothing is written.

  lake               the lake as it is now
  lake:URL           another lake: a directory or a bucket
  run:RUN            the tables as a run left them, while keep_revisions keeps them
  asof:TIME          the tables as they were at a time, such as asof:2026-10-05T08:00:00Z
  backfill:ID        the lake with a staged backfill completed
  definition:NAME    the sessions of a definition under compare_definitions

Reference tables, restatements and what is only in the warehouse are not compared. To see which
rule makes sessions of two definitions differ: sojourn definitions diff.

Examples:
  sojourn diff lake backfill:0001
  sojourn diff asof:2026-10-05T08:00:00Z lake --table daily_sessions --rows 10
  sojourn diff lake definition:mixpanel --from 2026-10-05 --to 2026-10-05
  sojourn diff lake:./lake-before lake     after an upgrade`
}

func (c *diffCmd) Run(ctx context.Context, a *app) error {
	if err := c.check(); err != nil {
		return err
	}
	if c.Rows < 0 {
		return usagef("--rows: %d: want a number of rows", c.Rows)
	}
	p, err := a.open(ctx, false)
	if err != nil {
		return err
	}
	defer p.Close()
	if err := p.hasLake(); err != nil {
		return err
	}
	one, err := p.version(ctx, c.A)
	if err != nil {
		return err
	}
	other, err := p.version(ctx, c.B)
	if err != nil {
		return err
	}
	tell := func(d schedules.TableDiff) error { return printDiff(a.stdout, d) }
	lines := json.NewEncoder(a.stdout)
	if c.Format == "json" {
		tell = func(d schedules.TableDiff) error { return lines.Encode(d) }
	} else {
		fmt.Fprintf(a.stdout, "A: %s\nB: %s\n", one.Name, other.Name)
	}
	options := schedules.DiffOptions{Range: schedules.Range{From: c.From, To: c.To}, Tables: c.Table, Most: c.Rows}
	sum, err := schedules.Diff(ctx, one, other, options, tell)
	if err != nil {
		return err
	}
	if c.Format == "json" {
		err = lines.Encode(struct {
			A     string           `json:"a"`
			B     string           `json:"b"`
			Total schedules.Diffed `json:"total"`
		}{one.Name, other.Name, sum})
	} else {
		fmt.Fprintf(a.stdout, "%s: %s, %s, %s\n", differText(sum.Rows()),
			thousands(sum.OnlyA)+" only in A", thousands(sum.OnlyB)+" only in B", thousands(sum.Changed)+" changed")
		fmt.Fprintf(a.stdout, "%s compared: %d the same file, %d with rows that differ\n", plural(sum.Partitions, "partition"), sum.Equal, sum.Differing)
	}
	if err == nil && sum.Rows() > 0 {
		err = differsError("the two versions differ")
	}
	return err
}

func differText(rows int64) string {
	if rows == 1 {
		return "1 row differs"
	}
	return plural(rows, "row") + " differ"
}

// version is what a word of the command line names.
func (p *project) version(ctx context.Context, word string) (schedules.Version, error) {
	kind, name, named := strings.Cut(word, ":")
	if named && name == "" {
		return schedules.Version{}, usagef("%s: which one? see sojourn diff --help", word)
	}
	switch {
	case word == "lake":
		return schedules.LakeVersion(ctx, p.pipeline.Lake, "the lake "+p.pipeline.Lake.String())
	case !named:
	case kind == "lake":
		b, err := p.bucket(ctx, name, false)
		if err != nil {
			return schedules.Version{}, usagef("%s: %w", word, err)
		}
		return schedules.LakeVersion(ctx, b, "the lake "+name)
	case kind == "run":
		return p.pipeline.RunVersion(ctx, name)
	case kind == "asof":
		at, err := time.Parse(time.RFC3339, name)
		if err != nil {
			return schedules.Version{}, usagef("%s: want a time with its zone, such as asof:2026-10-05T08:00:00Z", word)
		}
		return p.pipeline.VersionAsOf(ctx, at)
	case kind == "backfill":
		return p.pipeline.BackfillVersion(ctx, name)
	case kind == "definition":
		return p.pipeline.DefinitionVersion(ctx, name)
	}
	return schedules.Version{}, usagef("%q is nothing to compare: want lake, lake:URL, run:RUN, asof:TIME, backfill:ID or definition:NAME", word)
}

// printDiff tells of a day of a table.
func printDiff(w io.Writer, d schedules.TableDiff) error {
	fmt.Fprintf(w, "%s of %s: %s in A, %s in B", d.Table, d.Day, plural(d.RowsA, "row"), thousands(d.RowsB))
	for _, part := range []struct {
		count int64
		what  string
	}{{d.OnlyA, "only in A"}, {d.OnlyB, "only in B"}, {d.Changed, "changed"}} {
		if part.count > 0 {
			fmt.Fprintf(w, ", %s %s", thousands(part.count), part.what)
		}
	}
	if d.Differ() == 0 {
		fmt.Fprint(w, ": no row differs, only the file")
	}
	fmt.Fprintln(w)
	for _, column := range d.Columns {
		fmt.Fprintf(w, "  %s", column.Column)
		if column.SumA != nil {
			fmt.Fprintf(w, " sum %s → %s", sumText(*column.SumA), sumText(*column.SumB))
		}
		if column.Changed > 0 {
			fmt.Fprintf(w, " (changed in %s)", plural(column.Changed, "row"))
		}
		fmt.Fprintln(w)
	}
	for _, row := range d.First {
		mark := map[string]string{"": "~", "a": "-", "b": "+"}[row.OnlyIn]
		if _, err := fmt.Fprintf(w, "  %s %s%s\n", mark, keyText(row.Key), cellsText(row.Cells)); err != nil {
			return err
		}
	}
	return nil
}

func keyText(key []load.Cell) string {
	var parts []string
	for _, cell := range key {
		parts = append(parts, cell.Column+" "+valueText(cell.Value))
	}
	return strings.Join(parts, ", ")
}

func cellsText(cells []load.CellChange) string {
	var parts []string
	for _, cell := range cells {
		parts = append(parts, fmt.Sprintf("%s %s → %s", cell.Column, valueText(cell.A), valueText(cell.B)))
	}
	if len(parts) == 0 {
		return ""
	}
	return ": " + strings.Join(parts, ", ")
}

func valueText(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case string:
		if v == "" || v != oneLine(v) || strings.ContainsAny(v, ", ") {
			return strconv.Quote(v)
		}
		return v
	}
	return fmt.Sprint(v)
}

// sumText writes a sum without what adding floating-point numbers leaves.
func sumText(v float64) string {
	text := strconv.FormatFloat(v, 'f', 6, 64)
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}
