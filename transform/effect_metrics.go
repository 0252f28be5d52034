package transform

import (
	"slices"

	"sojourn/internal/calendar"
)

// An effectMetric is a number that a day has: docs/interventions.md, Metrics.
type effectMetric struct {
	name string // as in fct_daily where it is there
	noun string // in sentences
	unit string // seconds, sessions or share

	// lag is how many days after its own day the value is known.
	lag calendar.Day
	// lead is how many days from the first with data on have no value: what
	// looks back further than the data would rise or fall by itself.
	lead calendar.Day

	// value returns the value that a day's tables tell, and of how many users;
	// false if they have none. It is the value of lag days earlier.
	value func(t *Tables, v *Intervention) (value, users float64, ok bool)
}

const longestLag = 7

// effectMetrics returns the metrics in the order of their names.
func effectMetrics() []effectMetric {
	return []effectMetric{
		retentionMetric(1),
		retentionMetric(longestLag),
		{name: "duration_mean_seconds", noun: "mean session duration", unit: "seconds",
			value: ofSessions(func(r *DailySessions) *float64 { return r.MeanSeconds })},
		{name: "duration_median_seconds", noun: "median session duration", unit: "seconds",
			value: ofSessions(func(r *DailySessions) *float64 { return r.P50Seconds })},
		{name: "engaged_seconds_per_session", noun: "engaged time per session", unit: "seconds",
			value: ofSessions(func(r *DailySessions) *float64 { return ratio(r.EngagedSeconds, float64(r.Sessions)) })},
		{name: "sessions_per_user", noun: "sessions per active user and day", unit: "sessions", value: sessionsPerUser},
		// MAU looks back 27 days: before that is full, stickiness falls from 1.
		{name: "stickiness", noun: "stickiness (DAU/MAU)", unit: "share", lead: 27, value: stickiness},
	}
}

// retentionMetric is the share of a cohort that comes back after so many days.
// In the first 28 days with data, users of long ago count as new.
func retentionMetric(day calendar.Day) effectMetric {
	m := effectMetric{name: "d1_retention_rate", noun: "D1 retention", unit: "share", lag: day, lead: 28}
	if day != 1 {
		m.name, m.noun = "d7_retention_rate", "D7 retention"
	}
	m.value = func(t *Tables, v *Intervention) (value, users float64, ok bool) {
		for i := range t.DailyRetention {
			if r := &t.DailyRetention[i]; r.DayN == int64(day) && v.Concerns(r.Cut, r.Segment) {
				return r.Rate, float64(r.Cohorts), true
			}
		}
		return 0, 0, false
	}
	return m
}

func ofSessions(of func(*DailySessions) *float64) func(*Tables, *Intervention) (value, users float64, ok bool) {
	return func(t *Tables, v *Intervention) (value, users float64, ok bool) {
		if r := sessionsOf(t, v); r != nil {
			if x := of(r); x != nil {
				return *x, float64(r.Users), true
			}
		}
		return 0, 0, false
	}
}

func sessionsPerUser(t *Tables, v *Intervention) (value, users float64, ok bool) {
	r, dau := sessionsOf(t, v), activeUsers(t, v, 1)
	if r == nil || dau == 0 {
		return 0, 0, false
	}
	return float64(r.Sessions) / dau, dau, true
}

func stickiness(t *Tables, v *Intervention) (value, users float64, ok bool) {
	dau, mau := activeUsers(t, v, 1), activeUsers(t, v, 28)
	if mau == 0 {
		return 0, 0, false
	}
	return dau / mau, dau, true
}

// sessionsOf returns the row of the people concerned, nil if there is none.
func sessionsOf(t *Tables, v *Intervention) *DailySessions {
	for i := range t.DailySessions {
		if r := &t.DailySessions[i]; v.Concerns(r.segmentOf()) {
			return r
		}
	}
	return nil
}

// activeUsers returns 0 also if there is no row.
func activeUsers(t *Tables, v *Intervention, window int64) float64 {
	for i := range t.DailyFrequency {
		if r := &t.DailyFrequency[i]; r.Measure == "active_users" && r.WindowDays == window && v.Concerns(r.segmentOf()) {
			return float64(r.Users)
		}
	}
	return 0
}

// KeepSegments leaves out the rows of daily_sessions, daily_frequency and
// daily_retention of other cuts and segments.
func (t *Tables) KeepSegments(keep func(cut, segment string) bool) {
	t.DailySessions = slices.DeleteFunc(t.DailySessions, func(r DailySessions) bool { return !keep(r.segmentOf()) })
	t.DailyFrequency = slices.DeleteFunc(t.DailyFrequency, func(r DailyFrequency) bool { return !keep(r.segmentOf()) })
	t.DailyRetention = slices.DeleteFunc(t.DailyRetention, func(r DailyRetention) bool { return !keep(r.Cut, r.Segment) })
}

// segmentOf is the cut of a row and its segment in it.
func (r *DailySessions) segmentOf() (cut, segment string) { return r.Cut, r.Segment }

// segmentOf is the cut of a row and its segment in it.
func (r *DailyFrequency) segmentOf() (cut, segment string) { return r.Cut, r.Segment }
