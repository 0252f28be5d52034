package schedules

import (
	"slices"
	"strings"

	"sojourn/transform"
)

// after is what comes after the work's day in the sessions that go on after
// it, by session id. Later is the following days in hand, in order: they hold
// all that can come.
func (w *work) after(later []*work) map[string]transform.After {
	after := map[string]transform.After{}
	last := w
	for _, l := range later {
		last = l
		for i := range l.days {
			part := &l.days[i]
			if part.SessionDate > w.day {
				continue
			}
			a := after[part.SessionID]
			a.EndedAt = max(a.EndedAt, part.EndedAt)
			for _, s := range l.stepsOf(part.UserID) {
				if s.SessionID == part.SessionID {
					a.Steps = append(a.Steps, s)
				}
			}
			after[part.SessionID] = a
		}
	}
	for i := range last.Carry {
		for k := range last.Carry[i].Sessions {
			if o := &last.Carry[i].Sessions[k]; !o.Closed && o.Session.Date <= w.day {
				a := after[o.Session.SessionID]
				a.GoesOn = true
				after[o.Session.SessionID] = a
			}
		}
	}
	return after
}

// stepsOf returns the steps of a user on the day.
func (w *work) stepsOf(user string) []transform.Step {
	from, _ := slices.BinarySearchFunc(w.steps, user, func(s transform.Step, id string) int { return strings.Compare(s.UserID, id) })
	to := from
	for to < len(w.steps) && w.steps[to].UserID == user {
		to++
	}
	return w.steps[from:to]
}
