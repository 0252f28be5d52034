package sql

import (
	_ "embed"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"
)

// A Benchmark is one published figure: a row of benchmarks. Only figures that
// a publisher gives for its own data, for a stated period, and as a mean, a
// median, a percentile or a share of all users are in the table.
type Benchmark struct {
	ID        int64   `parquet:"benchmark_id" doc:"Number of the figure; stays when others are added."`
	Metric    string  `parquet:"metric" doc:"What is measured. The name carries the definition: figures of different names are different quantities."`
	Statistic string  `parquet:"statistic" doc:"mean, median, pNN (percentile) or pooled (one share over all users)."`
	Of        string  `parquet:"percentile_of" doc:"What a median or percentile ranks: apps or sessions; none for means and shares."`
	Value     float64 `parquet:"value" doc:"The figure, in unit, as published."`
	Unit      string  `parquet:"unit" doc:"percent, count, minutes or seconds."`

	Industry string `parquet:"industry" doc:"Industry; all: every category together."`
	Platform string `parquet:"platform" doc:"ios, android, web, or all where the figure is not split."`
	AppKind  string `parquet:"app_kind" doc:"app or web."`
	Region   string `parquet:"region,optional" doc:"Country (ISO 3166) or global; null if not stated."`
	Segment  string `parquet:"segment,optional" doc:"The part of the population that the figure is for; null for all of it."`

	Period        string `parquet:"period" doc:"Time that the figure is for, as stated: a year, quarter, half-year, month or range."`
	PeriodEndYear int64  `parquet:"period_end_year" doc:"Year in which that time ends."`
	Publisher     string `parquet:"publisher" doc:"Who published the figure."`
	Report        string `parquet:"report" doc:"Title of the report or page."`
	URL           string `parquet:"url" doc:"Page to cite."`
	Definition    string `parquet:"definition" doc:"What the publisher counts, in short."`

	RuleClass          string `parquet:"rule_class" doc:"Class of pause that ends a session there: A none, foreground only; B up to 60 s; C up to 10 min; D up to 45 min; E longer; unknown. The publisher's documented rule where the report does not repeat it."`
	DurationKind       string `parquet:"duration_kind,optional" doc:"elapsed (first to last event), foreground (launch to close), engaged (measured use) or unknown; null if not a duration."`
	ZeroLengthSessions string `parquet:"zero_length_sessions,optional" doc:"Sessions of a single event: kept, dropped or unknown; null if not a session duration."`
	RetentionAnchor    string `parquet:"retention_anchor,optional" doc:"What day 0 is: first_use, install or unknown; null if the figure follows no cohort."`
	Sample             string `parquet:"sample,optional" doc:"What the figure was computed from; null if not stated."`
}

// A Setting is the one row of settings: what the app says of itself and how
// its sessions were cut.
type Setting struct {
	App              string  `parquet:"app" doc:"Name of the app."`
	Industry         string  `parquet:"industry" doc:"Industry whose benchmarks it is compared with; all if none was chosen."`
	Region           string  `parquet:"region,optional" doc:"Country (ISO 3166) that the app is for; null if it is not for one country."`
	Platform         string  `parquet:"platform" doc:"ios, android or web if the app runs on one of them; all for a mobile app on several."`
	Timezone         string  `parquet:"timezone" doc:"Reporting zone (IANA name): days begin there."`
	TimeoutSeconds   float64 `parquet:"timeout_seconds" doc:"Longest pause within a session, in seconds."`
	RuleClass        string  `parquet:"rule_class" doc:"Class of that pause, as in benchmarks."`
	DurationKind     string  `parquet:"duration_kind" doc:"What duration_seconds of sessions measures, as in benchmarks: elapsed, foreground or engaged."`
	Preset           string  `parquet:"preset" doc:"Preset that the session definition starts from."`
	Definition       string  `parquet:"definition" doc:"Name of the session definition."`
	DefinitionDigest string  `parquet:"definition_digest" doc:"Digest of the session definition."`
	ViewsDigest      string  `parquet:"views_digest" doc:"Digest of the text of the views, so that other views are published."`
}

// RuleClass returns the class of session rules that a timeout falls in. Only
// figures made by rules of one class can be compared: a longer timeout gives
// fewer and longer sessions. Zero means that no pause is allowed for.
func RuleClass(timeoutSeconds float64) string {
	switch {
	case timeoutSeconds <= 0:
		return "A"
	case timeoutSeconds <= 60:
		return "B"
	case timeoutSeconds <= 10*60:
		return "C"
	case timeoutSeconds <= 45*60:
		return "D"
	}
	return "E"
}

//go:embed reference/benchmarks.csv
var benchmarks string

// Benchmarks returns the published figures by benchmark_id.
func Benchmarks() ([]Benchmark, error) {
	return readBenchmarks(strings.NewReader(benchmarks))
}

// readBenchmarks reads rows whose columns are those of Benchmark, in order.
func readBenchmarks(r io.Reader) ([]Benchmark, error) {
	lines := csv.NewReader(r)
	header, err := lines.Read()
	if err != nil {
		return nil, fmt.Errorf("benchmarks.csv: %w", err)
	}
	row := reflect.TypeFor[Benchmark]()
	if len(header) != row.NumField() {
		return nil, fmt.Errorf("benchmarks.csv: %d columns, want %d", len(header), row.NumField())
	}
	for i := range header {
		if want, _, _ := strings.Cut(row.Field(i).Tag.Get("parquet"), ","); header[i] != want {
			return nil, fmt.Errorf("benchmarks.csv: column %d is %s, want %s", i+1, header[i], want)
		}
	}
	var list []Benchmark
	for {
		record, err := lines.Read()
		if errors.Is(err, io.EOF) {
			return list, nil
		}
		if err != nil {
			return nil, fmt.Errorf("benchmarks.csv: %w", err)
		}
		var b Benchmark
		for i, text := range record {
			if err := set(reflect.ValueOf(&b).Elem().Field(i), text); err != nil {
				line, _ := lines.FieldPos(i)
				return nil, fmt.Errorf("benchmarks.csv:%d: %s: %w", line, header[i], err)
			}
		}
		list = append(list, b)
	}
}

// set stores the value that text writes in a field of a Benchmark.
func set(field reflect.Value, text string) error {
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
