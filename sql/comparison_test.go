//go:build cgo

package sql_test

import (
	"fmt"
	"strings"
	"testing"

	"sojourn/internal/calendar"
	"sojourn/sql"
	"sojourn/transform"
)

// app returns 28 days of an app up to the 28th: every day 5 users make 10
// sessions of one minute on average, one of which crashes; every week it has
// 30 users and 70 sessions, over all 100 users. Besides, 200 sessions last 1,
// 2, ... 200 seconds.
func app() tables {
	var a tables
	for d := day(1); d <= day(28); d++ {
		a.Ledger = append(a.Ledger, ledger(d)...)
		a.Daily = append(a.Daily,
			transform.DailySessions{Date: d, Cut: "total", Sessions: 10, Users: 5, CrashedSessions: 1, MeanSeconds: ptr(60.0)},
			transform.DailySessions{Date: d, Cut: "platform_country_version", Sessions: 10, Users: 5, CrashedSessions: 1, MeanSeconds: ptr(60.0)})
		a.Frequency = append(a.Frequency,
			transform.DailyFrequency{Date: d, Cut: "total", Measure: "active_users", WindowDays: 7, Users: 30, Sessions: 70},
			transform.DailyFrequency{Date: d, Cut: "total", Measure: "active_users", WindowDays: 28, Users: 100, Sessions: 280})
	}
	for n := range 200 {
		a.Sessions = append(a.Sessions, transform.Session{Date: day(1 + n%28), IsCounted: true, DurationSeconds: ptr(float64(200 - n))})
	}
	a.Sessions = append(a.Sessions, transform.Session{Date: day(1) - 1, IsCounted: true, DurationSeconds: ptr(1e6)})
	a.Settings = []sql.Setting{{Industry: "travel", Platform: "all", Timezone: "Europe/Lisbon", RuleClass: "D", DurationKind: "elapsed"}}
	return a
}

// followed adds 60 days of data before, and a cohort of 100 users that is 30
// days old on the 28th and has a complete day 1.
func followed(a tables) tables {
	for d := day(1) - 60; d < day(1); d++ {
		a.Ledger = append(a.Ledger, ledger(d)...)
	}
	for range 100 {
		a.Users = append(a.Users, transform.User{Date: day(28), FirstSeen: day(28) - 30, SessionsTotal: 1, ActiveDays: 1 << 30})
	}
	a.Retention = append(a.Retention,
		transform.DailyRetention{Date: day(9), Cohort: day(9), Cut: "total", Cohorts: 100, Retained: 100},
		transform.DailyRetention{Date: day(10), Cohort: day(9), DayN: 1, Cut: "total", Cohorts: 100, Retained: 40})
	return a
}

// median is a published figure that nothing speaks against: the median session
// of travel apps, cut and measured as ours.
func median() sql.Benchmark {
	return sql.Benchmark{
		Metric: "session_duration", Statistic: "median", Of: "sessions", Value: 80, Unit: "seconds",
		Industry: "travel", Platform: "all", AppKind: "app", Region: "global", Period: "2026-Q1", PeriodEndYear: ptr(int64(2026)), Weighting: "users", SourceKind: "primary", IsStrict: true,
		RuleClass: "D", DurationKind: "elapsed", ZeroLengthSessions: "kept",
	}
}

// share returns a published figure that is a rank or a share over all users.
func share(metric string) sql.Benchmark {
	b := median()
	b.Metric, b.Statistic, b.Of, b.Value, b.Unit = metric, "pooled", "none", 50, "percent"
	b.DurationKind, b.ZeroLengthSessions = "", ""
	return b
}

func TestAFairComparisonIsOK(t *testing.T) {
	a := app()
	a.Benchmarks = []sql.Benchmark{median()}
	expect(t, warehouse(t, day(28), a), `
		SELECT metric, own_statistic, industry_match, window_start, window_end, own_value, own_sample, own_sample_unit,
			benchmark_value, unit, difference, ratio, verdict, reasons || '.', age_years
		FROM benchmark_comparison`,
		"session_duration median exact 2026-10-01 2026-10-28 100 200 sessions 80 seconds 20 1.25 ok . 0")
}

