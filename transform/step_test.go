package transform_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"sojourn/internal/calendar"
	"sojourn/transform"
)

// asWritten is a carry as the next night reads it.
func asWritten(t testingT, c *transform.Carry) *transform.Carry {
	t.Helper()
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	read := new(transform.Carry)
	if err := json.Unmarshal(text, read); err != nil {
		t.Fatal(err)
	}
	return read
}

// stepsOf folds events day by day and returns the steps of each day, in the
// order of the table.
func stepsOf(t testingT, d transform.Definition, z calendar.Zone, declared []string, events []transform.Event) (steps []transform.Step) {
	t.Helper()
	byDay := map[calendar.Day]map[string][]transform.Event{}
	for _, e := range events {
		day := z.DayOf(e.At)
		if byDay[day] == nil {
			byDay[day] = map[string][]transform.Event{}
		}
		byDay[day][d.Subject(&e)] = append(byDay[day][d.Subject(&e)], e)
	}
	s := transform.NewSessionizer(d, z)
	s.KeepSteps(declared)
	carries := map[string]*transform.Carry{}
	for _, day := range slices.Sorted(maps.Keys(byDay)) {
		subjects := map[string]bool{}
		for subject := range carries {
			subjects[subject] = true
		}
		for subject := range byDay[day] {
			subjects[subject] = true
		}
		var today []transform.Step
		for _, subject := range slices.Sorted(maps.Keys(subjects)) {
			of := byDay[day][subject]
			slices.SortFunc(of, func(a, b transform.Event) int { return a.Compare(&b) })
			f := s.Fold(carries[subject], of, day)
			delete(carries, subject)
			if f.Carry != nil {
				carries[subject] = asWritten(t, f.Carry)
			}
			today = append(today, f.Steps...)
		}
		slices.SortStableFunc(today, func(a, b transform.Step) int { return a.Compare(&b) })
		transform.NumberSteps(today)
		steps = append(steps, today...)
	}
	return steps
}

// Which events are steps, whose they are, and what they are steps of.
func TestSteps(t *testing.T) {
	ignoreSync := func(d *transform.Definition) {
		d.Events[transform.Ignore] = []string{"heartbeat", "sync", "push_received"}
		d.Events[transform.Join] = nil
	}
	tests := []struct {
		name   string
		rules  transform.Definition
		events string
		want   string // time, user, number, session in order of appearance, event, and what it is
	}{
		{"a visit begins where the screen changes; a view of the same screen is none", app(), `
			28 10:00 screen_view user=ann screen=Home
			28 10:01 tap user=ann screen=Home
			28 10:02 screen_view user=ann screen=Home
			28 10:03 tap user=ann screen=Map
			28 10:04 tap user=ann
			28 10:05 screen_view user=ann screen=Home`, `
			28 10:00 ann 1 s1 screen_view visit 1 view Home
			28 10:02 ann 2 s1 screen_view view Home
			28 10:03 ann 3 s1 tap visit 2 Map after Home
			28 10:05 ann 4 s1 screen_view visit 3 view Home after Map`},
		{"a view without a screen is a view, and no visit", app(), `
			28 10:00 screen_view user=ann`, `
			28 10:00 ann 1 s1 screen_view view`},
		{"the next session has a first visit of its own", app(), `
			28 10:00 tap user=ann screen=Home
			28 12:00 tap user=ann screen=Home`, `
			28 10:00 ann 1 s1 tap visit 1 Home
			28 12:00 ann 2 s2 tap visit 1 Home`},
		{"a visit goes on over midnight, and visits are counted on", app(), `
			28 23:50 tap user=ann screen=Home
			29 00:10 tap user=ann screen=Home
			29 00:15 tap user=ann screen=Map`, `
			28 23:50 ann 1 s1 tap visit 1 Home
			29 00:15 ann 1 s1 tap visit 2 Map after Home`},
		{"a session's steps are of who signs in until midnight, and not of who does later", app(), `
			28 10:00 tap screen=Home
			28 10:10 tap user=ann screen=Map
			28 23:55 tap device=d2 screen=Home
			29 00:05 tap device=d2 user=bob screen=Map`, `
			28 10:00 ann 1 s1 tap visit 1 Home
			28 10:10 ann 2 s1 tap visit 2 Map after Home
			28 23:55 d2 1 s2 tap visit 1 Home
			29 00:05 d2 1 s2 tap visit 2 Map after Home`},
		{"outside of sessions: whom the event names, else who was on the device before it, else who was last that day, else the device", app(), `
			28 09:00 push_received
			28 10:00 tap user=ann
			28 15:00 push_received
			28 16:00 push_received user=bob
			28 20:00 tap user=eve
			29 15:00 push_received`, `
			28 15:00 ann 1 - push_received push_received
			28 16:00 bob 1 - push_received push_received
			28 09:00 eve 1 - push_received push_received
			29 15:00 d1 1 - push_received push_received`},
		{"a push near a session is in it, and moves nothing", app(), `
			28 10:00 tap user=ann screen=Home
			28 10:05 push_received screen=Map campaign=spring`, `
			28 10:00 ann 1 s1 tap visit 1 Home
			28 10:05 ann 2 s1 push_received push_received spring Map`},
		{"events are declared by name, in sessions and out of them", app(), `
			28 10:00 search user=ann screen=Home
			28 10:01 search user=ann screen=Home
			28 10:02 tap user=ann screen=Home`, `
			28 10:00 ann 1 s1 search declared visit 1 Home
			28 10:01 ann 2 s1 search declared Home`},
		{"what the definition ignores is in no session, and a step if it is declared or has a role", app(ignoreSync), `
			28 10:00 tap user=ann
			28 10:01 sync screen=Home
			28 10:02 heartbeat
			28 10:03 push_received`, `
			28 10:01 ann 1 - sync declared Home
			28 10:03 ann 2 - push_received push_received`},
		{"a second delivery is no step", app(), `
			28 10:00 search user=ann screen=Home id=a
			28 10:00 search user=ann screen=Home id=a
			28 10:01 push_received id=b
			28 10:07 push_received id=b`, `
			28 10:00 ann 1 s1 search declared visit 1 Home
			28 10:01 ann 2 s1 push_received push_received`},
		{"by user, the screen is that of the device shown last", app(byUser), `
			28 10:00 tap user=ann screen=Home
			28 10:01 tap user=ann device=d2 screen=Home
			28 10:02 tap user=ann device=d2 screen=Map
			28 10:03 tap user=ann screen=Home
			28 10:04 search device=d3`, `
			28 10:00 ann 1 s1 tap visit 1 Home
			28 10:02 ann 2 s1 tap visit 2 Map after Home
			28 10:03 ann 3 s1 tap visit 3 Home after Map
			28 10:04 d3 1 s2 search declared`},
		{"what is beyond a cap is no step", app(truncated), `
			28 10:00 tap user=ann screen=Home
			28 10:20 tap user=ann screen=Home
			28 10:40 tap user=ann screen=Home
			28 11:00 tap user=ann screen=Home
			28 11:20 search user=ann screen=Map`, `
			28 10:00 ann 1 s1 tap visit 1 Home`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			sessions := map[string]string{"": "-"}
			for _, s := range stepsOf(t, test.rules, zone(t, "Europe/Lisbon"), []string{"search", "sync"}, told(t, test.events)) {
				if sessions[s.SessionID] == "" {
					sessions[s.SessionID] = fmt.Sprint("s", len(sessions))
				}
				words := []string{clock(s.At), s.UserID, fmt.Sprint(s.Number), sessions[s.SessionID], s.Event}
				if s.IsDeclared {
					words = append(words, "declared")
				}
				if s.IsVisit {
					words = append(words, "visit", fmt.Sprint(s.VisitNumber))
				}
				if s.IsView {
					words = append(words, "view")
				}
				words = append(words, s.Role, s.Campaign, s.Screen)
				if s.PreviousScreen != "" {
					words = append(words, "after", s.PreviousScreen)
				}
				got = append(got, strings.Join(slices.DeleteFunc(words, func(w string) bool { return w == "" }), " "))
				if s.Date != zone(t, "Europe/Lisbon").DayOf(s.At) {
					t.Errorf("the step at %s is of %s", clock(s.At), s.Date)
				}
			}
			if diff := gocmp.Diff(lines(test.want), got); diff != "" {
				t.Errorf("steps (-want +got):\n%s", diff)
			}
		})
	}
}

