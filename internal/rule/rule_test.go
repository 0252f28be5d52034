package rule_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"sojourn/internal/calendar"
	"sojourn/internal/rule"
	"sojourn/transform"
)

var today = calendar.Date(2026, time.March, 20)

// ann has used the app for 40 days: on the day two sessions that count, of 40
// and 100 seconds, and one that does not; and three purchases ever.
func ann() *transform.UserDay {
	session := func(seconds float64, counted bool) transform.Session {
		return transform.Session{
			DurationSeconds: &seconds, EngagedSeconds: 0.1, EventCount: 3, ScreenViews: 2, KeyEventCount: 1, CrashCount: 1,
			IsEngaged: seconds > 50, IsBounce: seconds < 50, IsCounted: counted,
		}
	}
	return &transform.UserDay{
		User: &transform.User{
			Date: today, FirstSeen: today - 40, LastSeen: today, SessionsTotal: 50, Sessions1: 3, Sessions7: 7, Sessions28: 20,
			ActiveDays: 1 | 1<<3 | 1<<6 | 1<<7 | 1<<40,
			Platform:   "ios", OSVersion: "18.5", DeviceModel: "iPhone17,3", DeviceClass: "phone", AppVersion: "4.1", Country: "PT", Language: "pt-PT", Properties: "genre=a%26b&plan=pro",
			FirstPlatform: "web", FirstCountry: "DE", FirstAppVersion: "3.0", FirstAcquisitionSource: "ads", FirstCampaign: "spring",
		},
		Sessions: []transform.Session{session(100, true), session(9999, false), session(40, true)},
		Steps: []transform.Step{
			{Screen: "Home", IsVisit: true}, {Screen: "Home"}, {Screen: "Pay", IsVisit: true}, {Screen: "Home", IsVisit: true},
		},
		Events: []transform.UserEvent{
			{Event: "purchase", Total: 3, Today: 1, Days: 1 | 1<<27 | 1<<62},
			{Event: "share", Total: 1, Days: 1 << 5},
		},
	}
}

// bare is a user of whom nothing is known but the one session.
func bare() *transform.UserDay {
	return &transform.UserDay{User: &transform.User{Date: today, FirstSeen: today, LastSeen: today, SessionsTotal: 1, ActiveDays: 1}}
}

func TestRules(t *testing.T) {
	for _, test := range []struct {
		text      string
		ann, bare bool
	}{
		{`sessions_total == 50 and sessions_1d == 3 and sessions_7d == 7 and sessions_28d == 20`, true, false},
		{`active_days_7 == 3 and active_days_28 == 4`, true, false},
		{`first_seen_days_ago == 40 and last_seen_days_ago == 0`, true, false},
		{`previous_active_days_ago == nil`, false, true},
		{`nil != previous_active_days_ago`, true, false},
		{`(previous_active_days_ago ?? 99) == 3`, true, false},
		{`(previous_active_days_ago ?? 99) > 7`, false, true},
		{`platform == "ios" and os_version == "18.5" and device_model == "iPhone17,3"`, true, false},
		{`device_class == "phone" and app_version == "4.1" and country == "PT" and language == "pt-PT"`, true, false},
		{`platform == "" and country == "" and first_campaign == ""`, false, true},
		{`first_platform == "web" and first_country == "DE" and first_app_version == "3.0"`, true, false},
		{`first_acquisition_source == "ads" and first_campaign == "spring"`, true, false},
		{`counted_sessions == 2 and total_seconds == 140`, true, false},
		{`(median_seconds ?? -1) == 40 and (max_seconds ?? -1) == 100`, true, false},
		{`median_seconds == nil or max_seconds == nil`, false, true},
		{`engaged_seconds == 0.2 and engaged_sessions == 1 and bounced_sessions == 1`, true, false},
		{`events == 6 and screen_views == 4 and key_events == 2 and crashes == 2 and crashed`, true, false},
		{`not crashed`, false, true},
		{`did("purchase")`, true, false},
		{`property("plan") == "pro" and property("genre") == "a&b" and property("pla") == ""`, true, false},
		{`count("purchase") == 3 and count_today("purchase") == 1 and count("never") == 0`, true, false},
		{`days("purchase", 27) == 1 and days("purchase", 28) == 2 and days("purchase", 63) == 3`, true, false},
		{`did("share") and count_today("share") == 0`, true, false},
		{`visits("Home") == 2 and visits("Pay") == 1 and visits("Search") == 0`, true, false},

		{`country in ["PT", "ES"] or language startsWith "es"`, true, false},
		{`device_model matches "^iPhone1[0-9],"`, true, false},
		{`lower(country) == "pt" && len(platform) == 3 ? true : false`, true, false},
		{`total_seconds / max(counted_sessions, 1) >= 70`, true, false},
		{`round(sessions_total / 3) == 17`, true, false},
		{`sessions_28d * 2 > sessions_total - 20`, true, true},
	} {
		t.Run(test.text, func(t *testing.T) {
			r, err := rule.Parse(test.text)
			if err != nil {
				t.Fatal(err)
			}
			for _, who := range []struct {
				name string
				user *transform.UserDay
				want bool
			}{{"ann", ann(), test.ann}, {"bare", bare(), test.bare}} {
				if got, err := r.Holds(who.user); err != nil || got != who.want {
					t.Errorf("%s: %v, %v; want %v", who.name, got, err, who.want)
				}
			}
		})
	}
}

