package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"text/tabwriter"

	"sojourn/sql"
)

type benchmarksCmd struct {
	List benchmarksListCmd `cmd:"" default:"withargs" help:"The published figures, shipped and of this project."`
	Add  benchmarksAddCmd  `cmd:"" help:"Check figures and put them into the project."`
}

type benchmarksListCmd struct {
	Metric   string `placeholder:"NAME" help:"Only metrics whose name begins like this."`
	Industry string `placeholder:"NAME" help:"Only this industry."`
	All      bool   `help:"Also figures that are shown only: quoted elsewhere, without a period, bands, limits."`
	Format   string `enum:"table,csv,json" default:"table" help:"How to print rows: table, csv, or json (one object a line)."`
}

func (c *benchmarksListCmd) Help() string {
	return `Lists the figures that sojourn compare may set the app beside, of every industry; it needs no
warehouse. Those of this project are marked own.

  sojourn benchmarks --metric retention_ --industry games --all`
}

func (c *benchmarksListCmd) Run(_ context.Context, a *app) error {
	list, err := sql.Benchmarks()
	if err != nil {
		return err
	}
	if _, missing := os.Stat(a.cli.Config); missing == nil {
		cfg, err := loadConfig(a.cli)
		if err != nil {
			return err
		}
		if list, err = cfg.figures(); err != nil {
			return err
		}
	}
	var shown []sql.Benchmark
	hidden := 0
	for _, b := range list {
		switch {
		case !strings.HasPrefix(b.Metric, c.Metric), c.Industry != "" && b.Industry != c.Industry:
		case b.IsStrict || c.All:
			shown = append(shown, b)
		default:
			hidden++
		}
	}
	switch c.Format {
	case "csv":
		return sql.WriteFigures(a.stdout, shown)
	case "json":
		return figuresAsJSON(a.stdout, shown)
	}
	out := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(out, "id\torigin\tmetric\tstatistic\tvalue\tunit\tindustry\tplatform\tregion\tsegment\tperiod\tpublisher")
	for _, b := range shown {
		fmt.Fprintf(out, "%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", b.ID, b.Origin, b.Metric, b.Statistic,
			strconv.FormatFloat(b.Value, 'f', -1, 64), b.Unit, b.Industry, b.Platform, dash(b.Region), dash(b.Segment), dash(b.Period), b.Publisher)
	}
	if err := out.Flush(); err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.stdout, "(%s)\n", plural(len(shown), "figure"))
	if err == nil && hidden > 0 {
		_, err = fmt.Fprintf(a.stdout, "%d more are shown only, never compared (sojourn benchmarks --all)\n", hidden)
	}
	return err
}

func dash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

// figuresAsJSON writes an object a line, with the columns of a file of figures.
func figuresAsJSON(w io.Writer, list []sql.Benchmark) error {
	for _, b := range list {
		var file bytes.Buffer
		if err := sql.WriteFigures(&file, []sql.Benchmark{b}); err != nil {
			return err
		}
		lines, err := csv.NewReader(&file).ReadAll()
		if err != nil {
			return err
		}
		row := map[string]any{"benchmark_id": b.ID, "origin": b.Origin, "is_strict": b.IsStrict}
		for i, name := range lines[0] {
			if lines[1][i] != "" {
				row[name] = lines[1][i]
			}
		}
		row["value"] = b.Value
		line, err := json.Marshal(row) // in the order of keys
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(w, "%s\n", line); err != nil {
			return err
		}
	}
	return nil
}

type benchmarksAddCmd struct {
	File string `arg:"" optional:"" help:"CSV of figures to put into the project."`

	Metric     string `placeholder:"NAME" help:"What is measured, such as session_duration."`
	Statistic  string `placeholder:"NAME" help:"mean, median, pNN or pooled; others are shown only."`
	Of         string `name:"percentile-of" placeholder:"WHAT" help:"What a median or pNN ranks: apps, sessions or users."`
	Value      string `placeholder:"NUMBER" help:"The figure, as published."`
	Unit       string `placeholder:"UNIT" help:"percent, count, seconds, minutes, hours or days."`
	Publisher  string `placeholder:"NAME" help:"Who published it."`
	Report     string `placeholder:"TITLE" help:"Title of the report or page."`
	Period     string `placeholder:"PERIOD" help:"Time that it is for, such as 2026-Q1."`
	URL        string `name:"url" placeholder:"URL" help:"Page to cite."`
	Industry   string `placeholder:"NAME" help:"Industry (all)."`
	Platform   string `placeholder:"NAME" help:"all, ios, android or web (all)."`
	Region     string `placeholder:"NAME" help:"Country, or global."`
	Segment    string `placeholder:"TEXT" help:"The part of the population that it is for."`
	Definition string `placeholder:"TEXT" help:"What the publisher counts, in short."`
	RuleClass  string `placeholder:"CLASS" help:"Class of the pause that ends a session there: A to E (unknown)."`
	Duration   string `name:"duration-kind" placeholder:"KIND" help:"elapsed, foreground or engaged (unknown)."`
	SourceKind string `placeholder:"KIND" help:"primary, or secondary for a figure that is quoted elsewhere (primary)."`
}