// Wherever days begin, the steps are the same: what is carried over midnight
// is all that they need.
func TestStepsDoNotDependOnWhereDaysBegin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawCase(t)
		for i := range c.events {
			c.events[i].ID = fmt.Sprintf("%03d", i) // deliveries are compared within a day
			c.events[i].Screen = rapid.SampledFrom([]string{"", "Home", "Map", "Trip"}).Draw(t, "screen")
		}
		if rapid.Bool().Draw(t, "by user") {
			c.rules.By = transform.ByUser
		}
		fold := func(z calendar.Zone) []string {
			var all []string
			for _, s := range stepsOf(t, c.rules, z, []string{"login", "heartbeat"}, c.events) {
				all = append(all, fmt.Sprint(s.At, s.SessionID, s.Event, s.Role, s.IsDeclared, s.IsVisit, s.VisitNumber, s.IsView, s.Screen, ">", s.PreviousScreen))
			}
			slices.Sort(all)
			return all
		}
		want := fold(c.zone)
		other := zone(t, rapid.SampledFrom([]string{"UTC", "Pacific/Chatham", "Asia/Kolkata", "America/Los_Angeles"}).Draw(t, "zone"))
		if diff := gocmp.Diff(want, fold(other)); diff != "" {
			t.Fatalf("steps (-days of %s +days of %s):\n%s", c.zone, other, diff)
		}
	})
}

// Steps and sessions tell the same story: visits lead from the entry screen to
// the exit screen, one after the other, and views are counted once.
func TestStepsAgreeWithSessions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawCase(t)
		for i := range c.events {
			c.events[i].Screen = rapid.SampledFrom([]string{"", "Home", "Map", "Trip"}).Draw(t, "screen")
		}
		visits, views := map[string][]transform.Step{}, map[string]int64{}
		for _, s := range stepsOf(t, c.rules, c.zone, nil, c.events) {
			if s.IsVisit {
				visits[s.SessionID] = append(visits[s.SessionID], s)
			}
			if s.IsView {
				views[s.SessionID]++
			}
		}
		for _, r := range foldDays(t, c.rules, c.zone, c.events).sessions {
			of, screens := visits[r.SessionID], map[string]bool{}
			before := ""
			for i, v := range of {
				if v.VisitNumber != int64(i+1) || v.PreviousScreen != before || v.Screen == before || v.At < r.StartedAt || v.At > r.EndedAt {
					t.Fatalf("visit %d of %+v: %+v", i+1, r, v)
				}
				before = v.Screen
				screens[v.Screen] = true
			}
			if len(of) > 0 && of[0].Screen != r.EntryScreen || before != r.ExitScreen || int64(len(screens)) != r.DistinctScreens || views[r.SessionID] != r.ScreenViews {
				t.Fatalf("%+v has %d visits and %d views", r, len(of), views[r.SessionID])
			}
		}
	})
}
