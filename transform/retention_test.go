package transform_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"sojourn/internal/calendar"
	"sojourn/transform"
)

// A deed is something that a user did: a session of an instant, engaged or not,
// or an event outside of any.
type deed struct {
	user string
	at   int64
	what string // session, engaged, or the name of an event
}

// A chronicle is what some users did over some days, and the tables of every
// day on which somebody did something.
type chronicle struct {
	zone   calendar.Zone
	deeds  []deed
	days   []calendar.Day
	tables map[calendar.Day]transform.Tables
}

func newChronicle(zone calendar.Zone, a transform.Analysis, deeds []deed) chronicle {
	c := chronicle{zone: zone, deeds: deeds, tables: map[calendar.Day]transform.Tables{}}
	slices.SortStableFunc(c.deeds, func(x, y deed) int { return int(x.at - y.at) })
	d := transform.App()
	users := map[string]*transform.User{}
	var events []transform.UserEvent
	var kept []transform.UserRetention
	for _, x := range c.deeds {
		c.days = append(c.days, zone.DayOf(x.at))
	}
	c.days = slices.Compact(c.days)
	for _, day := range c.days {
		began := map[string][]transform.Session{}
		var parts []transform.SessionDay
		var steps []transform.Step
		for i, x := range c.deeds {
			if zone.DayOf(x.at) != day {
				continue
			}
			id := fmt.Sprint(i)
			if x.what != "session" && x.what != "engaged" {
				s := transform.Step{Date: day, UserID: x.user, At: x.at, Event: x.what, IsDeclared: true}
				if isInstall(x) {
					s.Role = "install"
				}
				steps = append(steps, s)
				continue
			}
			began[x.user] = append(began[x.user], transform.Session{
				Date: day, SessionID: id, UserID: x.user, StartedAt: x.at, EndedAt: x.at, IsFinal: true, IsCounted: true,
			})
			parts = append(parts, transform.SessionDay{
				Date: day, SessionID: id, UserID: x.user, SessionDate: day, StartedAt: x.at, EndedAt: x.at, IsEngaged: x.what == "engaged",
			})
		}
		slices.SortStableFunc(parts, func(a, b transform.SessionDay) int { return a.Compare(&b) })
		slices.SortStableFunc(steps, func(a, b transform.Step) int { return a.Compare(&b) })
		transform.NumberSteps(steps)
		events = transform.NextUserEvents(day, events, steps, "d")
		for _, id := range c.users() {
			u, seen := users[id]
			if !seen {
				u = &transform.User{Date: day}
			}
			if seen || len(began[id]) > 0 {
				users[id] = new(u.Next(day, began[id], nil, 0, "d"))
			}
		}
		ofDay := func(kept []transform.UserRetention) func(func(*transform.UserDay) bool) {
			return func(yield func(*transform.UserDay) bool) {
				for _, id := range c.users() {
					u := transform.UserDay{User: &transform.User{Date: day, UserID: id}, Sessions: began[id]}
					if known, ok := users[id]; ok {
						u.User = known
					}
					for _, s := range steps {
						if s.UserID == id {
							u.Steps = append(u.Steps, s)
						}
					}
					for _, e := range events {
						if e.UserID == id {
							u.Events = append(u.Events, e)
						}
					}
					for _, r := range kept {
						if r.UserID == id {
							u.Retention = append(u.Retention, r)
						}
					}
					if !yield(&u) {
						return
					}
				}
			}
		}
		transform.DecideSegments(ofDay(nil), &a)
		before := day - 1
		if len(kept) > 0 {
			before = kept[0].Date
		}
		kept = transform.NextRetention(before, day, zone, &d, &a, kept, ofDay(nil), parts)
		tally := transform.NewTally(day, calendar.UTC, a, "d", true)
		for u := range ofDay(kept) {
			tally.Add(u)
		}
		tables := tally.Tables()
		tables.UserRetention = kept
		c.tables[day] = tables
	}
	return c
}

