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

// Each of the 17 rules of docs/benchmarks.md has a reason of its own. The
// cases are what TestWhatSpeaksAgainstAComparison does not have.
func TestEveryRuleHasItsReason(t *testing.T) {
	figure := func(metric string, change ...func(*sql.Benchmark)) sql.Benchmark {
		b := share(metric)
		for _, c := range change {
			c(&b)
		}
		return b
	}
	a := followed(app())
	a.Push = []transform.DailyPush{{Date: day(28), Cut: "total", Scope: "campaign", Received: 200, Reached: 100, Opened: 40, Opening: 30}}
	cases := []struct {
		rule      int
		published sql.Benchmark
		verdict   string
		reason    string
	}{
		{1, figure("session_interval", func(b *sql.Benchmark) { b.Statistic, b.Unit = "mean", "days" }), "refuse", "who has not come back yet has no interval"},
		{1, figure("power_user_share_10plus_month", func(b *sql.Benchmark) { b.RuleClass = "B" }), "refuse", "a pause of class B ends a session there"},
		{2, figure("time_in_app_per_user_day", func(b *sql.Benchmark) { b.DurationKind = "foreground" }), "refuse", "published as foreground time, ours is elapsed time"},
		{3, figure("session_duration", func(b *sql.Benchmark) { b.Statistic = "unspecified" }), "refuse", "does not say whether it is a mean or a median"},
		{3, figure("session_duration", func(b *sql.Benchmark) { b.Statistic = "peak" }), "refuse", "a figure of the statistic peak has no counterpart"},
		{3, figure("crash_free_session_rate", func(b *sql.Benchmark) { b.Statistic, b.Of = "median", "users" }), "refuse", "a median over users is no figure of an app as a whole"},
		{4, figure("retention_open_within_30d"), "refuse", "an open within N days is another type of retention"},
		{4, figure("retention_d90_unspecified"), "refuse", "which type of retention it is"},
		{4, figure("churn_d30_unspecified"), "refuse", "which type of retention it is"},
		{4, figure("retention_week1_window"), "flag", "ours is the days 1 to 7"},
		{4, figure("retention_month2_window"), "refuse", "ours is the days 31 to 60"},
		{4, figure("retention_month3_window"), "refuse", "not measured: users are followed for 63 days"},
		{4, figure("retention_d1_nday", func(b *sql.Benchmark) { b.RetentionAnchor, b.RetentionClock = "first_use", "calendar_utc" }), "flag", "a day is one of UTC there, of Europe/Lisbon here"},
		{4, figure("retention_d1_nday", func(b *sql.Benchmark) { b.RetentionAnchor, b.RetentionClock = "first_use", "24_hours" }), "refuse", "a day is 24 hours from the first use there"},
		{4, figure("uninstall_rate_30d"), "refuse", "not measured: uninstalls"},
		{5, figure("crash_free_session_rate", func(b *sql.Benchmark) { b.Statistic, b.Weighting = "mean", "apps" }), "flag", "an average over apps, each counted alike, shows a distance, not a rank"},
		{5, figure("share_of_apps_by_d30_retention_band"), "refuse", "a share of apps is no figure of one app"},
		{6, figure("push_opt_in_rate"), "refuse", "not measured: permission for push"},
		{6, figure("push_opt_in_rate"), "refuse", "iOS and Android are blended"},
		{6, figure("push_opt_in_rate", func(b *sql.Benchmark) { b.Platform, b.PeriodEndYear = "android", ptr(int64(2022)) }), "refuse", "Android allowed push without asking before version 13"},
		{6, figure("notification_opt_in_rate"), "refuse", "permission for any channel is not that for push"},
		{7, figure("push_open_rate", func(b *sql.Benchmark) { b.Denominator = "sent" }), "refuse", "not measured: pushes that were sent and did not arrive"},
		{7, figure("push_open_rate", func(b *sql.Benchmark) { b.Denominator = "recipients" }), "refuse", "not measured: who has allowed push"},
		{7, figure("push_open_rate"), "refuse", "does not say of which pushes or users the opens are a share"},
		{7, figure("push_open_rate", func(b *sql.Benchmark) { b.Denominator = "users_reached" }), "flag", "a user counts once for each campaign and day here"},
		{8, figure("crash_rate_unspecified"), "refuse", "does not say whether sessions or users are counted"},
		{8, figure("user_perceived_anr_rate_dau"), "refuse", "freezes are no crashes"},
		{8, figure("user_perceived_crash_rate_dau", func(b *sql.Benchmark) { b.Statistic = "policy_threshold" }), "show", "a limit of the store, not a norm"},
		{8, figure("user_perceived_crash_rate_dau"), "thin", "only crashes that a user noticed count there"},
		{9, figure("loyal_user_share_3month"), "refuse", "followed for 63 days"},
		{9, figure("users_with_11plus_sessions_share"), "refuse", "how long users were watched is not stated"},
		{9, figure("bounce_rate_single_page"), "refuse", "visits of one page are not the sessions that are not engaged"},
		{10, figure("app_opens_per_dau"), "refuse", "app opens are not sessions"},
		{11, figure("sessions_per_active_user_unspecified_period"), "refuse", "of which period the active users are"},
		{11, figure("sessions_per_installed_user_first_day"), "refuse", "all who installed are counted there"},
		{11, figure("sessions_per_installed_user_second_day"), "refuse", "all who installed are counted there"},
		{11, figure("sessions_per_user_on_day7"), "flag", "whether users who did not come on that day count"},
		{12, figure("session_duration", func(b *sql.Benchmark) { b.Statistic, b.PrintedWindow = "mean", "month" }), "flag", "printed beside a month of use, but the length of one session"},
		{12, figure("sessions_per_user_30days"), "refuse", "a window of 30 days there, of 28 here"},
		{12, figure("stickiness_dau_mau"), "flag", "a window of 28 days is not a calendar month"},
		{12, figure("engagement_time_per_user_ga4"), "refuse", "it grows with the window"},
		{13, figure("crash_free_session_rate", func(b *sql.Benchmark) { b.PeriodEndYear = ptr(int64(2019)) }), "refuse", "history only"},
		{14, figure("crash_free_session_rate", func(b *sql.Benchmark) { b.Segment = "paid users" }), "flag", "published for a part only: paid users"},
		{15, figure("crash_free_session_rate", func(b *sql.Benchmark) { b.Platform, b.AppKind = "web", "web" }), "refuse", "a figure for web against a product of kind app"},
		{16, figure("crash_free_session_rate", func(b *sql.Benchmark) { b.SampleApps = ptr(int64(2)) }), "flag", "a figure over 2 apps only"},
		{17, figure("crash_free_session_rate", func(b *sql.Benchmark) { b.Statistic, b.IsStrict = "mean_upper_bound", false }), "show", "a band, not a point"},
		// What is not strict is shown, whatever it is.
		{0, figure("crash_free_session_rate", func(b *sql.Benchmark) { b.SourceKind, b.IsStrict = "secondary", false }), "show", "quoted elsewhere"},
		{0, figure("crash_free_session_rate", func(b *sql.Benchmark) { b.Period, b.PeriodEndYear, b.IsStrict = "", nil, false }), "show", "the period is not stated"},
		{0, figure("crash_free_session_rate", func(b *sql.Benchmark) { b.Statistic, b.IsStrict = "unspecified", false }), "show", "which statistic it is is not stated"},
		{0, figure("crash_free_session_rate", func(b *sql.Benchmark) { b.Statistic, b.IsStrict = "peak", false }), "show", "the highest point of a series"},
		{0, figure("crash_free_session_rate", func(b *sql.Benchmark) { b.Statistic, b.IsStrict = "top25", false }), "show", "top25 is no point of a distribution"},
		{0, figure("crash_free_session_rate", func(b *sql.Benchmark) { b.Caution = "another page says 12" }), "flag", "doubtful: another page says 12"},
		{0, figure("retention_d5_nday"), "refuse", "not measured: the tables have nothing to set against it"},
	}
	covered := map[int]bool{}
	for i := range cases {
		cases[i].published.ID = int64(i)
		a.Benchmarks = append(a.Benchmarks, cases[i].published)
		covered[cases[i].rule] = true
	}
	db := warehouse(t, day(28), a)
	rows := strings.Split(query(t, db, "SELECT verdict, difference IS NULL, reasons FROM benchmark_comparison ORDER BY benchmark_id"), "\n")
	for i, c := range cases {
		row := rows[i]
		if want := fmt.Sprintf("%s %v ", c.verdict, c.verdict != "flag"); !strings.HasPrefix(row, want) || !strings.Contains(row, c.reason) {
			t.Errorf("rule %d: %s %s\nis %s, want %s and %q", c.rule, c.published.Metric, c.published.Statistic, row, c.verdict, c.reason)
		}
	}
	for rule := 1; rule <= 17; rule++ {
		if !covered[rule] {
			t.Errorf("rule %d has no case", rule)
		}
	}
}

