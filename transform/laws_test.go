package transform_test

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"sojourn/internal/calendar"
	"sojourn/transform"
)

// A drawn case is a random definition in a random place, and what a few
// devices do there.
type drawn struct {
	rules  transform.Definition
	zone   calendar.Zone
	events []transform.Event
}

// drawCase draws what is hard: pauses near the timeout and the cap, events at
// midnight and near it, days of 23 and 25 hours, and all roles.
func drawCase(t *rapid.T) drawn {
	place := rapid.SampledFrom([]struct {
		zone  string
		first calendar.Day
	}{
		{"UTC", date(27)},
		{"Europe/Lisbon", date(28)}, // 23 hours on the 29th
		{"Europe/Lisbon", calendar.Date(2026, time.October, 24)}, // 25 hours on the 25th
		{"Australia/Lord_Howe", calendar.Date(2026, time.April, 4)},
		{"America/Asuncion", calendar.Date(2024, time.October, 5)}, // the 6th begins at one
		{"Asia/Kolkata", date(1)},
	}).Draw(t, "place")
	c := drawn{rules: app(), zone: zone(t, place.zone)}
	c.rules.Timeout = rapid.SampledFrom([]time.Duration{time.Minute, 30 * time.Minute, 6 * time.Hour, 30 * time.Hour}).Draw(t, "timeout")
	c.rules.Boundary = rapid.SampledFrom([]transform.Boundary{transform.Longer, transform.AtLeast}).Draw(t, "boundary")
	c.rules.Cap = rapid.SampledFrom([]time.Duration{0, c.rules.Timeout, 2 * c.rules.Timeout, 40 * time.Hour}).Draw(t, "cap")
	c.rules.UserChange = rapid.SampledFrom([]transform.Change{transform.Keep, transform.Split}).Draw(t, "user change")

	for _, device := range []string{"d1", "d2", ""} {
		at := c.zone.Start(place.first) + rapid.Int64Range(0, 24*time.Hour.Microseconds()).Draw(t, "first")
		for range rapid.IntRange(0, 9).Draw(t, "events") {
			c.events = append(c.events, c.drawEvent(t, device, at))
			at = c.drawNext(t, at)
		}
	}
	for range rapid.IntRange(0, 3).Draw(t, "again") {
		if len(c.events) > 0 {
			again := rapid.SampledFrom(c.events).Draw(t, "event")
			again.ReceivedAt = rapid.Int64Range(0, 2).Draw(t, "received")
			again.At += rapid.SampledFrom([]int64{0, 0, 1, time.Hour.Microseconds()}).Draw(t, "shift")
			c.events = append(c.events, again)
		}
	}
	return c
}

func (c drawn) drawEvent(t *rapid.T, device string, at int64) transform.Event {
	e := transform.Event{
		DeviceID: device, ID: rapid.StringMatching("[a-f]{2}").Draw(t, "id"), At: at, EngagedMillis: -1, Attributes: transform.NoAttributes,
		Name: rapid.SampledFrom([]string{
			"tap", "tap", "tap", "tap", "push_received", "push_received", "session_end", "login", "app_crash",
			"app_background", "app_foreground", "heartbeat", "screen_view", "purchase",
		}).Draw(t, "name"),
		UserID: rapid.SampledFrom([]string{"", "", "ann", "bob"}).Draw(t, "user"),
	}
	if e.Subject() == "" {
		e.UserID = "eve"
	}
	return e
}

// drawNext draws a time that is not before at, most likely one that matters.
func (c drawn) drawNext(t *rapid.T, at int64) int64 {
	timeout, limit := c.rules.Timeout.Microseconds(), c.rules.Cap.Microseconds()
	midnight := c.zone.Start(c.zone.DayOf(at)+1) - at
	steps := []int64{0, 1, timeout / 2, timeout - 1, timeout, timeout + 1, limit, limit + 1, midnight - 1, midnight, midnight + 1, midnight - timeout, midnight + timeout/2}
	return at + rapid.OneOf(
		rapid.SampledFrom(steps),
		rapid.Int64Range(0, 2*timeout),
		rapid.Just(50*time.Hour.Microseconds()), // days without events
	).Filter(func(step int64) bool { return step >= 0 }).Draw(t, "step")
}

