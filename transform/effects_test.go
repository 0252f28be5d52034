package transform_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"sojourn/internal/calendar"
	"sojourn/transform"
)

// release is a Tuesday; history is long enough for every metric before it.
var (
	release = calendar.Date(2026, time.June, 9)
	history = release - 150
)

func newRelease() transform.Intervention {
	return transform.Intervention{Name: "release", Day: release, Days: 28, MinUsers: 20}
}

// dayOf is a final day on which every number is told by one: the mean duration
// in seconds. There are 100 users, 50 in their first session.
func dayOf(day calendar.Day, seconds float64) transform.Tables {
	t := transform.Tables{
		Day: day,
		DailySessions: []transform.DailySessions{{
			Date: day, Cut: "total", Sessions: 200, Users: 100, EngagedSeconds: 100 * seconds, MeanSeconds: new(seconds), P50Seconds: new(seconds / 2),
		}},
		DailyFrequency: []transform.DailyFrequency{
			{Date: day, Cut: "total", Measure: "active_users", WindowDays: 1, Users: 100},
			{Date: day, Cut: "total", Measure: "active_users", WindowDays: 28, Users: 400},
		},
	}
	for _, n := range []calendar.Day{0, 1, 7} {
		t.DailyRetention = append(t.DailyRetention, transform.DailyRetention{
			Date: day, Cohort: day - n, DayN: int64(n), Cut: "total", Cohorts: 50, Rate: seconds / 1000,
		})
	}
	return t
}

// daysOf are days from history to last, each with the duration that seconds
// says; days of which it says 0 are left out.
func daysOf(last calendar.Day, seconds func(calendar.Day) float64) (days []transform.Tables) {
	for day := range calendar.Days(history, last) {
		if s := seconds(day); s != 0 {
			days = append(days, dayOf(day, s))
		}
	}
	return days
}

func effectOn(t testingT, metric string, v transform.Intervention, days []transform.Tables, others ...transform.Intervention) transform.InterventionEffect {
	t.Helper()
	for _, row := range transform.Effects(append(others, v), days, history, "d") {
		if row.Intervention == v.Name && row.Metric == metric {
			return row
		}
	}
	t.Fatalf("no row of %s", metric)
	return transform.InterventionEffect{}
}

// step is a weekday pattern, with some seconds more from a day on.
func step(from calendar.Day, more float64) func(calendar.Day) float64 {
	return func(day calendar.Day) float64 {
		s := 100 + 10*float64(day.Weekday())
		if day >= from {
			s += more
		}
		return s
	}
}