// Of a band is said whether ours is inside, and nothing else. Crash-free
// sessions of the app are 90 %.
func TestBandsSayInsideOrOutside(t *testing.T) {
	a := app()
	add := func(metric, statistic string, value float64) {
		b := share(metric)
		b.ID, b.Statistic, b.Value, b.IsStrict = int64(len(a.Benchmarks)), statistic, value, false
		b.Publisher = strings.TrimSuffix(strings.TrimSuffix(statistic, "_low"), "_high")
		a.Benchmarks = append(a.Benchmarks, b)
	}
	add("crash_free_session_rate", "mean_range_low", 85)
	add("crash_free_session_rate", "mean_range_high", 95)
	add("crash_free_session_rate", "top25_range_low", 91)
	add("crash_free_session_rate", "top25_range_high", 95)
	add("crash_free_session_rate", "lower_bound", 90)
	add("crash_free_session_rate", "mean_upper_bound", 89)
	add("user_perceived_crash_rate_dau", "policy_threshold", 1.09)
	for n := range 100 { // on the last day 1 of 100 more users had a crash, of 128 user days in all
		a.Sessions = append(a.Sessions, transform.Session{Date: day(28), UserID: fmt.Sprint(n), IsCounted: true, CrashCount: int64(n / 99), DurationSeconds: ptr(60.0)})
	}
	expect(t, warehouse(t, day(28), a), "SELECT statistic, own_value, band_low, band_high, position, verdict, difference FROM benchmark_comparison ORDER BY benchmark_id", `
		mean_range_low 90 85 95 inside show -
		mean_range_high 90 85 95 inside show -
		top25_range_low 90 91 95 outside show -
		top25_range_high 90 91 95 outside show -
		lower_bound 90 90 - inside show -
		mean_upper_bound 90 - 89 outside show -
		policy_threshold 0.78125 - 1.09 within the limit show -`)
}

