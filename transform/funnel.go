package transform

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"sojourn/internal/calendar"
)

// A Funnel is a way through the app that the configuration names: its steps in
// order, with anything between them.
type Funnel struct {
	Name  string
	Days  int64 `json:",omitempty"` // after the day of the first step, that of the last included; 0 for within a session
	Steps []FunnelStep
}

// A FunnelStep is reached by any of its moments.
type FunnelStep []EventOrScreen

// An EventOrScreen is an event, or a visit to a screen: one of the two is set.
type EventOrScreen struct {
	Event  string `json:",omitempty"`
	Screen string `json:",omitempty"`
}

// Name says in words what reaches the step.
func (s FunnelStep) Name() string {
	var names []string
	for _, m := range s {
		if m.Screen != "" {
			names = append(names, "screen "+m.Screen)
		} else {
			names = append(names, m.Event)
		}
	}
	return strings.Join(names, " or ")
}

// within is how long the funnel may take, as the configuration says it.
func (f *Funnel) within() string {
	if f.Days == 0 {
		return "session"
	}
	return fmt.Sprintf("%dd", f.Days)
}

// follow goes on with an attempt that has reached its steps at given times. In
// a step of the app the visit comes before the event, and each reaches at most
// one step of the funnel: the next.
func (f *Funnel) follow(reached []int64, s *Step) []int64 {
	visit := EventOrScreen{}
	if s.IsVisit {
		visit.Screen = s.Screen
	}
	for _, m := range [...]EventOrScreen{visit, {Event: s.Event}} {
		if m != (EventOrScreen{}) && len(reached) < len(f.Steps) && slices.Contains(f.Steps[len(reached)], m) {
			reached = append(reached, s.At)
		}
	}
	return reached
}

// A UserFunnel is a user's attempt at a funnel over days that is open at the
// end of a day, or has closed since the day with data before: a row of
// user_funnels. A user has one open attempt at a funnel at most.
type UserFunnel struct {
	Date    calendar.Day `parquet:"date,date" doc:"Local day at whose end this was known. Partition column."`
	UserID  string       `parquet:"user_id" doc:"User, as in session_steps."`
	Funnel  string       `parquet:"funnel" doc:"Name of the funnel in the configuration."`
	Entered calendar.Day `parquet:"entered_date,date" doc:"Local day of the first step."`
	Closes  calendar.Day `parquet:"closes_date,date" doc:"Last day on which a step counts: entered_date plus the days of the funnel. The attempt counts in daily_funnels at its end, or at the end of the next day with data."`
	At      int64        `parquet:"entered_at,timestamp(microsecond)" doc:"When the first step was reached."`
	Reached int64        `parquet:"steps_reached" doc:"Steps reached so far."`
	After   string       `parquet:"step_microseconds,optional" doc:"Microseconds from the first step to each further one reached, as text, separated by commas. Null if none was."`

	DefinitionDigest string `parquet:"definition_digest" doc:"Digest of the session definition that made the row."`
}

// times are when the steps were reached.
func (u *UserFunnel) times() []int64 {
	times := []int64{u.At}
	for text := range strings.SplitSeq(u.After, ",") {
		if text != "" {
			after, _ := strconv.ParseInt(text, 10, 64) // written by reach below
			times = append(times, u.At+after)
		}
	}
	return times
}

// reach notes when the steps were reached.
func (u *UserFunnel) reach(times []int64) {
	u.Reached = int64(len(times))
	var text []byte
	for i, at := range times[1:] {
		if i > 0 {
			text = append(text, ',')
		}
		text = strconv.AppendInt(text, max(0, at-u.At), 10)
	}
	u.After = string(text)
}

// NextUserFunnels takes attempts at funnels over days on to the end of a later
// day, with those steps and parts of sessions as in [NextUserFeatures]. A
// first step opens an attempt if the user has none open; steps in sessions
// that do not count reach nothing. Known and the result are sorted by user,
// funnel and day of the first step; known is not changed.
func NextUserFunnels(day calendar.Day, known []UserFunnel, steps []Step, parts []SessionDay, funnels []Funnel, digest string) []UserFunnel {
	funnels = slices.DeleteFunc(slices.Clone(funnels), func(f Funnel) bool { return f.Days == 0 })
	if len(funnels) == 0 {
		return nil
	}
	slices.SortFunc(funnels, func(a, b Funnel) int { return strings.Compare(a.Name, b.Name) })
	var next []UserFunnel
	carry := func(mine []UserFunnel, s stepsOf) {
		for i := range funnels {
			var of []UserFunnel
			for len(mine) > 0 && mine[0].Funnel <= funnels[i].Name {
				// One that had closed by then has been counted.
				if mine[0].Funnel == funnels[i].Name && mine[0].Closes > mine[0].Date {
					of = append(of, mine[0])
				}
				mine = mine[1:]
			}
			next = append(next, funnels[i].attempts(day, of, s, digest)...)
		}
	}
	for s := range ofUsers(steps, parts) {
		for len(known) > 0 && known[0].UserID <= s.user {
			mine := ofFirst(known)
			known = known[len(mine):]
			if mine[0].UserID < s.user {
				carry(mine, stepsOf{user: mine[0].UserID})
				continue
			}
			carry(mine, s)
			s.steps = nil
		}
		if s.steps != nil {
			carry(nil, s)
		}
	}
	for len(known) > 0 {
		mine := ofFirst(known)
		known = known[len(mine):]
		carry(mine, stepsOf{user: mine[0].UserID})
	}
	return next
}

// ofFirst cuts the attempts of the first user off the front.
func ofFirst(known []UserFunnel) []UserFunnel {
	n := 1
	for n < len(known) && known[n].UserID == known[0].UserID {
		n++
	}
	return known[:n]
}

// attempts are those of one user at the end of a day. Of are those from before
// that had not closed then, one at most.
func (f *Funnel) attempts(day calendar.Day, of []UserFunnel, s stepsOf, digest string) []UserFunnel {
	for i := range of {
		of[i].Date, of[i].DefinitionDigest = day, digest
	}
	var times []int64
	isOpen := len(of) > 0 && of[0].Closes >= day
	if isOpen {
		times = of[0].times()
	}
	before := len(times)
	for i := range s.steps {
		step := &s.steps[i]
		if step.SessionID != "" {
			if part := partOf(s.parts, step.SessionID); part == nil || !part.IsCounted {
				continue
			}
		}
		times = f.follow(times, step)
	}
	switch {
	case isOpen && len(times) > before:
		of[0].reach(times)
	case !isOpen && len(times) > 0:
		u := UserFunnel{
			Date: day, UserID: s.user, Funnel: f.Name, Entered: day, Closes: day + calendar.Day(f.Days), At: times[0],
			DefinitionDigest: digest,
		}
		u.reach(times)
		of = append(of, u)
	}
	return of
}
