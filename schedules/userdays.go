package schedules

import (
	"iter"
	"maps"

	"sojourn/internal/calendar"
	"sojourn/transform"
)

// A moment is what a day has of some users, and what the days after it tell of
// them.
type moment struct {
	day calendar.Day
	*people
	later []laterDay                 // in order
	after map[string]transform.After // what comes after the day in sessions that go on after it, by session id
}

// A laterDay is what a later day has of the users of a moment, and of others.
type laterDay struct {
	day calendar.Day
	people
}

// moments yields the work's users, in order. Later is the following days in
// hand, in order: they hold all that can come after the day in its sessions.
func (w *work) moments(later []*work) iter.Seq2[moment, error] {
	return func(yield func(moment, error) bool) {
		last := w
		var following []*crowd
		for _, l := range later {
			last = l
			following = append(following, l.crowd(dayLists|stepLists|userLists))
		}
		open := last.goingOn(w.day)
		for of, err := range w.each(allLists) {
			if err != nil {
				yield(moment{}, err)
				return
			}
			now := moment{day: w.day, people: &of}
			user := of.last()
			for i, crowd := range following {
				p, err := crowd.upTo(user)
				if err != nil {
					yield(moment{}, err)
					return
				}
				now.later = append(now.later, laterDay{later[i].day, p})
			}
			now.after = now.andAfter(open)
			if !yield(now, nil) {
				return
			}
		}
	}
}

// goingOn are the sessions begun by a day that may go on after the work's.
func (w *work) goingOn(begun calendar.Day) map[string]transform.After {
	open := map[string]transform.After{}
	for i := range w.Carry {
		for k := range w.Carry[i].Sessions {
			if o := &w.Carry[i].Sessions[k]; !o.Closed && o.Session.Date <= begun {
				open[o.Session.SessionID] = transform.After{GoesOn: true}
			}
		}
	}
	return open
}

// andAfter adds to what may go on after the last day what the later days have
// of sessions.
func (m *moment) andAfter(open map[string]transform.After) map[string]transform.After {
	after := maps.Clone(open)
	for i := range m.later {
		l := &m.later[i]
		steps := l.steps
		for k := range l.days {
			part := &l.days[k]
			if part.SessionDate > m.day {
				continue
			}
			a := after[part.SessionID]
			a.EndedAt = max(a.EndedAt, part.EndedAt)
			for len(steps) > 0 && steps[0].UserID < part.UserID {
				steps = steps[1:]
			}
			for n := 0; n < len(steps) && steps[n].UserID == part.UserID; n++ {
				if steps[n].SessionID == part.SessionID {
					a.Steps = append(a.Steps, steps[n])
				}
			}
			after[part.SessionID] = a
		}
	}
	return after
}

// userDays yields the users, in order: those with a history, and those of whom
// only steps outside of sessions are known. What it yields is good until the
// next.
func (m *moment) userDays(d *transform.Definition) iter.Seq[*transform.UserDay] {
	return func(yield func(*transform.UserDay) bool) {
		own := transform.Strung{Definition: *d, Sessions: m.sessions, Days: m.days}
		visits := own.Visits()
		rest := *m.people
		following := stepsOf(m.later)
		var stays []transform.Visit
		var tomorrow []transform.User
		known := len(m.later) > 0 && m.later[0].day == m.day+1
		if known {
			tomorrow = m.later[0].users
		}
		for {
			id, found := rest.firstOfDay()
			if !found {
				return
			}
			u := transform.UserDay{After: m.after}
			if len(rest.users) > 0 && rest.users[0].UserID == id {
				u.User, rest.users = &rest.users[0], rest.users[1:]
			} else {
				u.User = &transform.User{Date: m.day, UserID: id}
			}
			u.Sessions, visits = ofUser(visits, id, ofSession)
			u.Parts, rest.days = ofUser(rest.days, id, ofSessionDay)
			u.Began, rest.sessions = ofUser(rest.sessions, id, ofSession)
			u.Later = following.of(id, u.Began)
			u.Steps, rest.steps = ofUser(rest.steps, id, ofStep)
			u.Events, rest.userEvents = ofUser(rest.userEvents, id, ofUserEvent)
			u.Features, rest.userFeatures = ofUser(rest.userFeatures, id, ofUserFeature)
			u.Funnels, rest.userFunnels = ofUser(rest.userFunnels, id, ofUserFunnel)
			stays = transform.AppendVisits(stays[:0], u.Steps, u.Parts, m.after)
			u.Visits = stays
			u.Retention, rest.retention = ofUser(rest.retention, id, ofUserRetention)
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

// firstOfDay returns the first user of whom there is more than what others did with
// the session or cohort: a history, a part of a session, a step, an event, a
// feature or a funnel.
func (p *people) firstOfDay() (id string, found bool) {
	look := func(has bool, user func() string) {
		if !has {
			return
		}
		if u := user(); !found || u < id {
			id, found = u, true
		}
	}
	look(len(p.users) > 0, func() string { return p.users[0].UserID })
	look(len(p.days) > 0, func() string { return p.days[0].UserID })
	look(len(p.steps) > 0, func() string { return p.steps[0].UserID })
	look(len(p.userEvents) > 0, func() string { return p.userEvents[0].UserID })
	look(len(p.userFeatures) > 0, func() string { return p.userFeatures[0].UserID })
	look(len(p.userFunnels) > 0, func() string { return p.userFunnels[0].UserID })
	return id, found
}

// ofUser cuts the rows of a user off the front of rows sorted by user.
func ofUser[R any](rows []R, id string, user func(*R) string) (mine, rest []R) {
	n := 0
	for n < len(rows) && user(&rows[n]) == id {
		n++
	}
	return rows[:n:n], rows[n:]
}
