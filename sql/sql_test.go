package sql_test

import (
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sojourn/internal/calendar"
	"sojourn/load"
	"sojourn/sql"
)

func TestNamesAndDaysAreReplacedInCodeOnly(t *testing.T) {
	view := sql.View{Text: `-- mart.users as of @as_of
SELECT 'mart.users @as_of', smart.x, @as_of_not /* mart. @as_of */
FROM mart.users WHERE date=@as_of`}
	day := calendar.Date(2026, 10, 1)

	want := `-- mart.users as of @as_of
SELECT 'mart.users @as_of', smart.x, @as_of_not /* mart. @as_of */
FROM main.users WHERE date=DATE '2026-10-01'`
	if diff := cmp.Diff(want, view.DuckDB(day)); diff != "" {
		t.Errorf("DuckDB (-want +got):\n%s", diff)
	}
	want = strings.ReplaceAll(want, "main.users", "`acme-app`.`app_sessions`.users")
	if diff := cmp.Diff(want, view.BigQuery("acme-app", "app_sessions", day)); diff != "" {
		t.Errorf("BigQuery (-want +got):\n%s", diff)
	}
}

func TestEveryViewFileIsAView(t *testing.T) {
	files, err := fs.Glob(os.DirFS("views"), "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, v := range sql.Views() {
		names = append(names, v.Name+".sql")
	}
	slices.Sort(names)
	if diff := cmp.Diff(files, names); diff != "" {
		t.Errorf("files and views (-files +views):\n%s", diff)
	}
}

// notCode matches strings and comments.
var notCode = regexp.MustCompile(`(?s)'[^']*'|--[^\n]*|/\*.*?\*/`)

var reference = regexp.MustCompile(`mart\.(\w+)( AS (\w+))?`)

func TestHeadersTellTheTruth(t *testing.T) {
	for _, v := range sql.Views() {
		t.Run(v.Name, func(t *testing.T) {
			lines := strings.SplitN(v.Text, "\n", 7)
			for i, prefix := range []string{
				"-- " + v.Name + ": ", "-- Grain: ", "-- Reads: ", "-- Partition: ", "-- Nulls: ",
				"CREATE OR REPLACE VIEW mart." + v.Name + " AS",
			} {
				if !strings.HasPrefix(lines[i], prefix) {
					t.Errorf("line %d is %q, want %q", i+1, lines[i], prefix)
				}
			}
			if v.Doc == "" || strings.HasPrefix(v.Doc, "--") {
				t.Errorf("Doc is %q, want the header's first line", v.Doc)
			}
			said := strings.Split(strings.TrimSuffix(strings.TrimPrefix(lines[2], "-- Reads: "), "."), ", ")
			if said[0] == "nothing" {
				said = nil
			}
			var read []string
			for _, found := range reference.FindAllStringSubmatch(lines[6], -1) {
				read = append(read, found[1])
			}
			slices.Sort(said)
			slices.Sort(read)
			if diff := cmp.Diff(said, slices.Compact(read)); diff != "" {
				t.Errorf("Reads (-header +code):\n%s", diff)
			}
		})
	}
}

// partitions returns the partition column of every table that a view may read,
// "" where there is none.
func partitions() map[string]string {
	columns := map[string]string{}
	for _, table := range load.Tables() {
		columns[table.Name] = table.Partition
	}
	return columns
}

func TestViewsReadWhatThereIs(t *testing.T) {
	known := partitions()
	for _, v := range sql.Views() {
		_, body, _ := strings.Cut(v.Text, " AS\n")
		for _, found := range reference.FindAllStringSubmatch(body, -1) {
			if _, ok := known[found[1]]; !ok {
				t.Errorf("%s reads %s, which is neither a table nor a view before it", v.Name, found[1])
			}
			if found[3] == "" {
				t.Errorf("%s reads %s without an alias", v.Name, found[1])
			}
		}
		known[v.Name] = ""
	}
}

// BigQuery reads only the partitions that a constant names, and refuses a
// query on these tables that has none.
func TestPartitionedTablesAreFilteredByConstants(t *testing.T) {
	for _, v := range sql.Views() {
		if problems := unfiltered(v.Text, partitions()); len(problems) > 0 {
			t.Errorf("%s: no constant filter on %s", v.Name, strings.Join(problems, ", "))
		}
	}
	missing := "SELECT u.user_id FROM mart.users AS u WHERE u.date = u.last_seen_date AND EXISTS (SELECT 1 FROM mart.users AS w WHERE w.date = @as_of)"
	if diff := cmp.Diff([]string{"users AS u"}, unfiltered(missing, partitions())); diff != "" {
		t.Errorf("a query without such a filter (-want +got):\n%s", diff)
	}
}