// Each case spoils the fair comparison by one thing.
func TestWhatSpeaksAgainstAComparison(t *testing.T) {
	cases := []struct {
		published func(*sql.Benchmark)
		verdict   string
		reason    string
	}{
		{func(b *sql.Benchmark) { b.RuleClass = "B" }, "refuse", "a pause of class B ends a session there, of class D here"},
		{func(b *sql.Benchmark) { b.RuleClass = "unknown" }, "flag", "does not say which pause ends a session"},
		{func(b *sql.Benchmark) { b.DurationKind = "foreground" }, "refuse", "published as foreground time"},
		{func(b *sql.Benchmark) { b.DurationKind = "engaged" }, "refuse", "published as engaged time"},
		{func(b *sql.Benchmark) { b.DurationKind = "unknown" }, "flag", "which time counts"},
		{func(b *sql.Benchmark) { b.ZeroLengthSessions = "dropped" }, "refuse", "left out there and count as 0 here"},
		{func(b *sql.Benchmark) { b.ZeroLengthSessions = "unknown" }, "flag", "whether sessions of a single event count"},
		{func(b *sql.Benchmark) { b.Of = "apps" }, "refuse", "a median over apps has no counterpart"},
		{func(b *sql.Benchmark) { b.Statistic = "p33" }, "refuse", "a p33 over sessions has no counterpart"},
		{func(b *sql.Benchmark) { b.Industry = "all" }, "flag", "a figure for all categories, not for travel"},
		{func(b *sql.Benchmark) { b.Segment = "weekly basis" }, "flag", "published for a part only: weekly basis"},
		{func(b *sql.Benchmark) { b.PeriodEndYear = ptr(int64(2023)) }, "ok", ""},
		{func(b *sql.Benchmark) { b.PeriodEndYear = ptr(int64(2022)) }, "flag", "the figure is 4 years old"},
		{func(b *sql.Benchmark) { b.PeriodEndYear = ptr(int64(2020)) }, "flag", "the figure is 6 years old"},
		{func(b *sql.Benchmark) { b.PeriodEndYear = ptr(int64(2019)) }, "refuse", "history only: the figure is 7 years old"},
		{func(b *sql.Benchmark) { b.Platform = "ios" }, "flag", "a figure for platform ios, the app is on all"},
		{func(b *sql.Benchmark) { b.Platform, b.AppKind = "web", "web" }, "refuse", "a figure for web against a product of kind app"},
		{func(b *sql.Benchmark) { b.Region = "global" }, "ok", ""},
		{func(b *sql.Benchmark) { b.Region = "" }, "flag", "the publisher does not say for which region the figure is, the app is not for one country"},
		{func(b *sql.Benchmark) { b.Region = "US" }, "flag", "a figure for region US, the app is not for one country"},
		{func(b *sql.Benchmark) { *b = share("localytics_stickiness_index") }, "refuse", "is not DAU over MAU"},
		{func(b *sql.Benchmark) { *b = share("daily_active_share_of_installed") }, "refuse", "is not DAU over MAU"},
		{func(b *sql.Benchmark) { *b = share("stability_score_sessions_incl_anr_oom") }, "refuse", "only crashes here"},
		{func(b *sql.Benchmark) { *b = share("app_opens_per_user_month") }, "refuse", "app opens are not sessions; a window of 28 days"},
		{func(b *sql.Benchmark) { *b = share("crash_free_session_rate") }, "ok", ""},
		{func(b *sql.Benchmark) { *b = share("crash_free_session_rate"); b.RuleClass = "B" }, "ok", ""},
		{func(b *sql.Benchmark) {
			*b = share("crash_free_session_rate")
			b.Statistic, b.Of = "median", "apps"
		}, "ok", ""},
		{func(b *sql.Benchmark) {
			*b = share("crash_free_session_rate")
			b.Statistic, b.Weighting = "mean", "unknown"
		}, "flag", "a distance, not a rank"},
		{func(b *sql.Benchmark) {
			*b = share("crash_free_session_rate")
			b.Statistic, b.Of = "median", "sessions"
		}, "refuse", "is no figure of an app as a whole"},
		{func(b *sql.Benchmark) { *b = share("sessions_per_user_month") }, "flag", "a window of 28 days is not a calendar month"},
		{func(b *sql.Benchmark) { *b = share("retention_d30_nday") }, "refuse", "no cohort is complete at this age"},
		{func(b *sql.Benchmark) { *b = share("retention_d30_unspecified") }, "refuse", "which type of retention it is"},
		{func(b *sql.Benchmark) { *b = share("retention_d1_nday"); b.RetentionAnchor = "install" }, "flag", "day 0 is the install there"},
		{func(b *sql.Benchmark) { *b = share("retention_d1_nday"); b.RetentionAnchor = "unknown" }, "flag", "does not say what day 0 is"},
		{func(b *sql.Benchmark) { *b = share("retention_d1_nday"); b.RetentionAnchor = "first_use" }, "flag", "ours is a calendar day in Europe/Lisbon"},
		{func(b *sql.Benchmark) { *b = share("churn_month1_window") }, "flag", "ours is the days 1 to 30"},
		{func(b *sql.Benchmark) { *b = share("single_session_user_share") }, "flag", "ours were for 30 to 57 days"},
	}
	a := followed(app())
	for i, c := range cases {
		b := median()
		c.published(&b)
		b.ID = int64(i)
		a.Benchmarks = append(a.Benchmarks, b)
	}
	db := warehouse(t, day(28), a)
	rows := strings.Split(query(t, db, "SELECT verdict, difference IS NULL, ratio IS NULL, reasons || '.' FROM benchmark_comparison ORDER BY benchmark_id"), "\n")
	for i, c := range cases {
		row := rows[i]
		refused := c.verdict == "refuse"
		if want := fmt.Sprintf("%s %v %v ", c.verdict, refused, refused); !strings.HasPrefix(row, want) {
			t.Errorf("%+v\nis %s, want %s", a.Benchmarks[i], row, want)
		}
		if !strings.Contains(row, c.reason) || c.verdict == "ok" && !strings.HasSuffix(row, " .") {
			t.Errorf("%+v\nis %s, want the reason %q", a.Benchmarks[i], row, c.reason)
		}
	}
}

