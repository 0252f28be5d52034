package schedules

import "sojourn/transform"

// nextRetention takes users' memberships in cohorts on to the end of the
// work's day, as the day is known before any later one.
func (w *work) nextRetention(u under, known []transform.UserRetention) []transform.UserRetention {
	definition := u.own.Definition()
	own := transform.Strung{Definition: definition, Sessions: w.sessions, Days: w.days}
	return transform.NextRetention(w.day, u.zone, &definition, &u.analysis, known, w.userDays(own.Visits(), nil), w.days)
}