func (c *chronicle) users() []string {
	set := map[string]bool{}
	for _, x := range c.deeds {
		set[x.user] = true
	}
	return slices.Sorted(maps.Keys(set))
}

// rows are those of cohort_retention, of the total, in order.
func (c *chronicle) rows() []transform.CohortRetention {
	var rows []transform.CohortRetention
	for _, day := range c.days {
		for _, r := range c.tables[day].CohortRetention {
			if r.Cut == "total" {
				rows = append(rows, r)
			}
		}
	}
	return rows
}

// The rules of docs/retention.md, said once more, slowly and for one cell: the
// row of a cohort and a bracket of periods, and under which day it stands.
type consulted struct {
	date             calendar.Day
	cohort, retained int64
}

func (c *chronicle) consult(r transform.Retention, cohort calendar.Day, cell transform.Bracket, asOf int) (consulted, bool) {
	start := func(n int) calendar.Day { return periodStart(r, cohort, n) }
	over := start(cell.Last+1) - 1
	first := start(cell.First)
	if r.Mode == transform.OnOrAfter {
		over = start(asOf+1) - 1
	}
	if r.By == transform.By24h {
		n := cell.Last
		if r.Mode == transform.OnOrAfter {
			n = asOf
		}
		over = c.zone.DayOf(c.zone.Start(cohort+1) + int64(n+1)*24*3600e6 - 1)
	}
	var out consulted
	hasData := false
	for _, d := range c.days {
		hasData = hasData || first <= d && d <= over
		if d >= over && out.date == 0 {
			out.date = d
		}
	}
	if out.date == 0 || !hasData && r.Mode != transform.OnOrAfter {
		return out, false
	}
	for _, user := range c.users() {
		anchor, ok := c.anchor(r, user, cohort)
		if !ok {
			continue
		}
		out.cohort++
		for _, x := range c.deeds {
			if x.user != user || x.at < anchor || !countsAsReturn(r, x) || c.zone.DayOf(x.at) > out.date {
				continue
			}
			in := false
			if r.By == transform.By24h {
				n := int((x.at - anchor) / (24 * 3600e6))
				in = cell.First <= n && (n <= cell.Last || r.Mode == transform.OnOrAfter)
			} else {
				day := c.zone.DayOf(x.at)
				in = first <= day && (day < start(cell.Last+1) || r.Mode == transform.OnOrAfter)
			}
			if in {
				out.retained++
				break
			}
		}
	}
	return out, out.cohort > 0
}

// anchor is when a user became a member of a cohort.
func (c *chronicle) anchor(r transform.Retention, user string, cohort calendar.Day) (int64, bool) {
	for _, x := range c.deeds {
		isAnchor := x.what == r.Anchor.Event
		switch r.Anchor.Kind {
		case transform.OnFirstSession:
			isAnchor = x.what == "session" || x.what == "engaged"
		case transform.OnInstall:
			isAnchor = isInstall(x)
		}
		if x.user != user || !isAnchor {
			continue
		}
		day := c.zone.DayOf(x.at)
		if periodStart(r, cohort, 0) <= day && day < periodStart(r, cohort, 1) {
			return x.at, true
		}
		if !r.Recurring {
			return 0, false
		}
	}
	return 0, false
}

// isInstall says whether a deed is an install, which has two names.
func isInstall(x deed) bool { return x.what == "install" || x.what == "first_open" }

func countsAsReturn(r transform.Retention, x deed) bool {
	switch r.Return.Kind {
	case transform.OnSession:
		return x.what == "session" || x.what == "engaged"
	case transform.OnEngagedSession:
		return x.what == "engaged"
	}
	return x.what == r.Return.Event
}

