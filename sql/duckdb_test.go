//go:build cgo

package sql_test

import (
	dbsql "database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "github.com/duckdb/duckdb-go/v2"
	"github.com/google/go-cmp/cmp"

	"sojourn/internal/calendar"
	"sojourn/internal/parquetfile"
	"sojourn/sql"
	"sojourn/transform"
)

// tables are the rows that a warehouse is made of in a test.
type tables struct {
	Sessions   []transform.Session
	Users      []transform.User
	Daily      []transform.DailySessions
	Frequency  []transform.DailyFrequency
	Retention  []transform.DailyRetention
	Segments   []transform.DailySegment
	Length     []transform.DailyLength
	Hours      []transform.DailyHour
	Intervals  []transform.DailyInterval
	Stability  []transform.DailyStability
	Ledger     []transform.DailyLedger
	Days       []transform.SessionDay
	Compared   []transform.DefinitionDifference
	Screens    []transform.DailyScreen
	Transition []transform.DailyTransition
	Features   []transform.DailyFeature
	Funnels    []transform.DailyFunnel
	Cohorts    []transform.CohortRetention
	Lifecycle  []transform.DailyLifecycle
	Installs   []transform.DailyInstalls
	First      []transform.DailyFirstSessions
	Onboarding []transform.DailyOnboarding
	Push       []transform.DailyPush
	Incentives []transform.DailyIncentive
	Benchmarks []sql.Benchmark
	Settings   []sql.Setting
	Defined    []sql.SessionDefinition
}

// warehouse returns a DuckDB in memory with the tables and, as of a day, the
// views. It has DuckDB's own settings: a view must not depend on them.
func warehouse(t *testing.T, asOf calendar.Day, with tables) *dbsql.DB {
	t.Helper()
	db, err := dbsql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	create(t, db, "sessions", with.Sessions)
	create(t, db, "users", with.Users)
	create(t, db, "daily_sessions", with.Daily)
	create(t, db, "daily_frequency", with.Frequency)
	create(t, db, "daily_retention", with.Retention)
	create(t, db, "daily_segments", with.Segments)
	create(t, db, "daily_length", with.Length)
	create(t, db, "daily_hours", with.Hours)
	create(t, db, "daily_interval", with.Intervals)
	create(t, db, "daily_stability", with.Stability)
	create(t, db, "daily_ledger", with.Ledger)
	create(t, db, "session_days", with.Days)
	create(t, db, "definition_differences", with.Compared)
	create(t, db, "daily_screens", with.Screens)
	create(t, db, "daily_transitions", with.Transition)
	create(t, db, "daily_features", with.Features)
	create(t, db, "daily_funnels", with.Funnels)
	create(t, db, "cohort_retention", with.Cohorts)
	create(t, db, "daily_lifecycle", with.Lifecycle)
	create(t, db, "daily_installs", with.Installs)
	create(t, db, "daily_first_sessions", with.First)
	create(t, db, "daily_onboarding", with.Onboarding)
	create(t, db, "daily_push", with.Push)
	create(t, db, "daily_incentives", with.Incentives)
	create(t, db, "benchmarks", with.Benchmarks)
	create(t, db, "settings", with.Settings)
	create(t, db, "definitions", with.Defined)
	for _, macro := range sql.DuckDBMacros() {
		exec(t, db, macro)
	}
	for _, view := range sql.Views() {
		exec(t, db, view.DuckDB(asOf))
	}
	return db
}

func create[R any](t *testing.T, db *dbsql.DB, table string, rows []R) {
	t.Helper()
	data, err := parquetfile.Encode(rows)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), table+".parquet")
	if err := os.WriteFile(path, data, 0o666); err != nil {
		t.Fatal(err)
	}
	exec(t, db, fmt.Sprintf("CREATE OR REPLACE TABLE %s AS SELECT * FROM read_parquet('%s')", table, path))
}

func exec(t *testing.T, db *dbsql.DB, statement string) {
	t.Helper()
	if _, err := db.Exec(statement); err != nil {
		t.Fatalf("%v\n%s", err, statement)
	}
}

