//go:build cgo

package sql_test

import (
	"testing"

	"sojourn/transform"
)

func TestScreensAreRankedInTheirCut(t *testing.T) {
	db := warehouse(t, day(1), tables{Screens: []transform.DailyScreen{
		{Date: day(1), Cut: "total", Screen: "Home", Views: 9, Visits: 6, Sessions: 4, Entries: 3, Seconds: ptr(30.0)},
		{Date: day(1), Cut: "total", Screen: "'; DROP TABLE daily_screens; --", Visits: 6, Sessions: 6, Seconds: ptr(10.0)},
		{Date: day(1), Cut: "total", Screen: "Map", Visits: 0, Views: 1},
		{Date: day(1), Cut: "platform", Segment: "ios", Screen: "Map", Visits: 2, Sessions: 1},
		{Date: day(2), Cut: "total", Screen: "Home", Visits: 1},
	}})
	expect(t, db, `
		SELECT cut, segment, rank_by_visits, length(screen), visits, share_of_visits, share_of_time, entry_rate
		FROM fct_screens ORDER BY cut, segment, rank_by_visits`, `
		platform ios 1 3 2 1 - 0
		total - 1 31 6 0.5 0.25 0
		total - 2 4 6 0.5 0.75 0.75
		total - 3 3 0 0 - -`)
}

func TestTransitionsAreRankedFromTheirScreen(t *testing.T) {
	db := warehouse(t, day(1), tables{Transition: []transform.DailyTransition{
		{Date: day(1), Cut: "total", From: "Home", To: "Map", Transitions: 1, Share: ptr(0.25)},
		{Date: day(1), Cut: "total", From: "Home", To: "Trip", Transitions: 2, Share: ptr(0.5)},
		{Date: day(1), Cut: "total", From: "Home", Transitions: 1, Share: ptr(0.25)},
		{Date: day(1), Cut: "total", From: "Map", To: "Home", Transitions: 1},
	}})
	expect(t, db, `
		SELECT from_screen, rank_from_screen, to_screen, is_exit, transitions, share
		FROM fct_transitions ORDER BY from_screen, rank_from_screen`, `
		Home 1 Trip false 2 0.5
		Home 2 - true 1 0.25
		Home 3 Map false 1 0.25
		Map 1 Home false 1 -`)
}

func TestFeaturesSayHowLongAgoTheyWereUsed(t *testing.T) {
	db := warehouse(t, day(9), tables{Features: []transform.DailyFeature{
		{Date: day(9), Cut: "total", Feature: "map", Uses: 6, Users: 4, Users28: 5, Active28: 20, LastUsed: day(9), Status: "used"},
		{Date: day(9), Cut: "total", Feature: "old", Active28: 20, LastUsed: day(2), Status: "rarely_used"},
		{Date: day(9), Cut: "total", Feature: "unseen", Status: "never_used"},
	}})
	expect(t, db, "SELECT feature, status, uses_per_user, reach_28d, days_since_last_use FROM fct_features ORDER BY feature", `
		map used 1.5 0.25 0
		old rarely_used - 0 7
		unseen never_used - - -`)
}

func TestFunnelsSayHowManyWereLost(t *testing.T) {
	db := warehouse(t, day(1), tables{Funnels: []transform.DailyFunnel{
		{Date: day(1), Cut: "total", Funnel: "buy", Number: 1, Reached: 9},
		{Date: day(1), Cut: "total", Funnel: "buy", Number: 2, Reached: 5},
		{Date: day(1), Cut: "total", Funnel: "buy", Number: 3, Reached: 5},
		{Date: day(1), Cut: "lifecycle", Segment: "new", Funnel: "buy", Number: 1, Reached: 2},
	}})
	expect(t, db, "SELECT cut, step_number, reached, lost_from_previous FROM fct_funnels ORDER BY cut, step_number", `
		lifecycle 1 2 -
		total 1 9 -
		total 2 5 4
		total 3 5 0`)
}