func (c drawn) days() []calendar.Day {
	set := map[calendar.Day]bool{}
	for _, e := range c.events {
		set[c.zone.DayOf(e.At)] = true
	}
	return slices.Sorted(maps.Keys(set))
}

// Law 9. Folding day by day, with what is carried over midnight, comes to the
// same as walking over all events at once.
func TestFoldAgreesWithTheOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawCase(t)
		want, got := consult(c.rules, c.zone, c.events), foldDays(t, c.rules, c.zone, c.events)
		// The oracle does not know the measures.
		var known []transform.Session
		for _, r := range got.sessions {
			known = append(known, transform.Session{
				Date: r.Date, UserID: r.UserID, DeviceID: r.DeviceID, StartedAt: r.StartedAt, EndedAt: r.EndedAt,
				EventCount: r.EventCount, BackgroundCount: r.BackgroundCount, CrashCount: r.CrashCount,
				StartReason: r.StartReason, EndReason: r.EndReason, Status: r.Status, IsFinal: r.IsFinal,
			})
		}
		if diff := gocmp.Diff(want.sessions, known); diff != "" {
			t.Errorf("sessions (-oracle +fold):\n%s", diff)
		}
		got.ledger.Conflicts = 0 // nor conflicts
		if diff := gocmp.Diff(want.ledger, got.ledger); diff != "" {
			t.Errorf("ledger (-oracle +fold):\n%s", diff)
		}
	})
}

// Law 1. Every event is in one session or in one column of the ledger.
func TestEveryEventIsAccountedFor(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawCase(t)
		f := foldDays(t, c.rules, c.zone, c.events)
		l := f.ledger
		if l.Events != int64(len(c.events)) || l.Events != l.InSessions+l.Duplicates+l.Outside+l.Ignored || l.Conflicts > l.Duplicates {
			t.Fatalf("%d events, ledger %+v", len(c.events), l)
		}
		var inSessions int64
		for _, r := range f.sessions {
			inSessions += r.EventCount
		}
		if inSessions != l.InSessions {
			t.Fatalf("sessions have %d events, the ledger says %d", inSessions, l.InSessions)
		}
	})
}

// Law 2. Sessions of a device are disjoint and in order, and each is sound in
// itself.
func TestSessionsAreDisjointAndInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawCase(t)
		f := foldDays(t, c.rules, c.zone, c.events)
		for i, r := range f.sessions {
			foreground := *r.DurationSeconds
			if r.ForegroundSeconds != nil {
				foreground = *r.ForegroundSeconds
			}
			switch {
			case r.EndedAt < r.StartedAt, *r.DurationSeconds != float64(r.EndedAt-r.StartedAt)/1e6,
				r.BackgroundCount >= r.EventCount, foreground < 0, foreground > *r.DurationSeconds,
				r.EngagedSeconds < 0, r.EngagedSeconds > *r.DurationSeconds,
				r.Date != c.zone.DayOf(r.StartedAt), r.IsFinal == (r.Status == "open"),
				c.rules.Cap > 0 && r.EndedAt-r.StartedAt > c.rules.Cap.Microseconds():
				t.Fatalf("session %+v", r)
			}
			if i == 0 || subject(f.sessions[i-1]) != subject(r) {
				continue
			}
			before := f.sessions[i-1]
			pause := r.StartedAt - before.EndedAt
			long := pause > c.rules.Timeout.Microseconds() || pause == c.rules.Timeout.Microseconds() && c.rules.Boundary == transform.AtLeast
			if pause < 0 || !before.IsFinal || long != (r.StartReason == "gap") {
				t.Fatalf("session %+v comes after %+v", r, before)
			}
		}
	})
}

// Law 3. Neither the order of events nor where they were found matters.
func TestOrderAndOriginDoNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawCase(t)
		want := foldDays(t, c.rules, c.zone, c.events)
		shuffled := rapid.Permutation(c.events).Draw(t, "order")
		for i := range shuffled {
			shuffled[i].Object = rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "object")
			shuffled[i].Line = int64(i)
		}
		got := foldDays(t, c.rules, c.zone, shuffled)
		if diff := diffFolds(want, got); diff != "" {
			t.Fatalf("fold (-as drawn +shuffled):\n%s", diff)
		}
	})
}

