package transform_test

import (
	"fmt"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"sojourn/internal/calendar"
	"sojourn/transform"
)

// crowd are users active today alone, so many on each platform.
func crowd(platforms ...any) []*transform.UserDay {
	var days []*transform.UserDay
	for i := 0; i < len(platforms); i += 2 {
		for range platforms[i+1].(int) {
			u := &transform.User{
				Date: today, FirstSeen: today, ActiveDays: 1, Sessions1: 1, Sessions7: 1, Sessions28: 1,
				Platform: platforms[i].(string), FirstPlatform: platforms[i].(string),
			}
			days = append(days, &transform.UserDay{User: u, Sessions: []transform.Session{lasting(1)}})
		}
	}
	return days
}

func tablesOf(days []*transform.UserDay, a transform.Analysis) transform.Tables {
	t := transform.NewTally(today, calendar.UTC, a, "d", true)
	for _, u := range days {
		t.Add(u)
	}
	return t.Tables()
}

// Rows of cuts about too few users are left out, and as many others as it
// takes that those cannot be had by taking the rest from the total.
func TestSmallGroupsAreLeftOut(t *testing.T) {
	for _, test := range []struct {
		name  string
		users []*transform.UserDay
		least int64
		want  string
	}{
		{"nothing is asked", crowd("android", 1, "ios", 2), 0, "android 1, ios 2"},
		{"one user is no group to hide", crowd("android", 1, "ios", 2), 1, "android 1, ios 2"},
		{"all are large enough", crowd("android", 3, "ios", 3), 3, "android 3, ios 3"},
		{"all are too small", crowd("android", 2, "ios", 1), 3, ""},
		{"there is one alone", crowd("ios", 2), 3, ""},
		{"one would be the total less the rest: the smallest of the others goes too", crowd("android", 7, "ios", 5, "web", 2), 3, "android 7"},
		{"of equals the first goes", crowd("android", 5, "ios", 5, "web", 2), 3, "ios 5"},
		{"two together are a group", crowd("android", 7, "ios", 1, "web", 2), 3, "android 7"},
		{"two together are too few still", crowd("android", 7, "ios", 1, "web", 1, "tv", 5), 3, "android 7"},
		{"unknown is a segment as well", crowd("android", 7, "ios", 5, "", 2), 3, "android 7"},
	} {
		t.Run(test.name, func(t *testing.T) {
			tables := tablesOf(test.users, transform.Analysis{Cuts: []string{"platform"}, MinUsers: test.least})
			found := map[string][]string{}
			for _, r := range tables.DailySessions {
				if r.Cut == "platform" {
					found["daily_sessions"] = append(found["daily_sessions"], fmt.Sprint(r.Segment, " ", r.Users))
				}
			}
			for _, r := range tables.DailyFrequency {
				if r.Cut == "platform" && r.Measure == "active_users" && r.WindowDays == 28 {
					found["daily_frequency"] = append(found["daily_frequency"], fmt.Sprint(r.Segment, " ", r.Users))
				}
			}
			for _, r := range tables.DailyRetention {
				if r.Cut == "platform" {
					found["daily_retention"] = append(found["daily_retention"], fmt.Sprint(r.Segment, " ", r.Cohorts))
				}
			}
			for _, r := range tables.DailySegments {
				if r.Segmentation == "platform" {
					found["daily_segments"] = append(found["daily_segments"], fmt.Sprint(r.Segment, " ", r.Users))
				}
			}
			for _, table := range []string{"daily_sessions", "daily_frequency", "daily_retention", "daily_segments"} {
				if got := strings.Join(found[table], ", "); got != test.want {
					t.Errorf("%s has %q, want %q", table, got, test.want)
				}
			}
		})
	}
}