// query returns the answer as text: a line a row, values separated by blanks,
// null as -.
func query(t *testing.T, db *dbsql.DB, statement string) string {
	t.Helper()
	rows, err := db.Query(statement)
	if err != nil {
		t.Fatalf("%v\n%s", err, statement)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var answer strings.Builder
	for rows.Next() {
		values := make([]any, len(columns))
		for i := range values {
			values[i] = new(any)
		}
		if err := rows.Scan(values...); err != nil {
			t.Fatal(err)
		}
		for i, v := range values {
			if i > 0 {
				answer.WriteByte(' ')
			}
			switch v := (*v.(*any)).(type) {
			case nil:
				answer.WriteByte('-')
			case time.Time:
				answer.WriteString(v.Format(time.DateOnly))
			case float64:
				fmt.Fprintf(&answer, "%.6g", v)
			default:
				fmt.Fprint(&answer, v)
			}
		}
		answer.WriteByte('\n')
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return answer.String()
}

// expect compares an answer with rows written one a line, indented as you like.
func expect(t *testing.T, db *dbsql.DB, statement, want string) {
	t.Helper()
	var lines []string
	for line := range strings.Lines(strings.TrimSpace(want)) {
		lines = append(lines, strings.TrimSpace(line)+"\n")
	}
	if diff := cmp.Diff(strings.Join(lines, ""), query(t, db, statement)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", statement, diff)
	}
}

// day returns a day of October 2026.
func day(n int) calendar.Day { return calendar.Date(2026, time.October, n) }

func ptr[T any](v T) *T { return &v }

// ledger returns days of ten events each.
func ledger(days ...calendar.Day) []transform.DailyLedger {
	var rows []transform.DailyLedger
	for _, d := range days {
		rows = append(rows, transform.DailyLedger{Date: d, Events: 10, InSessions: 7, Duplicates: 2, Conflicts: 1, Ignored: 1})
	}
	return rows
}

// The app is four days old, and the third day has no data. On the first day
// two users are new (one of them in PT), on the second one.
func TestRetentionIsNullWhereNothingIsKnown(t *testing.T) {
	cell := func(date, cohort int, segment string, cohortUsers, retained int64) transform.DailyRetention {
		cut := "country"
		if segment == "total" {
			cut, segment = "total", ""
		}
		return transform.DailyRetention{
			Date: day(date), Cohort: day(cohort), DayN: int64(date - cohort), Cut: cut, Segment: segment,
			Cohorts: cohortUsers, Retained: retained, Rate: float64(retained) / float64(cohortUsers),
		}
	}
	db := warehouse(t, day(4), tables{
		Ledger: append(ledger(day(1), day(2), day(4)), transform.DailyLedger{Date: day(3)}),
		Retention: []transform.DailyRetention{
			cell(1, 1, "total", 2, 2), cell(1, 1, "PT", 1, 1), cell(1, 1, "", 1, 1),
			cell(2, 1, "total", 2, 1), cell(2, 1, "PT", 1, 1), // no row for the unknown country: nobody came
			cell(2, 2, "total", 1, 1),
			cell(4, 1, "total", 2, 1), cell(4, 1, "", 1, 1),
			cell(4, 2, "total", 1, 0),
			cell(5, 1, "total", 2, 2), // published since, not as of this day
		},
	})
	expect(t, db, `
		SELECT cohort_date, day_n, return_date, cohort_users, retained_users, retention_rate, is_complete
		FROM fct_retention WHERE cut = 'total' AND day_n <= 4 ORDER BY cohort_date, day_n`, `
		2026-10-01 0 2026-10-01 2 2 1 true
		2026-10-01 1 2026-10-02 2 1 0.5 true
		2026-10-01 2 2026-10-03 2 - - false
		2026-10-01 3 2026-10-04 2 1 0.5 true
		2026-10-01 4 2026-10-05 2 - - false
		2026-10-02 0 2026-10-02 1 1 1 true
		2026-10-02 1 2026-10-03 1 - - false
		2026-10-02 2 2026-10-04 1 0 0 true
		2026-10-02 3 2026-10-05 1 - - false
		2026-10-02 4 2026-10-06 1 - - false`)
	expect(t, db, `
		SELECT segment, day_n, cohort_users, retained_users, is_complete
		FROM fct_retention WHERE cut = 'country' AND day_n <= 3 ORDER BY segment NULLS LAST, day_n`, `
		PT 0 1 1 true
		PT 1 1 1 true
		PT 2 1 - false
		PT 3 1 0 true
		- 0 1 1 true
		- 1 1 0 true
		- 2 1 - false
		- 3 1 1 true`)
	expect(t, db, `
		SELECT COUNT(*), COUNT(DISTINCT day_n), MAX(CASE WHEN day_n < 60 THEN day_n END), MAX(day_n)
		FROM fct_retention WHERE cut = 'total'`,
		"66 33 30 90")
}

func TestDailyFiguresOfTheApp(t *testing.T) {
	active := func(date int, window, users int64) transform.DailyFrequency {
		return transform.DailyFrequency{Date: day(date), Cut: "total", Measure: "active_users", WindowDays: window, Users: users}
	}
	db := warehouse(t, day(2), tables{
		Ledger: ledger(day(1), day(2)),
		Daily: []transform.DailySessions{
			{Date: day(1), Cut: "total", Sessions: 6, NewUsers: 4, EngagedSessions: 3, BouncedSessions: 2, P50Seconds: ptr(60.0), MeanSeconds: ptr(90.0), IsFinal: true},
			{Date: day(2), Cut: "total", Sessions: 4, CrashedSessions: 1, EngagedSessions: 1, P50Seconds: ptr(30.0), MeanSeconds: ptr(45.0)},
			{Date: day(2), Cut: "platform_country_version", Platform: "ios", Sessions: 4},
			{Date: day(3), Cut: "total", Sessions: 1},
		},
		Frequency: []transform.DailyFrequency{
			active(1, 1, 4), active(1, 7, 4), active(1, 28, 4),
			active(2, 1, 2), active(2, 7, 4), active(2, 28, 5),
			{Date: day(2), Measure: "sessions", WindowDays: 28, Bucket: ptr(int64(2)), Users: 99},
		},
		Retention: []transform.DailyRetention{
			{Date: day(1), Cohort: day(1), DayN: 0, Cut: "total", Cohorts: 4, Retained: 4},
			{Date: day(2), Cohort: day(1), DayN: 1, Cut: "total", Cohorts: 4, Retained: 1},
		},
	})
	expect(t, db, `
		SELECT date, sessions, dau, wau, mau, new_users, stickiness, sessions_per_user,
			duration_median_seconds, duration_mean_seconds, engaged_session_rate, bounced_session_rate,
			crash_free_session_rate, d1_retention_rate, d7_retention_rate, d30_retention_rate, is_final
		FROM fct_daily ORDER BY date`, `
		2026-10-01 6 4 4 4 4 1 1.5 60 90 0.5 0.333333 1 - - - true
		2026-10-02 4 2 4 5 0 0.4 2 30 45 0.25 0 0.75 0.25 - - false`)
}

func TestUsersAreThoseOfTheLastDay(t *testing.T) {
	db := warehouse(t, day(9), tables{Users: []transform.User{
		{Date: day(8), UserID: "ana", FirstSeen: day(1), LastSeen: day(8), ActiveDays: 1<<7 | 1},
		{Date: day(9), UserID: "ana", FirstSeen: day(1), LastSeen: day(8), ActiveDays: 1<<8 | 1<<6 | 1<<1, SessionsTotal: 7, Platform: "ios"},
		{Date: day(9), UserID: "bo", FirstSeen: day(9), LastSeen: day(9), ActiveDays: 1<<28 | 1, SessionsTotal: 1, Platform: "web"},
	}})
	expect(t, db, `
		SELECT user_id, as_of_date, days_since_first_seen, days_since_last_seen, active_days_7d, active_days_28d, sessions_total, platform
		FROM dim_users ORDER BY user_id`, `
		ana 2026-10-09 8 1 2 3 7 ios
		bo 2026-10-09 0 0 1 1 1 web`)
}

func TestSessionsUpToTheLastDay(t *testing.T) {
	db := warehouse(t, day(2), tables{Sessions: []transform.Session{
		{Date: day(1), SessionID: "a", UserID: "ana", DurationSeconds: ptr(12.0), SecondsSincePrevious: ptr(3.5), Status: "ok"},
		{Date: day(2), SessionID: "b", UserID: "bo", Status: "open"},
		{Date: day(3), SessionID: "c", UserID: "cy"},
	}})
	expect(t, db, `SELECT session_date, session_id, user_id, duration_seconds, seconds_since_previous_session, status FROM fct_sessions ORDER BY session_id`, `
		2026-10-01 a ana 12 3.5 ok
		2026-10-02 b bo - - open`)
}

func TestFrequencyCountsThoseWhoCameAtLeastSoOften(t *testing.T) {
	row := func(measure string, window int64, bucket *int64, users, sessions int64) transform.DailyFrequency {
		return transform.DailyFrequency{Date: day(1), Measure: measure, WindowDays: window, Bucket: bucket, Users: users, Sessions: sessions}
	}
	reached := func(r transform.DailyFrequency, users int64, share float64) transform.DailyFrequency {
		r.UsersAtLeast, r.ShareAtLeast = &users, &share
		return r
	}
	db := warehouse(t, day(1), tables{Frequency: []transform.DailyFrequency{
		row("active_users", 7, nil, 10, 17),
		row("hours_since_previous", 0, ptr(int64(0)), 3, 5),
		row("hours_since_previous", 0, ptr(int64(24)), 2, 2),
		reached(row("sessions", 1, ptr(int64(1)), 4, 4), 4, 1),
		reached(row("sessions", 7, ptr(int64(1)), 6, 6), 10, 1),
		reached(row("sessions", 7, ptr(int64(2)), 3, 6), 4, 0.4),
		reached(row("sessions", 7, ptr(int64(5)), 1, 5), 1, 0.1),
	}})
	expect(t, db, `
		SELECT measure, window_days, bucket, users, sessions, users_at_least, share_at_least, sessions_at_least
		FROM fct_frequency ORDER BY measure, window_days, bucket`, `
		active_users 7 - 10 17 - - -
		hours_since_previous - 0 3 5 - - 7
		hours_since_previous - 24 2 2 - - 2
		sessions 1 1 4 4 4 1 4
		sessions 7 1 6 6 10 1 17
		sessions 7 2 3 6 4 0.4 11
		sessions 7 5 1 5 1 0.1 5`)
}

func TestLengthsAreSharesOfAllSessions(t *testing.T) {
	row := func(measure, population string, sessions int64, median float64) transform.DailyLength {
		return transform.DailyLength{Date: day(1), Cut: "total", Measure: measure, Population: population, Sessions: sessions, P50Seconds: median}
	}
	db := warehouse(t, day(1), tables{Length: []transform.DailyLength{
		row("elapsed", "all", 8, 60), row("elapsed", "crashed", 2, 30), row("foreground", "all", 4, 20), row("foreground", "crashed", 2, 10),
	}})
	expect(t, db, `SELECT measure, population, sessions, share_of_sessions, median_seconds FROM fct_length ORDER BY measure, population`, `
		elapsed all 8 1 60
		elapsed crashed 2 0.25 30
		foreground all 4 1 20
		foreground crashed 2 0.5 10`)
}

// 1 October 2026 is a Thursday. The last 28 days have two Thursdays with data,
// on one of which nothing happened at nine.
func TestHoursOfDatesAndOfTheLast28Days(t *testing.T) {
	row := func(d int, weekday, hour, sessions int64) transform.DailyHour {
		return transform.DailyHour{Date: day(d), Cut: "total", Clock: "reporting", Weekday: weekday, Hour: hour, Sessions: sessions, Users: sessions, EngagedSeconds: 10}
	}
	db := warehouse(t, day(29), tables{
		Settings: []sql.Setting{{MinGroupUsers: 3}}, // the total has all hours
		Hours:    []transform.DailyHour{row(1, 4, 9, 100), row(8, 4, 9, 3), row(8, 4, 20, 1), row(15, 4, 20, 4), row(9, 5, 9, 2)},
		Ledger:   []transform.DailyLedger{{Date: day(1)}, {Date: day(8)}, {Date: day(9)}, {Date: day(15)}},
	})
	expect(t, db, `
		SELECT period, date, weekday, hour, days, sessions, sessions_per_day, share_of_sessions, users, engaged_seconds
		FROM fct_hours ORDER BY period, date, weekday, hour`, `
		date 2026-10-01 4 9 1 100 100 1 100 10
		date 2026-10-08 4 9 1 3 3 0.75 3 10
		date 2026-10-08 4 20 1 1 1 0.25 1 10
		date 2026-10-09 5 9 1 2 2 1 2 10
		date 2026-10-15 4 20 1 4 4 1 4 10
		last_28_days 2026-10-29 4 9 2 3 1.5 0.3 - 10
		last_28_days 2026-10-29 4 20 2 5 2.5 0.5 - 20
		last_28_days 2026-10-29 5 9 1 2 2 0.2 - 10`)
}

// In a cut hours about too few users may have been left out: what is there is
// not all, so it has no average and is no share.
func TestHoursLeftOutHaveNoAverage(t *testing.T) {
	row := func(d int, hour, sessions int64) transform.DailyHour {
		return transform.DailyHour{Date: day(d), Cut: "platform", Segment: "ios", Clock: "reporting", Weekday: 4, Hour: hour, Sessions: sessions, Users: sessions, EngagedSeconds: 10}
	}
	const hours = `
		SELECT period, date, hour, days, sessions, sessions_per_day, share_of_sessions, engaged_seconds
		FROM fct_hours ORDER BY period, date, hour`
	with := tables{
		Hours:  []transform.DailyHour{row(1, 9, 4), row(8, 9, 6), row(8, 20, 2)},
		Ledger: []transform.DailyLedger{{Date: day(1)}, {Date: day(8)}},
	}
	with.Settings = []sql.Setting{{MinGroupUsers: 1}}
	expect(t, warehouse(t, day(8), with), hours, `
		date 2026-10-01 9 1 4 4 1 10
		date 2026-10-08 9 1 6 6 0.75 10
		date 2026-10-08 20 1 2 2 0.25 10
		last_28_days 2026-10-08 9 2 10 5 0.833333 20
		last_28_days 2026-10-08 20 2 2 1 0.166667 10`)
	with.Settings[0].MinGroupUsers = 2
	expect(t, warehouse(t, day(8), with), hours, `
		date 2026-10-01 9 1 4 4 - 10
		date 2026-10-08 9 1 6 6 - 10
		date 2026-10-08 20 1 2 2 - 10
		last_28_days 2026-10-08 9 2 - - - -
		last_28_days 2026-10-08 20 2 - - - -`)
}

func TestStabilityIsSharesOfItsCut(t *testing.T) {
	db := warehouse(t, day(1), tables{Stability: []transform.DailyStability{
		{Date: day(1), Cut: "total", Sessions: 8, CrashedSessions: 2, Users: 4, CrashedUsers: 1},
		{Date: day(1), Cut: "app_version", Segment: "1.0"},
	}})
	expect(t, db, `SELECT cut, segment, crashed_session_rate, crashed_user_rate FROM fct_stability ORDER BY cut`, `
		app_version 1.0 - -
		total - 0.25 0.25`)
}

func TestSegmentsAreSharesOfTheirSegmentation(t *testing.T) {
	db := warehouse(t, day(1), tables{Segments: []transform.DailySegment{
		{Date: day(1), Segmentation: "lifecycle", Segment: "new", Users: 3, Sessions: 6, P50Seconds: ptr(20.0), Returned: ptr(int64(1)), ReturnRate: ptr(1.0 / 3)},
		{Date: day(1), Segmentation: "lifecycle", Segment: "dormant", Users: 1},
		{Date: day(1), Segmentation: "platform", Segment: "ios", Users: 2, Sessions: 2},
		{Date: day(1), Segmentation: "platform", Users: 2, Sessions: 5},
	}})
	expect(t, db, `
		SELECT segmentation, segment, users, share_of_users, sessions_per_user, duration_median_seconds, returned_next_day_users, return_next_day_rate
		FROM fct_segments ORDER BY segmentation, segment NULLS LAST`, `
		lifecycle dormant 1 0.25 0 - - -
		lifecycle new 3 0.75 2 20 1 0.333333
		platform ios 2 0.5 1 - - -
		platform - 2 0.5 2.5 - - -`)
}

func TestLedgerShowsWhatIsUnaccountedFor(t *testing.T) {
	days := ledger(day(1), day(2))
	days[1].Ignored = 0
	db := warehouse(t, day(2), tables{Ledger: append(days, transform.DailyLedger{Date: day(2) - 60})})
	expect(t, db, "SELECT date, events_unaccounted, share_in_sessions FROM fct_ledger ORDER BY date", `
		2026-08-03 0 -
		2026-10-01 0 0.7
		2026-10-02 1 0.7`)
}

// Types that DuckDB makes up for sums and decimals would differ from BigQuery's.
func TestViewsHaveTheTypesOfTables(t *testing.T) {
	db := warehouse(t, day(1), tables{})
	expect(t, db, `
		SELECT table_name, column_name, data_type FROM duckdb_columns()
		WHERE table_name IN (SELECT view_name FROM duckdb_views() WHERE NOT internal)
		  AND data_type NOT IN ('BIGINT', 'DOUBLE', 'VARCHAR', 'BOOLEAN', 'DATE', 'TIMESTAMP WITH TIME ZONE')`, "")
	expect(t, db, "SELECT COUNT(DISTINCT view_name) FROM duckdb_views() WHERE NOT internal", fmt.Sprint(len(sql.Views())))
}
