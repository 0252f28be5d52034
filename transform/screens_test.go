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

// inApp is what is asked of the events that cases draw.
var inApp = transform.Analysis{
	Cuts: []string{"lifecycle"},
	Features: []transform.Feature{
		{Name: "map", Events: []string{"login"}, Screens: []string{"Map"}},
		{Name: "unknown", Events: []string{"nothing"}},
	},
	Funnels: []transform.Funnel{
		{Name: "one", Steps: []transform.FunnelStep{{{Screen: "Home"}}, {{Screen: "Map"}, {Event: "login"}}, {{Event: "purchase"}}}},
		{Name: "over days", Days: 1, Steps: []transform.FunnelStep{{{Screen: "Home"}}, {{Screen: "Home"}}, {{Event: "push_received"}}}},
	},
}

// A whole is a case as its days are known when everything is over.
type whole struct {
	fold
	days  []calendar.Day
	users map[calendar.Day][]*transform.UserDay
}

// drawWhole draws a case with screens, and joins its days as schedules does.
func drawWhole(t *rapid.T) whole {
	c := drawCase(t)
	for i := range c.events {
		c.events[i].Screen = rapid.SampledFrom([]string{"", "Home", "Map", "Trip"}).Draw(t, "screen")
	}
	if rapid.IntRange(0, 2).Draw(t, "least") == 0 {
		c.rules.MinViews = 1
	}
	w := whole{fold: foldDays(t, c.rules, c.zone, c.events), days: c.days(), users: map[calendar.Day][]*transform.UserDay{}}
	steps := map[calendar.Day][]transform.Step{}
	for _, s := range stepsOf(t, c.rules, c.zone, inApp.Declared(), c.events) {
		steps[s.Date] = append(steps[s.Date], s)
	}
	parts := map[calendar.Day][]transform.SessionDay{}
	for _, p := range w.parts {
		parts[p.Date] = append(parts[p.Date], p)
	}
	histories, _ := histories(w.fold)
	var features []transform.UserFeature
	var funnels []transform.UserFunnel
	for _, day := range w.days {
		slices.SortFunc(parts[day], func(a, b transform.SessionDay) int { return a.Compare(&b) })
		features = transform.NextUserFeatures(day, features, steps[day], parts[day], inApp.Features, "d")
		funnels = transform.NextUserFunnels(day, funnels, steps[day], parts[day], inApp.Funnels, "d")
		after := map[string]transform.After{}
		for _, later := range w.days {
			if later <= day {
				continue
			}
			for _, p := range parts[later] {
				a := after[p.SessionID]
				a.EndedAt = max(a.EndedAt, p.EndedAt)
				after[p.SessionID] = a
			}
			for _, s := range steps[later] {
				a := after[s.SessionID]
				a.Steps = append(a.Steps, s)
				after[s.SessionID] = a
			}
		}
		ids := map[string]bool{}
		for _, s := range steps[day] {
			ids[s.UserID] = true
		}
		for _, p := range parts[day] {
			ids[p.UserID] = true
		}
		for _, f := range funnels {
			ids[f.UserID] = true
		}
		for _, f := range features {
			ids[f.UserID] = true
		}
		for _, id := range slices.Sorted(maps.Keys(ids)) {
			u := &transform.UserDay{User: &transform.User{Date: day, UserID: id}, After: after}
			for i := range histories[id] {
				if histories[id][i].Date == day {
					u.User = &histories[id][i]
				}
			}
			u.Sessions = only(w.sessions, func(s transform.Session) bool { return s.UserID == id && s.Date == day })
			u.Parts = only(parts[day], func(p transform.SessionDay) bool { return p.UserID == id })
			u.Steps = only(steps[day], func(s transform.Step) bool { return s.UserID == id })
			u.Features = only(features, func(f transform.UserFeature) bool { return f.UserID == id })
			u.Funnels = only(funnels, func(f transform.UserFunnel) bool { return f.UserID == id })
			u.Visits = transform.AppendVisits(nil, u.Steps, u.Parts, after)
			w.users[day] = append(w.users[day], u)
		}
	}
	return w
}

func only[R any](rows []R, keep func(R) bool) []R {
	return slices.DeleteFunc(slices.Clone(rows), func(r R) bool { return !keep(r) })
}