// Ours is ranked among percentiles over apps of one report and period, and
// never by a mean. The app has 2 sessions per user and day.
func TestRankAmongApps(t *testing.T) {
	a := app()
	add := func(publisher, statistic, of string, value float64) {
		b := share("sessions_per_user_day")
		b.ID, b.Publisher, b.Statistic, b.Of, b.Value, b.Unit = int64(len(a.Benchmarks)), publisher, statistic, of, value, "count"
		a.Benchmarks = append(a.Benchmarks, b)
	}
	add("one", "p25", "apps", 1.5)
	add("one", "median", "apps", 2)
	add("one", "p75", "apps", 3)
	add("two", "p90", "apps", 1.9)
	add("three", "p10", "apps", 2.1)
	add("four", "mean", "none", 1)
	add("five", "median", "apps", 1)
	a.Benchmarks[6].Segment = "another part"
	add("five", "p75", "apps", 1)
	add("six", "p25", "apps", 1)
	a.Benchmarks[8].SourceKind, a.Benchmarks[8].IsStrict = "secondary", false
	expect(t, warehouse(t, day(28), a), "SELECT publisher, statistic, position FROM benchmark_comparison ORDER BY benchmark_id", `
		one p25 between the 50th and 75th percentile of apps
		one median between the 50th and 75th percentile of apps
		one p75 between the 50th and 75th percentile of apps
		two p90 at or above the 90th percentile of apps
		three p10 below the 10th percentile of apps
		four mean -
		five median at or above the 50th percentile of apps
		five p75 at or above the 75th percentile of apps
		six p25 -`)
}

