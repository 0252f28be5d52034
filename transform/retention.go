package transform

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"sojourn/internal/calendar"
)

// A Retention asks how many users of a cohort come back, and when. A cohort is
// the users whose anchor is in one period; period n is the n-th after that
// one. docs/retention.md has the formulas.
type Retention struct {
	Name      string
	Anchor    Moment // OnFirstSession, OnInstall or OnEvent
	Recurring bool   `json:",omitempty"` // every period with the anchor makes the user a member of its cohort, not the first alone
	Return    Moment // OnSession, OnEngagedSession or OnEvent
	By        Period
	Mode      RetentionMode
	Periods   int          `json:",omitempty"` // the last period; of Exact and OnOrAfter
	Brackets  []Bracket    `json:",omitempty"` // of InBrackets, in order
	WeekStart time.Weekday `json:",omitempty"` // of ByWeek
}

// A Moment is what makes a user a member of a cohort, or what counts as a
// return.
type Moment struct {
	Kind  MomentKind
	Event string `json:",omitempty"` // of OnEvent
}

// MomentKind says what a moment is.
type MomentKind string

// The kinds of moments.
const (
	OnFirstSession   MomentKind = "first_session"
	OnInstall        MomentKind = "install" // an event with that role, inside or outside of sessions
	OnSession        MomentKind = "session"
	OnEngagedSession MomentKind = "engaged_session"
	OnEvent          MomentKind = "event"
)

// Period is what retention is counted in.
type Period string

// The periods. Days, weeks and months are local; windows of 24 hours begin
// with the user's own anchor, and their cohorts are of a day.
const (
	ByDay   Period = "day"
	By24h   Period = "24h"
	ByWeek  Period = "week"
	ByMonth Period = "month"
)

// RetentionMode says in which periods a return counts.
type RetentionMode string

// The modes: in period n; in period n or any later one; in a range of periods.
const (
	Exact      RetentionMode = "exact"
	OnOrAfter  RetentionMode = "on_or_after"
	InBrackets RetentionMode = "brackets"
)

// A Bracket is a range of periods, both ends included.
type Bracket struct{ First, Last int }

// What a Retention may ask.
const (
	maxCells   = 63  // cells are bits of a user's row
	maxPeriods = 400 // users' rows are kept until the last of them is over
)

// Validate reports all that is wrong, a line each.
func (r *Retention) Validate() error {
	var problems []error
	report := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	if k := r.Anchor.Kind; k != OnFirstSession && k != OnInstall && k != OnEvent {
		report("anchor: %q: want first_session, install or {event: NAME}", k)
	}
	if k := r.Return.Kind; k != OnSession && k != OnEngagedSession && k != OnEvent {
		report("return: %q: want session, engaged_session or {event: NAME}", k)
	}
	if r.Anchor.Kind == OnEvent && r.Anchor.Event == "" {
		report("anchor: event is empty: want the name of an event")
	}
	if r.Return.Kind == OnEvent && r.Return.Event == "" {
		report("return: event is empty: want the name of an event")
	}
	if r.Recurring && r.Anchor.Kind == OnFirstSession {
		report("recurring: a first session does not recur: want an anchor of install or {event: NAME}")
	}
	if !slices.Contains([]Period{ByDay, By24h, ByWeek, ByMonth}, r.By) {
		report("by: %q: want day, 24h, week or month", r.By)
	}
	switch r.Mode {
	case Exact, OnOrAfter:
		if len(r.Brackets) > 0 {
			report("brackets: mode %s has none: want mode: brackets", r.Mode)
		}
		if r.Periods < 0 || r.Periods >= maxCells {
			report("periods: %d: want 0 to %d; brackets such as [90, 90] reach further", r.Periods, maxCells-1)
		}
	case InBrackets:
		if r.Periods != 0 {
			report("periods: mode brackets has none: the last bracket says how far")
		}
		r.validateBrackets(report)
	default:
		report("mode: %q: want exact, on_or_after or brackets", r.Mode)
	}
	return errors.Join(problems...)
}

func (r *Retention) validateBrackets(report func(string, ...any)) {
	if n := len(r.Brackets); n == 0 || n > maxCells {
		report("brackets: %d of them: want 1 to %d, such as [[0, 0], [1, 3], [4, 7]]", n, maxCells)
	}
	for i, b := range r.Brackets {
		if b.First < 0 || b.Last < b.First || b.Last > maxPeriods {
			report("brackets: [%d, %d]: want a first and a last period, from 0 to %d", b.First, b.Last, maxPeriods)
		}
		if i > 0 && r.Brackets[i-1].compare(b) >= 0 {
			report("brackets: [%d, %d] does not come after the one before it: want them in order, each once", b.First, b.Last)
		}
	}
}

func (b Bracket) compare(o Bracket) int {
	return cmp.Or(cmp.Compare(b.First, o.First), cmp.Compare(b.Last, o.Last))
}

