package transform_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sojourn/internal/calendar"
	"sojourn/transform"
)

// appBreaches are those of the tables of what is done in the app.
func appBreaches(t transform.Tables, a transform.Analysis) string {
	t = transform.Tables{
		Day: t.Day, DailySessions: t.DailySessions, DailyScreens: t.DailyScreens, DailyTransitions: t.DailyTransitions,
		DailyDepth: t.DailyDepth, DailyFeatures: t.DailyFeatures, DailyFunnels: t.DailyFunnels, DailyHours: t.DailyHours,
	}
	return breaches(t, transform.App(), a)
}

// Whatever happens in the app, its tables hold.
func TestTablesOfTheAppHaveNoBreach(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWhole(t)
		a := inApp
		a.MinUsers = rapid.Int64Range(0, 3).Draw(t, "least")
		for _, day := range w.days {
			tally := transform.NewTally(day, calendar.UTC, a, "d", true)
			for _, u := range w.users[day] {
				tally.Add(u)
			}
			if got := appBreaches(tally.Tables(), a); got != "" {
				t.Fatalf("on %s: %s", day, got)
			}
		}
	})
}

// And each identity of theirs is seen to notice what it is there for.
func TestBreachesOfTheAppAreNoticed(t *testing.T) {
	sound := func() transform.Tables {
		return transform.Tables{
			Day:              today,
			DailySessions:    []transform.DailySessions{{Cut: "total", Sessions: 2}, {Cut: "platform_country_version", Sessions: 2}},
			DailyScreens:     []transform.DailyScreen{{Cut: "total", Screen: "Home", Visits: 3, Sessions: 2, Users: 1, ActiveUsers: 1, Entries: 2, Exits: new(int64)}},
			DailyTransitions: []transform.DailyTransition{{Cut: "total", From: "Home", To: "Map", Transitions: 3}},
			DailyHours:       []transform.DailyHour{{Cut: "total", Clock: "reporting", Sessions: 2}},
			DailyDepth:       []transform.DailyDepth{{Cut: "total", Screens: 1, Sessions: 2}},
			DailyFeatures:    []transform.DailyFeature{{Cut: "total", Feature: "map", Uses: 2, Sessions: 2, Users: 1, Users7: 2, Users28: 3, NewAdopters: 1, ActiveUsers: 1}},
			DailyFunnels:     []transform.DailyFunnel{{Cut: "total", Funnel: "buy", Number: 1, Reached: 2, Users: 2}, {Cut: "total", Funnel: "buy", Number: 2, Reached: 1, Users: 1}},
		}
	}
	if got := appBreaches(sound(), transform.Analysis{}); got != "" {
		t.Fatalf("of a sound day: %s", got)
	}
	for want, spoil := range map[string]func(*transform.Tables){
		`daily_screens: "Home" of total : 3 visits, 3 entries`:        func(t *transform.Tables) { t.DailyScreens[0].Entries = 3 },
		`daily_screens: "Home" of total : 3 visits, 2 entries and 3`:  func(t *transform.Tables) { *t.DailyScreens[0].Exits = 3 },
		`of 2 users, of 1 active`:                                     func(t *transform.Tables) { t.DailyScreens[0].Users = 2 },
		`daily_transitions: "Home" of total : 3 visits, 2 of them`:    func(t *transform.Tables) { t.DailyTransitions[0].Transitions-- },
		`daily_transitions: "Home" of total : 3 visits, 4 of them`:    func(t *transform.Tables) { t.DailyTransitions[0].Transitions++ },
		`daily_depth: total : 1 sessions by depth, 2 in`:              func(t *transform.Tables) { t.DailyDepth[0].Sessions-- },
		`daily_features: "map" of total : 2 uses in 3 sessions`:       func(t *transform.Tables) { t.DailyFeatures[0].Sessions++ },
		`2 in 7 days, 1 in 28`:                                        func(t *transform.Tables) { t.DailyFeatures[0].Users28 = 1 },
		`daily_funnels: "buy" of total : 2 came to step 1 and 3 to`:   func(t *transform.Tables) { t.DailyFunnels[1].Reached = 3 },
		`daily_funnels: "buy" of total : 2 users in 1 ways to step 2`: func(t *transform.Tables) { t.DailyFunnels[1].Users = 2 },
	} {
		spoilt := sound()
		spoil(&spoilt)
		if got := appBreaches(spoilt, transform.Analysis{}); !strings.Contains(got, want) {
			t.Errorf("breaches are\n%s\nwant %q", got, want)
		}
	}
	provisional := sound()
	provisional.DailyScreens[0].Exits, provisional.DailyTransitions = nil, nil
	if got := appBreaches(provisional, transform.Analysis{}); got != "" {
		t.Errorf("while sessions may go on: %s", got)
	}
}
