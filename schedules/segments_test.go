package schedules

import (
	"context"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"sojourn/internal/calendar"
	"sojourn/internal/lake"
	"sojourn/transform"
)

// drawAnalysis draws cuts and a segmentation of the user's own, whose rules
// look at all that a rule can see: the history, the sessions of the day, steps
// and events.
func drawAnalysis(t *rapid.T) transform.Analysis {
	a := asked()
	a.Cuts = rapid.SampledFrom([][]string{nil, {"lifecycle", "kind"}, {"kind", "length_tier", "platform"}}).Draw(t, "cuts")
	a.MinUsers = int64(rapid.IntRange(0, 2).Draw(t, "least users"))
	a.Segmentations = []transform.Segmentation{{
		Name: "kind", Otherwise: "other",
		Rules: []transform.SegmentRule{
			{Segment: "signs in", When: "1", Events: []string{"login"}, Holds: func(u *transform.UserDay) (bool, error) {
				return slices.ContainsFunc(u.Events, func(e transform.UserEvent) bool { return e.Event == "login" && e.Total > 1 }), nil
			}},
			{Segment: "stays", When: "2", Holds: func(u *transform.UserDay) (bool, error) {
				return slices.ContainsFunc(u.Sessions, func(s transform.Session) bool {
					return s.IsCounted && s.DurationSeconds != nil && *s.DurationSeconds > 600
				}), nil
			}},
			{Segment: "returns", When: "3", Holds: func(u *transform.UserDay) (bool, error) { return u.ActiveDays.DaysIn(3) > 1, nil }},
			{Segment: "moves", When: "4", Holds: func(u *transform.UserDay) (bool, error) { return len(u.Steps) > 1, nil }},
		},
	}}
	return a
}

// Who is in which segment on a day uses what was known at its end: what users
// do later, also in sessions that go on after midnight, changes no number of
// users, nor does making the days again when more is known. Once the day is
// final no row of it changes.
func TestLaterEventsDoNotChangeSegments(t *testing.T) {
	root := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		s, finished := tempSite(t, root)
		defer finished()
		s.Definition, s.Compare = drawDefinitions(t)
		s.Analysis = drawAnalysis(t)
		events := drawEvents(t, s.Zone)
		for i := range events {
			events[i].night = events[i].day + 1
		}
		type member struct {
			transform.Cut
			users int64
		}
		members := map[calendar.Day][]member{}                 // of days, when they were over first
		settled := map[calendar.Day][]transform.DailySegment{} // rows of days, when they were final first
		check := func(when string) {
			made, err := lake.Days(context.Background(), s.Lake)
			if err != nil {
				t.Fatal(err)
			}
			for day, m := range made {
				if m.IsPartial {
					continue
				}
				now := rows[transform.DailySegment](t, s.Lake, m.Tables["daily_segments"])
				var users []member
				for _, r := range now {
					users = append(users, member{transform.Cut{Name: r.Segmentation, Segment: r.Segment}, r.Users})
				}
				if first, ok := members[day]; !ok {
					members[day] = users
				} else if diff := cmp.Diff(first, users, cmp.AllowUnexported(member{})); diff != "" {
					t.Fatalf("users in segments of %s, %s (-when it was over +now):\n%s", day, when, diff)
				}
				if !m.IsFinal {
					continue
				}
				before, ok := settled[day]
				if !ok {
					settled[day] = now
				} else if diff := cmp.Diff(before, now); diff != "" {
					t.Fatalf("segments of %s, %s (-when it was final +now):\n%s", day, when, diff)
				}
			}
		}
		seen := calendar.Day(0)
		for morning := first + 1; morning <= last+1; morning++ {
			ship(t, s, events, func(n calendar.Day) bool { return n > seen && n <= morning }, morning.String())
			seen = morning
			s.night(t, morning, Range{})
			check("on the morning of " + morning.String())
		}
		s.night(t, last+1, Range{From: new(first), To: new(last), Force: true})
		check("made again")
	})
}
