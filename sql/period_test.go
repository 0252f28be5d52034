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
			with.Frequency = append(with.Frequency, transform.DailyFrequency{Date: date, Cut: "total", Measure: "active_users", WindowDays: window, Users: users})
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
		FROM fct_period_over_period WHERE date = DATE '2026-10-30' ORDER BY metric`, `
		bounced_session_rate 0.2 - - - 0.25 -0.05 -0.2 0.4 -0.2 -0.5
		crash_free_session_rate 0.9 - - - 0.875 0.025 0.0285714 0.8 0.1 0.125
		d1_retention_rate 0.5 - - - 0.25 0.25 1 - - -
		d30_retention_rate - - - - - - - - - -
		d7_retention_rate - - - - - - - - - -
		dau 5 - - - 5 0 0 5 0 0
		duration_mean_seconds 180 - - - 120 60 0.5 0 180 -
		duration_median_seconds 90 - - - 60 30 0.5 0 90 -
		engaged_seconds_per_session 30 - - - 30 0 0 30 0 0
		engaged_session_rate 0 - - - 0 0 - 0 0 -
		mau 10 - - - 20 -10 -0.5 10 0 0
		new_users 1 - - - 1 0 0 1 0 0
		sessions 10 - - - 8 2 0.25 5 5 1
		sessions_per_user 2 - - - 1.6 0.4 0.25 1 1 1
		stickiness 0.5 - - - 0.25 0.25 1 0.5 0 0
		users 4 - - - 4 0 0 4 0 0
		wau 9 - - - 19 -10 -0.526316 9 0 0`)
	expect(t, db, `
		SELECT date, value_7_days_before, is_final, definition_digest FROM fct_period_over_period WHERE metric = 'sessions' AND date > DATE '2026-10-20' ORDER BY date`, `
		2026-10-22 - true d
		2026-10-24 - true d
		2026-10-29 99 true d
		2026-10-30 - false d`)
	expect(t, db, `SELECT COUNT(*), COUNT(DISTINCT metric) FROM fct_period_over_period`, "119 17")
}
