//go:build cgo

package sql_test

import (
	"testing"

	"sojourn/internal/calendar"
	"sojourn/transform"
)

// Days stand beside the same weekday 7, 28 and 364 days before: that day, and
// not the row before it where it has no row.
func TestPeriodOverPeriodFindsTheDayItself(t *testing.T) {
	last := day(30)
	var with tables
	add := func(date calendar.Day, sessions int64, median float64, dau, mau int64) {
		with.Daily = append(with.Daily,
			transform.DailySessions{
				Date: date, Cut: "total", Sessions: sessions, Users: dau - 1, NewUsers: 1, CrashedSessions: 1, BouncedSessions: 2,
				EngagedSeconds: float64(30 * sessions), P50Seconds: new(median), MeanSeconds: new(2 * median), IsFinal: date != last, DefinitionDigest: "d",
			},
			transform.DailySessions{Date: date, Cut: "platform_country_version", Platform: "ios", Sessions: 1000})
		with.Ledger = append(with.Ledger, ledger(date)...)
		for window, users := range map[int64]int64{1: dau, 7: mau - 1, 28: mau} {
			with.Frequency = append(with.Frequency, transform.DailyFrequency{Date: date, Cut: "total", Measure: "active_users", WindowDays: window, Users: users, Sessions: sessions})
		}
	}
	add(last-364, 5, 0, 5, 10)
	add(last-363, 99, 9, 9, 9)
	add(last-28, 8, 60, 5, 20)
	add(last-8, 99, 9, 9, 9) // no day 7 before
	add(last-6, 99, 9, 9, 9)
	add(last-1, 20, 30, 10, 20)
	add(last, 10, 90, 5, 10)
	with.Retention = []transform.DailyRetention{
		{Date: last - 29, Cohort: last - 29, Cut: "total", Cohorts: 4, Retained: 4},
		{Date: last - 28, Cohort: last - 29, DayN: 1, Cut: "total", Cohorts: 4, Retained: 1},
		{Date: last - 1, Cohort: last - 1, Cut: "total", Cohorts: 10, Retained: 10},
		{Date: last, Cohort: last - 1, DayN: 1, Cut: "total", Cohorts: 10, Retained: 5},
	}
	db := warehouse(t, last, with)
	expect(t, db, `
		SELECT metric, value, value_7_days_before, change_7_days, relative_change_7_days,
		  value_28_days_before, change_28_days, relative_change_28_days, value_364_days_before, change_364_days, relative_change_364_days
		FROM fct_period_over_period WHERE date = DATE '2026-10-30' AND cut = 'total' ORDER BY metric`, `
		bounced_session_rate 0.2 - - - 0.25 -0.05 -0.2 0.4 -0.2 -0.5
		crash_free_session_rate 0.9 - - - 0.875 0.025 0.0285714 0.8 0.1 0.125
		d1_retention_rate 0.5 - - - 0.25 0.25 1 - - -
		dau 5 - - - 5 0 0 5 0 0
		duration_mean_seconds 180 - - - 120 60 0.5 0 180 -
		duration_median_seconds 90 - - - 60 30 0.5 0 90 -
		engaged_seconds_per_session 30 - - - 30 0 0 30 0 0
		engaged_session_rate 0 - - - 0 0 - 0 0 -
		mau 10 - - - 20 -10 -0.5 10 0 0
		new_users 1 - - - 1 0 0 1 0 0
		screens_per_session - - - - - - - - - -
		sessions 10 - - - 8 2 0.25 5 5 1
		sessions_per_user 2 - - - 1.6 0.4 0.25 1 1 1
		stickiness 0.5 - - - 0.25 0.25 1 0.5 0 0
		users 4 - - - 4 0 0 4 0 0
		wau 9 - - - 19 -10 -0.526316 9 0 0
		zero_length_share 0 - - - 0 0 - 0 0 -`)
	expect(t, db, `
		SELECT date, value_7_days_before, is_final, definition_digest FROM fct_period_over_period WHERE metric = 'sessions' AND cut = 'total' AND date > DATE '2026-10-20' ORDER BY date`, `
		2026-10-22 - true d
		2026-10-24 - true d
		2026-10-29 99 true d
		2026-10-30 - false d`)
	expect(t, db, `SELECT DISTINCT cut FROM fct_period_over_period`, "total")
}