// 99 users are too few for a verdict; the interval says what they leave.
// Wilson: (50 + 1.9208) / (99 + 3.8416) = 50.486 %, and 9.663 % to each side.
func TestThinSamplesHaveAnInterval(t *testing.T) {
	a := app()
	a.Benchmarks = []sql.Benchmark{share("retention_d1_nday")}
	a.Retention = []transform.DailyRetention{
		{Date: day(1), Cohort: day(1), Cut: "total", Cohorts: 99, Retained: 99},
		{Date: day(2), Cohort: day(1), DayN: 1, Cut: "total", Cohorts: 99, Retained: 50},
	}
	expect(t, warehouse(t, day(28), a), "SELECT own_value, own_low, own_high, difference, verdict, SUBSTR(reasons, 1, 53) FROM benchmark_comparison",
		"50.5051 40.823 60.1494 - thin own sample too small: 99 cohort users, want 100; coho")
}

// Means have the normal interval, percentiles that of their ranks.
func TestIntervalsOfMeansAndPercentiles(t *testing.T) {
	a := app()
	a.Frequency = append(a.Frequency, // 90 users with 2 sessions and 10 with 10: mean 2.8, variance 5.76
		transform.DailyFrequency{Date: day(28), Cut: "total", Measure: "sessions", WindowDays: 28, Bucket: ptr(int64(2)), Users: 90},
		transform.DailyFrequency{Date: day(28), Cut: "total", Measure: "sessions", WindowDays: 28, Bucket: ptr(int64(10)), Users: 10},
		// 20 users on 2 days of 28 and 80 on 1: variance 0.16 days
		transform.DailyFrequency{Date: day(28), Cut: "total", Measure: "active_days", WindowDays: 28, Bucket: ptr(int64(2)), Users: 20},
		transform.DailyFrequency{Date: day(28), Cut: "total", Measure: "active_days", WindowDays: 28, Bucket: ptr(int64(1)), Users: 80})
	a.Settings[0].Definition = "app"
	db := warehouse(t, day(28), a)
	expect(t, db, `
		SELECT metric, statistic, definition, is_own, value, low, high, sample FROM fct_own_figures
		WHERE metric IN ('sessions_per_user_month', 'stickiness_dau_mau', 'session_duration', 'power_user_share_10plus_month')
			AND statistic IN ('mean', 'median', 'pooled')
		ORDER BY 1, 2`, `
		power_user_share_10plus_month pooled app true 0.1 0.0552285 0.174367 100
		session_duration mean app true 60 51.9984 68.0016 280
		session_duration median app true 100 87 115 200
		sessions_per_user_month mean app true 2.8 2.3296 3.2704 100
		stickiness_dau_mau mean app true 0.05 0.0472 0.0528 100`)
}

