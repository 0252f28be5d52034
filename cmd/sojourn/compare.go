package main

import (
	"context"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"sojourn/load/duckdb"
)

type compareCmd struct {
	Format string `enum:"table,csv,json,markdown" default:"table" help:"How to print rows: table, csv, json (one object a line), or markdown (a table with notes under it)."`
	All    bool   `help:"Show also figures that are shown only, and comparisons that are refused, with the reasons."`
}

func (c *compareCmd) Help() string {
	return `Sets the app's last 28 days beside published figures of its industry, and its last 7 days beside
the 7 before. A comparison is ok, flagged with what speaks against it, or thin: there are too few
sessions or users of ours for a verdict, and own_low and own_high say within what they leave the
figure. With --all come those that are shown only (quoted elsewhere, bands, limits) and those that are
refused: session figures of different definitions, a mean against a median and the like are not
comparable. definition is the session definition that our figure is made under; position says
whether it is inside a band, or between which percentiles of apps. The reasons stand in the last
column. docs/benchmarks.md has the rules. Then what came after the interventions that the
configuration names, in words. csv and json have the published figures alone.`
}

const comparison = `
SELECT metric, statistic, ROUND(own_value, 2) AS own, ROUND(own_low, 2) AS own_low, ROUND(own_high, 2) AS own_high,
  ROUND(benchmark_value, 2) AS published, unit, ROUND(ratio, 2) AS ratio, position, verdict, definition, publisher, period, origin, reasons
FROM benchmark_comparison`

func (c *compareCmd) Run(ctx context.Context, a *app) error {
	p, err := a.openTables(ctx)
	if err != nil {
		return err
	}
	defer p.Close()
	where := " WHERE verdict IN ('ok', 'flag', 'thin')"
	if c.All {
		where = ""
	}
	text := comparison + where + " ORDER BY metric, statistic, publisher, period, benchmark_id, definition"
	const first, second = "The last 28 days beside published figures", "The last 7 days beside the 7 before"
	switch c.Format {
	case "table":
		fmt.Fprintln(a.stdout, first)
		err = a.query(ctx, p, text, c.Format)
	case "markdown":
		fmt.Fprintf(a.stdout, "## %s\n\n", first)
		err = a.answer(ctx, p, text, printComparison)
	default:
		return a.query(ctx, p, text, c.Format)
	}
	if err != nil {
		return err
	}
	if !c.All {
		if err := a.refused(ctx, p); err != nil {
			return err
		}
	}
	if c.Format == "markdown" {
		fmt.Fprintf(a.stdout, "\n## %s\n\n", second)
		err = a.answer(ctx, p, past, printMarkdown)
	} else {
		fmt.Fprintln(a.stdout, "\n"+second)
		err = a.query(ctx, p, past, c.Format)
	}
	if err != nil {
		return err
	}
	return a.effects(ctx, p, c.Format == "markdown")
}

// printMarkdown prints a table of Markdown.
func printMarkdown(w io.Writer, columns []duckdb.Column, rows iter.Seq2[[]any, error]) error {
	header, rule := make([]string, len(columns)), make([]string, len(columns))
	for i, c := range columns {
		header[i], rule[i] = c.Name, "---"
	}
	fmt.Fprintln(w, markdownRow(header))
	fmt.Fprintln(w, markdownRow(rule))
	for row, err := range rows {
		if err != nil {
			return err
		}
		line := make([]string, len(row))
		for i, v := range row {
			line[i] = markdownCell(v)
		}
		if _, err := fmt.Fprintln(w, markdownRow(line)); err != nil {
			return err
		}
	}
	return nil
}

func markdownRow(cells []string) string { return "| " + strings.Join(cells, " | ") + " |" }

func markdownCell(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case float64:
		return short(v)
	}
	return strings.ReplaceAll(cell(v), "|", `\|`)
}

// printComparison prints comparisons as a table of Markdown. Reasons, the last
// column, become notes under it: each stands once, and rows name its number.
func printComparison(w io.Writer, columns []duckdb.Column, rows iter.Seq2[[]any, error]) error {
	var notes []string
	last := len(columns) - 1
	numbered := func(yield func([]any, error) bool) {
		for row, err := range rows {
			if err == nil {
				var numbers []string
				reasons, _ := row[last].(string)
				for _, reason := range strings.Split(reasons, "; ") {
					if reason == "" {
						continue
					}
					at := slices.Index(notes, reason)
					if at < 0 {
						at, notes = len(notes), append(notes, reason)
					}
					numbers = append(numbers, fmt.Sprint(at+1))
				}
				row = append(slices.Clone(row[:last]), strings.Join(numbers, ", "))
			}
			if !yield(row, err) {
				return
			}
		}
	}
	named := append(slices.Clone(columns[:last]), duckdb.Column{Name: "notes"})
	if err := printMarkdown(w, named, numbered); err != nil {
		return err
	}
	fmt.Fprintln(w)
	for i, note := range notes {
		fmt.Fprintf(w, "%d. %s\n", i+1, note)
	}
	if len(notes) > 0 {
		fmt.Fprintln(w)
	}
	return nil
}