// Metrics of other tables, and of cuts, stand beside themselves: a segment
// beside the same one.
func TestPeriodOverPeriodOfEveryTable(t *testing.T) {
	var with tables
	for i, date := range []calendar.Day{day(8), day(15)} {
		n := int64(i + 1)
		x := float64(n)
		with.Daily = append(with.Daily,
			transform.DailySessions{Date: date, Cut: "platform", Segment: "ios", Sessions: 10 * n, Users: 4, ZeroLengthSessions: 1, ScreensPerSession: new(3 * x), IsFinal: true},
			transform.DailySessions{Date: date, Cut: "platform", Sessions: n})
		for _, window := range []int64{1, 28} {
			with.Frequency = append(with.Frequency, transform.DailyFrequency{Date: date, Cut: "platform", Segment: "ios", Measure: "active_users", WindowDays: window, Users: 4 * window, Sessions: 10 * n})
		}
		with.Stability = append(with.Stability, transform.DailyStability{Date: date, Cut: "app_version", Segment: "1.0", CrashFreeUsers: new(x / 2)})
		with.Intervals = append(with.Intervals, transform.DailyInterval{Date: date, Cut: "total", P50Hours: 4 * x})
		with.Lifecycle = append(with.Lifecycle,
			transform.DailyLifecycle{Date: date, Cut: "total", Lapse: 28, Returning: n, Resurrected: 2 * n, Churned: 3 * n},
			transform.DailyLifecycle{Date: date, Cut: "total", Lapse: 1, Churned: 100})
		with.Features = append(with.Features, transform.DailyFeature{Date: date, Cut: "total", Feature: "map", Reach: new(x / 4)})
		with.Funnels = append(with.Funnels,
			transform.DailyFunnel{Date: date, Cut: "total", Funnel: "buy", Number: 1, FromFirst: new(1.0)},
			transform.DailyFunnel{Date: date, Cut: "total", Funnel: "buy", Number: 2, FromFirst: new(x / 8)},
			transform.DailyFunnel{Date: date, Cut: "platform", Segment: "ios", Funnel: "buy", Number: 1, FromFirst: new(1.0)}) // the last step is left out
		for _, dayN := range []int64{0, 7} {
			with.Installs = append(with.Installs, transform.DailyInstalls{Date: date, Cut: "total", DayN: dayN, First: 5 * n})
			with.First = append(with.First, transform.DailyFirstSessions{Date: date, Cut: "total", DayN: dayN, SecondShare: x / 5})
		}
		with.Onboarding = append(with.Onboarding, transform.DailyOnboarding{Date: date, Cut: "total", Step: "profile", Share: x / 10})
		with.Push = append(with.Push,
			transform.DailyPush{Date: date, Cut: "total", Scope: "all", OpenShare: new(x / 20)},
			transform.DailyPush{Date: date, Cut: "total", Scope: "campaign", OpenShare: new(9.0)})
		with.Incentives = append(with.Incentives,
			transform.DailyIncentive{Date: date, Cut: "total", Incentive: "gift", Group: "reached", Rate: new(x / 3)},
			transform.DailyIncentive{Date: date, Cut: "total", Incentive: "gift", Group: "not_reached", Rate: new(9.0)})
	}
	db := warehouse(t, day(15), with)
	expect(t, db, `
		SELECT cut, segment, metric, value, value_7_days_before, relative_change_7_days, value_28_days_before
		FROM fct_period_over_period WHERE date = DATE '2026-10-15' AND value != 0 ORDER BY cut, segment NULLS FIRST, metric`, `
		app_version 1.0 crash_free_user_rate 1 0.5 1 -
		platform - crash_free_session_rate 1 1 0 -
		platform - sessions 2 1 1 -
		platform ios crash_free_session_rate 1 1 0 -
		platform ios dau 4 4 0 -
		platform ios mau 112 112 0 -
		platform ios screens_per_session 6 3 1 -
		platform ios sessions 20 10 1 -
		platform ios sessions_per_user 5 2.5 1 -
		platform ios stickiness 0.0357143 0.0357143 0 -
		platform ios users 4 4 0 -
		platform ios zero_length_share 0.05 0.1 -0.5 -
		total - churned_users 6 3 1 -
		total - feature_reach: map 0.5 0.25 1 -
		total - funnel_conversion: buy 0.25 0.125 1 -
		total - incentive_repeat_rate: gift 0.666667 0.333333 1 -
		total - installs 10 5 1 -
		total - interval_median_hours 8 4 1 -
		total - onboarding_share: profile 0.2 0.1 1 -
		total - push_open_rate 0.1 0.05 1 -
		total - resurrected_users 4 2 1 -
		total - returning_users 2 1 1 -
		total - second_session_share_d7 0.4 0.2 1 -`)
}