// A row of another key that gives a hidden one away goes with it: what is left
// of a segment's active users when all other buckets are taken off, and what a
// share is of.
func TestRowsThatTellOfOthersAreLeftOut(t *testing.T) {
	days := crowd("android", 20, "ios", 9)
	for i, u := range days {
		switch { // android: 14 with 1 session, 4 with 2, 2 with 3; ios: 5 and 4
		case i >= 14 && i < 18 || i >= 25:
			u.Sessions28 = 2
		case i >= 18 && i < 20:
			u.Sessions28 = 3
		}
	}
	buckets := func(least int64) (got []string) {
		tables := tablesOf(days, transform.Analysis{Cuts: []string{"platform"}, MinUsers: least})
		for _, r := range tables.DailyFrequency {
			if r.Cut == "platform" && r.Measure == "sessions" && r.WindowDays == 28 {
				got = append(got, fmt.Sprintf("%s %d: %d", r.Segment, *r.Bucket, r.Users))
			}
		}
		return got
	}
	if diff := gocmp.Diff([]string{"android 1: 14", "android 2: 4", "android 3: 2", "ios 1: 5", "ios 2: 4"}, buckets(1)); diff != "" {
		t.Errorf("buckets of all (-want +got):\n%s", diff)
	}
	// The 2 with 3 sessions take the 4 with 2 with them, who are the 20 less the
	// others; those take the 4 of ios, who are the 8 in total less them; and
	// those the 5 of ios, and those the 14.
	if diff := gocmp.Diff([]string(nil), buckets(3)); diff != "" {
		t.Errorf("buckets of at least 3 (-want +got):\n%s", diff)
	}

	// Where the active users of a platform are hidden, so is all that is a share
	// of them.
	tables := tablesOf(crowd("android", 20, "ios", 9, "web", 2), transform.Analysis{Cuts: []string{"platform"}, MinUsers: 3})
	for _, r := range tables.DailyFrequency {
		if r.Cut == "platform" && r.Segment != "android" {
			t.Errorf("%s of %s is shown: %d users, value %s", r.Measure, r.Segment, r.Users, maybe(r.Value))
		}
	}
}

// Totals are what they are without hiding. Of the others those that are there
// are unchanged, and no sum gives a hidden row away.
func TestNothingHiddenCanBeHad(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		days := drawUserDays(t)
		least := int64(rapid.IntRange(2, 5).Draw(t, "least"))
		a := transform.Analysis{Cuts: []string{"platform", "lifecycle", "habit", "top_screen"}, Segmentations: []transform.Segmentation{habit("seldom")}}
		all := tablesOf(days, a)
		a.MinUsers = least
		some := tablesOf(days, a)
		for i := range all.DailyFrequency {
			if r := &all.DailyFrequency[i]; r.Cut != "total" {
				r.UsersAtLeast, r.ShareAtLeast = nil, nil // see TestRunningSumsAreLeftOut
			}
		}

		hiding(t, "daily_sessions", least, all.DailySessions, some.DailySessions, func(r transform.DailySessions) group {
			return group{r.Cut, fmt.Sprint(r.Segment, r.Platform, r.Country, r.AppVersion), "", "", r.Users, r.Cut == "platform_country_version"}
		})
		hiding(t, "daily_frequency", least, all.DailyFrequency, some.DailyFrequency, func(r transform.DailyFrequency) group {
			g := group{r.Cut, r.Segment, fmt.Sprint(r.Measure, r.WindowDays, maybe(r.Bucket)), "", r.Users, false}
			if r.Bucket != nil {
				g.of = fmt.Sprint(r.Measure, r.WindowDays)
			}
			return g
		})
		hiding(t, "daily_retention", least, all.DailyRetention, some.DailyRetention, func(r transform.DailyRetention) group {
			return group{r.Cut, r.Segment, r.Cohort.String(), "", r.Cohorts, false}
		})
		hiding(t, "daily_segments", least, all.DailySegments, some.DailySegments, func(r transform.DailySegment) group {
			return group{r.Segmentation, r.Segment, "", "", r.Users, false}
		})
		// A share tells what it is of.
		active := map[string]bool{}
		for _, r := range some.DailyFrequency {
			if r.Measure == "active_users" {
				active[fmt.Sprint(r.Cut, r.Segment, r.WindowDays)] = true
			}
		}
		for _, r := range some.DailyFrequency {
			if r.WindowDays > 0 && !active[fmt.Sprint(r.Cut, r.Segment, r.WindowDays)] {
				t.Errorf("%+v is a share of active users who are hidden", r)
			}
		}
	})
}

// A group is what a row is about.
type group struct {
	cut, segment, rest string
	of                 string // what the rows of a segment add up to, if to anything
	users              int64
	overlaps           bool // a user may be in several rows
}