// diffFolds tells how two folds differ, "" if they do not.
func diffFolds(want, got fold) string {
	return gocmp.Diff(want, got, gocmp.AllowUnexported(fold{}, foldedDay{}), cmpopts.EquateEmpty())
}

// histories are the users at the end of each day, and their completed sessions.
func histories(f fold) (users map[string][]transform.User, sessions map[string][]transform.Session) {
	users, sessions = map[string][]transform.User{}, map[string][]transform.Session{}
	for _, d := range f.days {
		of := func(rows []transform.Session, id string) (mine []transform.Session) {
			for _, r := range rows {
				if r.UserID == id {
					mine = append(mine, r)
				}
			}
			return mine
		}
		ids := map[string]bool{}
		for id := range users {
			ids[id] = true
		}
		for _, r := range d.began {
			ids[r.UserID] = true
		}
		for id := range ids {
			u := transform.User{Date: d.day}
			if known := users[id]; len(known) > 0 {
				u = known[len(known)-1]
			}
			began := of(d.began, id)
			users[id] = append(users[id], u.Next(d.day, began, of(d.earlier, id), 0, "d"))
			sessions[id] = append(sessions[id], began...)
		}
	}
	return users, sessions
}

// Law 5. A user's rows follow from the devices that the user was seen on: all
// other events could as well not be there.
func TestUsersDoNotDependOnEachOther(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawCase(t)
		users, sessions := histories(foldDays(t, c.rules, c.zone, c.events))
		if len(users) == 0 {
			return
		}
		id := rapid.SampledFrom(slices.Sorted(maps.Keys(users))).Draw(t, "user")
		devices := map[string]bool{}
		for _, r := range sessions[id] {
			devices[subject(r)] = true
		}
		mine := slices.DeleteFunc(slices.Clone(c.events), func(e transform.Event) bool { return !devices[e.Subject()] })
		usersAlone, sessionsAlone := histories(foldDays(t, c.rules, c.zone, mine, c.days()...))
		if diff := gocmp.Diff(users[id], usersAlone[id]); diff != "" {
			t.Errorf("history of %s (-among others +alone):\n%s", id, diff)
		}
		if diff := gocmp.Diff(sessions[id], sessionsAlone[id]); diff != "" {
			t.Errorf("sessions of %s (-among others +alone):\n%s", id, diff)
		}
	})
}

// drawPeople draws users as they stand at the end of today.
func drawPeople(t *rapid.T) []person {
	var people []person
	for i := range rapid.IntRange(0, 12).Draw(t, "people") {
		u := transform.User{}
		first := today - calendar.Day(rapid.IntRange(0, 40).Draw(t, "first"))
		var now []transform.Session
		for day := first; day <= today; day++ {
			n := rapid.SampledFrom([]int{0, 0, 0, 1, 2}).Draw(t, "sessions")
			if day == first {
				n = max(n, 1)
				u.Date = first
			}
			now = nil
			for k := range n {
				began := calendar.UTC.Start(day) + int64(k)*time.Hour.Microseconds()
				lasted := int64(rapid.IntRange(0, 5).Draw(t, "duration")) * 1e6
				now = append(now, transform.Session{
					Date: day, UserID: fmt.Sprint("u", i), SessionID: fmt.Sprint(k), StartedAt: began, EndedAt: began + lasted,
					DurationSeconds: new(float64(lasted / 1e6)), IsCounted: true, EventCount: 1,
					CrashCount:  rapid.SampledFrom([]int64{0, 0, 0, 1, 3}).Draw(t, "crashes"),
					EndReason:   rapid.SampledFrom([]string{"timeout", "timeout", "cap", "event_cap"}).Draw(t, "end"),
					UTCOffset:   rapid.SampledFrom([]string{"", "+00:00", "+05:30", "-10:00"}).Draw(t, "offset"),
					DeviceModel: rapid.SampledFrom([]string{"", "m1", "m2"}).Draw(t, "model"),
					Platform:    rapid.SampledFrom([]string{"", "ios", "web"}).Draw(t, "platform"),
				})
			}
			u = u.Next(day, now, nil, 0, "d")
		}
		next := rapid.SampledFrom([]transform.Return{transform.Stayed, transform.Returned}).Draw(t, "next")
		people = append(people, person{user: &u, sessions: now, next: next})
	}
	return people
}