// Visits lead through a session without a gap: what is left of a screen is
// come to from one, and the visits of a session last from its first to the
// session's end.
func TestVisitsAreAPathThroughTheSession(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWhole(t)
		var seconds, exits, entries float64
		visits, into, out := map[string]int64{}, map[string]int64{}, map[string]int64{}
		began := map[string]int64{} // entries by screen
		for _, day := range w.days {
			tally := transform.NewTally(day, calendar.UTC, transform.Analysis{}, "d", true)
			for _, u := range w.users[day] {
				tally.Add(u)
			}
			tables := tally.Tables()
			for _, r := range tables.DailyScreens {
				if r.Exits == nil || r.Seconds == nil {
					t.Fatalf("%+v is not known though all is over", r)
				}
				visits[r.Screen] += r.Visits
				began[r.Screen] += r.Entries
				seconds += *r.Seconds
				exits += float64(*r.Exits)
				entries += float64(r.Entries)
				if r.Users > r.Sessions || r.Sessions > r.Visits || r.Users > r.ActiveUsers || *r.Exits > r.Sessions || r.Entries > r.Sessions {
					t.Fatalf("%+v", r)
				}
			}
			for _, r := range tables.DailyTransitions {
				out[r.From] += r.Transitions
				into[r.To] += r.Transitions
			}
		}
		if w.skipsParts() {
			return // sessions that count on some of their days only
		}
		var want, sessions float64
		for _, r := range w.sessions {
			for _, day := range w.days {
				for _, u := range w.users[day] {
					for _, s := range u.Steps {
						if r.IsCounted && s.SessionID == r.SessionID && s.VisitNumber == 1 {
							sessions++
							want += float64(r.EndedAt-s.At) / 1e6
						}
					}
				}
			}
		}
		if entries != sessions || exits != sessions || fmt.Sprintf("%.3f", want) != fmt.Sprintf("%.3f", seconds) {
			t.Fatalf("%v sessions of %v seconds from the first visit on: %v entries, %v exits, %v seconds", sessions, want, entries, exits, seconds)
		}
		for screen, n := range visits {
			if out[screen] != n || into[screen] != n-began[screen] {
				t.Fatalf("%s: %d visits, %d left, %d come to, %d entries", screen, n, out[screen], into[screen], began[screen])
			}
		}
	})
}

// skipsParts says whether a session counts on some of its days only.
func (w *whole) skipsParts() bool {
	counts := map[string]bool{}
	for _, r := range w.sessions {
		counts[r.SessionID] = r.IsCounted
	}
	return slices.ContainsFunc(w.parts, func(p transform.SessionDay) bool { return p.Active() && p.IsCounted != counts[p.SessionID] })
}

// However users are split over tallies, and in whatever order those are merged
// and added to, the tables of what is done in the app are the same.
func TestTalliesOfTheAppMergeInAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWhole(t)
		if len(w.days) == 0 {
			return
		}
		day := rapid.SampledFrom(w.days).Draw(t, "day")
		one := transform.NewTally(day, calendar.UTC, inApp, "d", true)
		for _, u := range w.users[day] {
			one.Add(u)
		}
		tallies := []*transform.Tally{transform.NewTally(day, calendar.UTC, inApp, "d", true), transform.NewTally(day, calendar.UTC, inApp, "d", true)}
		for _, u := range rapid.Permutation(w.users[day]).Draw(t, "order") {
			tallies[rapid.IntRange(0, len(tallies)-1).Draw(t, "tally")].Add(u)
			if len(tallies) == 2 && rapid.Bool().Draw(t, "merge") {
				tallies[0].Merge(tallies[1])
				tallies = tallies[:1]
			}
		}
		if len(tallies) == 2 {
			tallies[1].Merge(tallies[0])
			tallies = tallies[1:]
		}
		if diff := gocmp.Diff(one.Tables(), tallies[0].Tables()); diff != "" {
			t.Fatalf("tables (-one tally +merged):\n%s", diff)
		}
	})
}

// What is said of features and funnels follows from the steps of all days.
func TestFeaturesAndFunnelsAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWhole(t)
		adopters, users := int64(0), map[string]bool{}
		for _, day := range w.days {
			tally := transform.NewTally(day, calendar.UTC, inApp, "d", true)
			for _, u := range w.users[day] {
				tally.Add(u)
				for _, s := range u.Steps {
					counts := slices.ContainsFunc(u.Parts, func(p transform.SessionDay) bool { return p.SessionID == s.SessionID && p.Counts() })
					if counts && (s.Event == "login" || s.IsVisit && s.Screen == "Map") {
						users[u.UserID] = true
					}
				}
			}
			for _, r := range tally.Tables().DailyFeatures {
				if r.Cut == "total" && r.Feature == "map" {
					adopters += r.NewAdopters
				}
				if r.Users > r.Users7 || r.Users7 > r.Users28 || r.Users > r.Uses || r.Sessions > r.Uses || r.Users > r.ActiveUsers ||
					r.Feature == "unknown" && r.Status != "never_used" {
					t.Fatalf("%+v", r)
				}
			}
			var before transform.DailyFunnel
			for _, r := range tally.Tables().DailyFunnels {
				if r.Number > 1 && (r.Reached > before.Reached || r.Users > before.Users) || r.Users > r.Reached {
					t.Fatalf("%+v comes after %+v", r, before)
				}
				before = r
			}
		}
		if adopters != int64(len(users)) {
			t.Fatalf("%d adopters of %d users", adopters, len(users))
		}
	})
}

