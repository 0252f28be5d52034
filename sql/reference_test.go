package sql

import (
	"bytes"
	"encoding/csv"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What a figure must be is checked as it is read, for shipped ones too.
func TestBenchmarksAreWellFormed(t *testing.T) {
	list, err := Benchmarks()
	if err != nil {
		t.Fatal(err)
	}
	strict := 0
	for i, b := range list {
		if b.ID != int64(i+1) {
			t.Errorf("row %d has benchmark_id %d: numbers count up and are never used again", i+1, b.ID)
		}
		if b.Report == "" || b.Definition == "" {
			t.Errorf("%d: what says so, of what? %+v", b.ID, b)
		}
		if b.PeriodEndYear != nil && !strings.Contains(b.Period, strconv.FormatInt(*b.PeriodEndYear, 10)) {
			t.Errorf("%d: period %q ends in %d", b.ID, b.Period, *b.PeriodEndYear)
		}
		if b.Origin != Shipped {
			t.Errorf("%d: origin is %s", b.ID, b.Origin)
		}
		if b.IsStrict {
			strict++
		}
		for j := range list[:i] {
			if SameFigure(b, list[j]) {
				t.Errorf("%d is %d again", b.ID, list[j].ID)
			}
		}
	}
	if len(list) != 458 || strict != 112 {
		t.Errorf("%d figures, %d of them strict; want 458 and 112", len(list), strict)
	}
}

// The figures are those of the survey they were taken from, each once.
func TestFiguresAreThoseOfTheSurvey(t *testing.T) {
	const survey = "../../shared/benchmarks/benchmarks.csv"
	file, err := os.Open(survey)
	if err != nil {
		t.Skipf("the survey is not here: %v", err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	at := func(name string) int { return slices.Index(rows[0], name) }
	key := func(metric, statistic, value, unit, industry, platform, period, url, publisher, kind string) string {
		x, err := strconv.ParseFloat(value, 64)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join([]string{metric, statistic, strconv.FormatFloat(x, 'g', -1, 64), unit, industry, platform, period, url, publisher, kind}, "|")
	}
	want, got := map[string]int{}, map[string]int{}
	for _, r := range rows[1:] {
		kind, _, _ := strings.Cut(r[at("source_kind")], " ")
		want[key(r[at("metric")], r[at("statistic")], r[at("value")], r[at("unit")], r[at("industry")], r[at("platform")],
			r[at("period")], r[at("url")], r[at("publisher")], kind)]++
	}
	list, err := Benchmarks()
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range list {
		got[key(b.Metric, b.Statistic, strconv.FormatFloat(b.Value, 'g', -1, 64), b.Unit, b.Industry, b.Platform, b.Period, b.URL, b.Publisher, b.SourceKind)]++
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("figures (-survey +ours):\n%s", diff)
	}
}

// good is a file with one figure that nothing is wrong with.
const good = "metric,statistic,value,unit,publisher,period,url\nretention_d1_nday,median,25,percent,Acme,2026-Q1,https://acme.example/report\n"

func TestBadFiguresAreRefusedWithTheirPlace(t *testing.T) {
	ranked := strings.Replace(strings.Replace(good, "metric,", "percentile_of,metric,", 1), "retention_d1", "apps,retention_d1", 1)
	if _, err := ReadFigures("own.csv", strings.NewReader(ranked)); err != nil {
		t.Fatal(err)
	}
	replaced := func(old, with string) string { return strings.Replace(ranked, old, with, 1) }
	for name, c := range map[string]struct{ csv, want string }{
		"nothing":              {"", "own.csv:1: it is empty"},
		"an unknown column":    {replaced(",unit", ",units"), `own.csv:1: there is no column "units": want some of metric, statistic, percentile_of,`},
		"a missing column":     {replaced(",url", ",report"), "own.csv:1: column url is missing"},
		"a column twice":       {replaced(",url", ",url,url"), "own.csv:1: column url is there twice"},
		"an id":                {replaced("metric,", "benchmark_id,metric,"), `there is no column "benchmark_id"`},
		"a short line":         {ranked + "apps,retention_d1_nday\n", "own.csv: record on line 3: wrong number of fields"},
		"no number":            {replaced(",25,", ",many,"), `own.csv:2: value: "many" is not a number`},
		"a share over all":     {replaced(",25,", ",250,"), "own.csv:2: value: 250: want a number from 0 on, as percent up to 100"},
		"an unknown metric":    {replaced("retention_d1_nday", "retention_d1"), `own.csv:2: metric: "retention_d1": want one of`},
		"an unknown statistic": {replaced("median", "average"), `own.csv:2: statistic: "average": want mean, median`},
		"a unit of others":     {replaced("percent,Acme", "minutes,Acme"), `own.csv:2: unit: "minutes": want percent`},
		"no publisher":         {replaced("Acme", " "), "own.csv:2: publisher: it is empty"},
		"no period":            {replaced("2026-Q1", ""), "own.csv:2: period: it is empty"},
		"a loose period":       {replaced("2026-Q1", "spring 2026"), `own.csv:2: period: "spring 2026": want a year, a quarter`},
		"no address":           {replaced("https://", ""), `own.csv:2: url: "acme.example/report": want the address`},
		"a rank of what":       {good, `own.csv:2: percentile_of: "": want apps, sessions, users or unknown`},
		"a mean ranks nothing": {replaced("median", "mean"), `own.csv:2: percentile_of: "apps": want none`},
		"twice":                {ranked + strings.SplitN(ranked, "\n", 2)[1], "own.csv:3: this figure is already there, as number 1 of the file"},
		"a class of no pause": {
			strings.Replace(strings.Replace(ranked, "metric,", "rule_class,metric,", 1), "apps,retention", "apps,F,retention", 1),
			`own.csv:2: rule_class: "F": want A, B, C, D, E or unknown`,
		},
		"a kind of time for a share": {
			strings.Replace(strings.Replace(ranked, "metric,", "duration_kind,metric,", 1), "apps,retention", "apps,elapsed,retention", 1),
			`own.csv:2: duration_kind: "elapsed": want nothing, as retention_d1_nday has none`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ReadFigures("own.csv", strings.NewReader(c.csv))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want %q in it", err, c.want)
			}
		})
	}
}

func TestFiguresAreReadAsTheyAreWritten(t *testing.T) {
	list, err := Benchmarks()
	if err != nil {
		t.Fatal(err)
	}
	list = slices.DeleteFunc(list, func(b Benchmark) bool { return !periods.MatchString(b.Period) })
	var file bytes.Buffer
	if err := WriteFigures(&file, list); err != nil {
		t.Fatal(err)
	}
	got, err := ReadFigures("own.csv", &file)
	if err != nil {
		t.Fatal(err)
	}
	for i := range list {
		list[i].ID, list[i].Origin = firstOwn+int64(i), Own
	}
	if diff := cmp.Diff(list, got); diff != "" {
		t.Errorf("(-written +read):\n%s", diff)
	}
}

func TestOnlyStrictFiguresAreCompared(t *testing.T) {
	base := Benchmark{Metric: "session_duration", Statistic: "mean", Unit: "seconds", SourceKind: "primary", Period: "2026"}
	for want, change := range map[string]func(*Benchmark){
		"true mean primary 2026":     func(*Benchmark) {},
		"false mean secondary 2026":  func(b *Benchmark) { b.SourceKind = "secondary" },
		"false mean primary ":        func(b *Benchmark) { b.Period = "" },
		"false peak primary 2026":    func(b *Benchmark) { b.Statistic = "peak" },
		"true p90 primary 2026":      func(b *Benchmark) { b.Statistic = "p90" },
		"false p90_upper_bound prim": func(b *Benchmark) { b.Statistic = "p90_upper_bound" },
	} {
		b := base
		change(&b)
		b, _ = CompleteFigure(b, Shipped)
		if got := strconv.FormatBool(b.IsStrict) + " " + b.Statistic + " " + b.SourceKind + " " + b.Period; !strings.HasPrefix(got, want) {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestRuleClassBoundaries(t *testing.T) {
	for _, c := range []struct {
		seconds float64
		want    string
	}{
		{0, "A"}, {1, "B"}, {60, "B"}, {61, "C"}, {600, "C"}, {601, "D"}, {1800, "D"}, {2700, "D"}, {2701, "E"}, {3600, "E"},
	} {
		if got := RuleClass(c.seconds); got != c.want {
			t.Errorf("RuleClass(%v) = %s, want %s", c.seconds, got, c.want)
		}
	}
}