// However users are split over tallies, and in whatever order those are
// merged, the tables are the same.
func TestTalliesMergeInAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		people := drawPeople(t)
		analysis := transform.Analysis{
			Cuts: []string{"lifecycle", "habit"}, MinUsers: int64(rapid.IntRange(0, 3).Draw(t, "least")),
			Segmentations: []transform.Segmentation{habit("seldom")},
		}
		whole := transform.NewTally(today, calendar.UTC, analysis, "d", true)
		for _, p := range people {
			p.add(whole)
		}
		want := whole.Tables()
		tallies := make([]*transform.Tally, rapid.IntRange(1, 4).Draw(t, "tallies"))
		for i := range tallies {
			tallies[i] = transform.NewTally(today, calendar.UTC, analysis, "d", true)
		}
		for _, p := range rapid.Permutation(people).Draw(t, "order") {
			p.add(tallies[rapid.IntRange(0, len(tallies)-1).Draw(t, "tally")])
		}
		for len(tallies) > 1 {
			i := rapid.IntRange(1, len(tallies)-1).Draw(t, "from")
			tallies[i-1].Tables() // asking in between changes nothing
			tallies[i-1].Merge(tallies[i])
			tallies = slices.Delete(tallies, i, i+1)
		}
		if diff := gocmp.Diff(want, tallies[0].Tables()); diff != "" {
			t.Fatalf("tables (-one tally +merged):\n%s", diff)
		}
	})
}

// Law 6. Tables agree with each other.
func TestTablesAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		people := drawPeople(t)
		tables := tallied(people)

		active := map[int64]int64{} // by window
		users := map[string]int64{} // by measure and window
		for _, r := range tables.DailyFrequency {
			switch r.Measure {
			case "active_users":
				active[r.WindowDays] = r.Users
			case "sessions", "active_days":
				users[fmt.Sprint(r.Measure, r.WindowDays)] += r.Users
			}
		}
		if active[1] > active[7] || active[7] > active[28] || active[28] > int64(len(people)) {
			t.Errorf("DAU %d, WAU %d, MAU %d of %d users", active[1], active[7], active[28], len(people))
		}
		for measure, n := range map[string]int64{
			"sessions1": active[1], "sessions7": active[7], "sessions28": active[28], "active_days7": active[7], "active_days28": active[28],
		} {
			if users[measure] != n {
				t.Errorf("%s: %d users, want the %d active ones", measure, users[measure], n)
			}
		}

		var total transform.DailySessions
		var byVersion int64
		for _, r := range tables.DailySessions {
			if r.Cut == "total" {
				total = r
			} else {
				byVersion += r.Sessions
			}
		}
		if byVersion != total.Sessions || total.Users != active[1] {
			t.Errorf("daily_sessions: %d sessions by version, %d in total of %d users, of %d active ones", byVersion, total.Sessions, total.Users, active[1])
		}

		for _, p := range people {
			tables.Users = append(tables.Users, *p.user)
		}
		for _, breach := range tables.Breaches(new(transform.App()), &transform.Analysis{}) {
			t.Error(breach)
		}
		// The definition measures elapsed time.
		if total.P50Seconds != nil && *total.P50Seconds != length(&tables, "elapsed", "all").P50Seconds {
			t.Errorf("median %s, elapsed %v", maybe(total.P50Seconds), length(&tables, "elapsed", "all").P50Seconds)
		}
		if all := stability(&tables, "total"); all.CrashFree != nil && math.Abs(*all.CrashFree+float64(all.CrashedSessions)/float64(all.Sessions)-1) > 1e-12 {
			t.Errorf("crash-free %v, %d of %d crashed", *all.CrashFree, all.CrashedSessions, all.Sessions)
		}

		for _, r := range tables.DailyRetention {
			if r.Retained < 0 || r.Retained > r.Cohorts || r.DayN == 0 && r.Retained != r.Cohorts || r.Rate != float64(r.Retained)/float64(r.Cohorts) {
				t.Errorf("retention %+v", r)
			}
		}
	})
}