// Attempts at funnels over days: when they open and close, and what counts.
func TestFunnelsOverDays(t *testing.T) {
	funnel := []transform.Funnel{{Name: "join", Days: 2, Steps: []transform.FunnelStep{{{Event: "signup"}, {Event: "heartbeat"}, {Screen: "Signup"}}, {{Event: "pay"}}, {{Event: "pay"}}}}}
	viewed := func(d *transform.Definition) { d.MinViews = 1 }
	for _, test := range []struct {
		name   string
		rules  transform.Definition
		events string
		want   string // day: first step's day, last day that counts, steps reached, microseconds
	}{
		{"steps in order, the last on the last day", app(), `
			10 10:00 signup user=ann
			11 10:00 pay user=ann
			12 10:00 pay user=ann
			13 10:00 tap user=ann`, `
			10: 10 to 12: 1
			11: 10 to 12: 2 86400000000
			12: 10 to 12: 3 86400000000,172800000000`},
		{"a step before the first is none, and each event is one step", app(), `
			10 09:00 pay user=ann
			10 10:00 signup user=ann
			10 10:01 pay user=ann`, `
			10: 10 to 12: 2 60000000`},
		{"too late", app(), `
			10 10:00 signup user=ann
			13 10:00 pay user=ann`, `
			10: 10 to 12: 1
			13: 10 to 12: 1`},
		{"a day without data closes an attempt under the next one, which may open another", app(), `
			10 10:00 signup user=ann
			14 10:00 signup user=ann
			14 11:00 pay user=ann
			15 10:00 tap user=ann`, `
			10: 10 to 12: 1
			14: 10 to 12: 1
			14: 14 to 16: 2 3600000000
			15: 14 to 16: 2 3600000000`},
		{"while one is open, another does not begin, and on its last day neither", app(), `
			10 10:00 signup user=ann
			11 10:00 signup user=ann
			12 23:59 signup user=ann
			13 00:00 signup user=ann`, `
			10: 10 to 12: 1
			11: 10 to 12: 1
			12: 10 to 12: 1
			13: 13 to 15: 1`},
		{"a visit comes before its event: the two are two steps at most", app(), `
			10 10:00 pay user=ann screen=Signup`, `
			10: 10 to 12: 2 0`},
		{"but not in sessions that do not count", app(viewed), `
			10 10:00 signup user=ann
			10 15:00 signup user=ann
			10 15:01 screen_view user=ann
			11 15:00 pay user=ann`, `
			10: 10 to 12: 1
			11: 10 to 12: 1`},
		{"outside of sessions too: what the definition ignores is in none", app(), `
			10 10:00 heartbeat user=ann
			10 10:01 tap user=ann
			11 10:00 pay user=ann`, `
			10: 10 to 12: 1
			11: 10 to 12: 2 86400000000`},
	} {
		t.Run(test.name, func(t *testing.T) {
			lisbon := zone(t, "Europe/Lisbon")
			events := told(t, test.events)
			f := foldDays(t, test.rules, lisbon, events)
			steps := stepsOf(t, test.rules, lisbon, []string{"signup", "pay", "heartbeat"}, events)
			var known []transform.UserFunnel
			var got []string
			for _, d := range f.days {
				parts := only(f.parts, func(p transform.SessionDay) bool { return p.Date == d.day })
				slices.SortFunc(parts, func(a, b transform.SessionDay) int { return a.Compare(&b) })
				was := slices.Clone(known)
				next := transform.NextUserFunnels(d.day, known, only(steps, func(s transform.Step) bool { return s.Date == d.day }), parts, funnel, "d")
				if diff := gocmp.Diff(was, known); diff != "" {
					t.Errorf("what was known has changed:\n%s", diff)
				}
				known = next
				for _, u := range known {
					line := fmt.Sprintf("%d: %d to %d: %d", u.Date.Time().Day(), u.Entered.Time().Day(), u.Closes.Time().Day(), u.Reached)
					if u.After != "" {
						line += " " + u.After
					}
					got = append(got, line)
				}
			}
			if diff := gocmp.Diff(lines(test.want), got); diff != "" {
				t.Errorf("attempts (-want +got):\n%s", diff)
			}
		})
	}
}