func periodStart(r transform.Retention, cohort calendar.Day, n int) calendar.Day {
	switch r.By {
	case transform.ByWeek:
		return cohort + calendar.Day(7*n)
	case transform.ByMonth:
		t := cohort.Time().AddDate(0, n, 0)
		return calendar.Date(t.Year(), t.Month(), t.Day())
	}
	return cohort + calendar.Day(n)
}

// startsPeriod says whether a period begins on a day.
func startsPeriod(r transform.Retention, day calendar.Day) bool {
	return r.By != transform.ByWeek && r.By != transform.ByMonth ||
		r.By == transform.ByWeek && day.Weekday() == r.WeekStart || r.By == transform.ByMonth && day.Time().Day() == 1
}

func drawRetention(t *rapid.T) transform.Retention {
	r := transform.Retention{
		Name:   "asked",
		Anchor: rapid.SampledFrom([]transform.Moment{{Kind: transform.OnFirstSession}, {Kind: transform.OnInstall}, {Kind: transform.OnEvent, Event: "a"}}).Draw(t, "anchor"),
		Return: rapid.SampledFrom([]transform.Moment{{Kind: transform.OnSession}, {Kind: transform.OnEngagedSession}, {Kind: transform.OnEvent, Event: "a"}, {Kind: transform.OnEvent, Event: "b"}}).Draw(t, "return"),
		By:     rapid.SampledFrom([]transform.Period{transform.ByDay, transform.By24h, transform.ByWeek, transform.ByMonth}).Draw(t, "by"),
		Mode:   rapid.SampledFrom([]transform.RetentionMode{transform.Exact, transform.OnOrAfter, transform.InBrackets}).Draw(t, "mode"),
	}
	if r.Anchor.Kind != transform.OnFirstSession {
		r.Recurring = rapid.Bool().Draw(t, "recurring")
	}
	if r.By == transform.ByWeek {
		r.WeekStart = time.Weekday(rapid.IntRange(0, 6).Draw(t, "week start"))
	}
	switch r.Mode {
	case transform.InBrackets:
		for first := 0; first < 6; first++ {
			if last := first + rapid.IntRange(-1, 5).Draw(t, "bracket"); last >= first {
				r.Brackets = append(r.Brackets, transform.Bracket{First: first, Last: last})
			}
		}
		if len(r.Brackets) == 0 {
			r.Brackets = []transform.Bracket{{First: 2, Last: 3}}
		}
	default:
		r.Periods = rapid.IntRange(0, 9).Draw(t, "periods")
	}
	if err := r.Validate(); err != nil {
		t.Fatal(err)
	}
	return r
}

// farDay comes after more days without data than there are cells.
const farDay = 130

// drawDeeds draws what some users do around days of 23 and 25 hours, with days
// on which nobody does anything.
func drawDeeds(t *rapid.T, z calendar.Zone, first calendar.Day) []deed {
	var deeds []deed
	for range rapid.IntRange(1, 25).Draw(t, "deeds") {
		day := first + calendar.Day(rapid.OneOf(rapid.IntRange(0, 1), rapid.IntRange(0, 12), rapid.IntRange(0, 45), rapid.Just(farDay)).Draw(t, "day"))
		deeds = append(deeds, deed{
			user: rapid.SampledFrom([]string{"ann", "bob", "cat"}).Draw(t, "user"),
			at:   z.Start(day) + rapid.SampledFrom([]int64{0, 1, 30 * 60e6, 12 * 3600e6, 22*3600e6 + 59*60e6}).Draw(t, "time"),
			what: rapid.SampledFrom([]string{"session", "session", "engaged", "a", "b", "install", "first_open"}).Draw(t, "what"),
		})
	}
	return deeds
}

func drawPlace(t *rapid.T) (calendar.Zone, calendar.Day) {
	switch rapid.IntRange(0, 2).Draw(t, "place") {
	case 0:
		return zone(t, "Europe/Lisbon"), date(26) // 23 hours on the 29th
	case 1:
		return zone(t, "Europe/Lisbon"), calendar.Date(2026, time.October, 22) // 25 hours on the 25th
	}
	return calendar.UTC, calendar.Date(2026, time.January, 28)
}

