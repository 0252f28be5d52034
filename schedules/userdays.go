package schedules

import (
	"iter"

	"sojourn/transform"
)

// userDays yields the users of the day, in order: those with a history, and
// those of whom only steps outside of sessions are known. Visits are the
// sessions that count on the day, later the following days in hand. What it
// yields is good until the next.
func (w *work) userDays(visits []transform.Session, later []*work) iter.Seq[*transform.UserDay] {
	return func(yield func(*transform.UserDay) bool) {
		users, parts, steps, events, features, funnels := w.users, w.days, w.steps, w.userEvents, w.userFeatures, w.userFunnels
		after := w.after(later)
		var stays []transform.Visit
		retention, began := w.retention, w.sessions
		following := stepsOf(later)
		var tomorrow []transform.User
		known := len(later) > 0 && later[0].day == w.day+1
		if known {
			tomorrow = later[0].users
		}
		for {
			id, found := "", false
			first := func(user string) {
				if !found || user < id {
					id, found = user, true
				}
			}
			if len(users) > 0 {
				first(users[0].UserID)
			}
			if len(parts) > 0 {
				first(parts[0].UserID)
			}
			if len(steps) > 0 {
				first(steps[0].UserID)
			}
			if len(events) > 0 {
				first(events[0].UserID)
			}
			if len(features) > 0 {
				first(features[0].UserID)
			}
			if len(funnels) > 0 {
				first(funnels[0].UserID)
			}
			if !found {
				return
			}
			u := transform.UserDay{After: after}
			if len(users) > 0 && users[0].UserID == id {
				u.User, users = &users[0], users[1:]
			} else {
				u.User = &transform.User{Date: w.day, UserID: id}
			}
			u.Sessions, visits = ofUser(visits, id, func(s *transform.Session) string { return s.UserID })
			u.Parts, parts = ofUser(parts, id, func(p *transform.SessionDay) string { return p.UserID })
			u.Began, began = ofUser(began, id, func(s *transform.Session) string { return s.UserID })
			u.Later = following.of(id, u.Began)
			u.Steps, steps = ofUser(steps, id, func(s *transform.Step) string { return s.UserID })
			u.Events, events = ofUser(events, id, func(e *transform.UserEvent) string { return e.UserID })
			u.Features, features = ofUser(features, id, func(f *transform.UserFeature) string { return f.UserID })
			u.Funnels, funnels = ofUser(funnels, id, func(f *transform.UserFunnel) string { return f.UserID })
			stays = transform.AppendVisits(stays[:0], u.Steps, u.Parts, after)
			u.Visits = stays
			u.Retention, retention = ofUser(retention, id, func(r *transform.UserRetention) string { return r.UserID })
			if known {
				for len(tomorrow) > 0 && tomorrow[0].UserID < id {
					tomorrow = tomorrow[1:]
				}
				u.Next = transform.Stayed
				if len(tomorrow) > 0 && tomorrow[0].UserID == id && tomorrow[0].ActiveDays.On(0) {
					u.Next = transform.Returned
				}
			}
			if !yield(&u) {
				return
			}
		}
	}
}

// ofUser cuts the rows of a user off the front of rows sorted by user.
func ofUser[R any](rows []R, id string, user func(*R) string) (mine, rest []R) {
	n := 0
	for n < len(rows) && user(&rows[n]) == id {
		n++
	}
	return rows[:n:n], rows[n:]
}
