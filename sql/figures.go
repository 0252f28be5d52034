package sql

import (
	_ "embed"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

//go:embed reference/benchmarks.csv
var benchmarks string

// The origins of figures.
const (
	Shipped = "shipped"
	Own     = "own"
)

// firstOwn is the benchmark_id of a project's first figure.
const firstOwn = 1_000_001

// derived are the columns of benchmarks that are no column of a file of
// figures: they follow from the others.
var derived = []string{"origin", "app_kind", "period_end_year", "is_strict"}

// Benchmarks returns the figures that are shipped, by benchmark_id.
func Benchmarks() ([]Benchmark, error) {
	return readFigures("benchmarks.csv", strings.NewReader(benchmarks), Shipped)
}

// ReadFigures reads the figures of a project from a CSV file: a header with
// the names of columns of benchmarks in any order, then a figure a line.
// metric, statistic, value, unit, publisher, period and url are needed; what
// the others are without a value is in docs/benchmarks.md. The error tells
// file, line and column of every problem.
func ReadFigures(file string, r io.Reader) ([]Benchmark, error) {
	return readFigures(file, r, Own)
}

// FigureColumns returns the columns of a file of figures, in their order.
func FigureColumns() []string {
	var names []string
	row := reflect.TypeFor[Benchmark]()
	for i := range row.NumField() {
		if name := columnName(row.Field(i)); name != "benchmark_id" && !slices.Contains(derived, name) {
			names = append(names, name)
		}
	}
	return names
}

// WriteFigures writes a file of figures that [ReadFigures] reads.
func WriteFigures(w io.Writer, list []Benchmark) error {
	out := csv.NewWriter(w)
	names := FigureColumns()
	out.Write(names) // Flush keeps the error
	for i := range list {
		line := make([]string, len(names))
		for j, name := range names {
			line[j] = text(column(&list[i], name))
		}
		out.Write(line)
	}
	out.Flush()
	return out.Error()
}

func readFigures(file string, r io.Reader, origin string) ([]Benchmark, error) {
	lines := csv.NewReader(r)
	header, err := lines.Read()
	if errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s:1: it is empty: want a line with the names of columns", file)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if err := checkHeader(file, header, origin); err != nil {
		return nil, err
	}
	var list []Benchmark
	var problems []error
	for {
		record, err := lines.Read()
		if errors.Is(err, io.EOF) {
			return list, errors.Join(problems...)
		}
		if err != nil {
			return nil, errors.Join(append(problems, fmt.Errorf("%s: %w", file, err))...)
		}
		line, _ := lines.FieldPos(0)
		b := Benchmark{ID: firstOwn + int64(len(list))}
		var wrong []ColumnError
		for i, value := range record {
			if err := set(column(&b, header[i]), strings.TrimSpace(value)); err != nil {
				wrong = append(wrong, ColumnError{header[i], err.Error()})
			}
		}
		complete, more := CompleteFigure(b, origin)
		for _, w := range more {
			if !slices.ContainsFunc(wrong, func(e ColumnError) bool { return e.Column == w.Column }) {
				wrong = append(wrong, w)
			}
		}
		for _, w := range wrong {
			problems = append(problems, fmt.Errorf("%s:%d: %s: %s", file, line, w.Column, w.Problem))
		}
		for i := range list {
			if SameFigure(list[i], complete) && origin == Own {
				problems = append(problems, fmt.Errorf("%s:%d: this figure is already there, as number %d of the file", file, line, i+1))
			}
		}
		list = append(list, complete)
	}
}

func checkHeader(file string, header []string, origin string) error {
	known := FigureColumns()
	if origin == Shipped {
		known = append(known, "benchmark_id")
	}
	var problems []error
	for i, name := range header {
		switch {
		case !slices.Contains(known, name):
			problems = append(problems, fmt.Errorf("%s:1: there is no column %q: want some of %s", file, name, strings.Join(known, ", ")))
		case slices.Contains(header[:i], name):
			problems = append(problems, fmt.Errorf("%s:1: column %s is there twice", file, name))
		}
	}
	for _, name := range []string{"metric", "statistic", "value", "unit", "publisher", "period", "url"} {
		if !slices.Contains(header, name) {
			problems = append(problems, fmt.Errorf("%s:1: column %s is missing", file, name))
		}
	}
	return errors.Join(problems...)
}