// Law 9. Every row is what the rules say, and stands where they say; no row is
// missing and there is none besides.
func TestRetentionAgreesWithTheOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		z, first := drawPlace(t)
		r := drawRetention(t)
		c := newChronicle(z, transform.Analysis{Retentions: []transform.Retention{r}}, drawDeeds(t, z, first))
		cells, asOfs := r.Brackets, []int{0}
		if r.Mode != transform.InBrackets {
			for n := range r.Periods + 1 {
				cells = append(cells, transform.Bracket{First: n, Last: n})
			}
		}
		if r.Mode == transform.OnOrAfter {
			asOfs = asOfPeriods(r)
		}
		var want, got []string
		for cohort := first - 31; cohort <= first+farDay; cohort++ {
			if !startsPeriod(r, cohort) {
				continue
			}
			for _, cell := range cells {
				for _, asOf := range asOfs {
					if r.Mode == transform.OnOrAfter && cell.First > asOf {
						continue
					}
					if o, ok := c.consult(r, cohort, cell, asOf); ok {
						want = append(want, fmt.Sprint(o.date, " of ", cohort, " period ", cell.First, ": ", o.retained, " of ", o.cohort))
					}
				}
			}
		}
		for _, row := range c.rows() {
			got = append(got, fmt.Sprint(row.Date, " of ", row.Cohort, " period ", row.Period, ": ", row.Retained, " of ", row.Users))
		}
		slices.Sort(want)
		slices.Sort(got)
		if r.Mode == transform.OnOrAfter {
			want = slices.Compact(want) // two as-of periods may be known on one day
		}
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Errorf("%+v: rows (-oracle +table):\n%s", r, diff)
		}
	})
}

// asOfPeriods are the periods as of which on_or_after is reported.
func asOfPeriods(r transform.Retention) []int {
	all := map[transform.Period][]int{
		transform.ByWeek: {1, 2, 4, 8}, transform.ByMonth: {1, 2, 3, 6},
		transform.ByDay: {7}, transform.By24h: {7},
	}[r.By]
	return append(slices.DeleteFunc(slices.Clone(all), func(n int) bool { return n >= r.Periods }), r.Periods)
}

// Law 6, for retention: the numbers of one cohort agree with each other.
func TestRetentionAddsUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		z, first := drawPlace(t)
		exact := drawRetention(t)
		exact.Name, exact.Mode, exact.Brackets, exact.Periods = "exact", transform.Exact, nil, 5
		later, bracket := exact, exact
		later.Name, later.Mode = "later", transform.OnOrAfter
		bracket.Name, bracket.Mode, bracket.Periods = "bracket", transform.InBrackets, 0
		bracket.Brackets = []transform.Bracket{{First: 1, Last: 5}}
		c := newChronicle(z, transform.Analysis{Retentions: []transform.Retention{bracket, exact, later}}, drawDeeds(t, z, first))

		type triangle map[calendar.Day]map[int64]transform.CohortRetention // by cohort and period, the latest
		of, sizes := map[string]triangle{"exact": {}, "later": {}, "bracket": {}}, map[calendar.Day]int64{}
		for _, row := range c.rows() {
			if row.Retained < 0 || row.Retained > row.Users || row.Users == 0 || row.Rate != float64(row.Retained)/float64(row.Users) {
				t.Errorf("%+v", row)
			}
			if size, ok := sizes[row.Cohort]; ok && size != row.Users {
				t.Errorf("the cohort of %s had %d users and has %d: %+v", row.Cohort, size, row.Users, row)
			}
			sizes[row.Cohort] = row.Users
			if of[row.Retention][row.Cohort] == nil {
				of[row.Retention][row.Cohort] = map[int64]transform.CohortRetention{}
			}
			of[row.Retention][row.Cohort][row.Period] = row
		}
		for cohort, kept := range of["later"] {
			for n := int64(1); n <= 5; n++ {
				if a, b := kept[n-1], kept[n]; b.Users > 0 && a.Date == b.Date && b.Retained > a.Retained {
					t.Errorf("cohort of %s: %d on or after %d, %d on or after %d", cohort, a.Retained, n-1, b.Retained, n)
				}
			}
		}
		for cohort, b := range of["bracket"] {
			var most, sum int64
			for n := int64(1); n <= 5; n++ {
				most, sum = max(most, of["exact"][cohort][n].Retained), sum+of["exact"][cohort][n].Retained
			}
			if got := b[1].Retained; got < most || got > sum {
				t.Errorf("cohort of %s: %d in periods 1 to 5, which alone have at most %d and together %d", cohort, got, most, sum)
			}
		}
	})
}

