// Package googlesql_test has Google's own analyser read the views against the
// published tables. It is a module of its own because the analyser takes
// minutes to compile, which the tests of the product should not.
package googlesql_test

import (
	"strings"
	"testing"

	gsql "github.com/goccy/go-googlesql"

	"sojourn/internal/calendar"
	"sojourn/load"
	"sojourn/sql"
)

// An analyser knows the tables of a data set. Everything that its C++ side
// points to must stay reachable while it is used.
type analyser struct {
	t        *testing.T
	types    *gsql.TypeFactory
	language *gsql.LanguageOptions
	options  *gsql.AnalyzerOptions
	root     *gsql.SimpleCatalog
	dataset  *gsql.SimpleCatalog
	kept     []any
}

// newAnalyser returns an analyser that knows the published tables in a data
// set at a path, such as mart, or project and data set. An unqualified table
// is unknown, as it is to BigQuery in a view.
func newAnalyser(t *testing.T, path ...string) *analyser {
	check(t, gsql.Init())
	a := &analyser{t: t}
	a.types = must(gsql.NewTypeFactory())(t)
	a.language = must(gsql.NewLanguageOptions())(t)
	check(t, a.language.EnableMaximumLanguageFeatures())
	check(t, a.language.SetSupportsAllStatementKinds())
	check(t, a.language.SetProductMode(gsql.ProductModeProductExternal))
	check(t, a.language.EnableReservableKeyword("QUALIFY", true))
	a.options = must(gsql.NewAnalyzerOptions2())(t)
	check(t, a.options.SetLanguage(a.language))
	check(t, a.options.SetErrorMessageMode(gsql.ErrorMessageModeErrorMessageOneLine))
	a.root = must(gsql.NewSimpleCatalog("warehouse", a.types))(t)
	check(t, a.root.AddBuiltinFunctionsAndTypes(&gsql.BuiltinFunctionOptions{LanguageOptions: a.language}))
	a.dataset = a.root
	for _, name := range path {
		inner := must(gsql.NewSimpleCatalog(name, a.types))(t)
		check(t, a.dataset.AddCatalog(inner))
		a.kept = append(a.kept, a.dataset)
		a.dataset = inner
	}
	for _, table := range load.Tables() {
		names, types := make([]string, 0), make([]gsql.Googlesql_TypeNode, 0)
		for _, c := range table.Columns {
			names, types = append(names, c.Name), append(types, a.typeNamed(string(c.Type)))
		}
		a.addTable(table.Name, names, types)
	}
	return a
}

func (a *analyser) typeNamed(name string) gsql.Googlesql_TypeNode {
	found := must(gsql.AnalyzeType(name, a.options, a.root, a.types))(a.t)
	a.kept = append(a.kept, found)
	return found
}

func (a *analyser) addTable(name string, columns []string, types []gsql.Googlesql_TypeNode) {
	table := must(gsql.NewSimpleTable(name, int64(len(a.kept))))(a.t)
	for i := range columns {
		column := must(gsql.NewSimpleColumn(name, columns[i], types[i], false, true))(a.t)
		check(a.t, table.AddColumn2(column, false))
		a.kept = append(a.kept, column, types[i])
	}
	check(a.t, a.dataset.AddTable(table))
	a.kept = append(a.kept, table)
}

// analyse reads one statement. The error names line and column.
func (a *analyser) analyse(statement string) (*gsql.AnalyzerOutput, error) {
	out, err := gsql.AnalyzeStatement(statement, a.options, a.root, a.types)
	a.kept = append(a.kept, out)
	return out, err
}

// addView makes the view that a statement creates known to those after it.
func (a *analyser) addView(name string, out *gsql.AnalyzerOutput) {
	create, ok := must(out.ResolvedStatement())(a.t).(*gsql.ResolvedCreateViewStmt)
	if !ok {
		a.t.Fatalf("%s does not create a view", name)
	}
	var columns []string
	var types []gsql.Googlesql_TypeNode
	for _, output := range must(create.OutputColumnList())(a.t) {
		column := must(output.Column())(a.t)
		columns = append(columns, must(output.Name())(a.t))
		types = append(types, must(column.Type())(a.t))
		a.kept = append(a.kept, output, column)
	}
	a.kept = append(a.kept, create)
	a.addTable(name, columns, types)
}

// Views are read as they are sent to BigQuery: a view has no parameters.
func TestEveryViewIsGoogleSQL(t *testing.T) {
	a := newAnalyser(t, "acme-app", "app_sessions")
	for _, view := range sql.Views() {
		out, err := a.analyse(view.BigQuery("acme-app", "app_sessions", calendar.Date(2026, 10, 1)))
		if err != nil {
			t.Fatalf("views/%s.sql: %v", view.Name, err)
		}
		a.addView(view.Name, out)
	}
}

