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
		{"split by midnight", app(), app(func(d *transform.Definition) { d.Midnight = transform.ReportingZone }), "27 23:50 tap\n28 00:10 tap", "split midnight"},
		{"only the measure differs", app(), app(func(d *transform.Definition) { d.Length.Plus = time.Second }), "28 10:00 tap\n28 10:01 tap", "longer measure"},
		{"a length that is not known is shorter", app(), app(func(d *transform.Definition) { d.Length.Single = transform.AsNull }), "28 10:00 tap", "shorter measure"},
	} {
		t.Run(test.name, func(t *testing.T) {
			events := told(t, test.events)
			one, other := foldDays(t, test.one, zone(t, "Europe/Lisbon"), events), foldDays(t, test.other, zone(t, "Europe/Lisbon"), events)
			var got []string
			for _, d := range transform.Differences(one.sessions, other.sessions, false) {
				got = append(got, strings.TrimSpace(fmt.Sprint(d.Change, " ", d.Rule)))
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
		one, other := foldDays(t, c.rules, c.zone, c.events), foldDays(t, drawKnobs(t), c.zone, c.events)
		for day, sessions := range byDay(one) {
			var seen int
			for _, d := range transform.Differences(sessions, byDay(other)[day], rapid.Bool().Draw(t, "by user")) {
				if d.One != nil {
					seen++
				} else if d.Change != transform.Added {
					t.Fatalf("%s of nothing", d.Change)
				}
			}
			if seen != len(sessions) {
				t.Fatalf("%d outcomes of %d sessions", seen, len(sessions))
			}
			for _, d := range transform.Differences(sessions, sessions, false) {
				alone := true // sessions that a stamp strings together may overlap
				for i := range sessions {
					r := &sessions[i]
					alone = alone && (r.SessionID == d.One.SessionID || subject(*r) != subject(*d.One) || r.StartedAt > d.One.EndedAt || r.EndedAt < d.One.StartedAt)
				}
				if d.Change != transform.Same && alone && d.One.IsCounted {
					t.Fatalf("a session differs from itself: %s %s", d.Change, d.Rule)
				}
			}
		}
	})
}

func byDay(f fold) map[calendar.Day][]transform.Session {
	days := map[calendar.Day][]transform.Session{}
	for _, r := range f.sessions {
		days[r.Date] = append(days[r.Date], r)
	}
	return days
}

// Where sessions count on every day that they touch, background work that joins
// one after midnight touches nothing.
func TestBackgroundWorkTouchesNoDay(t *testing.T) {
	d := app()
	d.Attribution = transform.TouchedDay
	f := foldDays(t, d, zone(t, "Europe/Lisbon"), told(t, `
		27 23:50 tap device=d1
		28 00:05 tap device=d1
		27 23:55 tap device=d2
		28 00:10 push_received device=d2`))
	on := transform.Strung{Definition: d, Sessions: byDay(f)[date(28)]}
	for _, part := range f.parts {
		if part.Date == date(28) {
			on.Days = append(on.Days, part)
		}
	}
	if len(on.Days) != 2 {
		t.Fatalf("%d parts, want 2: %+v", len(on.Days), on.Days)
	}
	var users []string
	for _, v := range on.Visits() {
		users = append(users, v.UserID)
	}
	if !slices.Equal(users, []string{"d1"}) {
		t.Errorf("visits of %v, want d1's alone", users)
	}
}
