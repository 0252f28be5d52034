// Package sql holds the analysts' views and the published benchmarks.
//
// A view is one text for BigQuery and DuckDB: GoogleSQL without the spellings
// that DuckDB does not have or reads differently (see README.md), run there
// with a few macros. Two things differ between warehouses and are put in when
// the view is created: the data set that "mart." stands for, and the day that
// "@as_of" stands for. A date that is a constant lets BigQuery read only the
// partitions it needs, so views are created again at every publish.
package sql

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io"
	"regexp"
	"strings"

	"sojourn/internal/calendar"
)

//go:embed views/*.sql
var views embed.FS

//go:embed oracle/*.sql
var oracles embed.FS

// A View is a view over the published tables or over views before it.
type View struct {
	Name string
	Doc  string // what it shows and what a row is
	Text string // the statement that creates it, with "mart." and "@as_of" in it
}

// Views returns all views, each after those it reads.
func Views() []View {
	names := []string{
		"dim_users",
		"fct_sessions",
		"fct_session_days",
		"fct_retention",
		"fct_retention_triangle",
		"fct_lifecycle",
		"fct_daily",
		"fct_period_over_period",
		"fct_frequency",
		"fct_length",
		"fct_hours",
		"fct_stability",
		"fct_segments",
		"fct_screens",
		"fct_transitions",
		"fct_features",
		"fct_funnels",
		"fct_first_sessions",
		"fct_push",
		"fct_incentives",
		"fct_ledger",
		"fct_definitions",
		"fct_own_figures",
		"benchmark_metrics",
		"benchmark_comparison",
	}
	list := make([]View, len(names))
	for i, name := range names {
		text, err := views.ReadFile("views/" + name + ".sql")
		if err != nil {
			panic(err) // the file is not embedded: any test shows it
		}
		list[i] = View{Name: name, Doc: purpose(name, string(text)), Text: string(text)}
	}
	return list
}

// Oracles returns, for each published table that follows from others, a query
// that computes its rows slowly and plainly, in the order of their names. It
// needs what a view needs, and is no part of what is published. Where it reads
// mart.members, the query of oracle/members.sql stands instead.
func Oracles() []View {
	files, err := oracles.ReadDir("oracle")
	if err != nil {
		panic(err) // the folder is not embedded: any test shows it
	}
	members, err := oracles.ReadFile("oracle/members.sql")
	if err != nil {
		panic(err)
	}
	var list []View
	for _, f := range files {
		if f.Name() == "members.sql" {
			continue
		}
		text, err := oracles.ReadFile("oracle/" + f.Name())
		if err != nil {
			panic(err)
		}
		name := strings.TrimSuffix(f.Name(), ".sql")
		list = append(list, View{
			Name: name, Doc: purpose(name, string(text)),
			Text: strings.ReplaceAll(string(text), "mart.members", "(\n"+string(members)+")"),
		})
	}
	return list
}

// Header returns what the header of a view says under a heading: Grain, Reads,
// Partition or Nulls; "" if it says nothing.
func (v View) Header(heading string) string {
	for line := range strings.Lines(v.Text) {
		if text, ok := strings.CutPrefix(line, "-- "+heading+": "); ok {
			return strings.TrimSpace(text)
		}
	}
	return ""
}

// Reads returns the tables and views that a view reads, as its header says.
func (v View) Reads() []string {
	return strings.Split(strings.TrimSuffix(v.Header("Reads"), "."), ", ")
}

// Digest identifies the text of all views: 16 hex digits.
func Digest() string {
	sum := sha256.New()
	for _, v := range Views() {
		io.WriteString(sum, v.Text) // a hash takes all
	}
	return hex.EncodeToString(sum.Sum(nil)[:8])
}

// purpose returns what the first line of a view's header says after its name.
func purpose(name, text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return strings.TrimPrefix(line, "-- "+name+": ")
}

// DuckDB returns the statement that creates the view in the schema main, as
// of a day. It needs [DuckDBMacros].
func (v View) DuckDB(asOf calendar.Day) string {
	return v.rewrite("main.", asOf)
}

// BigQuery returns the statement that creates the view in a data set, as of a
// day.
func (v View) BigQuery(project, dataset string, asOf calendar.Day) string {
	return v.rewrite("`"+project+"`.`"+dataset+"`.", asOf)
}

// token matches what may be replaced, and before it what must be left alone.
var token = regexp.MustCompile(`(?s)'[^']*'|--[^\n]*|/\*.*?\*/|\bmart\.|@as_of\b`)

func (v View) rewrite(dataset string, asOf calendar.Day) string {
	return token.ReplaceAllStringFunc(v.Text, func(found string) string {
		switch found {
		case "mart.":
			return dataset
		case "@as_of":
			return "DATE '" + asOf.String() + "'"
		}
		return found
	})
}

// DuckDBMacros returns the statements that give DuckDB the GoogleSQL functions
// that the views use. Run them in the schema main before creating a view;
// running them again changes nothing.
func DuckDBMacros() []string {
	return []string{
		"CREATE OR REPLACE MACRO main.safe_divide(a, b) AS (CASE WHEN b = 0 THEN NULL ELSE CAST(a AS DOUBLE) / b END)",
		"CREATE OR REPLACE MACRO main.div(a, b) AS (a // b)",
		"CREATE OR REPLACE MACRO main.unix_date(d) AS (CAST(d AS DATE) - DATE '1970-01-01')",
		"CREATE OR REPLACE MACRO main.unix_micros(t) AS (epoch_us(t))",
		"CREATE OR REPLACE MACRO main.timestamp_micros(n) AS (TIMESTAMPTZ '1970-01-01 00:00:00+00' + to_microseconds(n))",
		"CREATE OR REPLACE MACRO main.datetime(t, zone) AS (timezone(zone, t))",
		// DuckDB's own functions of these names return a timestamp.
		"CREATE OR REPLACE MACRO main.date_add(d, i) AS CAST(d + i AS DATE)",
		"CREATE OR REPLACE MACRO main.date_sub(d, i) AS CAST(d - i AS DATE)",
	}
}
