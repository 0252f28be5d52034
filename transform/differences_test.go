package transform_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"sojourn/internal/calendar"
	"sojourn/transform"
)

// What becomes of sessions under another definition.
func TestDifferences(t *testing.T) {
	short := app(timeout(5 * time.Minute))
	silent := app(func(d *transform.Definition) { d.Events[transform.Ignore] = []string{"heartbeat", "tap"} })
	long := app(func(d *transform.Definition) { d.MinLength = time.Minute })
	for _, test := range []struct {
		name       string
		one, other transform.Definition
		events     string
		want       string
	}{
		{"the same", app(), short, "28 10:00 tap\n28 10:04 tap", "same"},
		{"split by the pause that the other does not allow", app(), short, "28 10:00 tap\n28 10:10 tap\n28 10:20 tap", "split gap"},
		{"merged, and the first is longer", short, app(), "28 10:00 tap\n28 10:10 tap\n28 10:20 tap", "longer timeout\nmerged gap\nmerged gap"},
		{"gone", app(), silent, "28 10:00 tap", "dropped outside"},
		{"only the other has it", silent, app(), "28 10:00 tap", "added gap"},
		{"there, but not counted", app(), long, "28 10:00 tap\n28 10:00:59 tap", "dropped too_short"},
		{"shorter by an end", app(func(d *transform.Definition) { d.Events[transform.End] = nil }), app(), "28 10:00 tap\n28 10:01 session_end\n28 10:02 push_received", "same"},
		{"shorter by what is ignored", app(), app(func(d *transform.Definition) { d.Events[transform.Ignore] = []string{"ping"} }),
			"28 10:00 tap\n28 10:10 ping", "shorter left_out"},
		{"longer by what the other leaves out", app(func(d *transform.Definition) { d.Events[transform.Ignore] = []string{"ping"} }), app(),
			"28 10:00 tap\n28 10:10 ping", "longer left_out"},
		{"shorter by midnight, and the rest is the next day's", app(), app(func(d *transform.Definition) { d.Midnight = transform.ReportingZone }), "27 23:50 tap\n28 00:10 tap", "shorter midnight\nadded midnight"},
		{"shorter by a pause over midnight", app(), short, "27 23:50 tap\n28 00:10 tap", "shorter timeout\nadded gap"},
		{"merged over midnight", short, app(), "27 23:50 tap\n28 00:10 tap", "longer timeout\nmerged gap"},
		{"only the measure differs", app(), app(func(d *transform.Definition) { d.Length.Plus = time.Second }), "28 10:00 tap\n28 10:01 tap", "longer measure"},
		{"a length that is not known is shorter", app(), app(func(d *transform.Definition) { d.Length.Single = transform.AsNull }), "28 10:00 tap", "shorter measure"},
	} {
		t.Run(test.name, func(t *testing.T) {
			events := told(t, test.events)
			one, other := foldDays(t, test.one, zone(t, "Europe/Lisbon"), events), foldDays(t, test.other, zone(t, "Europe/Lisbon"), events)
			var got []string
			for _, day := range one.days {
				for _, d := range transform.Differences(day.day, one.on(day.day, test.one), other.on(day.day, test.other)) {
					got = append(got, strings.TrimSpace(fmt.Sprint(d.Change, " ", d.Rule)))
				}
			}
			if diff := gocmp.Diff(test.want, strings.Join(got, "\n")); diff != "" {
				t.Errorf("differences (-want +got):\n%s", diff)
			}
		})
	}
}

// Every session of the one definition has exactly one outcome, and a definition
// differs from itself in nothing.
func TestEverySessionHasOneOutcome(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawDefined(t)
		rules := drawKnobs(t)
		one, other := foldDays(t, c.rules, c.zone, c.events), foldDays(t, rules, c.zone, c.events)
		for _, day := range one.days {
			mine := one.on(day.day, c.rules)
			counted, seen := 0, 0
			for _, r := range mine.Sessions {
				if r.IsCounted {
					counted++
				}
			}
			for _, d := range transform.Differences(day.day, mine, other.on(day.day, rules)) {
				if d.One != nil {
					seen++
				} else if d.Change != transform.Added {
					t.Fatalf("%s of nothing", d.Change)
				}
			}
			if seen != counted {
				t.Fatalf("%d outcomes of %d sessions", seen, counted)
			}
			if slices.Contains(c.rules.Modes, transform.Stamped) || c.rules.Backwards != transform.InTimeOrder {
				continue // sessions of one device may overlap
			}
			for _, d := range transform.Differences(day.day, mine, mine) {
				if d.Change != transform.Same {
					t.Fatalf("a session differs from itself: %s %s", d.Change, d.Rule)
				}
			}
		}
	})
}

// on is what a fold under a definition comes to on a day.
func (f fold) on(day calendar.Day, d transform.Definition) *transform.Strung {
	s := &transform.Strung{Definition: d}
	for _, r := range f.sessions {
		if r.Date == day {
			s.Sessions = append(s.Sessions, r)
		}
	}
	for _, p := range f.parts {
		if p.Date == day {
			s.Days = append(s.Days, p)
		}
	}
	return s
}
