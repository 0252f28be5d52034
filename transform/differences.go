package transform

import (
	"cmp"
	"slices"
	"strings"

	"sojourn/internal/calendar"
)

// A Difference is what becomes of one session under another definition.
type Difference struct {
	Change Outcome
	// Rule is the rule responsible: of the definition that cut where the other
	// did not, as in start_reason and end_reason; left_out where one of the two
	// leaves events out of the session; outside or an exclusion where none is
	// there that counts; measure where only the lengths differ; empty for the
	// same.
	Rule  string
	One   *Session  // the session; nil if only the other definition has it
	Other []Session // the other definition's sessions that overlap it, in order of start
}

// An Outcome is what becomes of a session under another definition.
type Outcome string

// The outcomes. Every session of the first definition has one of those but
// Added.
const (
	Same       Outcome = "same"
	SplitUp    Outcome = "split"   // two or more begin where one did
	Merged     Outcome = "merged"  // it is part of one that began with an earlier session
	Gone       Outcome = "dropped" // none is there, or none that counts
	Lengthened Outcome = "longer"
	Shortened  Outcome = "shorter"
	Added      Outcome = "added" // it is there only under the other definition
)

// Differences tells what becomes of the sessions that one definition begins on
// a day under another, both of the same events, in the order of user and start.
// Sessions of the other that began earlier are met on the day. Sessions meet by
// user if one of the two strings events by user, by device otherwise.
func Differences(day calendar.Day, first, second *Strung) []Difference {
	byUser := first.Definition.By == ByUser || second.Definition.By == ByUser
	other := slices.Clone(second.Sessions)
	for i := range second.Days {
		if d := &second.Days[i]; d.SessionDate < day && d.Active() {
			r := d.Part(nil)
			r.Date = d.SessionDate
			other = append(other, r)
		}
	}
	oneGoesOn, otherGoesOn := first.goingOn(), second.goingOn()
	whose := func(r *Session) string {
		if byUser {
			return r.UserID
		}
		return cmp.Or(r.DeviceID, r.UserID)
	}
	group := func(rows []Session) map[string][]Session {
		of := map[string][]Session{}
		for _, r := range rows {
			of[whose(&r)] = append(of[whose(&r)], r)
		}
		for _, rows := range of {
			slices.SortFunc(rows, func(a, b Session) int {
				return cmp.Or(cmp.Compare(a.StartedAt, b.StartedAt), cmp.Compare(a.EndedAt, b.EndedAt), strings.Compare(a.SessionID, b.SessionID))
			})
		}
		return of
	}
	ones, others := group(counted(first.Sessions)), group(other)
	var all []Difference
	for who, mine := range ones {
		all = append(all, differencesOf(day, mine, others[who], oneGoesOn, otherGoesOn)...)
	}
	for who, theirs := range others {
		if len(ones[who]) == 0 {
			all = append(all, differencesOf(day, nil, theirs, oneGoesOn, otherGoesOn)...)
		}
	}
	slices.SortFunc(all, func(a, b Difference) int {
		x, y := a.shown(), b.shown()
		return cmp.Or(strings.Compare(x.UserID, y.UserID), cmp.Compare(x.StartedAt, y.StartedAt), strings.Compare(x.SessionID, y.SessionID), strings.Compare(string(a.Change), string(b.Change)))
	})
	return all
}

func (d *Difference) shown() *Session {
	if d.One != nil {
		return d.One
	}
	return &d.Other[0]
}

// A lane is the sessions of one subject in order of start, and the latest end
// of each and those before it: sessions that stamps string together may overlap.
type lane struct {
	sessions []Session
	latest   []int64
}

func newLane(sessions []Session) lane {
	l := lane{sessions, make([]int64, len(sessions))}
	for i, r := range sessions {
		l.latest[i] = r.EndedAt
		if i > 0 {
			l.latest[i] = max(l.latest[i], l.latest[i-1])
		}
	}
	return l
}

// meeting returns which sessions overlap one, in order.
func (l *lane) meeting(one *Session) []int {
	first, _ := slices.BinarySearchFunc(l.sessions, one.EndedAt+1, func(r Session, at int64) int { return cmp.Compare(r.StartedAt, at) })
	var meets []int
	for i := first - 1; i >= 0 && l.latest[i] >= one.StartedAt; i-- {
		if l.sessions[i].EndedAt >= one.StartedAt {
			meets = append(meets, i)
		}
	}
	slices.Reverse(meets)
	return meets
}

// differencesOf compares the sessions of one subject, which are in order.
func differencesOf(day calendar.Day, mine, theirs []Session, mineGoesOn, theirsGoesOn map[string]bool) []Difference {
	own, others := newLane(mine), newLane(theirs)
	var all []Difference
	for i := range mine {
		one := &mine[i]
		d := Difference{One: one}
		for _, j := range others.meeting(one) {
			r := &theirs[j]
			if r.SessionID == one.SessionID && r.StartedAt == one.StartedAt && r.EndedAt == one.EndedAt {
				d.Other = []Session{*r} // others may touch it in one instant
				break
			}
			d.Other = append(d.Other, *r)
		}
		var near []int
		if len(d.Other) > 0 {
			near = own.meeting(&d.Other[0])
		}
		d.Change, d.Rule = outcome(one, d.Other, len(near) > 0 && near[0] < i, len(near) > 0 && near[len(near)-1] > i)
		switch { // what the one leaves out may come in another session of a later day
		case d.Rule != "left_out":
		case d.Change == Lengthened && theirsGoesOn[d.Other[0].SessionID]:
			d.Rule = one.EndReason
		case d.Change == Shortened && mineGoesOn[one.SessionID]:
			d.Rule = d.Other[0].EndReason
		}
		all = append(all, d)
	}
	for j := range theirs {
		their := &theirs[j]
		if their.Date == day && their.IsCounted && len(own.meeting(their)) == 0 {
			all = append(all, Difference{Change: Added, Rule: their.StartReason, Other: theirs[j : j+1 : j+1]})
		}
	}
	return all
}