// Under a compared definition whose pause is the publisher's the comparison is
// made as well, with what its days add up to.
func TestAComparedDefinitionStandsIn(t *testing.T) {
	a := app()
	for i, b := range []struct {
		metric, statistic, unit, class, kind string
		value                                float64
	}{
		{"session_duration", "mean", "seconds", "B", "foreground", 40},
		{"session_duration", "median", "seconds", "B", "foreground", 40},
		{"sessions_per_user_day", "mean", "count", "B", "", 4},
		{"sessions_per_user_month", "mean", "count", "B", "", 4},
		{"time_in_app_per_user_day", "mean", "minutes", "B", "foreground", 2},
		{"sessions_per_user_day", "mean", "count", "D", "", 4},
		{"sessions_per_user_day", "mean", "count", "unknown", "", 4},
	} {
		f := share(b.metric)
		f.ID, f.Statistic, f.Unit, f.RuleClass, f.DurationKind, f.Value = int64(i), b.statistic, b.unit, b.class, b.kind, b.value
		if b.statistic == "median" {
			f.Of = "sessions"
		}
		a.Benchmarks = append(a.Benchmarks, f)
	}
	a.Settings[0].Definition = "app"
	a.Defined = []sql.SessionDefinition{
		{Name: "app", Digest: "a", IsOwn: true, RuleClass: "D", DurationKind: "elapsed"},
		{Name: "short", Digest: "b", RuleClass: "B", DurationKind: "foreground"},
		{Name: "long", Digest: "c", RuleClass: "E", DurationKind: "elapsed"},
	}
	for d := day(1); d <= day(28); d++ {
		for _, digest := range []string{"b", "old"} {
			a.Compared = append(a.Compared,
				transform.DefinitionDifference{Date: d, Definition: "short", DefinitionDigest: digest, Change: "all", Sessions: 20, Users: 5, MeanSeconds: ptr(30.0)},
				transform.DefinitionDifference{Date: d, Definition: "short", DefinitionDigest: digest, Change: "split", Sessions: 10, Users: 5})
		}
	}
	db := warehouse(t, day(28), a)
	const comparison = "SELECT benchmark_metric, statistic, definition, own_value, own_sample, verdict, RTRIM(SUBSTR(reasons || '.', 1, 46)) FROM benchmark_comparison ORDER BY benchmark_id, definition"
	expect(t, db, comparison, `
		session_duration mean app 60 280 refuse a pause of class B ends a session there, of cl
		session_duration mean short 30 560 flag ours is that of the definition short, which is
		session_duration median app 100 200 refuse a pause of class B ends a session there, of cl
		sessions_per_user_day mean app 2 140 refuse a pause of class B ends a session there, of cl
		sessions_per_user_day mean short 4 140 flag ours is that of the definition short, which is
		sessions_per_user_month mean app 2.8 100 refuse a pause of class B ends a session there, of cl
		time_in_app_per_user_day mean app 2 140 refuse a pause of class B ends a session there, of cl
		time_in_app_per_user_day mean short 2 140 flag ours is that of the definition short, which is
		sessions_per_user_day mean app 2 140 ok .
		sessions_per_user_day mean app 2 140 flag the publisher does not say which pause ends a`)

	create(t, db, "definition_differences", a.Compared[:4])
	expect(t, db, "SELECT own_value, own_sample, verdict, reasons FROM benchmark_comparison WHERE benchmark_id = 2 AND definition = 'short'",
		"4 5 thin own sample too small: 5 user days, want 100; ours is that of the definition short, which is compared only; the definition short saw 1 of the 28 days")
}

// Where the source's own ids end sessions, nobody here knows the pause.
func TestAnUnknownPauseOfOursIsFlagged(t *testing.T) {
	a := app()
	a.Benchmarks = []sql.Benchmark{median()}
	a.Settings[0].RuleClass = "unknown"
	expect(t, warehouse(t, day(28), a), "SELECT verdict, reasons FROM benchmark_comparison",
		"flag which pause ends a session here is the source of the events to know")
}

