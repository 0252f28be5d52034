package transform_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"sojourn/internal/calendar"
	"sojourn/transform"
)

// segmentsOf are the segments of one user, by segmentation.
func segmentsOf(u *transform.UserDay, a transform.Analysis) map[string]string {
	transform.DecideSegments(slices.Values([]*transform.UserDay{u}), &a)
	t := transform.NewTally(today, calendar.UTC, a, "d", true)
	t.Add(u)
	found := map[string]string{}
	for _, r := range t.Tables().DailySegments {
		found[r.Segmentation] = r.Segment
	}
	return found
}

func TestRecencyAndFrequency(t *testing.T) {
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
		want   string
	}{
		{"here for the first time", 0, []int{0}, "new f1"},
		{"here yesterday and today", 1, []int{0, 1}, "r1 f2-3"},
		{"here yesterday, not today", 1, []int{1}, "r1 f1"},
		{"two days ago", 2, []int{0, 2}, "r2-7 f2-3"},
		{"a week ago", 7, []int{0, 7}, "r2-7 f2-3"},
		{"eight days ago, and on two days before", 12, []int{0, 8, 9, 12}, "r8-28 f4-13"},
		{"27 days ago, not today", 27, []int{27}, "r8-28 f1"},
		{"28 days ago, not today", 28, []int{28}, ""},
		{"28 days ago", 28, []int{0, 28}, "r8-28 f1"},
		{"29 days ago", 29, []int{0, 29}, "r29+ f1"},
		{"longer ago than is remembered", 100, []int{0}, "r29+ f1"},
		{"13 days of 28", 40, daysOf(13), "r1 f4-13"},
		{"14 days of 28", 40, daysOf(14), "r1 f14+"},
	} {
		t.Run(test.name, func(t *testing.T) {
			u := &transform.User{Date: today, FirstSeen: today - calendar.Day(test.first), ActiveDays: active(test.active...)}
			if got := segmentsOf(&transform.UserDay{User: u}, transform.Analysis{})["recency_frequency"]; got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}

func TestLengthTier(t *testing.T) {
	uncounted := lasting(9999, func(s *transform.Session) { s.IsCounted = false })
	unknown := lasting(0, func(s *transform.Session) { s.DurationSeconds = nil })
	for _, test := range []struct {
		name     string
		sessions []transform.Session
		want     string // "null" for a segment that is not known, "" for none
	}{
		{"no session", nil, ""},
		{"none that counts", []transform.Session{uncounted}, ""},
		{"of unknown length", []transform.Session{unknown, uncounted}, "null"},
		{"a single event", []transform.Session{lasting(0)}, "zero"},
		{"of two, the median is the shorter", []transform.Session{lasting(600), lasting(0), uncounted}, "zero"},
		{"a microsecond", []transform.Session{lasting(0.000001)}, "under_1m"},
		{"below a minute", []transform.Session{lasting(59.999999)}, "under_1m"},
		{"a minute", []transform.Session{lasting(60), unknown}, "1m_to_5m"},
		{"five minutes", []transform.Session{lasting(300)}, "5m_to_15m"},
		{"of three, the one in the middle", []transform.Session{lasting(1), lasting(5000), lasting(899)}, "5m_to_15m"},
		{"a quarter of an hour", []transform.Session{lasting(900)}, "15m_or_more"},
	} {
		t.Run(test.name, func(t *testing.T) {
			u := &transform.User{Date: today, FirstSeen: today}
			got, in := segmentsOf(&transform.UserDay{User: u, Sessions: test.sessions}, transform.Analysis{})["length_tier"]
			if in && got == "" {
				got = "null"
			}
			if got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}

func TestTopScreen(t *testing.T) {
	visit := func(screen string) transform.Step { return transform.Step{Screen: screen, IsVisit: true, IsView: true} }
	view := func(screen string) transform.Step { return transform.Step{Screen: screen, IsView: true} }
	for _, test := range []struct {
		name  string
		steps []transform.Step
		want  string
	}{
		{"no step", nil, ""},
		{"no visit", []transform.Step{view("Home"), {Event: "push_received"}}, ""},
		{"the most visits", []transform.Step{visit("Home"), visit("Search"), visit("Home")}, "Home"},
		{"the most visits, not views", []transform.Step{visit("Home"), visit("Search"), view("Search"), view("Search"), visit("Home")}, "Home"},
		{"of equals the first by name", []transform.Step{visit("Search"), visit("Home")}, "Home"},
	} {
		t.Run(test.name, func(t *testing.T) {
			u := &transform.User{Date: today, FirstSeen: today}
			if got := segmentsOf(&transform.UserDay{User: u, Steps: test.steps}, transform.Analysis{})["top_screen"]; got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}

// habit is a segmentation of the user's own.
func habit(otherwise string) transform.Segmentation {
	days := func(least int) func(*transform.UserDay) (bool, error) {
		return func(u *transform.UserDay) (bool, error) { return u.ActiveDays.DaysIn(7) >= least, nil }
	}
	return transform.Segmentation{
		Name: "habit", Otherwise: otherwise,
		Rules: []transform.SegmentRule{
			{Segment: "broken", When: "fails", Holds: func(*transform.UserDay) (bool, error) { return true, fmt.Errorf("no value") }},
			{Segment: "returned", When: "next", Holds: func(u *transform.UserDay) (bool, error) { return u.Next == transform.Returned, nil }},
			{Segment: "often", When: "5", Holds: days(5)},
			{Segment: "sometimes", When: "2", Holds: days(2)},
		},
	}
}

// A user is in the segment of the first rule that holds. One that fails does
// not hold, and what happens on the next day is no rule's to see.
func TestRulesAreTriedInOrder(t *testing.T) {
	for _, test := range []struct {
		days      int
		otherwise string
		want      string
	}{{6, "", "often"}, {5, "", "often"}, {4, "seldom", "sometimes"}, {1, "seldom", "seldom"}, {1, "", ""}} {
		u := &transform.User{Date: today, FirstSeen: today, ActiveDays: 1<<test.days - 1}
		a := transform.Analysis{Segmentations: []transform.Segmentation{habit(test.otherwise)}}
		if got := segmentsOf(&transform.UserDay{User: u, Next: transform.Returned}, a)["habit"]; got != test.want {
			t.Errorf("active on %d days, otherwise %q: %q, want %q", test.days, test.otherwise, got, test.want)
		}
	}
}

// What a segmentation says is in the digest of the analysis, and the events it
// looks at are declared.
func TestSegmentationsAreInTheDigest(t *testing.T) {
	digests := map[string]bool{}
	for _, change := range []func(*transform.Segmentation){
		func(*transform.Segmentation) {},
		func(s *transform.Segmentation) { s.Name = "other" },
		func(s *transform.Segmentation) { s.Otherwise = "seldom" },
		func(s *transform.Segmentation) { s.Property = "plan" },
		func(s *transform.Segmentation) { s.Rules[2].Segment = "daily" },
		func(s *transform.Segmentation) { s.Rules[2].When = "6" },
		func(s *transform.Segmentation) { slices.Reverse(s.Rules) },
	} {
		s := habit("")
		change(&s)
		a := transform.Analysis{Segmentations: []transform.Segmentation{s}}
		if digests[a.Digest()] {
			t.Errorf("%+v has the digest of another", s)
		}
		digests[a.Digest()] = true
	}

	s := habit("")
	s.Rules[0].Events, s.Rules[3].Events = []string{"share", "buy"}, []string{"buy"}
	a := transform.Analysis{Segmentations: []transform.Segmentation{s}}
	if diff := gocmp.Diff([]string{"buy", "share"}, a.Declared()); diff != "" {
		t.Errorf("declared (-want +got):\n%s", diff)
	}
}

// drawUserDays draws users with a history, and visits of theirs to screens.
func drawUserDays(t *rapid.T) []*transform.UserDay {
	var days []*transform.UserDay
	for _, p := range drawPeople(t) {
		u := &transform.UserDay{User: p.user, Sessions: p.sessions, Next: p.next}
		for _, screen := range rapid.SliceOfN(rapid.SampledFrom([]string{"Home", "Search", ""}), 0, 4).Draw(t, "screens") {
			u.Steps = append(u.Steps, transform.Step{Screen: screen, IsVisit: screen != ""})
		}
		for i := range u.Sessions {
			u.Sessions[i].IsCounted = rapid.IntRange(0, 4).Draw(t, "counted") > 0
		}
		days = append(days, u)
	}
	return days
}

// Law 6. Each segmentation sorts all of the users that its documentation says,
// every one into one segment.
func TestSegmentsAddUp(t *testing.T) {
	of := map[string]func(*transform.UserDay) bool{}
	for _, g := range []struct {
		names []string
		who   func(*transform.UserDay) bool
	}{
		{[]string{"lifecycle", "lifecycle_day", "exhaustive"}, func(*transform.UserDay) bool { return true }},
		{[]string{"activity_tier", "recency_frequency"}, func(u *transform.UserDay) bool { return u.ActiveDays.DaysIn(28) > 0 }},
		{[]string{"platform", "os_version", "device_model", "device_class", "app_version", "country", "language", "acquisition_source", "campaign", "plan"}, func(u *transform.UserDay) bool {
			return len(u.Sessions) > 0
		}},
		{[]string{"length_tier"}, func(u *transform.UserDay) bool {
			return slices.ContainsFunc(u.Sessions, func(s transform.Session) bool { return s.IsCounted })
		}},
		{[]string{"top_screen"}, func(u *transform.UserDay) bool {
			return slices.ContainsFunc(u.Steps, func(s transform.Step) bool { return s.IsVisit })
		}},
		{[]string{"habit"}, func(u *transform.UserDay) bool { return u.ActiveDays.DaysIn(7) >= 2 }},
	} {
		for _, name := range g.names {
			of[name] = g.who
		}
	}
	exhaustive := habit("seldom")
	exhaustive.Name = "exhaustive"
	analysis := transform.Analysis{Segmentations: []transform.Segmentation{habit(""), exhaustive, {Name: "plan", Property: "plan"}}}
	if diff := gocmp.Diff(slices.Sorted(slices.Values(append(transform.Segmentations(), "exhaustive", "habit", "plan"))), slices.Sorted(maps.Keys(of))); diff != "" {
		t.Fatalf("segmentations (-there +looked at):\n%s", diff)
	}
	rapid.Check(t, func(t *rapid.T) {
		days := drawUserDays(t)
		transform.DecideSegments(slices.Values(days), &analysis)
		tally := transform.NewTally(today, calendar.UTC, analysis, "d", true)
		want := map[string]int64{}
		for _, u := range days {
			tally.Add(u)
			for name, who := range of {
				if who(u) {
					want[name]++
				}
			}
		}
		got := map[string]int64{}
		for _, r := range tally.Tables().DailySegments {
			got[r.Segmentation] += r.Users
		}
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Errorf("users (-want +got):\n%s", diff)
		}
	})
}
