package schedules

import (
	"iter"
	"slices"
	"strings"

	"sojourn/transform"
)

// userDays yields the users of the day, in order: those with a history, and
// those of whom only steps outside of sessions are known. Visits are the
// sessions that count on the day, later the following days in hand. What it
// yields is good until the next.
func (w *work) userDays(visits []transform.Session, later []*work) iter.Seq[*transform.UserDay] {
	return func(yield func(*transform.UserDay) bool) {
		users, began, steps, events := w.users, w.sessions, w.steps, w.userEvents
		following := stepsOf(later)
		var tomorrow []transform.User
		known := len(later) > 0 && later[0].day == w.day+1
		if known {
			tomorrow = later[0].users
		}
		for len(users) > 0 || len(steps) > 0 || len(events) > 0 {
			id := firstUser(users, steps, events)
			u := transform.UserDay{User: &transform.User{Date: w.day, UserID: id}}
			if len(users) > 0 && users[0].UserID == id {
				u.User, users = &users[0], users[1:]
			}
			u.Sessions, visits = ofUser(visits, id, func(s *transform.Session) string { return s.UserID })
			u.Began, began = ofUser(began, id, func(s *transform.Session) string { return s.UserID })
			u.Later = following.of(id, u.Began)
			u.Steps, steps = ofUser(steps, id, func(s *transform.Step) string { return s.UserID })
			u.Events, events = ofUser(events, id, func(e *transform.UserEvent) string { return e.UserID })
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

// firstUser is the first user of any of the rows, each sorted by user.
func firstUser(users []transform.User, steps []transform.Step, events []transform.UserEvent) string {
	ids := make([]string, 0, 3)
	if len(users) > 0 {
		ids = append(ids, users[0].UserID)
	}
	if len(steps) > 0 {
		ids = append(ids, steps[0].UserID)
	}
	if len(events) > 0 {
		ids = append(ids, events[0].UserID)
	}
	return slices.MinFunc(ids, strings.Compare)
}

// ofUser cuts the rows of a user off the front of rows sorted by user.
func ofUser[R any](rows []R, id string, user func(*R) string) (mine, rest []R) {
	n := 0
	for n < len(rows) && user(&rows[n]) == id {
		n++
	}
	return rows[:n:n], rows[n:]
}
