package schedules

import (
	"slices"

	"sojourn/transform"
)

// laterSteps are the steps of some days, each sorted by user, from which those
// of one user after the other are taken.
type laterSteps [][]transform.Step

func stepsOf(days []laterDay) laterSteps {
	var all laterSteps
	for i := range days {
		all = append(all, days[i].steps)
	}
	return all
}

// of returns the steps of a user that are in one of the sessions, in order.
// Users must be asked for in order.
func (l laterSteps) of(user string, sessions []transform.Session) []transform.Step {
	var mine []transform.Step
	for i, steps := range l {
		for len(steps) > 0 && steps[0].UserID < user {
			steps = steps[1:]
		}
		for len(steps) > 0 && steps[0].UserID == user {
			if slices.ContainsFunc(sessions, func(s transform.Session) bool { return s.SessionID == steps[0].SessionID }) {
				mine = append(mine, steps[0])
			}
			steps = steps[1:]
		}
		l[i] = steps
	}
	return mine
}
