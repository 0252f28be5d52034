package transform_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sojourn/transform"
)

// What a session that ends in a crash may have lasted.
func TestCrashCorrection(t *testing.T) {
	for _, test := range []struct {
		name   string
		rules  func(*transform.Definition)
		events string
		want   string // low, best, high, method of the first session
	}{
		{"at most until the timeout would have ended it", nil, `
			28 10:00 tap
			28 10:01 tap
			28 10:02 app_crash`, "120 180 1920 mean_pause"},
		{"what comes later says no more", nil, `
			28 10:00 tap
			28 10:02 app_crash
			28 12:00 tap`, "120 240 1920 mean_pause"},
		{"a push in the background says nothing", nil, `
			28 10:00 tap
			28 10:02 app_crash
			28 10:03 push_received`, "120 240 1920 mean_pause"},
		{"a crash alone tells no pause", nil, `
			28 10:00 app_crash`, "0 0 1800 single_event"},
		{"at most until another user took the device", nil, `
			28 10:00 tap user=ann
			28 10:20 app_crash user=ann
			28 10:30 tap user=bob`, "1200 1800 1800 mean_pause"},
		{"at most until the cap", maximum(35 * time.Minute), `
			28 10:00 tap
			28 10:20 app_crash`, "1200 2100 2100 mean_pause"},
		{"at most until midnight, if that splits sessions", func(d *transform.Definition) { d.Midnight = transform.ReportingZone }, `
			28 23:50 tap
			28 23:58 app_crash`, "480 600 600 mean_pause"},
		{"a cap that only leaves a session out does not end it", func(d *transform.Definition) {
			d.Cap, d.CapAction = 35*time.Minute, transform.CapDrop
		}, `
			28 10:00 tap
			28 10:20 app_crash`, "1200 2400 3000 mean_pause"},
		{"where only an end ends it, until it counts as abandoned", func(d *transform.Definition) {
			d.Modes, d.AbandonAfter = []transform.Mode{transform.Explicit}, time.Hour
		}, `
			28 10:00 login
			28 10:01 app_crash`, "60 120 3660 mean_pause"},
		{"where only the next stamp ends it nobody knows", func(d *transform.Definition) {
			d.Modes = []transform.Mode{transform.Stamped, transform.Gap}
		}, `
			28 10:00 tap stamp=s1
			28 10:01 app_crash stamp=s1`, "60 120 null mean_pause"},
		{"a crash from which the user comes back hides nothing", nil, `
			28 10:00 app_crash
			28 10:01 tap`, "null null null "},
	} {
		t.Run(test.name, func(t *testing.T) {
			rules := app(timeout(30*time.Minute), maximum(0))
			rules.UserChange = transform.Split
			rules.Events[transform.Start] = append(rules.Events[transform.Start], "login")
			if test.rules != nil {
				test.rules(&rules)
			}
			r := foldDays(t, rules, zone(t, "Europe/Lisbon"), told(t, test.events)).sessions[0]
			got := fmt.Sprintf("%s %s %s %s", maybe(r.CrashLowSeconds), maybe(r.CrashCorrectedSeconds), maybe(r.CrashHighSeconds), r.CrashCorrection)
			if got != test.want {
				t.Errorf("low, best, high, method: %s, want %s", got, test.want)
			}
		})
	}
}

// The guess lies between what was observed and what is possible, under any
// definition; all are there or none is.
func TestCrashCorrectionIsInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawDefined(t)
		for _, r := range foldDays(t, c.rules, c.zone, c.events).sessions {
			low, best, high := r.CrashLowSeconds, r.CrashCorrectedSeconds, r.CrashHighSeconds
			if (low == nil) != (best == nil) || low == nil && high != nil || (low == nil) != (r.CrashCorrection == "") {
				t.Fatalf("low %s, best %s, high %s by %q", maybe(low), maybe(best), maybe(high), r.CrashCorrection)
			}
			if low == nil {
				continue
			}
			if *low != float64(r.EndedAt-r.StartedAt)/1e6 || *best < *low || high != nil && *high < *best {
				t.Fatalf("low %s, best %s, high %s of %+v", maybe(low), maybe(best), maybe(high), r)
			}
		}
	})
}

// A session that a pause or another session ended is nowhere thought to have
// lasted until after the next one of its device began.
func TestCrashedSessionsDoNotOverlap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawCase(t)
		began := map[string][]transform.Session{}
		for _, r := range foldDays(t, c.rules, c.zone, c.events).sessions {
			began[subject(r)] = append(began[subject(r)], r)
		}
		for _, sessions := range began {
			for i, r := range sessions[:len(sessions)-1] {
				if next := sessions[i+1]; r.CrashHighSeconds != nil && float64(next.StartedAt-r.StartedAt)/1e6 < *r.CrashHighSeconds {
					t.Fatalf("%s s until the next session after %v s: %+v", maybe(r.CrashHighSeconds), float64(next.StartedAt-r.StartedAt)/1e6, r)
				}
			}
		}
	})
}