// Rows of cuts about too few are left out, of screens as of all else.
func TestScreensOfTooFewAreLeftOut(t *testing.T) {
	a := inApp
	a.MinUsers = 2
	tally := transform.NewTally(today, calendar.UTC, a, "d", true)
	for i, screens := range [][]string{{"Home", "Map"}, {"Home", "Map"}, {"Home"}} {
		id := fmt.Sprint("u", i)
		u := &transform.UserDay{
			User:     &transform.User{Date: today, UserID: id, FirstSeen: today, ActiveDays: 1, SessionsTotal: 1, Sessions1: 1, Sessions28: 1},
			Sessions: []transform.Session{lasting(60, func(s *transform.Session) { s.SessionID, s.DistinctScreens = id, int64(len(screens)) })},
			Parts:    []transform.SessionDay{{Date: today, UserID: id, SessionID: id, SessionDate: today, StartedAt: 1, EndedAt: 60, IsCounted: true}},
		}
		for n, screen := range screens {
			u.Steps = append(u.Steps, transform.Step{Date: today, UserID: id, SessionID: id, At: int64(n + 1), IsVisit: true, VisitNumber: int64(n + 1), Screen: screen})
		}
		u.Visits = transform.AppendVisits(nil, u.Steps, u.Parts, nil)
		tally.Add(u)
	}
	tables := tally.Tables()
	var got []string
	for _, r := range tables.DailyScreens {
		got = append(got, fmt.Sprintf("screen %s %s %d", r.Cut, r.Screen, r.Users))
	}
	for _, r := range tables.DailyTransitions {
		got = append(got, fmt.Sprintf("transition %s %s %s %d", r.Cut, r.From, r.To, r.Users))
	}
	for _, r := range tables.DailyDepth {
		got = append(got, fmt.Sprintf("depth %s %d %d", r.Cut, r.Screens, r.Users))
	}
	want := []string{
		"screen lifecycle Home 3", "screen lifecycle Map 2", "screen total Home 3", "screen total Map 2",
		"transition lifecycle Home Map 2", "transition lifecycle Map  2",
		"transition total Home  1", "transition total Home Map 2", "transition total Map  2",
		"depth lifecycle 2 2", "depth total 1 1", "depth total 2 2",
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

// Where sessions count on every day they touch, depth and funnels still count
// each on the day on which it began; 20 screens and more are one bucket.
func TestDepthIsOfSessionsThatBegan(t *testing.T) {
	tally := transform.NewTally(today, calendar.UTC, transform.Analysis{}, "d", true)
	deep := func(id string, screens int64) transform.Session {
		return lasting(60, func(s *transform.Session) { s.SessionID, s.DistinctScreens = id, screens })
	}
	none := deep("d", 3)
	none.IsCounted = false
	tally.Add(&transform.UserDay{
		User:     &transform.User{Date: today, UserID: "ann"},
		Sessions: []transform.Session{deep("a", 20), deep("b", 99), deep("c", 0), none, deep("e", 0)},
		Parts: []transform.SessionDay{
			{Date: today, SessionID: "a", SessionDate: today}, {Date: today, SessionID: "b", SessionDate: today}, {Date: today, SessionID: "c", SessionDate: today - 1},
		},
	})
	checkRows(t, `
		0: 1 of 1, 0.333
		20: 2 of 1, 0.667`, tally.Tables().DailyDepth, func(r transform.DailyDepth) string {
		return fmt.Sprintf("%d: %d of %d, %s", r.Screens, r.Sessions, r.Users, maybe(r.Share))
	})
}

// The boundary between used and rarely used is at 5 of 100 users.
func TestStatusOfAFeature(t *testing.T) {
	a := transform.Analysis{Features: []transform.Feature{{Name: "map"}}}
	for _, test := range []struct {
		active, used, ago int
		want              string
	}{
		{100, 5, 0, "used"}, {101, 5, 0, "rarely_used"}, {20, 1, 27, "used"}, {21, 1, 27, "rarely_used"},
		{1, 1, 28, "rarely_used"}, {0, 1, 40, "rarely_used"}, {20, 0, 0, "never_used"}, {0, 0, 0, "never_used"},
	} {
		tally := transform.NewTally(today, calendar.UTC, a, "d", true)
		for i := range max(test.active, test.used) {
			u := &transform.UserDay{User: &transform.User{Date: today, UserID: fmt.Sprint(i)}}
			if i < test.active {
				u.Sessions28 = 1
			}
			if i < test.used {
				first := today - calendar.Day(test.ago)
				u.Features = []transform.UserFeature{{Date: today, Feature: "map", FirstDate: first, LastDate: first, Days: active(test.ago)}}
			}
			tally.Add(u)
		}
		if r := tally.Tables().DailyFeatures[0]; r.Status != test.want {
			t.Errorf("used by %d of %d users %d days ago: %s, want %s", test.used, test.active, test.ago, r.Status, test.want)
		}
	}
}