func unfiltered(text string, partition map[string]string) []string {
	var problems []string
	for _, at := range reference.FindAllStringSubmatchIndex(text, -1) {
		table := text[at[2]:at[3]]
		if partition[table] == "" {
			continue
		}
		rest, _, _ := strings.Cut(text[at[1]:], "SELECT")
		column := regexp.QuoteMeta(text[at[6]:at[7]] + "." + partition[table])
		constant := regexp.MustCompile(`\b` + column +
			` (= @as_of|BETWEEN (DATE '2000-01-01'|DATE_SUB\(@as_of, INTERVAL \d+ DAY\)) AND @as_of)`)
		if !constant.MatchString(rest) {
			problems = append(problems, table+text[at[4]:at[5]])
		}
	}
	return problems
}

// bans are spellings that one of the engines does not have, or that the two
// read differently without complaint.
var bans = []struct {
	what    string
	pattern *regexp.Regexp
	example string
}{
	{"a string in one, an identifier in the other", regexp.MustCompile(`["` + "`]"), `SELECT "x"`},
	{"escapes differ", regexp.MustCompile(`\\|'_''_'`), `SELECT 'it''s'`},
	{"list the columns", regexp.MustCompile(`(?i)SELECT\s+\*|\.\*|\bEXCEPT\b|\bEXCLUDE\b`), "SELECT *"},
	{"a double in one, a decimal in the other", regexp.MustCompile(`\b\d+\.\d|\s\.\d`), "SELECT 0.5"},
	{"use SAFE_DIVIDE: division by zero and of integers differ", regexp.MustCompile(`/`), "SELECT a / b"},
	{"use MOD", regexp.MustCompile(`%`), "SELECT a % 2"},
	{"use CAST", regexp.MustCompile(`(?i)::|\bSAFE_CAST\b|\bTRY_CAST\b`), "SELECT a::DATE"},
	{"types of one engine", regexp.MustCompile(`(?i)\b(BIGINT|INTEGER|INT|VARCHAR|TEXT|DOUBLE|FLOAT64|FLOAT|NUMERIC|DECIMAL|BYTES)\b`), "CAST(a AS VARCHAR)"},
	{"the part is a column to DuckDB", regexp.MustCompile(`(?i)\b(DATE|TIMESTAMP)_(TRUNC|DIFF)\b`), "DATE_TRUNC(d, MONTH)"},
	{"weeks begin on different days", regexp.MustCompile(`(?i)\b(DAYOFWEEK|ISOWEEK|WEEK)\s+FROM`), "EXTRACT(WEEK FROM d)"},
	{"nulls count differently", regexp.MustCompile(`(?i)\b(GREATEST|LEAST|CONCAT)\s*\(`), "GREATEST(a, b)"},
	{"approximate or missing", regexp.MustCompile(`(?i)\b(APPROX_|PERCENTILE_CONT|PERCENTILE_DISC|QUANTILE|MEDIAN\s*\(|MAX_BY|MIN_BY|ARG_M)`), "APPROX_QUANTILES(a, 4)"},
	{"arrays and structs differ", regexp.MustCompile(`(?i)\b(UNNEST|STRUCT|ARRAY|ARRAY_AGG|GENERATE_\w+)\b`), "UNNEST(GENERATE_ARRAY(1, 3))"},
	{"first or all matches", regexp.MustCompile(`(?i)\bREGEXP_REPLACE\b`), "REGEXP_REPLACE(a, 'b', 'c')"},
	{"a view has no clock", regexp.MustCompile(`(?i)\b(CURRENT_\w+|NOW|TODAY)\b`), "CURRENT_DATE()"},
	{"only DuckDB filters aggregates", regexp.MustCompile(`(?i)\bFILTER\s*\(`), "COUNT(*) FILTER (WHERE a)"},
	{"comments begin with --", regexp.MustCompile(`#`), "SELECT 1 # one"},
	{"the only parameter is @as_of", regexp.MustCompile(`[@$]`), "SELECT @day"},
}

func TestViewsKeepToTheCommonLanguage(t *testing.T) {
	for _, ban := range bans {
		if !ban.pattern.MatchString(code(ban.example)) {
			t.Errorf("%q passes, want a complaint: %s", ban.example, ban.what)
		}
		for _, v := range sql.Views() {
			for i, line := range strings.Split(v.Text, "\n") {
				if ban.pattern.MatchString(code(line)) {
					t.Errorf("views/%s.sql:%d: %s: %s", v.Name, i+1, ban.what, strings.TrimSpace(line))
				}
			}
		}
	}
}

// code returns a line without comments, its texts blotted out but for what
// must not be in a text, and @as_of as the constant it stands for.
func code(line string) string {
	line = notCode.ReplaceAllStringFunc(line, func(found string) string {
		switch {
		case found[0] != '\'':
			return ""
		case strings.Contains(found, `\`):
			return `'\'`
		}
		return "'_'"
	})
	return regexp.MustCompile(`@as_of\b`).ReplaceAllString(line, "DATE '_'")
}
