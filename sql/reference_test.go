package sql

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestBenchmarksAreWellFormed(t *testing.T) {
	list, err := Benchmarks()
	if err != nil {
		t.Fatal(err)
	}
	durations := regexp.MustCompile(`^(session_duration|time_in_app_|engagement_time_)`)
	cohorts := regexp.MustCompile(`^(retention_|churn_|dau_loss_|loyal_|single_session_)`)
	oneOf := func(b Benchmark, column, value string, allowed ...string) {
		if !slices.Contains(allowed, value) {
			t.Errorf("%d: %s is %q, want one of %q", b.ID, column, value, allowed)
		}
	}
	for i, b := range list {
		if b.ID != int64(i+1) {
			t.Errorf("row %d has benchmark_id %d: numbers count up and are never used again", i+1, b.ID)
		}
		if !regexp.MustCompile(`^(mean|median|pooled|p[0-9]{1,2})$`).MatchString(b.Statistic) {
			t.Errorf("%d: statistic %q cannot be drawn as a point", b.ID, b.Statistic)
		}
		if ranks := b.Statistic != "mean" && b.Statistic != "pooled"; ranks != (b.Of != "none") {
			t.Errorf("%d: a %s is a percentile of %s", b.ID, b.Statistic, b.Of)
		}
		oneOf(b, "percentile_of", b.Of, "apps", "sessions", "none")
		oneOf(b, "industry", b.Industry, Industries()...)
		oneOf(b, "unit", b.Unit, "percent", "count", "minutes", "seconds")
		oneOf(b, "platform", b.Platform, "ios", "android", "web", "all")
		if want := map[bool]string{true: "web", false: "app"}[b.Platform == "web"]; b.AppKind != want {
			t.Errorf("%d: app_kind is %q on platform %s", b.ID, b.AppKind, b.Platform)
		}
		if year := strconv.FormatInt(b.PeriodEndYear, 10); !strings.Contains(b.Period, year) {
			t.Errorf("%d: period %q ends in %s", b.ID, b.Period, year)
		}
		if b.Publisher == "" || b.Report == "" || b.Definition == "" || !strings.HasPrefix(b.URL, "http") {
			t.Errorf("%d: who says so, where, of what? %+v", b.ID, b)
		}
		oneOf(b, "rule_class", b.RuleClass, "A", "B", "C", "D", "E", "unknown")
		if durations.MatchString(b.Metric) {
			oneOf(b, "duration_kind", b.DurationKind, "elapsed", "foreground", "engaged", "unknown")
		} else {
			oneOf(b, "duration_kind", b.DurationKind, "")
		}
		if b.Metric == "session_duration" {
			oneOf(b, "zero_length_sessions", b.ZeroLengthSessions, "kept", "dropped", "unknown")
		} else {
			oneOf(b, "zero_length_sessions", b.ZeroLengthSessions, "")
		}
		if cohorts.MatchString(b.Metric) {
			oneOf(b, "retention_anchor", b.RetentionAnchor, "install", "first_use", "unknown")
		} else {
			oneOf(b, "retention_anchor", b.RetentionAnchor, "")
		}
	}
}

func TestBadReferenceDataIsRefusedWithItsLine(t *testing.T) {
	header, rest, _ := strings.Cut(benchmarks, "\n")
	row, _, _ := strings.Cut(rest, "\n")
	for name, c := range map[string]struct{ csv, want string }{
		"nothing":            {"", "benchmarks.csv: EOF"},
		"a column too few":   {"benchmark_id,metric\n", "2 columns, want"},
		"a column misnamed":  {strings.Replace(header, "metric", "metrics", 1), "column 2 is metrics, want metric"},
		"a text for a year":  {header + "\n" + row + "\n" + strings.Replace(row, ",2020,", ",last,", 1), `benchmarks.csv:3: period_end_year: "last" is not a whole number`},
		"a text for a value": {header + "\n" + strings.Replace(row, ",17.6,", ",many,", 1), `benchmarks.csv:2: value: "many" is not a number`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := readBenchmarks(strings.NewReader(c.csv))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want %q in it", err, c.want)
			}
		})
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
