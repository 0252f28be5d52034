package transform_test

import (
	"fmt"
	"testing"

	"sojourn/internal/calendar"
	"sojourn/transform"
)

// A length that is an edge is in the bucket below it.
func TestLengthBuckets(t *testing.T) {
	p := person{user: &transform.User{Date: today}}
	for _, micros := range []int64{0, 1, 1e6, 1e6 + 1, 30e6, 30e6 + 1, 86400e6, 86400e6 + 1, 100000e6} {
		s := lasting(0)
		s.StartedAt, s.EndedAt = 5, 5+micros
		p.sessions = append(p.sessions, s)
	}
	var rows []transform.LengthBucket
	for _, r := range tallied([]person{p}).LengthHistogram {
		if r.Measure == "elapsed" {
			rows = append(rows, r)
		}
	}
	checkRows(t, `
		null to 0: 1 of 1, 0.111, 0.111
		0 to 1: 2 of 1, 0.222, 0.333
		1 to 2: 1 of 1, 0.111, 0.444
		20 to 30: 1 of 1, 0.111, 0.556
		30 to 60: 1 of 1, 0.111, 0.667
		43200 to 86400: 1 of 1, 0.111, 0.778
		86400 to null: 2 of 1, 0.222, 1`, rows, func(r transform.LengthBucket) string {
		return fmt.Sprintf("%s to %s: %d of %d, %s, %s", maybe(r.Over), maybe(r.UpTo), r.Sessions, r.Users, maybe(&r.Share), maybe(r.CumulativeShare))
	})
}

// Sessions that do not count are in none of the tables about length, hours and
// crashes.
func TestWhatDoesNotCountIsLeftOut(t *testing.T) {
	p := person{user: &transform.User{Date: today}, sessions: []transform.Session{
		lasting(60, func(s *transform.Session) { s.IsCounted, s.CrashCount, s.IsAfterCrash = false, 1, true }),
	}}
	tables := tallied([]person{p})
	if n := len(tables.DailyLength) + len(tables.LengthHistogram) + len(tables.DailyHours); n > 0 {
		t.Errorf("%d rows, want none", n)
	}
	r := stability(&tables, "total")
	if r.Sessions+r.Users+r.CrashedUsers+r.AfterCrash > 0 || r.CrashFree != nil || r.Returned != nil {
		t.Errorf("row %+v", r)
	}
}

// The hour is that of a clock: of the reporting zone for all sessions, of the
// device for those whose offset is known, there also on another weekday.
func TestHoursOfTwoClocks(t *testing.T) {
	at := func(hour, minute int64, offset string) transform.Session { // on Friday, 20 March 2026
		return lasting(4, func(s *transform.Session) {
			s.StartedAt = calendar.UTC.Start(today) + (hour*60+minute)*60e6
			s.UTCOffset = offset
		})
	}
	p := person{user: &transform.User{Date: today}, sessions: []transform.Session{
		at(0, 10, "-00:30"), at(0, 50, ""), at(13, 0, "+00:00"), at(20, 15, "+05:45"), at(20, 20, "not an offset"),
	}}
	checkRows(t, `
		local 4 23: 1 of 1, 2 s
		local 5 13: 1 of 1, 2 s
		local 6 2: 1 of 1, 2 s
		reporting 5 0: 2 of 1, 4 s
		reporting 5 13: 1 of 1, 2 s
		reporting 5 20: 2 of 1, 4 s`, tallied([]person{p}).DailyHours, func(r transform.DailyHour) string {
		return fmt.Sprintf("%s %d %d: %d of %d, %v s", r.Clock, r.Weekday, r.Hour, r.Sessions, r.Users, r.EngagedSeconds)
	})
}