// Everybody is new on the first days with data, also who has used the app for
// years. That is said as long as a figure follows cohorts of these days, which
// are the 28 from the first on.
func TestFirstCohortsAreNotTrusted(t *testing.T) {
	const reason = "cohorts of the first 28 days with data hold users who came before"
	for _, test := range []struct {
		metric string
		days   int // of data before the 28th, from which on all is well
	}{
		{"retention_d1_nday", 28 + 28},
		{"retention_d30_nday", 57 + 28},
		{"retention_month1_window", 57 + 28},
		{"churn_month1_window", 57 + 28},
		{"single_session_user_share", 57 + 28},
		{"retention_d15_30_bracket", 57 + 28},
		{"retention_d31_60_bracket", 87 + 28},
	} {
		for _, days := range []int{test.days - 1, test.days} {
			a := followed(app())
			a.Ledger = nil
			for d := day(28 - days); d <= day(28); d++ {
				a.Ledger = append(a.Ledger, ledger(d)...)
			}
			a.Benchmarks = []sql.Benchmark{share(test.metric)}
			row := query(t, warehouse(t, day(28), a), "SELECT reasons FROM benchmark_comparison")
			if said := strings.Contains(row, reason); said != (days < test.days) {
				t.Errorf("%s after %d days: %s", test.metric, days, row)
			}
		}
	}
}

func TestWhatTheAppIsDecidesWhatItIsComparedWith(t *testing.T) {
	figure := func(id int64, industry, platform, region string) sql.Benchmark {
		b := median()
		b.ID, b.Industry, b.Platform, b.Region = id, industry, platform, region
		if platform == "web" {
			b.AppKind = "web"
		}
		return b
	}
	a := app()
	a.Benchmarks = []sql.Benchmark{
		figure(1, "games", "all", ""), figure(2, "games_casual", "all", ""), figure(3, "all", "ios", "global"),
		figure(4, "finance", "all", ""), figure(5, "all", "web", "US"),
	}
	db := warehouse(t, day(28), a)
	const comparison = "SELECT benchmark_id, industry_match, verdict, reasons FROM benchmark_comparison ORDER BY benchmark_id"

	create(t, db, "settings", []sql.Setting{{Industry: "games_casual", Platform: "ios", Region: "US", RuleClass: "D", DurationKind: "elapsed"}})
	expect(t, db, comparison, `
		1 parent flag a figure for all games, not for games_casual; a figure for platform all, the app is on ios; the publisher does not say for which region the figure is, the app is for US
		2 exact flag a figure for platform all, the app is on ios; the publisher does not say for which region the figure is, the app is for US
		3 all flag a figure for all categories, not for games_casual; a figure for all countries, the app is for US
		5 all refuse a figure for web against a product of kind app; a figure for all categories, not for games_casual`)

	create(t, db, "settings", []sql.Setting{{Industry: "all", Platform: "web", RuleClass: "D", DurationKind: "elapsed"}})
	expect(t, db, comparison, `
		3 exact refuse a figure for app against a product of kind web
		5 exact flag a figure for region US, the app is not for one country`)

	create(t, db, "settings", []sql.Setting{{Industry: "games", Platform: "all", RuleClass: "D", DurationKind: "elapsed"}})
	expect(t, db, "SELECT benchmark_id, industry_match FROM benchmark_comparison ORDER BY benchmark_id", `
		1 exact
		3 all
		5 all`)
}