// What is wrong with a rule is said before anything runs, with the place.
func TestWrongRules(t *testing.T) {
	for _, test := range []struct {
		text, message string
		column        int
	}{
		{` `, "it is empty: want a condition, such as sessions_28d >= 4", 0},
		{strings.Repeat("not ", 1000) + "crashed", "it has 4007 bytes: want at most 4000", 0},
		{strings.Repeat("not ", 600) + "crashed", "compilation failed: expression exceeds maximum allowed nodes", 2407},
		{`sesions_28d > 3`, "unknown name sesions_28d: docs/segments.md has the names", 1},
		{`SessionsTotal > 1`, "unknown name SessionsTotal: docs/segments.md has the names", 1},
		{`$env == nil`, "a rule is made of names, values, operators and functions alone", 1},
		{`sessions_28d >`, "unexpected token EOF", 14},
		{`sessions_28d > "3"`, "invalid operation: > (mismatched types int and string)", 14},
		{`platform matches "["`, "error parsing regexp: missing closing ]: `[`", 10},

		{`sessions_28d`, "it gives a value of type int: want a condition, which is true or false", 1},
		{`platform + country`, "it gives a value of type string: want a condition, which is true or false", 1},
		{`median_seconds ?? 1`, "it gives a value of type unknown: want a condition, which is true or false", 1},

		{`sessions_1d > 1 and max_seconds == 60`, "max_seconds may be unknown: say what it is then, as in (max_seconds ?? 0) > 60", 21},
		{`(median_seconds ?? "long") == "long"`, "median_seconds is a number: want a number after ??", 20},

		{`did()`, "not enough arguments to call did", 1},
		{`did(1)`, "did: want the name of the event in quotes", 5},
		{`did("")`, "did: want the name of the event in quotes", 5},
		{`did("a" + "b")`, "did: want the name of the event in quotes", 9},
		{`did(platform)`, "did: want the name of the event in quotes", 5},
		{`visits(1) > 0`, "visits: want the name of the screen in quotes", 8},
		{`days("purchase") > 0`, "not enough arguments to call days", 1},
		{`days("purchase", 0) > 0`, "days: want a number of days from 1 to 63", 18},
		{`days("purchase", 64) > 0`, "days: want a number of days from 1 to 63", 18},
		{`days("purchase", sessions_1d) > 0`, "days: want a number of days from 1 to 63", 18},

		// The clock, loops, and what grows without bound.
		{`now() > date("2026-01-01")`, "unknown name now: docs/segments.md has the names", 1},
		{`any([1, 2], # > 1)`, "a rule is made of names, values, operators and functions alone", 13},
		{`count([1, 2], # > 1) > 0`, `unexpected token Operator("#")`, 15},
		{`sum([1, 2]) > 0`, "there is no function sum in rules: want one of abs, ceil, floor, round, min, max, len, lower, upper, trim", 1},
		{`sessions_1d in 1..1000000000`, "a range is no part of a rule: write x >= 1 and x <= 3", 17},
		{`let x = platform + platform; x == ""`, "a rule is made of names, values, operators and functions alone", 5},
		{`repeat(platform, 1000000) == ""`, "unknown name repeat: docs/segments.md has the names", 1},
		{`platform matches country`, "matches: want a pattern in quotes", 18},
		{`{"a": 1}.a == 1`, "a rule is made of names, values, operators and functions alone", 1},
		{`platform[0:1] == "i"`, "a rule is made of names, values, operators and functions alone", 9},
	} {
		t.Run(test.text[:min(len(test.text), 40)], func(t *testing.T) {
			_, err := rule.Parse(test.text)
			wrong := (*rule.Error)(nil)
			if !errors.As(err, &wrong) {
				t.Fatalf("%v, want an error that says what is wrong", err)
			}
			if wrong.Message != test.message || wrong.Column != test.column {
				t.Errorf("%q at column %d, want %q at %d", wrong.Message, wrong.Column, test.message, test.column)
			}
		})
	}

	_, err := rule.Parse("crashed and\n  sesions_28d > 3")
	want := "unknown name sesions_28d: docs/segments.md has the names (2:3)\n |   sesions_28d > 3\n | ..^"
	if err == nil || err.Error() != want {
		t.Errorf("the place in a rule of two lines:\n%v\nwant\n%s", err, want)
	}
}

// A rule of which a part has no value does not hold for the user.
func TestRuleWithoutAValue(t *testing.T) {
	r, err := rule.Parse(`10 % count("purchase") == 1`)
	if err != nil {
		t.Fatal(err)
	}
	if holds, err := r.Holds(ann()); !holds || err != nil {
		t.Errorf("10 %% 3 is 1: %v, %v", holds, err)
	}
	if holds, err := r.Holds(bare()); holds || err == nil {
		t.Errorf("10 %% 0 is nothing: %v, %v", holds, err)
	}
}

func TestNamesOfARule(t *testing.T) {
	r, err := rule.Parse(`property("plan") != property("genre") or property("plan") == "x" or did("share") or days("buy", 7) > 1 or count("share") > 2 and visits("Home") > 0 or count_today("open") > 0`)
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff([]string{"buy", "open", "share"}, r.Events); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	if diff := gocmp.Diff([]string{"genre", "plan"}, r.Properties); diff != "" {
		t.Errorf("properties (-want +got):\n%s", diff)
	}
}

// BenchmarkHolds is what a rule costs for one user.
func BenchmarkHolds(b *testing.B) {
	r, err := rule.Parse(`sessions_28d >= 4 and days("purchase", 28) > 0 and country in ["PT", "ES"]`)
	if err != nil {
		b.Fatal(err)
	}
	u := ann()
	b.ReportAllocs()
	for b.Loop() {
		if holds, err := r.Holds(u); !holds || err != nil {
			b.Fatal(holds, err)
		}
	}
}