// SameFigure says whether two rows are one published figure.
func SameFigure(a, b Benchmark) bool {
	a.ID, b.ID = 0, 0
	return a.Metric == b.Metric && a.Statistic == b.Statistic && a.Value == b.Value && a.Unit == b.Unit && a.Industry == b.Industry &&
		a.Platform == b.Platform && a.Region == b.Region && a.Segment == b.Segment && a.Period == b.Period && a.Publisher == b.Publisher && a.URL == b.URL
}

// A ColumnError is what is wrong with one column of a figure.
type ColumnError struct{ Column, Problem string }

var (
	statistics = regexp.MustCompile(`^(mean|median|p[0-9]{1,2}|pooled|share|peak|policy_threshold|unspecified|average_unspecified|spread|top[0-9]+|bottom[0-9]+|top_games(_threshold)?)?(_?(range_low|range_high|upper_bound|lower_bound))?$`)
	points     = regexp.MustCompile(`^(mean|median|p[0-9]{1,2}|pooled)$`)
	ranks      = regexp.MustCompile(`^(median|p[0-9]{1,2})(_|$)`)
	moment     = `[0-9]{4}(-(Q[1-4]|H[12]|[0-9]{2}(-[0-9]{2})?))?`
	periods    = regexp.MustCompile(`^(current|` + moment + `(\.\.` + moment + `)?)$`)
	year       = regexp.MustCompile(`^[0-9]{4}`)
)

// CompleteFigure fills in what follows from other columns, and what a column
// of a project's figure is that was left empty. It returns what is wrong.
func CompleteFigure(b Benchmark, origin string) (Benchmark, []ColumnError) {
	b.Origin = origin
	fill := func(column *string, value string, where bool) {
		if *column == "" && where {
			*column = value
		}
	}
	fill(&b.Industry, "all", true)
	fill(&b.Platform, "all", true)
	fill(&b.SourceKind, "primary", origin == Own)
	fill(&b.RuleClass, "unknown", true)
	fill(&b.Of, "none", !ranks.MatchString(b.Statistic))
	fill(&b.Weighting, "users", b.Statistic == "pooled")
	fill(&b.Weighting, "unknown", strings.HasPrefix(b.Statistic, "mean"))
	fill(&b.DurationKind, "unknown", isTimeOfUse(b.Metric))
	fill(&b.ZeroLengthSessions, "unknown", b.Metric == "session_duration")
	fill(&b.RetentionAnchor, "unknown", isCohort(b.Metric))
	fill(&b.RetentionClock, "unknown", isCohort(b.Metric))
	fill(&b.Denominator, "unknown", b.Metric == "push_open_rate")
	b.AppKind = "app"
	if b.Platform == "web" {
		b.AppKind = "web"
	}
	b.PeriodEndYear = endYear(b.Period)
	b.IsStrict = b.SourceKind == "primary" && b.Period != "" && points.MatchString(b.Statistic)
	return b, check(&b)
}

// endYear returns the year in which a period ends, nil if it says none.
func endYear(period string) *int64 {
	parts := strings.Split(period, "..")
	n, err := strconv.ParseInt(year.FindString(parts[len(parts)-1]), 10, 64)
	if err != nil {
		return nil
	}
	return &n
}