// While a publish is under way a view says two queries, of two days.
func TestEveryTurnedViewIsGoogleSQL(t *testing.T) {
	const dataset = "`acme-app`.`app_sessions`."
	a := newAnalyser(t, "acme-app", "app_sessions")
	a.addTable(sql.PublishedGroup, []string{"as_of"}, []gsql.Googlesql_TypeNode{a.typeNamed("DATE")})
	day := calendar.Date(2026, 10, 1)
	for _, view := range sql.Views() {
		head, before, ok := strings.Cut(view.BigQuery("acme-app", "app_sessions", day), " AS\n")
		_, after, _ := strings.Cut(view.BigQuery("acme-app", "app_sessions", day+1), " AS\n")
		if !ok {
			t.Fatalf("views/%s.sql has no query", view.Name)
		}
		out, err := a.analyse(head + " AS\n" + sql.Turn(before, after, dataset+sql.PublishedGroup, day))
		if err != nil {
			t.Fatalf("views/%s.sql, turned: %v", view.Name, err)
		}
		a.addView(view.Name, out)
	}
}

// What the transaction of a publish is made of.
func TestTransactionIsGoogleSQL(t *testing.T) {
	a := newAnalyser(t, "mart")
	a.addTable(sql.PublishedGroup, []string{"sequence", "as_of"}, []gsql.Googlesql_TypeNode{a.typeNamed("INT64"), a.typeNamed("DATE")})
	for _, statement := range []string{
		"BEGIN TRANSACTION",
		"SELECT IF(COUNT(*) = 1 AND COUNTIF(p.sequence = 7) = 1, 'unchanged', ERROR('changed')) FROM mart.published_group AS p",
		"SELECT 'users' AS table_name, u.date AS date, CAST(COUNT(*) AS STRING) || ' ' || CAST(IFNULL(SUM(u.sessions_total), 0) AS STRING) AS measures\n" +
			"FROM mart.users AS u WHERE (u.date BETWEEN DATE '2026-10-01' AND DATE '2026-10-02') GROUP BY u.date",
		"DELETE FROM mart.users WHERE (date BETWEEN DATE '2026-10-01' AND DATE '2026-10-02')",
		"INSERT INTO mart.published_group (sequence, as_of) SELECT p.sequence, p.as_of FROM mart.published_group AS p WHERE TRUE",
		"INSERT INTO mart.published_group (sequence, as_of) VALUES (8, DATE '2026-10-02')",
		"COMMIT TRANSACTION",
	} {
		if _, err := a.analyse(statement); err != nil {
			t.Errorf("%s: %v", statement, err)
		}
	}
}

// Oracles are queries that anybody may run on BigQuery too.
func TestEveryOracleIsGoogleSQL(t *testing.T) {
	a := newAnalyser(t, "acme-app", "app_sessions")
	for _, oracle := range sql.Oracles() {
		if _, err := a.analyse(oracle.BigQuery("acme-app", "app_sessions", calendar.Date(2026, 10, 1))); err != nil {
			t.Errorf("oracle/%s.sql: %v", oracle.Name, err)
		}
	}
}

// The gate is worth its minutes only if it refuses what BigQuery would.
func TestMistakesAreRefusedWithTheirPlace(t *testing.T) {
	a := newAnalyser(t, "mart")
	for name, c := range map[string]struct{ statement, problem, at string }{
		"a wrong column": {
			"SELECT\n  u.user_idd\nFROM mart.users AS u", "user_idd", "2:5",
		},
		"a wrong type": {
			"SELECT u.user_id\nFROM mart.users AS u\nWHERE u.date = 'x' || u.user_id", "No matching signature", "3:7",
		},
		"DuckDB's cast": {
			"SELECT\n  u.date::STRING\nFROM mart.users AS u", "Syntax error", "2:9",
		},
		"DuckDB's date_trunc": {
			"SELECT date_trunc('month', u.date) AS month\nFROM mart.users AS u", "date part", "1:28",
		},
		"an unqualified table": {
			"SELECT u.user_id\nFROM users AS u", "Table not found: users", "2:6",
		},
		"a day that was not put in": {
			"CREATE VIEW mart.v AS\nSELECT u.user_id\nFROM mart.users AS u\nWHERE u.date = @as_of",
			"parameters cannot be used inside SQL view bodies", "4:16",
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := a.analyse(c.statement)
			if err == nil {
				t.Fatalf("accepted:\n%s", c.statement)
			}
			if message := err.Error(); !strings.Contains(message, c.problem) || !strings.Contains(message, "[at "+c.at+"]") {
				t.Errorf("error is %q, want %q at %s", message, c.problem, c.at)
			}
		})
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// must returns a function so that the two results of a call can be its
// arguments: must(f(x))(t).
func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		check(t, err)
		return v
	}
}