// Where all happens at midnight and every day has 24 hours, windows of 24 hours
// are the days.
func TestWindowsFromMidnightAreDays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		first := calendar.Date(2026, time.January, 28)
		days := drawRetention(t)
		days.By, days.WeekStart, days.Name = transform.ByDay, 0, "days"
		windows := days
		windows.By, windows.Name = transform.By24h, "windows"
		deeds := drawDeeds(t, calendar.UTC, first)
		for i := range deeds {
			deeds[i].at = calendar.UTC.Start(calendar.UTC.DayOf(deeds[i].at))
		}
		for n := range calendar.Day(farDay + 1) { // no day without data
			deeds = append(deeds, deed{"zoe", calendar.UTC.Start(first + n), "session"})
		}
		c := newChronicle(calendar.UTC, transform.Analysis{Retentions: []transform.Retention{days, windows}}, deeds)
		of := map[string]map[string]string{"days": {}, "windows": {}}
		for _, row := range c.rows() {
			of[row.Retention][fmt.Sprint(row.Cohort, row.Period, maybe(row.Last), row.Date-asOfDay(row))] = fmt.Sprint(row.Retained, " of ", row.Users)
		}
		for cell, got := range of["windows"] {
			if want := of["days"][cell]; got != want && days.Mode != transform.OnOrAfter {
				t.Errorf("%s: %s in windows, %s by days", cell, got, want)
			}
		}
		if days.Anchor.Kind == transform.OnFirstSession && len(of["windows"]) == 0 {
			t.Error("no rows")
		}
	})
}

// asOfDay makes the dates of rows by days and by windows equal: the latter
// are known a day later.
func asOfDay(r transform.CohortRetention) calendar.Day {
	if r.By == "24h" {
		return 1
	}
	return 0
}

// Growth accounting: today's active users are new, returning and resurrected
// ones, and from one day to the next those who were here lately change by who
// is new or back and who is gone.
func TestGrowthAccountingAddsUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var deeds []deed
		first := date(1)
		for range rapid.IntRange(1, 30).Draw(t, "visits") {
			deeds = append(deeds, deed{
				rapid.SampledFrom([]string{"ann", "bob", "cat"}).Draw(t, "user"),
				calendar.UTC.Start(first + calendar.Day(rapid.SampledFrom([]int{0, 1, 2, 5, 27, 28, 29, 30, 33, 56, 57, 58}).Draw(t, "day"))), "session",
			})
		}
		for n := range calendar.Day(60) { // no day without data, which zoe sees to
			deeds = append(deeds, deed{"zoe", calendar.UTC.Start(first + n), "session"})
		}
		c := newChronicle(calendar.UTC, transform.Analysis{Cuts: []string{"platform"}}, deeds)
		before := map[int64]transform.DailyLifecycle{}
		for _, day := range c.days {
			for _, r := range c.tables[day].DailyLifecycle {
				if r.Cut != "total" {
					continue
				}
				for _, platform := range c.tables[day].DailyLifecycle {
					if platform.Cut == "total" || platform.Lapse != r.Lapse {
						continue
					}
					if platform.Cut = "total"; platform != r {
						t.Errorf("the only platform is not everybody: %+v, %+v", platform, r)
					}
				}
				if r.Active != r.New+r.Returning+r.Resurrected || r.Users != r.Active+r.Dormant {
					t.Errorf("%+v", r)
				}
				if b, ok := before[r.Lapse]; ok && r.Recent != b.Recent+r.New+r.Resurrected-r.Churned {
					t.Errorf("%d lately, before %d: %+v", r.Recent, b.Recent, r)
				}
				if r.Lapse == 1 && r.Recent != r.Active {
					t.Errorf("of one day: %+v", r)
				}
				before[r.Lapse] = r
			}
		}
	})
}