func check(b *Benchmark) []ColumnError {
	var wrong []ColumnError
	report := func(column, format string, args ...any) {
		wrong = append(wrong, ColumnError{column, fmt.Sprintf(format, args...)})
	}
	oneOf := func(column, value string, allowed ...string) {
		if !slices.Contains(allowed, value) {
			report(column, "%q: want %s", value, either(allowed))
		}
	}
	if !isMetric(b.Metric) {
		report("metric", "%q: want one of %s, with a number for N", b.Metric, strings.Join(metricNames, ", "))
	}
	if b.Statistic == "" || !statistics.MatchString(b.Statistic) {
		report("statistic", "%q: want mean, median, p10 to p99, pooled, unspecified, policy_threshold, peak or topNN, or one of them with _range_low, _range_high, _upper_bound or _lower_bound", b.Statistic)
	}
	if math.IsNaN(b.Value) || math.IsInf(b.Value, 0) || b.Value < 0 || b.Unit == "percent" && b.Value > 100 {
		report("value", "%v: want a number from 0 on, as percent up to 100", b.Value)
	}
	oneOf("unit", b.Unit, unitsOf(b.Metric)...)
	oneOf("industry", b.Industry, Industries()...)
	oneOf("platform", b.Platform, "all", "ios", "android", "web")
	oneOf("source_kind", b.SourceKind, "primary", "secondary")
	if b.Origin == Own && b.Period != "" && !periods.MatchString(b.Period) {
		report("period", "%q: want a year, a quarter such as 2026-Q1, a half-year such as 2026-H1, a month, a day, two of them as start..end, or current", b.Period)
	}
	if b.Origin == Own && b.Period == "" {
		report("period", "it is empty: want the time that the figure is for, such as 2026-Q1")
	}
	if b.Publisher == "" {
		report("publisher", "it is empty: want who published the figure")
	}
	if !strings.HasPrefix(b.URL, "https://") && !strings.HasPrefix(b.URL, "http://") {
		report("url", "%q: want the address of the page, from http:// or https:// on", b.URL)
	}
	if ranks.MatchString(b.Statistic) {
		oneOf("percentile_of", b.Of, "apps", "sessions", "users", "unknown")
	} else {
		oneOf("percentile_of", b.Of, "none")
	}
	if b.Weighting != "" {
		oneOf("weighting", b.Weighting, "apps", "users", "sessions", "recipients", "unknown")
	}
	oneOf("rule_class", b.RuleClass, "A", "B", "C", "D", "E", "unknown")
	for _, c := range []struct {
		column, value string
		applies       bool
		allowed       []string
	}{
		{"duration_kind", b.DurationKind, isTimeOfUse(b.Metric), []string{"elapsed", "foreground", "engaged", "unknown"}},
		{"zero_length_sessions", b.ZeroLengthSessions, b.Metric == "session_duration", []string{"kept", "dropped", "unknown"}},
		{"retention_anchor", b.RetentionAnchor, isCohort(b.Metric), []string{"install", "first_use", "unknown"}},
		{"retention_clock", b.RetentionClock, isCohort(b.Metric), []string{"calendar", "calendar_utc", "24_hours", "unknown"}},
		{"denominator", b.Denominator, b.Metric == "push_open_rate", []string{"sent", "delivered", "recipients", "users_reached", "unknown"}},
		{"printed_window", b.PrintedWindow, b.PrintedWindow != "" && b.Metric == "session_duration", []string{"week", "month"}},
	} {
		switch {
		case c.applies:
			oneOf(c.column, c.value, c.allowed...)
		case c.value != "":
			report(c.column, "%q: want nothing, as %s has none", c.value, b.Metric)
		}
	}
	return wrong
}

// either lists what is allowed.
func either(allowed []string) string {
	if len(allowed) == 1 {
		return allowed[0]
	}
	return strings.Join(allowed[:len(allowed)-1], ", ") + " or " + allowed[len(allowed)-1]
}

func columnName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("parquet"), ",")
	return name
}

// column returns the field of a figure that is a column.
func column(b *Benchmark, name string) reflect.Value {
	row := reflect.ValueOf(b).Elem()
	for i := range row.NumField() {
		if columnName(row.Type().Field(i)) == name {
			return row.Field(i)
		}
	}
	panic("there is no column " + name) // the header was checked
}

// SetFigureColumn stores the value that a text writes in a column.
func SetFigureColumn(b *Benchmark, name, value string) error {
	return set(column(b, name), value)
}

// set stores the value that text writes in a field of a Benchmark.
func set(field reflect.Value, text string) error {
	if field.Kind() == reflect.Pointer {
		if text == "" {
			return nil
		}
		field.Set(reflect.New(field.Type().Elem()))
		field = field.Elem()
	}
	switch field.Kind() {
	case reflect.String:
		field.SetString(text)
	case reflect.Int64:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return fmt.Errorf("%q is not a whole number", text)
		}
		field.SetInt(n)
	case reflect.Float64:
		x, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return fmt.Errorf("%q is not a number", text)
		}
		field.SetFloat(x)
	}
	return nil
}

// text is what set reads.
func text(field reflect.Value) string {
	if field.Kind() == reflect.Pointer {
		if field.IsNil() {
			return ""
		}
		field = field.Elem()
	}
	switch field.Kind() {
	case reflect.Int64:
		return strconv.FormatInt(field.Int(), 10)
	case reflect.Float64:
		return strconv.FormatFloat(field.Float(), 'f', -1, 64)
	}
	return field.String()
}