// Bounces and engagement are those of Google Analytics 4 only where the app's
// own definition counts as it does.
func TestEngagementNeedsTheDefinitionOfGA4(t *testing.T) {
	a := app()
	for i := range a.Daily {
		a.Daily[i].BouncedSessions, a.Daily[i].EngagedSessions, a.Daily[i].EngagedSeconds = 4, 6, 300
	}
	for i, metric := range []string{"bounce_rate_ga4", "engagement_rate_ga4", "engagement_time_per_user_ga4"} {
		b := share(metric)
		b.ID = int64(i)
		if i == 2 {
			b.Statistic, b.Unit, b.DurationKind = "mean", "seconds", "engaged"
		}
		a.Benchmarks = append(a.Benchmarks, b)
	}
	const comparison = "SELECT metric, own_value, own_sample, verdict, SUBSTR(reasons || '.', 1, 30) FROM benchmark_comparison ORDER BY benchmark_id"
	a.Defined = []sql.SessionDefinition{{Name: "app", IsOwn: true}, {Name: "ga4", EngagementRule: "ga4"}}
	expect(t, warehouse(t, day(28), a), comparison, `
		bounce_rate_ga4 - - refuse not measured: the app does not
		engagement_rate_ga4 - - refuse not measured: the app does not
		engagement_time_per_user_ga4 - - refuse not measured: the app does not`)
	a.Defined[0].EngagementRule = "ga4"
	expect(t, warehouse(t, day(28), a), comparison, `
		bounce_rate_ga4 40 280 ok .
		engagement_rate_ga4 60 280 ok .
		engagement_time_per_user_ga4 84 100 flag it grows with the window, whic`)
}

// A group that a publisher prints together is met by who chooses just it.
func TestJointGroupsAreMetByAnExactChoice(t *testing.T) {
	a := app()
	for i, industry := range []string{"games_word_card", "games", "games_casual"} {
		b := median()
		b.ID, b.Industry = int64(i), industry
		a.Benchmarks = append(a.Benchmarks, b)
	}
	db := warehouse(t, day(28), a)
	const comparison = "SELECT industry, industry_match FROM benchmark_comparison ORDER BY benchmark_id"
	for industry, want := range map[string]string{
		"games":           "games exact",
		"games_casual":    "games parent\ngames_casual exact",
		"games_word_card": "games_word_card exact\ngames parent",
	} {
		create(t, db, "settings", []sql.Setting{{Industry: industry, Platform: "all", RuleClass: "D", DurationKind: "elapsed"}})
		expect(t, db, comparison, want)
	}
}

func TestFurtherOwnFigures(t *testing.T) {
	a := app()
	for d := day(28) - 117; d < day(1); d++ {
		a.Ledger = append(a.Ledger, ledger(d)...)
	}
	a.Sessions = nil
	visit := func(user string, on calendar.Day, seconds float64, since *float64, views int64) {
		a.Sessions = append(a.Sessions, transform.Session{
			Date: on, UserID: user, IsCounted: true, DurationSeconds: ptr(seconds), SecondsSincePrevious: since, ScreenViews: views,
		})
	}
	newcomer := func(user string, first calendar.Day, back ...calendar.Day) {
		u := transform.User{Date: day(28), UserID: user, FirstSeen: first, SessionsTotal: 2, ActiveDays: 1 << min(day(28)-first, 62)}
		for _, n := range back {
			u.ActiveDays |= 1 << (day(28) - first - n)
		}
		a.Users = append(a.Users, u)
	}
	// ann and bob are 7 days old. ann came twice on day 0 and once on day 7, bob once on day 0.
	newcomer("ann", day(21), 7)
	newcomer("bob", day(21))
	visit("ann", day(21), 60, nil, 1)
	visit("ann", day(21), 120, ptr(3600.0), 3)
	visit("bob", day(21), 300, nil, 4)
	visit("ann", day(28), 30, ptr(7200.0), 4)
	// On day 3 came 97 of 200, and none of the 200 of 28 days before.
	// cat is 61 days old and came back on her 31st day, dan did not.
	newcomer("cat", day(28)-61, 31)
	newcomer("dan", day(28)-61)
	for _, n := range []int64{3, 28, 60, 90} {
		a.Retention = append(a.Retention,
			transform.DailyRetention{Date: day(28) - calendar.Day(n), Cohort: day(28) - calendar.Day(n), Cut: "total", Cohorts: 200, Retained: 200},
			transform.DailyRetention{Date: day(28), Cohort: day(28) - calendar.Day(n), DayN: n, Cut: "total", Cohorts: 200, Retained: 100 - n})
	}
	expect(t, warehouse(t, day(28), a), `
		SELECT metric, statistic, value, sample FROM fct_own_figures
		WHERE metric IN ('session_interval', 'screens_per_session', 'retention_week1_window', 'retention_month2_window', 'retention_d28_nday',
				'retention_d60_nday', 'retention_d90_nday', 'dau_loss_since_install_d3', 'sessions_per_user_on_day7', 'time_in_app_on_day0', 'time_in_app_on_day7')
			AND statistic IN ('mean', 'pooled', 'median')
		ORDER BY 1, 2`, `
		dau_loss_since_install_d3 pooled 0.7575 400
		retention_d28_nday pooled 0.36 200
		retention_d60_nday pooled 0.2 200
		retention_d90_nday pooled 0.05 200
		retention_month2_window pooled 0.5 2
		retention_week1_window pooled 0.5 2
		screens_per_session mean 3 4
		screens_per_session median 3 4
		session_interval mean 5400 2
		session_interval median 3600 2
		sessions_per_user_on_day7 mean 1 1
		time_in_app_on_day0 mean 240 2
		time_in_app_on_day7 mean 30 1`)
}