func TestOwnFiguresAreThoseOfTheLast28Days(t *testing.T) {
	a := app()
	// Cohorts that were followed for 30 to 57 days, and for 60 to 87: the
	// users of each came on its first day and again on the days named.
	for d := day(28) - 87; d < day(1); d++ {
		a.Ledger = append(a.Ledger, ledger(d)...)
	}
	follow := func(age calendar.Day, users int, sessionsTotal int64, returnedOn ...calendar.Day) {
		u := transform.User{Date: day(28), FirstSeen: day(28) - age, SessionsTotal: sessionsTotal, ActiveDays: 1 << min(age, 62)}
		for _, n := range returnedOn {
			u.ActiveDays |= 1 << (age - n)
		}
		for range users {
			a.Users = append(a.Users, u)
		}
	}
	follow(30, 60, 1)
	follow(30, 50, 2, 30)
	follow(57, 30, 2, 1)
	follow(40, 60, 3, 15, 40)
	follow(29, 1000, 5, 1, 29) // day 30 is to come
	follow(60, 80, 2, 31)
	follow(87, 40, 2, 60)
	follow(80, 80, 2, 61)
	follow(88, 1000, 5, 31) // ended before the window
	for n := range 28 {     // cohorts of 20 on each of the days before, half of which came back on the next
		a.Retention = append(a.Retention,
			transform.DailyRetention{Date: day(n), Cohort: day(n), Cut: "total", Cohorts: 20, Retained: 20},
			transform.DailyRetention{Date: day(n + 1), Cohort: day(n), DayN: 1, Cut: "total", Cohorts: 20, Retained: 10},
			transform.DailyRetention{Date: day(n + 7), Cohort: day(n), DayN: 7, Cut: "total", Cohorts: 20, Retained: 5})
	}
	for i, metric := range []string{
		"session_duration mean seconds", "session_duration p10 seconds", "session_duration p25 seconds",
		"session_duration median minutes", "session_duration p75 seconds", "session_duration p90 seconds",
		"session_duration p95 seconds", "session_duration p99 seconds",
		"sessions_per_user_day mean count", "sessions_per_user_week mean count", "sessions_per_user_month mean count",
		"time_in_app_per_user_day mean minutes", "time_in_app_per_user_week mean seconds", "time_in_app_per_user_month mean minutes",
		"localytics_stickiness_index mean percent", "crash_free_session_rate median percent",
		"retention_d1_nday pooled percent", "retention_d7_nday pooled percent", "retention_d14_nday pooled percent",
		"retention_d15_30_bracket pooled percent", "retention_d31_60_bracket pooled percent",
		"retention_month1_window mean percent", "churn_month1_window mean percent", "single_session_user_share mean percent",
	} {
		b := median()
		b.ID = int64(i)
		fmt.Sscan(metric, &b.Metric, &b.Statistic, &b.Unit)
		a.Benchmarks = append(a.Benchmarks, b)
	}
	db := warehouse(t, day(28), a)
	expect(t, db, `
		SELECT metric, statistic, own_value, unit, own_sample, own_sample_unit
		FROM benchmark_comparison ORDER BY benchmark_id`, `
		session_duration mean 60 seconds 280 sessions
		session_duration p10 20 seconds 200 sessions
		session_duration p25 50 seconds 200 sessions
		session_duration median 1.66667 minutes 200 sessions
		session_duration p75 150 seconds 200 sessions
		session_duration p90 180 seconds 200 sessions
		session_duration p95 190 seconds 200 sessions
		session_duration p99 198 seconds 200 sessions
		sessions_per_user_day mean 2 count 140 user days
		sessions_per_user_week mean 2.33333 count 120 user weeks
		sessions_per_user_month mean 2.8 count 100 users
		time_in_app_per_user_day mean 2 minutes 140 user days
		time_in_app_per_user_week mean 140 seconds 120 user weeks
		time_in_app_per_user_month mean 2.8 minutes 100 users
		stickiness_dau_mau mean 5 percent 100 users
		crash_free_session_rate median 90 percent 280 sessions
		retention_d1_nday pooled 50 percent 560 cohort users
		retention_d7_nday pooled 25 percent 440 cohort users
		retention_d14_nday pooled 0 percent 300 cohort users
		retention_d15_30_bracket pooled 55 percent 200 cohort users
		retention_d31_60_bracket pooled 60 percent 200 cohort users
		retention_month1_window mean 70 percent 200 cohort users
		churn_month1_window mean 30 percent 200 cohort users
		single_session_user_share mean 30 percent 200 cohort users`)
}