func (c *benchmarksAddCmd) Help() string {
	return `Checks the figures of a CSV file, or the one that the flags describe, and puts them into the file
that benchmarks.figures of sojourn.yaml names. Nothing is written if one of them is not right. The
next run publishes them; sojourn compare sets the app beside them under the same rules as beside
those that are shipped. docs/benchmarks.md has the columns.

  sojourn benchmarks add report.csv
  sojourn benchmarks add --metric retention_d1_nday --statistic median --percentile-of apps \
    --value 25 --unit percent --publisher Acme --period 2026-Q1 --url https://acme.example/report`
}

// flags are the columns that a flag gives a value.
func (c *benchmarksAddCmd) flags() map[string]string {
	return map[string]string{
		"metric": c.Metric, "statistic": c.Statistic, "percentile_of": c.Of, "value": c.Value, "unit": c.Unit, "publisher": c.Publisher,
		"report": c.Report, "period": c.Period, "url": c.URL, "industry": c.Industry, "platform": c.Platform, "region": c.Region,
		"segment": c.Segment, "definition": c.Definition, "rule_class": c.RuleClass, "duration_kind": c.Duration, "source_kind": c.SourceKind,
	}
}

func (c *benchmarksAddCmd) Run(_ context.Context, a *app) error {
	cfg, err := loadConfig(a.cli)
	if err != nil {
		return err
	}
	if cfg.Benchmarks.Figures == "" {
		return usagef("%s names no file for figures: add benchmarks: {figures: ./figures.csv}", a.cli.Config)
	}
	there, err := cfg.ownFigures()
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	added, err := c.read()
	if err != nil {
		return err
	}
	for _, b := range added {
		for i := range there {
			if sql.SameFigure(there[i], b) {
				return usagef("%s has this figure already, as number %d: %s %s of %s, %s", cfg.Benchmarks.Figures, i+1, b.Metric, b.Statistic, b.Publisher, b.Period)
			}
		}
	}
	if err := writeFigures(cfg.path(cfg.Benchmarks.Figures), append(there, added...)); err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.stdout, "%s added, %d in %s: sojourn run publishes them\n", plural(len(added), "figure"), len(there)+len(added), cfg.Benchmarks.Figures)
	return err
}

// read returns the figures of the file, or the one of the flags.
func (c *benchmarksAddCmd) read() ([]sql.Benchmark, error) {
	flags := c.flags()
	if c.File != "" {
		for _, column := range sql.FigureColumns() {
			if flags[column] != "" {
				return nil, usagef("%s is given beside a file: want one of the two", flagOf(column))
			}
		}
		return figuresOf(c.File, c.File)
	}
	var b sql.Benchmark
	var problems []error
	for _, column := range sql.FigureColumns() {
		if err := sql.SetFigureColumn(&b, column, flags[column]); err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", flagOf(column), err))
		}
	}
	if len(problems) > 0 {
		return nil, usageError{errors.Join(problems...)}
	}
	b, wrong := sql.CompleteFigure(b, sql.Own)
	for _, w := range wrong {
		problems = append(problems, fmt.Errorf("%s: %s", flagOf(w.Column), w.Problem))
	}
	if len(problems) > 0 {
		return nil, usageError{errors.Join(problems...)}
	}
	return []sql.Benchmark{b}, nil
}

func flagOf(column string) string { return "--" + strings.ReplaceAll(column, "_", "-") }

// writeFigures replaces the file at once or not at all.
func writeFigures(path string, list []sql.Benchmark) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	temporary, err := os.CreateTemp(filepath.Dir(path), ".figures-*")
	if err != nil {
		return err
	}
	defer os.Remove(temporary.Name()) // it is gone if all went well
	if err := errors.Join(temporary.Chmod(0o666), sql.WriteFigures(temporary, list), temporary.Close()); err != nil {
		return err
	}
	return os.Rename(temporary.Name(), path)
}
