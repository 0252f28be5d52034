package schedules

import "sojourn/transform"

// decideSegments sorts the users of the work's day by what it says of them, as
// it is known before any later one.
func (w *work) decideSegments(u under) {
	own := transform.Strung{Definition: u.own.Definition(), Sessions: w.sessions, Days: w.days}
	transform.DecideSegments(w.userDays(own.Visits(), nil), &u.analysis)
}
