package transform_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"sojourn/internal/calendar"
	"sojourn/transform"
)

// today is the day of the tallies.
var today = date(20)

// A person is a user at the end of today, with the sessions of the day.
type person struct {
	user     *transform.User
	sessions []transform.Session
	next     transform.Return
}

func (p person) add(t *transform.Tally) {
	u := *p.user
	u.SessionsTotal = max(u.SessionsTotal, 1) // all have used the app
	of := &transform.UserDay{User: &u, Sessions: p.sessions, Next: p.next}
	transform.DecideSegments(slices.Values([]*transform.UserDay{of}), &transform.Analysis{Segmentations: []transform.Segmentation{habit("seldom")}})
	t.Add(of)
}

// active are the bits of the days, so many before today.
func active(daysBefore ...int) (bits transform.Activity) {
	for _, n := range daysBefore {
		bits |= 1 << n
	}
	return bits
}

// lasting is a session of so many seconds.
func lasting(seconds float64, more ...func(*transform.Session)) transform.Session {
	s := transform.Session{Date: today, DurationSeconds: &seconds, IsCounted: true, EngagedSeconds: seconds / 2, EventCount: 3, ScreenViews: 1, Platform: "ios", Country: "PT", AppVersion: "1"}
	for _, m := range more {
		m(&s)
	}
	return s
}

func afterHours(hours float64) func(*transform.Session) {
	return func(s *transform.Session) { s.SecondsSincePrevious = new(hours * 3600) }
}

// people are three users: ann is new, bob came back after five days, and eve
// stayed away.
func people() []person {
	return []person{
		{&transform.User{
			Date: today, UserID: "ann", FirstSeen: today, ActiveDays: active(0), Sessions1: 2, Sessions7: 2, Sessions28: 2,
			Platform: "ios", FirstPlatform: "ios", FirstAcquisitionSource: "ads",
		}, []transform.Session{
			lasting(60, func(s *transform.Session) { s.IsFirstSession, s.IsEngaged = true, true }),
			lasting(10, afterHours(2.5)),
		}, transform.Returned},
		{&transform.User{
			Date: today, UserID: "bob", FirstSeen: today - 7, ActiveDays: active(0, 5, 6, 7), Sessions1: 1, Sessions7: 4, Sessions28: 9,
			Platform: "web", FirstPlatform: "web",
		}, []transform.Session{
			lasting(0, afterHours(120), func(s *transform.Session) {
				s.Platform, s.Country, s.AppVersion, s.IsBounce, s.CrashCount = "web", "", "2", true, 4
			}),
		}, transform.Stayed},
		{&transform.User{
			Date: today, UserID: "eve", FirstSeen: today - 10, ActiveDays: active(10), Sessions28: 1,
			Platform: "ios", FirstPlatform: "ios", FirstAcquisitionSource: "ads",
		}, nil, transform.Stayed},
	}
}

func tallied(people []person) transform.Tables {
	t := transform.NewTally(today, calendar.UTC, transform.Analysis{}, "d", true)
	for _, p := range people {
		p.add(t)
	}
	return t.Tables()
}

// maybe writes a number that may be null.
func maybe[N int64 | float64](n *N) string {
	if n == nil {
		return "null"
	}
	return strings.TrimRight(strings.TrimRight(fmt.Sprintf("%.3f", float64(*n)), "0"), ".")
}