// goingOn returns the sessions that began on the day and have activity on a
// later one.
func (s *Strung) goingOn() map[string]bool {
	last := make(map[string]int64, len(s.Days))
	for i := range s.Days {
		last[s.Days[i].SessionID] = s.Days[i].EndedAt
	}
	goesOn := map[string]bool{}
	for i := range s.Sessions {
		r := &s.Sessions[i]
		if at, ok := last[r.SessionID]; ok && r.EndedAt > at {
			goesOn[r.SessionID] = true
		}
	}
	return goesOn
}

// outcome is what becomes of a session that meets those of another definition,
// the first of which meets also earlier or later ones beside it.
func outcome(one *Session, meets []Session, earlier, later bool) (Outcome, string) {
	if len(meets) == 0 {
		return Gone, "outside"
	}
	if !slices.ContainsFunc(meets, func(r Session) bool { return r.IsCounted }) {
		return Gone, meets[0].Exclusion
	}
	first := &meets[0]
	if len(meets) > 1 {
		if first.StartedAt > one.StartedAt {
			return SplitUp, first.StartReason
		}
		return SplitUp, meets[1].StartReason
	}
	isSame := first.SessionID == one.SessionID && first.EndedAt == one.EndedAt // also if others touch it in one instant
	if first.Date < one.Date || !isSame && earlier {
		return Merged, one.StartReason
	}
	mine, theirs := one.EndedAt-one.StartedAt, first.EndedAt-first.StartedAt
	switch {
	case theirs > mine && later:
		return Lengthened, one.EndReason
	case theirs > mine:
		return Lengthened, "left_out"
	case theirs < mine && first.EndedAt < one.EndedAt && isCut(first.EndReason):
		return Shortened, first.EndReason // the rest begins on the next day
	case theirs < mine:
		return Shortened, "left_out"
	}
	a, b := one.DurationSeconds, first.DurationSeconds
	switch {
	case a == nil && b == nil || a != nil && b != nil && *a == *b:
		return Same, ""
	case b == nil || a != nil && *b < *a:
		return Shortened, "measure"
	}
	return Lengthened, "measure"
}

// isCut says whether a session ended because another began.
func isCut(why string) bool {
	switch why {
	case "timeout", "background_timeout", "abandoned", "explicit_end", "open":
		return false
	}
	return true
}

// DifferenceRows returns the rows of definition_differences of a day: what
// each definition comes to, and what becomes of the sessions of the first
// under each other one.
func DifferenceRows(day calendar.Day, final bool, first Strung, others []Strung) []DefinitionDifference {
	if len(others) == 0 {
		return nil
	}
	row := func(s *Strung, r DefinitionDifference) DefinitionDifference {
		r.Date, r.Definition, r.DefinitionDigest, r.IsFinal = day, s.Definition.Name, s.Definition.Digest(), final
		return r
	}
	rows := []DefinitionDifference{row(&first, first.all())}
	for i := range others {
		other := &others[i]
		rows = append(rows, row(other, other.all()))
		type key struct {
			change Outcome
			rule   string
		}
		sums := map[key]*DefinitionDifference{}
		users := map[key]map[string]bool{}
		for _, d := range Differences(day, &first, other) {
			k := key{d.Change, d.Rule}
			sum := at(sums, k)
			sum.Change, sum.Rule = string(d.Change), d.Rule
			sum.Sessions++
			if users[k] == nil {
				users[k] = map[string]bool{}
			}
			users[k][d.shown().UserID] = true
		}
		for k, sum := range sums {
			sum.Users = int64(len(users[k]))
			rows = append(rows, row(other, *sum))
		}
	}
	slices.SortFunc(rows, func(a, b DefinitionDifference) int {
		return cmp.Or(strings.Compare(a.Definition, b.Definition), strings.Compare(a.Change, b.Change), strings.Compare(a.Rule, b.Rule))
	})
	return rows
}

func counted(rows []Session) []Session {
	return slices.DeleteFunc(slices.Clone(rows), func(r Session) bool { return !r.IsCounted })
}

// Strung is what one definition makes of the events of a day.
type Strung struct {
	Definition Definition
	Sessions   []Session    // that began on the day
	Days       []SessionDay // what happened in sessions on the day
}

// Visits are the sessions that count on the day by the definition's
// attribution, those that are not counted included.
func (s *Strung) Visits() []Session {
	if s.Definition.Attribution != TouchedDay {
		return s.Sessions
	}
	began := make(map[string]*Session, len(s.Sessions))
	for i := range s.Sessions {
		began[s.Sessions[i].SessionID] = &s.Sessions[i]
	}
	visits := make([]Session, 0, len(s.Days))
	for i := range s.Days {
		if !s.Days[i].Active() {
			continue
		}
		visits = append(visits, s.Days[i].Part(began[s.Days[i].SessionID]))
	}
	return visits
}

// all is what the definition comes to on the day.
func (s *Strung) all() DefinitionDifference {
	r := DefinitionDifference{Change: "all"}
	users := map[string]bool{}
	var lengths spans
	for _, v := range s.Visits() {
		if !v.IsCounted {
			continue
		}
		r.Sessions++
		users[v.UserID] = true
		lengths.add(v.DurationSeconds)
	}
	r.Users = int64(len(users))
	r.MeanSeconds = lengths.mean()
	r.P50Seconds = lengths.percentile(50)
	r.SessionsPerUser = ratio(float64(r.Sessions), float64(r.Users))
	return r
}