func TestEffects(t *testing.T) {
	v := newRelease()
	brief := func(r transform.InterventionEffect) string {
		return fmt.Sprintf("%s: %d/%d days, %s -> %s, %s [%s, %s], %s of %s, %s", r.Metric, r.DaysBefore, r.DaysAfter,
			maybe(r.Before), maybe(r.After), maybe(r.Change), maybe(r.Low), maybe(r.High), maybe(r.PlaceboAsLarge), maybe(r.PlaceboDates), r.Verdict)
	}
	tests := []struct {
		name   string
		v      transform.Intervention
		days   []transform.Tables
		others []transform.Intervention
		want   string // of the mean duration
	}{
		{"weekdays cancel, and so the change is exact", v, daysOf(release+40, step(release, 39)), nil,
			"28/28 days, 130 -> 169, 39 [39, 39], 0 of 5, increase"},
		{"no change at all is none", v, daysOf(release+40, step(release, 0)), nil,
			"28/28 days, 130 -> 130, 0 [0, 0], 5 of 5, no_clear_change"},
		{"a decrease", v, daysOf(release+40, step(release, -26)), nil,
			"28/28 days, 130 -> 104, -26 [-26, -26], 0 of 5, decrease"},
		{"the day itself is on neither side", v, daysOf(release+40, func(d calendar.Day) float64 {
			if d == release {
				return 1e6
			}
			return step(release, 39)(d)
		}), nil, "28/28 days, 130 -> 169, 39 [39, 39], 0 of 5, increase"},
		{"a lacking day of a busy weekday is no lower week", v, daysOf(release+40, func(d calendar.Day) float64 {
			if d == release-3 || d == release+4 || d == release+11 {
				return 0
			}
			return step(release, 39)(d)
		}), nil, "27/26 days, 130 -> 169, 39 [39, 39], 0 of 5, increase"},
		{"a weekday that only one side has is on neither", v, daysOf(release+40, func(d calendar.Day) float64 {
			if d > release && d.Weekday() == time.Sunday {
				return 0
			}
			return step(release, 39)(d)
		}), nil, "24/24 days, 135 -> 174, 39 [39, 39], 0 of 5, increase"},
		{"a week with four days does not count", v, daysOf(release+40, func(d calendar.Day) float64 {
			if d > release+7 && d <= release+10 {
				return 0
			}
			return step(release, 39)(d)
		}), nil, "28/21 days, 130 -> 169, 39 [39, 39], 0 of 5, increase"},
		{"the time after is not over", v, daysOf(release+17, step(release, 39)), nil,
			"28/14 days, 130 -> 169, 39 [39, 39], 0 of 5, increase"},
		{"one week and four days after are too few", v, daysOf(release+11, step(release, 39)), nil,
			"28/7 days, null -> null, null [null, null], null of null, too_little_data"},
		{"the day has not come", v, daysOf(release-10, step(release, 39)), nil,
			"19/0 days, null -> null, null [null, null], null of null, too_little_data"},
		{"too few users", func() transform.Intervention { w := v; w.MinUsers = 101; return w }(), daysOf(release+40, step(release, 39)), nil,
			"28/28 days, null -> null, null [null, null], null of null, too_little_data"},
		{"days far away do not show", v, daysOf(release+400, func(d calendar.Day) float64 {
			if d < release-92 || d > release+35 {
				return 1e6
			}
			return step(release, 39)(d)
		}), nil, "28/28 days, 130 -> 169, 39 [39, 39], 0 of 5, increase"},
		{"what rose all the time did not rise by it", v, daysOf(release+40, func(d calendar.Day) float64 { return 1000 + float64(d-release) }), nil,
			"28/28 days, 985.5 -> 1014.5, 29 [0.684, 57.316], 5 of 5, no_clear_change"},
		{"another intervention makes no placebo", v, daysOf(release+40, step(release, 39)),
			[]transform.Intervention{{Name: "campaign", Day: release - 80, Days: 28, MinUsers: 1}},
			"28/28 days, 130 -> 169, 39 [39, 39], 0 of 4, increase"},
		{"another segment than any", transform.Intervention{Name: "release", Day: release, Days: 28, MinUsers: 1, Cut: "platform", Segment: "ios"},
			daysOf(release+40, step(release, 39)), nil,
			"0/0 days, null -> null, null [null, null], null of null, too_little_data"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := brief(effectOn(t, "duration_mean_seconds", test.v, test.days, test.others...))
			if diff := gocmp.Diff("duration_mean_seconds: "+test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}

	var all []string
	for _, row := range transform.Effects([]transform.Intervention{v}, daysOf(release+40, step(release, 39)), history, "d") {
		all = append(all, brief(row))
	}
	want := lines(`
		d1_retention_rate: 28/28 days, 0.13 -> 0.169, 0.039 [0.039, 0.039], 0 of 5, increase
		d7_retention_rate: 28/28 days, 0.13 -> 0.169, 0.039 [0.039, 0.039], 0 of 5, increase
		duration_mean_seconds: 28/28 days, 130 -> 169, 39 [39, 39], 0 of 5, increase
		duration_median_seconds: 28/28 days, 65 -> 84.5, 19.5 [19.5, 19.5], 0 of 5, increase
		engaged_seconds_per_session: 28/28 days, 65 -> 84.5, 19.5 [19.5, 19.5], 0 of 5, increase
		sessions_per_user: 28/28 days, 2 -> 2, 0 [0, 0], 5 of 5, no_clear_change
		stickiness: 28/28 days, 0.25 -> 0.25, 0 [0, 0], 5 of 5, no_clear_change`)
	if diff := gocmp.Diff(want, all); diff != "" {
		t.Errorf("all metrics (-want +got):\n%s", diff)
	}
}

// A cohort that returns on the day of the intervention, or later, is not of the
// time before it: here everybody comes back from that day on.
func TestCohortsThatReturnAfterItAreNotBefore(t *testing.T) {
	days := daysOf(release+40, func(day calendar.Day) float64 {
		if day >= release { // of the return
			return 1000
		}
		return 100
	})
	for _, metric := range []string{"d1_retention_rate", "d7_retention_rate"} {
		if r := effectOn(t, metric, newRelease(), days); *r.Before != 0.1 || *r.After != 1 {
			t.Errorf("%s: %v before and %v after, want 0.1 and 1", metric, *r.Before, *r.After)
		}
	}
}

// An intervention for a segment is looked for in the rows of that segment: here
// ios gains by it, and all together do not.
func TestEffectsOfASegmentAreOfItsRows(t *testing.T) {
	days := daysOf(release+40, step(release, 0))
	for i := range days {
		d := &days[i]
		of := dayOf(d.Day, step(release, 39)(d.Day))
		of.DailySessions[0].Cut, of.DailySessions[0].Segment = "platform", "ios"
		for i := range of.DailyFrequency {
			of.DailyFrequency[i].Cut, of.DailyFrequency[i].Segment = "platform", "ios"
		}
		for i := range of.DailyRetention {
			of.DailyRetention[i].Cut, of.DailyRetention[i].Segment = "platform", "ios"
		}
		if d.Day > release {
			of.DailyFrequency[0].Users = 200
		}
		d.DailySessions = append(of.DailySessions, d.DailySessions...)
		d.DailyFrequency = append(of.DailyFrequency, d.DailyFrequency...)
		d.DailyRetention = append(of.DailyRetention, d.DailyRetention...)
	}
	ios := newRelease()
	ios.Cut, ios.Segment = "platform", "ios"
	for _, r := range transform.Effects([]transform.Intervention{ios}, days, history, "d") {
		if *r.Change == 0 || r.Cut != "platform" || r.Segment != "ios" {
			t.Errorf("of ios: %s", r.Sentence)
		}
	}
	for _, r := range transform.Effects([]transform.Intervention{newRelease()}, days, history, "d") {
		if *r.Change != 0 || r.Cut != "total" || r.Segment != "" {
			t.Errorf("of all: %s", r.Sentence)
		}
	}
}

// In the first weeks with data, users of long ago are new, and MAU is not full.
func TestFirstDaysOfDataAreNoBefore(t *testing.T) {
	days := daysOf(release+40, step(release, 39))
	for first, want := range map[calendar.Day][7]int64{ // days before, by metric
		release - 60: {28, 21, 28, 28, 28, 28, 28},
		release - 45: {14, 7, 28, 28, 28, 28, 14},
		release - 28: {0, 0, 28, 28, 28, 28, 0},
	} {
		var got [7]int64
		for i, row := range transform.Effects([]transform.Intervention{newRelease()}, days, first, "d") {
			got[i] = row.DaysBefore
		}
		if got != want {
			t.Errorf("with data from %d days before: %v days, want %v", release-first, got, want)
		}
	}
}

func TestEffectsInWords(t *testing.T) {
	noisy := func(day calendar.Day) float64 {
		s := step(release, 39)(day)
		if (day-release+700)/7%2 == 0 {
			s += 6
		}
		return s
	}
	v := newRelease()
	tests := []struct{ metric, want string }{
		{"duration_mean_seconds", "release (2026-06-09): mean session duration went up: 133.0 s before, 172.0 s after, a change of +39.0 s (+29.3 %), 95 % interval +31.8 to +46.2 s; 28 of 28 days before and 28 of 28 after used; at 0 of 5 earlier dates the change was as large."},
		{"sessions_per_user", "release (2026-06-09): no clear change in sessions per active user and day: 2.00 before, 2.00 after, a change of +0.00 (+0.0 %), 95 % interval +0.00 to +0.00; 28 of 28 days before and 28 of 28 after used; at 5 of 5 earlier dates the change was as large."},
		{"d1_retention_rate", "release (2026-06-09): D1 retention went up: 13.3 % before, 17.2 % after, a change of +3.9 points (+29.3 %), 95 % interval +3.3 to +4.5 points; 28 of 28 days before and 28 of 28 after used; at 0 of 5 earlier dates the change was as large."},
	}
	days := daysOf(release+40, noisy)
	for _, test := range tests {
		if got := effectOn(t, test.metric, v, days).Sentence; test.want != got {
			t.Errorf("%s:\n%s\nwant\n%s", test.metric, got, test.want)
		}
	}
	v.Cut, v.Segment = "platform", "ios"
	want := "release (2026-06-09, platform ios): too little data for D1 retention: 0 of 28 days before and 0 of 28 after can be used; wanted are on each side 2 weeks with 5 days or more, and 20 users a day."
	if got := effectOn(t, "d1_retention_rate", v, days).Sentence; got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	v = newRelease()
	v.MinUsers = 60
	want = "release (2026-06-09): too little data for D1 retention: 28 of 28 days before and 28 of 28 after can be used, with 50.0 and 50.0 users a day; wanted are on each side 2 weeks with 5 days or more, and 60 users a day."
	if got := effectOn(t, "d1_retention_rate", v, days).Sentence; got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

// What is the same for a weekday on both sides does not show; what is added to
// every day after is the change, and is as uncertain as before.
func TestChangesAreShiftedAndWeekdaysCancel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := rapid.Float64Range(50, 500)
		var base, weekday []float64
		for range 200 {
			base = append(base, r.Draw(t, "seconds"))
		}
		for range 7 {
			weekday = append(weekday, r.Draw(t, "weekday"))
		}
		lacking := rapid.SliceOfN(rapid.IntRange(0, 199), 0, 12).Draw(t, "lacking")
		more := rapid.Float64Range(-40, 400).Draw(t, "more")
		days := func(weekday []float64, more float64) []transform.Tables {
			return daysOf(release+40, func(day calendar.Day) float64 {
				i := int(day - history)
				for _, l := range lacking {
					if l == i {
						return 0
					}
				}
				s := base[i]
				if weekday != nil {
					s += weekday[day.Weekday()]
				}
				if day > release {
					s += more
				}
				return s
			})
		}
		plain := effectOn(t, "duration_mean_seconds", newRelease(), days(nil, 0))
		moved := effectOn(t, "duration_mean_seconds", newRelease(), days(weekday, more))
		near := func(what string, got, want float64) {
			if math.Abs(got-want) > 1e-6 {
				t.Fatalf("%s is %v, want %v", what, got, want)
			}
		}
		if plain.Verdict == transform.TooLittleData {
			return
		}
		near("change", *moved.Change, *plain.Change+more)
		near("width", *moved.High-*moved.Low, *plain.High-*plain.Low)
		if strings.Contains(moved.Sentence, "NaN") {
			t.Fatal(moved.Sentence)
		}
	})
}