// Opens are compared with the share of what the publisher divides by: pushes
// that arrived, or users whom one reached.
func TestPushOpensAreSharesOfTheSame(t *testing.T) {
	a := app()
	for i, denominator := range []string{"delivered", "users_reached", "sent", "recipients", ""} {
		b := share("push_open_rate")
		b.ID, b.Value, b.Denominator = int64(i), 10, denominator
		a.Benchmarks = append(a.Benchmarks, b)
	}
	const comparison = `
		SELECT benchmark_id, metric, own_value, own_sample, own_sample_unit, ratio, verdict, SUBSTR(reasons || '.', 1, 29)
		FROM benchmark_comparison ORDER BY benchmark_id`
	const refused = `
		2 push_open_rate - - - - refuse not measured: pushes that wer
		3 push_open_rate - - - - refuse not measured: who has allowed
		4 push_open_rate - - - - refuse the publisher does not say of`
	expect(t, warehouse(t, day(28), a), comparison, `
		0 push_open_rate_delivered - - pushes - refuse no push in the window, or few
		1 push_open_rate_users_reached - - users reached - refuse no push in the window, or few`+refused)

	push := func(date calendar.Day, cut, scope, campaign string, received, reached, opened, opening int64) {
		a.Push = append(a.Push, transform.DailyPush{
			Date: date, Cut: cut, Scope: scope, Campaign: campaign, Received: received, Reached: reached, Opened: opened, Opening: opening,
		})
	}
	push(day(1)-1, "total", "campaign", "old", 999, 999, 999, 999) // before the window
	push(day(3), "platform", "campaign", "spring", 999, 999, 999, 999)
	push(day(3), "total", "all", "", 300, 120, 60, 30)
	push(day(3), "total", "campaign", "spring", 200, 100, 50, 25)
	push(day(3), "total", "campaign", "", 100, 100, 10, 5)
	push(day(9), "total", "campaign", "spring", 100, 50, 20, 20)
	expect(t, warehouse(t, day(28), a), comparison, `
		0 push_open_rate_delivered 20 400 pushes 2 ok .
		1 push_open_rate_users_reached 20 250 users reached 2 flag a user counts once for each c`+refused)

	// More opens than pushes, as of pushes before the window, are no share.
	push(day(9), "total", "campaign", "late", 0, 0, 400, 400)
	expect(t, warehouse(t, day(28), a), "SELECT verdict, own_value FROM benchmark_comparison WHERE benchmark_id < 2", `
		refuse -
		refuse -`)
}
