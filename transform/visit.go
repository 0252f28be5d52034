package transform

import (
	"cmp"
	"slices"
	"strings"
)

// A Visit is a stay on a screen, on the day on which it began.
type Visit struct {
	*Step
	To      string // the screen visited next in the session; empty if none is known
	Micros  int64  // how long it lasted, microseconds; 0 while that is not known
	IsKnown bool   // how it ended is known: the session went on to another screen, or is over
}

// IsExit says that the session ended with the visit.
func (v *Visit) IsExit() bool { return v.IsKnown && v.To == "" }

// An After is what comes after a day in a session that the day has a part of.
// The zero After is nothing: the session was over.
type After struct {
	Steps   []Step // of later days, each day's in order
	EndedAt int64  // its last activity on later days, microseconds since 1970 UTC; 0 if there was none
	GoesOn  bool   // it may still go on
}

// AppendVisits appends the visits that a user began on a day, by session and
// in the order they count. Steps are the user's of that day, parts what
// happened on it in the user's sessions, by session id, and after what comes
// later, also by session id. Sessions that do not count are left out
// (docs/screens.md#visits).
func AppendVisits(to []Visit, steps []Step, parts []SessionDay, after map[string]After) []Visit {
	first := len(to)
	for i := range steps {
		if steps[i].IsVisit && countsIn(parts, steps[i].SessionID) {
			to = append(to, Visit{Step: &steps[i]})
		}
	}
	visits := to[first:]
	slices.SortFunc(visits, func(a, b Visit) int {
		return cmp.Or(strings.Compare(a.SessionID, b.SessionID), cmp.Compare(a.VisitNumber, b.VisitNumber))
	})
	for i := range visits {
		v := &visits[i]
		if i+1 < len(visits) && visits[i+1].SessionID == v.SessionID {
			v.follow(visits[i+1].Step)
			continue
		}
		later := after[v.SessionID]
		if next := nextVisit(later.Steps, v.VisitNumber); next != nil {
			v.follow(next)
		} else if !later.GoesOn {
			v.end(max(later.EndedAt, partOf(parts, v.SessionID).EndedAt))
		}
	}
	return to
}

// follow ends a visit with the next one of the session.
func (v *Visit) follow(next *Step) {
	v.To = next.Screen
	v.end(next.At)
}

// end ends a visit. A clock that was set back makes it no shorter than nothing.
func (v *Visit) end(at int64) { v.Micros, v.IsKnown = max(0, at-v.At), true }

// nextVisit is the visit after that of a number, nil if there is none.
func nextVisit(steps []Step, number int64) *Step {
	for i := range steps {
		if steps[i].VisitNumber == number+1 {
			return &steps[i]
		}
	}
	return nil
}

// partOf returns the part of a session, nil if there is none, of parts by
// session id.
func partOf(parts []SessionDay, session string) *SessionDay {
	i, ok := slices.BinarySearchFunc(parts, session, func(p SessionDay, id string) int { return strings.Compare(p.SessionID, id) })
	if !ok {
		return nil
	}
	return &parts[i]
}

// countsIn says whether a session is among the parts and counts on their day.
func countsIn(parts []SessionDay, session string) bool {
	p := partOf(parts, session)
	return p != nil && p.Counts()
}