// cells are the ranges of periods that are reported, in order. Under OnOrAfter
// only their first periods count.
func (r *Retention) cells() []Bracket {
	if r.Mode == InBrackets {
		return r.Brackets
	}
	cells := make([]Bracket, r.Periods+1)
	for n := range cells {
		cells[n] = Bracket{n, n}
	}
	return cells
}

// asOf are the periods at whose end OnOrAfter is reported, in order.
func (r *Retention) asOf() []int {
	var all []int
	switch r.By {
	case ByWeek:
		all = []int{1, 2, 4, 8, 12, 26, 52}
	case ByMonth:
		all = []int{1, 2, 3, 6, 12}
	default:
		all = []int{7, 14, 30, 60}
	}
	return append(slices.DeleteFunc(all, func(n int) bool { return n >= r.Periods }), r.Periods)
}

// cohortOf returns the first day of the period that a day is in.
func (r *Retention) cohortOf(day calendar.Day) calendar.Day {
	switch r.By {
	case ByWeek:
		return day - calendar.Day((day.Weekday()-r.WeekStart+7)%7)
	case ByMonth:
		t := day.Time()
		return calendar.Date(t.Year(), t.Month(), 1)
	}
	return day
}

// start returns the first day of period n of a cohort; of windows of 24 hours
// the first day that any member's touches.
func (r *Retention) start(cohort calendar.Day, n int) calendar.Day {
	switch r.By {
	case ByWeek:
		return cohort + calendar.Day(7*n)
	case ByMonth:
		t := cohort.Time()
		return calendar.Date(t.Year(), t.Month()+time.Month(n), 1)
	}
	return cohort + calendar.Day(n)
}

// periodOf returns which period of a cohort a day is in, in calendar periods.
func (r *Retention) periodOf(cohort, day calendar.Day) int {
	switch r.By {
	case ByWeek:
		return int(day-cohort) / 7
	case ByMonth:
		a, b := cohort.Time(), day.Time()
		return 12*(b.Year()-a.Year()) + int(b.Month()) - int(a.Month())
	}
	return int(day - cohort)
}

const dayMicros = 24 * 3600 * 1_000_000

// end returns the day at whose end period n of a cohort is over for all of its
// members.
func (r *Retention) end(cohort calendar.Day, n int, zone calendar.Zone) calendar.Day {
	if r.By != By24h {
		return r.start(cohort, n+1) - 1
	}
	// The last member's anchor is at the end of the day. A day of 23 hours
	// takes its window into one day more.
	over := zone.Start(cohort+1) + int64(n+1)*dayMicros
	end := cohort + calendar.Day(n) + 1
	for zone.Start(end+1) < over {
		end++
	}
	return end
}

// last is the day at whose end nothing more is to be known of a cohort.
func (r *Retention) last(cohort calendar.Day, zone calendar.Zone) calendar.Day {
	last := 0
	for _, c := range r.cells() {
		last = max(last, c.Last)
	}
	return r.end(cohort, last, zone)
}

// complete returns the cells of a cohort, as bits, whose rows stand under a day:
// those that are over at its end and were not at the end of before, the day
// with data before it. A cell of which no day has data is never complete.
// Under OnOrAfter it is every cell up to a period of asOf that is over now.
func (r *Retention) complete(cohort, before, day calendar.Day, zone calendar.Zone) (cells int64) {
	now := func(end calendar.Day) bool { return before < end && end <= day }
	if r.Mode == OnOrAfter {
		for _, n := range r.asOf() {
			if now(r.end(cohort, n, zone)) {
				cells = 1<<(n+1) - 1
			}
		}
		return cells
	}
	for k, c := range r.cells() {
		end := r.end(cohort, c.Last, zone)
		if now(end) && (day == end || before >= r.start(cohort, c.First)) {
			cells |= 1 << k
		}
	}
	return cells
}

// dailyRetention is the retention of daily_retention.
const dailyRetention = "daily"

// ReservedRetention says whether a name is taken by a table of its own.
func ReservedRetention(name string) bool { return name == dailyRetention }

// retentions returns those whose users' rows are kept, by name: those declared,
// and the one of daily_retention where there are cuts: it has the segments of a
// user's first day, by which the cohorts of other tables are cut too.
func (a *Analysis) retentions() []Retention {
	all := slices.Clone(a.Retentions)
	if len(a.Cuts) > 0 {
		daily := Retention{
			Name: dailyRetention, Anchor: Moment{Kind: OnFirstSession}, Return: Moment{Kind: OnSession}, By: ByDay, Mode: InBrackets,
		}
		for n := range 91 {
			if isRetentionDay(calendar.Day(n)) {
				daily.Brackets = append(daily.Brackets, Bracket{n, n})
			}
		}
		all = append(all, daily)
	}
	slices.SortFunc(all, func(x, y Retention) int { return cmp.Compare(x.Name, y.Name) })
	return all
}