func TestTooFewOrTooYoungToCompare(t *testing.T) {
	a := app()
	for i, metric := range []string{
		"session_duration", "crash_free_session_rate", "sessions_per_user_week", "sessions_per_user_month",
		"retention_d1_nday", "retention_d15_30_bracket",
	} {
		b := share(metric)
		if metric == "session_duration" {
			b = median()
		}
		b.ID = int64(i)
		a.Benchmarks = append(a.Benchmarks, b)
	}
	a.Retention = []transform.DailyRetention{
		{Date: day(1), Cohort: day(1), Cut: "total", Cohorts: 99, Retained: 99},
		{Date: day(2), Cohort: day(1), DayN: 1, Cut: "total", Cohorts: 99, Retained: 50},
	}
	a.Ledger = ledger(day(1), day(2), day(22), day(23), day(24), day(25), day(26), day(27), day(28))
	db := warehouse(t, day(28), a)
	const comparison = "SELECT metric, own_value, own_sample, difference, ratio, verdict, reasons FROM benchmark_comparison ORDER BY benchmark_id"
	expect(t, db, comparison, `
		session_duration 100 200 20 1.25 flag 19 of the 28 days have no data
		crash_free_session_rate 90 280 40 1.8 flag 19 of the 28 days have no data
		sessions_per_user_week 233.333 30 - - thin own sample too small: 30 user weeks, want 100; 19 of the 28 days have no data
		sessions_per_user_month - - - - refuse the 28 days do not all have data; a window of 28 days is not a calendar month; 19 of the 28 days have no data
		retention_d1_nday 50.5051 99 - - thin own sample too small: 99 cohort users, want 100; cohorts of the first 28 days with data hold users who came before; 19 of the 28 days have no data
		retention_d15_30_bracket - - - - refuse no cohort has data on all of its days 15 to 30; cohorts of the first 28 days with data hold users who came before; 19 of the 28 days have no data`)

	empty := tables{Benchmarks: a.Benchmarks, Settings: a.Settings}
	expect(t, warehouse(t, day(28), empty), "SELECT COUNT(*), COUNT(own_value), COUNT(difference), MIN(verdict), MAX(verdict) FROM benchmark_comparison",
		"6 0 0 refuse refuse")
}

func TestShippedFiguresAreComparedWithinTheRules(t *testing.T) {
	a := app()
	var err error
	if a.Benchmarks, err = sql.Benchmarks(); err != nil {
		t.Fatal(err)
	}
	db := warehouse(t, day(28), a)
	for _, industry := range sql.Industries() {
		create(t, db, "settings", []sql.Setting{{Industry: industry, Platform: "all", Timezone: "UTC", RuleClass: "D", DurationKind: "elapsed"}})
		expect(t, db, `
			SELECT c.benchmark_id, c.metric, c.verdict
			FROM benchmark_comparison AS c JOIN benchmarks AS b ON b.benchmark_id = c.benchmark_id
			WHERE c.verdict NOT IN ('ok', 'flag', 'thin', 'show', 'refuse')
				OR (c.verdict = 'ok') != (c.reasons = '')
				OR c.verdict IN ('ok', 'flag', 'thin') AND NOT b.is_strict
				OR c.verdict IN ('ok', 'flag') AND (
					c.metric != c.benchmark_metric OR b.app_kind = 'web' OR c.own_value IS NULL OR c.own_sample < 100
					OR c.statistic != c.own_statistic AND b.percentile_of != 'apps'
					OR c.metric LIKE 'session%' AND b.rule_class NOT IN ('D', 'unknown'))
				OR c.verdict NOT IN ('ok', 'flag') AND (c.difference IS NOT NULL OR c.ratio IS NOT NULL)
				OR c.verdict = 'refuse' AND c.position IS NOT NULL
				OR c.position LIKE '%percentile%' AND (b.percentile_of != 'apps' OR NOT b.is_strict)`, "")
	}
	create(t, db, "settings", []sql.Setting{{Industry: "travel", Platform: "all", Timezone: "UTC", RuleClass: "D", DurationKind: "elapsed"}})
	expect(t, db, "SELECT COUNT(*) > 20, COUNT(DISTINCT benchmark_id) = COUNT(*), COUNT(DISTINCT verdict) FROM benchmark_comparison",
		"true true 3")
}