func checkRows[R any](t *testing.T, want string, rows []R, write func(R) string) {
	t.Helper()
	var got []string
	for _, r := range rows {
		got = append(got, write(r))
	}
	if diff := gocmp.Diff(lines(want), got); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

func TestDailySessions(t *testing.T) {
	write := func(r transform.DailySessions) string {
		return fmt.Sprintf("%s %s/%s/%s: %d sessions of %d users, %d new; engaged %d, bounced %d, crashed %d, zero %d; "+
			"mean %s, p10–95 %s %s %s %s %s %s; engaged %v s, events %d, screens %d; per session %s and %s",
			r.Cut, r.Platform, r.Country, r.AppVersion, r.Sessions, r.Users, r.NewUsers,
			r.EngagedSessions, r.BouncedSessions, r.CrashedSessions, r.ZeroLengthSessions,
			maybe(r.MeanSeconds), maybe(r.P10Seconds), maybe(r.P25Seconds), maybe(r.P50Seconds), maybe(r.P75Seconds), maybe(r.P90Seconds), maybe(r.P95Seconds),
			r.EngagedSeconds, r.Events, r.ScreenViews, maybe(r.EventsPerSession), maybe(r.ScreensPerSession))
	}
	checkRows(t, `
		platform_country_version ios/PT/1: 2 sessions of 1 users, 1 new; engaged 1, bounced 0, crashed 0, zero 0; mean 35, p10–95 10 10 10 60 60 60; engaged 35 s, events 6, screens 2; per session 3 and 1
		platform_country_version web//2: 1 sessions of 1 users, 0 new; engaged 0, bounced 1, crashed 1, zero 1; mean 0, p10–95 0 0 0 0 0 0; engaged 0 s, events 3, screens 1; per session 3 and 1
		total //: 3 sessions of 2 users, 1 new; engaged 1, bounced 1, crashed 1, zero 1; mean 23.333, p10–95 0 0 10 60 60 60; engaged 35 s, events 9, screens 3; per session 3 and 1`,
		tallied(people()).DailySessions, write)

	// A day without sessions has a total of nothing, not no row.
	checkRows(t, `
		total //: 0 sessions of 0 users, 0 new; engaged 0, bounced 0, crashed 0, zero 0; mean null, p10–95 null null null null null null; engaged 0 s, events 0, screens 0; per session null and null`,
		tallied(people()[2:]).DailySessions, write)
}

// The nearest rank is the smallest value that at least so many percent of all
// do not exceed: always one that occurred.
func TestPercentilesAreNearestRank(t *testing.T) {
	for _, test := range []struct {
		seconds []float64
		want    string // p10, p25, p50, p75, p90, p95
	}{
		{[]float64{7}, "7 7 7 7 7 7"},
		{[]float64{2, 1}, "1 1 1 2 2 2"},
		{[]float64{4, 3, 2, 1}, "1 1 2 3 4 4"},
		{[]float64{1, 1, 1, 1, 1, 1, 1, 1, 1, 100}, "1 1 1 1 1 100"},
		{[]float64{10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 11}, "2 3 6 9 10 11"},
		{[]float64{20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1}, "2 5 10 15 18 19"},
		{[]float64{0.001, 0.002, 0.1}, "0.001 0.001 0.002 0.1 0.1 0.1"},
	} {
		p := person{user: &transform.User{Date: today}}
		for _, s := range test.seconds {
			p.sessions = append(p.sessions, lasting(s))
		}
		rows := tallied([]person{p}).DailySessions
		r := rows[len(rows)-1]
		got := strings.Join([]string{maybe(r.P10Seconds), maybe(r.P25Seconds), maybe(r.P50Seconds), maybe(r.P75Seconds), maybe(r.P90Seconds), maybe(r.P95Seconds)}, " ")
		if got != test.want {
			t.Errorf("percentiles of %v: %s, want %s", test.seconds, got, test.want)
		}
	}
}

func TestDailyFrequency(t *testing.T) {
	checkRows(t, `
		active_days 7 days, 1: 1 users, 2 sessions, 0.5
		active_days 7 days, 3: 1 users, 4 sessions, 0.5
		active_days 28 days, 1: 2 users, 3 sessions, 0.667
		active_days 28 days, 4: 1 users, 9 sessions, 0.333
		active_users 1 days, null: 2 users, 3 sessions, null
		active_users 7 days, null: 2 users, 6 sessions, null
		active_users 28 days, null: 3 users, 12 sessions, null
		hours_since_previous 0 days, 1: 1 users, 1 sessions, 0.5
		hours_since_previous 0 days, 72: 1 users, 1 sessions, 0.5
		sessions 1 days, 1: 1 users, 1 sessions, 0.5
		sessions 1 days, 2: 1 users, 2 sessions, 0.5
		sessions 7 days, 2: 1 users, 2 sessions, 0.5
		sessions 7 days, 4: 1 users, 4 sessions, 0.5
		sessions 28 days, 1: 1 users, 1 sessions, 0.333
		sessions 28 days, 2: 1 users, 2 sessions, 0.333
		sessions 28 days, 9: 1 users, 9 sessions, 0.333
		sessions_per_user 1 days, null: 2 users, 3 sessions, 1.5
		sessions_per_user 7 days, null: 2 users, 6 sessions, 3
		sessions_per_user 28 days, null: 3 users, 12 sessions, 4
		stickiness 7 days, null: 2 users, 3 sessions, 1
		stickiness 28 days, null: 2 users, 3 sessions, 0.667
		weekly_stickiness 28 days, null: 2 users, 6 sessions, 0.667`,
		tallied(people()).DailyFrequency, func(r transform.DailyFrequency) string {
			return fmt.Sprintf("%s %d days, %s: %d users, %d sessions, %s", r.Measure, r.WindowDays, maybe(r.Bucket), r.Users, r.Sessions, maybe(r.Value))
		})
}

// The time since the previous session falls into the bucket whose edge it has
// reached; a user is counted once in each.
func TestHoursSincePrevious(t *testing.T) {
	p := person{user: &transform.User{Date: today}}
	for _, hours := range []float64{0, 0.5, 1, 2.999, 3, 23.999, 24, 671.999, 672, 9999} {
		p.sessions = append(p.sessions, lasting(1, afterHours(hours)))
	}
	var rows []transform.DailyFrequency
	for _, r := range tallied([]person{p}).DailyFrequency {
		if r.Measure == "hours_since_previous" {
			rows = append(rows, r)
		}
	}
	checkRows(t, `
		0: 2 of 1
		1: 2 of 1
		3: 1 of 1
		12: 1 of 1
		24: 1 of 1
		336: 1 of 1
		672: 2 of 1`, rows, func(r transform.DailyFrequency) string {
		return fmt.Sprintf("%s: %d of %d", maybe(r.Bucket), r.Sessions, r.Users)
	})
}

func TestDailyRetention(t *testing.T) {
	write := func(r transform.DailyRetention) string {
		return fmt.Sprintf("%s +%d %s %s: %d of %d, %s", r.Cohort, r.DayN, r.Cut, r.Segment, r.Retained, r.Cohorts, maybe(&r.Rate))
	}
	checkRows(t, `
		2026-03-10 +10 acquisition_source ads: 0 of 1, 0
		2026-03-10 +10 country : 0 of 1, 0
		2026-03-10 +10 platform ios: 0 of 1, 0
		2026-03-10 +10 total : 0 of 1, 0
		2026-03-13 +7 acquisition_source : 1 of 1, 1
		2026-03-13 +7 country : 1 of 1, 1
		2026-03-13 +7 platform web: 1 of 1, 1
		2026-03-13 +7 total : 1 of 1, 1
		2026-03-20 +0 acquisition_source ads: 1 of 1, 1
		2026-03-20 +0 country : 1 of 1, 1
		2026-03-20 +0 platform ios: 1 of 1, 1
		2026-03-20 +0 total : 1 of 1, 1`,
		tallied(people()).DailyRetention, write)

	// Days 0 to 30, 60 and 90 are reported, and no others.
	var days []int64
	for n := range 120 {
		p := person{user: &transform.User{Date: today, FirstSeen: today - calendar.Day(n)}}
		for _, r := range tallied([]person{p}).DailyRetention {
			if r.Cut == "total" {
				days = append(days, r.DayN)
			}
		}
	}
	var want []int64
	for n := range int64(31) {
		want = append(want, n)
	}
	if diff := gocmp.Diff(append(want, 60, 90), days); diff != "" {
		t.Errorf("days (-want +got):\n%s", diff)
	}
}

func TestDailySegments(t *testing.T) {
	write := func(r transform.DailySegment) string {
		return fmt.Sprintf("%s %s: %d users, %d sessions, median %s, returned %s, %s",
			r.Segmentation, r.Segment, r.Users, r.Sessions, maybe(r.P50Seconds), maybe(r.Returned), maybe(r.ReturnRate))
	}
	checkRows(t, `
		acquisition_source : 1 users, 1 sessions, median 0, returned 0, 0
		acquisition_source ads: 1 users, 2 sessions, median 10, returned 1, 1
		activity_tier casual: 2 users, 2 sessions, median 10, returned 1, 0.5
		activity_tier core: 1 users, 1 sessions, median 0, returned 0, 0
		app_version : 2 users, 3 sessions, median 10, returned 1, 0.5
		campaign : 2 users, 3 sessions, median 10, returned 1, 0.5
		country : 2 users, 3 sessions, median 10, returned 1, 0.5
		device_class : 2 users, 3 sessions, median 10, returned 1, 0.5
		device_model : 2 users, 3 sessions, median 10, returned 1, 0.5
		language : 2 users, 3 sessions, median 10, returned 1, 0.5
		length_tier under_1m: 1 users, 2 sessions, median 10, returned 1, 1
		length_tier zero: 1 users, 1 sessions, median 0, returned 0, 0
		lifecycle dormant: 1 users, 0 sessions, median null, returned 0, 0
		lifecycle new: 1 users, 2 sessions, median 10, returned 1, 1
		lifecycle returning: 1 users, 1 sessions, median 0, returned 0, 0
		lifecycle_day dormant: 1 users, 0 sessions, median null, returned 0, 0
		lifecycle_day new: 1 users, 2 sessions, median 10, returned 1, 1
		lifecycle_day resurrected: 1 users, 1 sessions, median 0, returned 0, 0
		os_version : 2 users, 3 sessions, median 10, returned 1, 0.5
		platform ios: 1 users, 2 sessions, median 10, returned 1, 1
		platform web: 1 users, 1 sessions, median 0, returned 0, 0
		recency_frequency new f1: 1 users, 2 sessions, median 10, returned 1, 1
		recency_frequency r2-7 f4-13: 1 users, 1 sessions, median 0, returned 0, 0
		recency_frequency r8-28 f1: 1 users, 0 sessions, median null, returned 0, 0`,
		tallied(people()).DailySegments, write)

	// While the next day is not known, nor is who returned.
	unknown := people()[:1]
	unknown[0].next = transform.Unknown
	for _, r := range tallied(unknown).DailySegments {
		if r.Returned != nil || r.ReturnRate != nil {
			t.Errorf("%s %s: returned %s, want null", r.Segmentation, r.Segment, maybe(r.Returned))
		}
	}
}

// Which stage of life and which tier a user is in.
func TestSegmentsOfAUser(t *testing.T) {
	daysOf := func(n int) (days []int) {
		for d := range n {
			days = append(days, d)
		}
		return days
	}
	for _, test := range []struct {
		name   string
		first  int // days before today
		active []int
		want   string // lifecycle, lifecycle_day, activity_tier
	}{
		{"here for the first time", 0, []int{0}, "new new casual"},
		{"here yesterday", 1, []int{0, 1}, "returning returning casual"},
		{"here the day before", 2, []int{0, 2}, "returning resurrected casual"},
		{"here 28 days ago", 28, []int{0, 28}, "returning resurrected casual"},
		{"here 29 days ago", 29, []int{0, 29}, "resurrected resurrected casual"},
		{"here once, longer ago than is remembered", 100, []int{0}, "resurrected resurrected casual"},
		{"not here today", 1, []int{1}, "dormant dormant casual"},
		{"not here for 27 days", 40, []int{27, 40}, "dormant dormant casual"},
		{"not here for 28 days", 40, []int{28, 40}, "dormant dormant -"},
		{"three days of 28", 40, []int{0, 9, 27, 28}, "returning resurrected casual"},
		{"four days of 28", 40, []int{0, 9, 18, 27}, "returning resurrected core"},
		{"13 days of 28", 40, daysOf(13), "returning returning core"},
		{"14 days of 28", 40, daysOf(14), "returning returning power"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := person{user: &transform.User{Date: today, FirstSeen: today - calendar.Day(test.first), ActiveDays: active(test.active...)}}
			found := map[string]string{"activity_tier": "-"}
			for _, r := range tallied([]person{p}).DailySegments {
				found[r.Segmentation] = r.Segment
			}
			if got := found["lifecycle"] + " " + found["lifecycle_day"] + " " + found["activity_tier"]; got != test.want {
				t.Errorf("segments %s, want %s", got, test.want)
			}
		})
	}
}

func TestLedgerRow(t *testing.T) {
	got := transform.LedgerRow(today, transform.Ledger{Events: 21, InSessions: 1, Duplicates: 2, Conflicts: 3, Outside: 4, Ignored: 14}, "d")
	want := transform.DailyLedger{Date: today, Events: 21, InSessions: 1, Duplicates: 2, Conflicts: 3, Outside: 4, Ignored: 14, DefinitionDigest: "d"}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("row (-want +got):\n%s", diff)
	}
}
