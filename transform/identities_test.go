package transform_test

import (
	"strings"
	"testing"

	"sojourn/transform"
)

// soundDay is a day of which all identities hold.
func soundDay() transform.Tables {
	began := func(id, device string, from, to int64) transform.Session {
		return transform.Session{
			Date: today, SessionID: id, UserID: device, DeviceID: device, StartedAt: from, EndedAt: to,
			DurationSeconds: new(float64), EventCount: 2, IsCounted: true,
		}
	}
	part := func(s transform.Session) transform.SessionDay {
		return transform.SessionDay{Date: today, SessionID: s.SessionID, UserID: s.UserID, SessionDate: s.Date, EventCount: s.EventCount}
	}
	first, second := began("s1", "ann", 10, 20), began("s2", "ann", 30, 40)
	tally := transform.NewTally(today, transform.Analysis{}, "d", true)
	users := []transform.User{
		{Date: today, UserID: "ann", FirstSeen: today, ActiveDays: 1, SessionsTotal: 2, Sessions1: 2, Sessions7: 2, Sessions28: 2},
		{Date: today, UserID: "bob", FirstSeen: today - 3, ActiveDays: active(3), SessionsTotal: 1, Sessions7: 1, Sessions28: 1},
	}
	tally.Add(&transform.UserDay{User: &users[0], Sessions: []transform.Session{first, second}, Next: transform.Stayed})
	tally.Add(&transform.UserDay{User: &users[1], Next: transform.Returned})
	t := tally.Tables()
	t.Users = users
	t.Sessions = []transform.Session{first, second}
	t.SessionDays = []transform.SessionDay{part(first), part(second)}
	t.DailyLedger = []transform.DailyLedger{{Date: today, Events: 7, InSessions: 4, Duplicates: 2, Conflicts: 1, Outside: 1}}
	return t
}

func breaches(t transform.Tables, d transform.Definition, a transform.Analysis) string {
	return strings.Join(t.Breaches(&d, &a), "\n")
}

// Each identity is seen to notice what it is there for.
func TestBreachesAreNoticed(t *testing.T) {
	if got := breaches(soundDay(), transform.App(), transform.Analysis{}); got != "" {
		t.Fatalf("of a sound day: %s", got)
	}
	row := func(t *transform.Tables, measure string, window int64) *transform.DailyFrequency {
		for i := range t.DailyFrequency {
			if r := &t.DailyFrequency[i]; r.Measure == measure && r.WindowDays == window {
				return r
			}
		}
		return nil
	}
	for want, spoil := range map[string]func(*transform.Tables){
		"daily_ledger: 8 events were staged and 7 are accounted for":        func(t *transform.Tables) { t.DailyLedger[0].Events++ },
		"daily_ledger: 3 of 2 duplicates conflict":                          func(t *transform.Tables) { t.DailyLedger[0].Conflicts = 3 },
		"session_days: the parts of 2026-03-20 have 3 events, the ledger 4": func(t *transform.Tables) { t.SessionDays[0].EventCount-- },
		"session_days: session s1 has 3 events on 2026-03-20 and 2 in all":  func(t *transform.Tables) { t.SessionDays[0].EventCount++ },
		"session_days: session s1 has a part on 2026-03-20 and began on":    func(t *transform.Tables) { t.SessionDays[0].SessionDate-- },
		"sessions: session s1 is there twice":                               func(t *transform.Tables) { t.Sessions[1].SessionID = "s1" },
		"sessions: session s1 ends before it begins":                        func(t *transform.Tables) { t.Sessions[0].EndedAt = 9 },
		"sessions: session s1 of 2026-03-19 stands under 2026-03-20":        func(t *transform.Tables) { t.Sessions[0].Date-- },
		"sessions: session s1 has a length below 0":                         func(t *transform.Tables) { t.Sessions[0].EngagedSeconds = -1 },
		"sessions: session s1 has 2 events, 3 of them in the background":    func(t *transform.Tables) { t.Sessions[0].BackgroundCount = 3 },
		"sessions: session s1 counts: false":                                func(t *transform.Tables) { t.Sessions[0].IsCounted = false },
		"sessions: session s2 begins before s1 of the same device or user":  func(t *transform.Tables) { t.Sessions[1].StartedAt = 19 },
		"daily_sessions: 3 sessions by platform, country and version, 2":    func(t *transform.Tables) { t.DailySessions[0].Sessions++ },
		"daily_sessions: a part is more than the whole in the row total":    func(t *transform.Tables) { t.DailySessions[1].CrashedSessions = 3 },
		"daily_frequency: total : 1 users in 1 days, 0 in 7":                func(t *transform.Tables) { row(t, "active_users", 7).Users = 0 },
		"daily_frequency: total : 2 users by sessions in 1 days, 1 active":  func(t *transform.Tables) { row(t, "sessions", 1).Users++ },
		"daily_retention: 2 of 1 users of 2026-03-17":                       func(t *transform.Tables) { t.DailyRetention[0].Retained = 2 },
		"daily_segments: 3 users by lifecycle, 2 in users":                  func(t *transform.Tables) { segment(t, "lifecycle").Users++ },
		"daily_segments: 9 of 1 users of lifecycle dormant came back":       func(t *transform.Tables) { *segment(t, "lifecycle").Returned = 9 },
	} {
		spoilt := soundDay()
		spoil(&spoilt)
		if got := breaches(spoilt, transform.App(), transform.Analysis{}); !strings.Contains(got, want) {
			t.Errorf("breaches are\n%s\nwant %q", got, want)
		}
	}
}

func segment(t *transform.Tables, segmentation string) *transform.DailySegment {
	for i := range t.DailySegments {
		if t.DailySegments[i].Segmentation == segmentation {
			return &t.DailySegments[i]
		}
	}
	return nil
}

// What a definition allows, or what a setting leaves out, is no breach.
func TestWhatIsNoBreach(t *testing.T) {
	overlapping := soundDay()
	overlapping.Sessions[1].StartedAt = 15
	stamped := transform.App()
	stamped.Modes = []transform.Mode{transform.Stamped}
	if got := breaches(overlapping, stamped, transform.Analysis{}); got != "" {
		t.Errorf("two stamped sessions at once: %s", got)
	}
	few := soundDay()
	few.DailySessions = few.DailySessions[1:] // the rows of small groups are left out
	few.DailySegments = nil
	if got := breaches(few, transform.App(), transform.Analysis{MinUsers: 5}); got != "" {
		t.Errorf("small groups left out: %s", got)
	}
	if got := breaches(few, transform.App(), transform.Analysis{}); got == "" {
		t.Error("rows are missing and nobody asked for it")
	}
}

// A table full of mistakes does not fill the log with them.
func TestBreachesAreCountedBeyondAFew(t *testing.T) {
	spoilt := soundDay()
	for range 20 {
		spoilt.Sessions = append(spoilt.Sessions, spoilt.Sessions[0])
	}
	got := breaches(spoilt, transform.App(), transform.Analysis{})
	if n := strings.Count(got, "is there twice"); n != 5 || !strings.Contains(got, "and 15 more of the kind") {
		t.Errorf("breaches are\n%s", got)
	}
}