func hiding[R any](t *rapid.T, table string, least int64, all, some []R, of func(R) group) {
	t.Helper()
	type sum struct {
		rows        int
		users, most int64
		shown       bool
		overlaps    bool
	}
	hidden := map[string]*sum{}
	for _, r := range all {
		g := of(r)
		isShown := len(some) > 0 && of(some[0]) == g
		if isShown {
			if diff := gocmp.Diff(r, some[0]); diff != "" {
				t.Errorf("%s: a row is another (-all +shown):\n%s", table, diff)
			}
			some = some[1:]
		}
		if g.cut == "total" {
			if !isShown {
				t.Errorf("%s: %+v is hidden", table, g)
			}
			continue
		}
		if isShown && g.users < least {
			t.Errorf("%s: %+v is shown, of fewer than %d users", table, g, least)
		}
		lines := []string{fmt.Sprintf("%q by segment, %q", g.cut, g.rest)}
		if g.of != "" {
			lines = append(lines, fmt.Sprintf("%q of %q, %q", g.cut, g.segment, g.of))
		}
		for n, line := range lines {
			s := hidden[line]
			if s == nil {
				s = &sum{overlaps: g.overlaps || n > 0}
				hidden[line] = s
			}
			switch {
			case isShown:
				s.shown = true
			case g.users > 0:
				s.rows++
				s.users += g.users
				s.most = max(s.most, g.users)
			}
		}
	}
	if len(some) > 0 {
		t.Errorf("%s: %+v is not among all", table, some[0])
	}
	for line, s := range hidden {
		about := s.users
		if s.overlaps {
			about = s.most
		}
		if s.shown && s.rows > 0 && (s.rows == 1 || about < least) {
			t.Errorf("%s: %s: %d hidden rows of %d users can be had as a sum", table, line, s.rows, about)
		}
	}
}

// Sums over buckets do not tell of those that are left out.
func TestRunningSumsAreLeftOut(t *testing.T) {
	a := transform.Analysis{Cuts: []string{"platform"}, MinUsers: 3}
	tables := tablesOf(crowd("android", 20, "ios", 9), a)
	seen := map[string]int{}
	for _, r := range tables.DailyFrequency {
		if r.Measure != "sessions" {
			continue
		}
		if seen[r.Cut]++; (r.UsersAtLeast == nil) != (r.Cut != "total") || (r.ShareAtLeast == nil) != (r.Cut != "total") {
			t.Errorf("%s %s: %v users at least %v", r.Cut, r.Segment, r.UsersAtLeast, r.Bucket)
		}
	}
	for _, r := range tables.LengthHistogram {
		if seen["length "+r.Cut]++; (r.CumulativeShare == nil) != (r.Cut != "total") {
			t.Errorf("%s %s: share up to %v is %v", r.Cut, r.Segment, r.UpTo, r.CumulativeShare)
		}
	}
	if seen["total"] == 0 || seen["platform"] == 0 || seen["length total"] == 0 || seen["length platform"] == 0 {
		t.Errorf("rows seen: %v", seen)
	}
}

// That nobody in a large enough group does something is an answer, and shown;
// that one or two do is not.
func TestZeroOfALargeGroupIsShown(t *testing.T) {
	a := transform.Analysis{
		Cuts: []string{"platform"}, MinUsers: 3,
		Features: []transform.Feature{{Name: "map"}, {Name: "never"}, {Name: "seldom"}},
	}
	features := func(platforms ...any) (got []string) {
		days := crowd(platforms...)
		android := 0
		for _, u := range days {
			u.Parts = []transform.SessionDay{{Date: today, SessionDate: today, StartedAt: 1, IsCounted: true}}
			use := func(feature string, ago int) {
				u.Features = append(u.Features, transform.UserFeature{Date: today, Feature: feature, FirstDate: today - 9, LastDate: today - calendar.Day(ago), Days: active(ago)})
			}
			if u.Platform == "android" {
				if android++; android <= 4 {
					use("map", 0)
				}
				if android == 1 {
					use("seldom", 5)
				}
			}
		}
		for _, r := range tablesOf(days, a).DailyFeatures {
			if r.Cut == "platform" {
				got = append(got, fmt.Sprintf("%s %s: %d of %d", r.Segment, r.Feature, r.Users, r.ActiveUsers))
			}
		}
		return got
	}
	// One user of android has used seldom in the last 7 days, which the total
	// less the others would tell.
	want := []string{"android map: 4 of 7", "android never: 0 of 7", "ios map: 0 of 5", "ios never: 0 of 5"}
	if diff := gocmp.Diff(want, features("android", 7, "ios", 5)); diff != "" {
		t.Errorf("of two groups (-want +got):\n%s", diff)
	}
	// The two of the web are not told by those who do not use it either: ios goes too.
	want = []string{"android map: 4 of 7", "android never: 0 of 7"}
	if diff := gocmp.Diff(want, features("android", 7, "ios", 5, "web", 2)); diff != "" {
		t.Errorf("with a small group (-want +got):\n%s", diff)
	}
}
