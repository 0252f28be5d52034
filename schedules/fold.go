package schedules

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"sojourn/internal/calendar"
	"sojourn/transform"
)

// work is a day being made: its rows as far as they are known.
type work struct {
	day      calendar.Day
	sessions []transform.Session // in the order of the table
	users    []transform.User    // likewise
	carry    []transform.Carry   // by subject
	ledger   transform.Ledger

	committed bool // the lake has a manifest of the day
}

// foldDay makes the sessions and users of a day from its events and the work
// of the day with events before it, nil if there is none. It returns the rows
// of sessions that began earlier, as they are known now.
func foldDay(ctx context.Context, day calendar.Day, s *transform.Sessionizer, digest string, before *work,
	events iter.Seq2[[]transform.Event, error]) (*work, []transform.Session, error) {
	w := &work{day: day}
	var carried []transform.Carry
	var known []transform.User
	if before != nil {
		carried, known = before.carry, before.users
	}
	var earlier []transform.Session
	fold := func(c *transform.Carry, events []transform.Event) {
		f := s.Fold(c, events, day)
		w.sessions = append(w.sessions, f.Began...)
		earlier = append(earlier, f.Earlier...)
		if f.Carry != nil {
			w.carry = append(w.carry, *f.Carry)
		}
		w.ledger.Add(f.Ledger)
	}
	for of, err := range events {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return nil, nil, err
		}
		subject := of[0].Subject()
		for len(carried) > 0 && carried[0].Subject < subject {
			fold(&carried[0], nil)
			carried = carried[1:]
		}
		if len(carried) > 0 && carried[0].Subject == subject {
			fold(&carried[0], of)
			carried = carried[1:]
			continue
		}
		fold(nil, of)
	}
	for i := range carried {
		fold(&carried[i], nil)
	}
	slices.SortFunc(w.sessions, transform.CompareSessions)
	slices.SortFunc(earlier, transform.CompareSessions)
	w.users = nextUsers(day, known, w.sessions, earlier, digest)
	return w, earlier, nil
}

// nextUsers takes all users on to the end of a day. All arguments and the
// result are sorted by user; the sessions that began are completed in place.
func nextUsers(day calendar.Day, known []transform.User, began, earlier []transform.Session, digest string) []transform.User {
	users := make([]transform.User, 0, len(known)+len(began)/4)
	next := func(u transform.User, id string) {
		var mine, mineEarlier []transform.Session
		mine, began = ofUser(began, id)
		mineEarlier, earlier = ofUser(earlier, id)
		users = append(users, u.Next(day, mine, mineEarlier, digest))
	}
	for _, u := range known {
		for len(began) > 0 && began[0].UserID < u.UserID {
			next(transform.User{Date: day}, began[0].UserID)
		}
		next(u, u.UserID)
	}
	for len(began) > 0 {
		next(transform.User{Date: day}, began[0].UserID)
	}
	return users
}

// ofUser cuts the sessions of a user off the front of sorted sessions.
func ofUser(sessions []transform.Session, id string) (mine, rest []transform.Session) {
	n := 0
	for n < len(sessions) && sessions[n].UserID == id {
		n++
	}
	return sessions[:n:n], sessions[n:]
}

// patch replaces the rows of sessions that began on the work's day.
func (w *work) patch(rows []transform.Session) error {
	for _, r := range rows {
		if r.Date != w.day {
			continue
		}
		i, ok := slices.BinarySearchFunc(w.sessions, r, transform.CompareSessions)
		if !ok {
			return fmt.Errorf("session %s was carried over from %s, which has no such row: the lake's files do not belong together", r.SessionID, w.day)
		}
		// What the user's history said stays true.
		r.IsFirstSession = w.sessions[i].IsFirstSession
		r.SecondsSincePrevious = w.sessions[i].SecondsSincePrevious
		w.sessions[i] = r
	}
	return nil
}

// tables returns the rows of the day. Next is the following day if that has
// been folded, nil otherwise; final says that no session can go on.
func (w *work) tables(next *work, final bool, digest string) transform.Tables {
	tally := transform.NewTally(w.day, digest, final)
	tomorrow := next != nil && next.day == w.day+1
	sessions := w.sessions
	var after []transform.User
	if tomorrow {
		after = next.users
	}
	for i := range w.users {
		u := &w.users[i]
		var mine []transform.Session
		mine, sessions = ofUser(sessions, u.UserID)
		returned := transform.Unknown
		if tomorrow {
			for len(after) > 0 && after[0].UserID < u.UserID {
				after = after[1:]
			}
			returned = transform.Stayed
			if len(after) > 0 && after[0].UserID == u.UserID && after[0].ActiveDays.On(0) {
				returned = transform.Returned
			}
		}
		tally.Add(u, mine, returned)
	}
	t := tally.Tables()
	t.Sessions, t.Users = w.sessions, w.users
	t.DailyLedger = []transform.DailyLedger{transform.LedgerRow(w.day, w.ledger, digest)}
	return t
}

// openSince returns the first day whose sessions may still go on, the day
// after the work's if none can.
func (w *work) openSince() calendar.Day {
	since := w.day + 1
	for i := range w.carry {
		if c := &w.carry[i]; !c.Ended {
			since = min(since, c.Session.Date)
		}
	}
	return since
}
