package transform

import "iter"

// stepsOf are the steps of one user on a day, with what happened in the user's
// sessions.
type stepsOf struct {
	user  string
	steps []Step
	parts []SessionDay
}

// ofUsers yields the users who have steps, in order. Steps are in the order of
// [Step.Compare], parts in that of [SessionDay.Compare].
func ofUsers(steps []Step, parts []SessionDay) iter.Seq[stepsOf] {
	return func(yield func(stepsOf) bool) {
		for len(steps) > 0 {
			of := stepsOf{user: steps[0].UserID}
			n := 1
			for n < len(steps) && steps[n].UserID == of.user {
				n++
			}
			of.steps, steps = steps[:n], steps[n:]
			for len(parts) > 0 && parts[0].UserID < of.user {
				parts = parts[1:]
			}
			n = 0
			for n < len(parts) && parts[n].UserID == of.user {
				n++
			}
			of.parts, parts = parts[:n], parts[n:]
			if !yield(of) {
				return
			}
		}
	}
}