// Who is gone with a day is counted in the segment of the day before, like
// those whom the churn rate divides by: no segment loses more than it had, and
// segments that all are in lose as many as the total.
func TestChurnIsOfTheSegmentOfTheDayBefore(t *testing.T) {
	ofToday := transform.Segmentation{Name: "today", Otherwise: "seldom", Rules: []transform.SegmentRule{
		{Segment: "twice", When: "2", Holds: func(u *transform.UserDay) (bool, error) { return len(u.Sessions) > 1, nil }},
		{Segment: "once", When: "1", Holds: func(u *transform.UserDay) (bool, error) { return len(u.Sessions) > 0, nil }},
	}}
	someoneGone := map[string]bool{} // segments of rules
	rapid.Check(t, func(t *rapid.T) {
		var deeds []deed
		first := date(1)
		for range rapid.IntRange(1, 30).Draw(t, "visits") {
			deeds = append(deeds, deed{
				rapid.SampledFrom([]string{"ann", "bob", "cat"}).Draw(t, "user"),
				calendar.UTC.Start(first + calendar.Day(rapid.SampledFrom([]int{0, 1, 2, 5, 27, 28, 29, 30, 33, 56, 57, 58}).Draw(t, "day"))), "session",
			})
		}
		for n := range calendar.Day(90) { // no day without data, which zoe sees to
			deeds = append(deeds, deed{"zoe", calendar.UTC.Start(first + n), "session"})
		}
		all := []string{"platform", "lifecycle", "lifecycle_day", "activity_tier", "recency_frequency", "today"} // in which all are who were here lately
		c := newChronicle(calendar.UTC, transform.Analysis{Cuts: append(all, "length_tier"), Segmentations: []transform.Segmentation{ofToday}}, deeds)
		type part struct {
			transform.Cut
			lapse int64
		}
		recent := map[part]int64{} // on the day before
		for _, day := range c.days {
			now, gone := map[part]int64{}, map[part]int64{}
			for _, r := range c.tables[day].DailyLifecycle {
				of := part{transform.Cut{Name: r.Cut, Segment: r.Segment}, r.Lapse}
				now[of] = r.Recent
				gone[part{transform.Cut{Name: r.Cut}, r.Lapse}] += r.Churned
				if r.Churned > recent[of] {
					t.Errorf("%s: %d churned of %d the day before: %+v", day, r.Churned, recent[of], r)
				}
				if r.Cut == "today" && r.Churned > 0 {
					someoneGone[r.Segment] = true
				}
			}
			for _, lapse := range []int64{1, 28} {
				for _, cut := range all {
					if got, want := gone[part{transform.Cut{Name: cut}, lapse}], gone[part{transform.Cut{Name: "total"}, lapse}]; got != want {
						t.Errorf("%s, lapse %d: %d churned by %s, %d in total", day, lapse, got, cut, want)
					}
				}
			}
			recent = now
		}
	})
	if len(someoneGone) != 3 {
		t.Errorf("churned: %v, want some in every segment", someoneGone)
	}
}
