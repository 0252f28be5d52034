package schedules

import (
	"context"
	"iter"
	"maps"
	"slices"

	"sojourn/internal/calendar"
	"sojourn/internal/lake"
	"sojourn/load"
	"sojourn/transform"
)

// work is a day being made: its rows as far as they are known.
type work struct {
	day calendar.Day
	strung
	others     map[string]*strung        // under definitions that are only compared, by name
	users      []transform.User          // in the order of the table
	userEvents []transform.UserEvent     // likewise
	retention  []transform.UserRetention // likewise

	userFeatures []transform.UserFeature // likewise
	userFunnels  []transform.UserFunnel  // likewise

	was       *lake.Day // the revision that is replaced; nil if there is none
	committed bool      // the lake has a manifest of the day
	written   bool      // which is of this work
	reason    string    // why the day is made again
	because   []lake.Cause
	found     []lake.Check // checks that did not pass
	accepted  string       // why they are let pass, if they block

	carry []byte      // what the day leaves to the next, encoded; nil if the lake has it
	left  []load.File // likewise, of the tables that are state
}

// under is the definitions by which days are made: the app's own, and those
// that are only compared, by name.
type under struct {
	own      *transform.Sessionizer
	analysis transform.Analysis
	others   map[string]*transform.Sessionizer
	identity transform.Identity
	zone     calendar.Zone
}

func newUnder(own transform.Definition, analysis transform.Analysis, others []transform.Definition, identity transform.Identity, zone calendar.Zone) under {
	u := under{transform.NewSessionizer(own, zone), analysis, map[string]*transform.Sessionizer{}, identity, zone}
	u.own.KeepSteps(analysis.Declared())
	for _, d := range others {
		u.others[d.Name] = transform.NewSessionizer(d, zone)
	}
	return u
}

// allNews is what a day tells of the days before it, by definition.
type allNews struct {
	own    news
	others map[string]news
}

// foldDay makes the sessions and users of a day from its events and the work
// of the day with events before it, nil if there is none. All definitions see
// the events in one pass.
func foldDay(ctx context.Context, day calendar.Day, u under, before *work,
	events iter.Seq2[[]transform.Event, error]) (*work, allNews, error) {
	if before == nil {
		before = &work{}
	}
	own := newStringing(u.own, u.identity, day, before.state)
	others := map[string]*stringing{}
	for name, s := range u.others {
		var left state
		if b := before.others[name]; b != nil {
			left = b.state
		}
		others[name] = newStringing(s, u.identity, day, left)
	}
	for of, err := range events {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return nil, allNews{}, err
		}
		own.take(of)
		for _, g := range others {
			g.take(of)
		}
	}
	next := u.zone.Start(day + 1)
	w := &work{day: day, others: map[string]*strung{}}
	tells := allNews{others: map[string]news{}}
	for name, g := range others {
		made, told := g.finish(next) // the rest of g, a subject's events, is let go of
		w.others[name], tells.others[name] = &made, told
	}
	w.strung, tells.own = own.finish(next)

	slices.SortFunc(tells.own.sessions, func(a, b transform.Session) int { return a.Compare(&b) })
	definition := u.own.Definition()
	w.users = nextUsers(day, before.users, w.sessions, tells.own.sessions, w.goingOn(&definition), definition.Digest())
	w.userEvents = transform.NextUserEvents(day, before.userEvents, w.steps, definition.Digest())
	w.userFeatures = transform.NextUserFeatures(day, before.userFeatures, w.steps, w.days, u.analysis.Features, definition.Digest())
	w.userFunnels = transform.NextUserFunnels(day, before.userFunnels, w.steps, w.days, u.analysis.Funnels, definition.Digest())
	w.decideSegments(u)
	w.retention = w.nextRetention(u, before.retention)
	transform.NoteInstalls(w.users, w.userEvents, w.steps)
	return w, tells, nil
}

// goingOn are the parts of sessions that began earlier, if those count on the
// day too.
func (w *work) goingOn(d *transform.Definition) []transform.SessionDay {
	if d.Attribution != transform.TouchedDay {
		return nil
	}
	var parts []transform.SessionDay
	for _, p := range w.days {
		if p.SessionDate < w.day && p.Active() {
			parts = append(parts, p)
		}
	}
	return parts
}

// nextUsers takes all users on to the end of a day. All arguments and the
// result are sorted by user; the sessions that began are completed in place.
func nextUsers(day calendar.Day, known []transform.User, began, earlier []transform.Session, goingOn []transform.SessionDay, digest string) []transform.User {
	users := make([]transform.User, 0, len(known)+newcomers(known, began))
	userOf := func(s *transform.Session) string { return s.UserID }
	next := func(u transform.User, id string) {
		var mine, mineEarlier []transform.Session
		mine, began = ofUser(began, id, userOf)
		mineEarlier, earlier = ofUser(earlier, id, userOf)
		going := 0
		for len(goingOn) > 0 && goingOn[0].UserID <= id {
			if goingOn[0].UserID == id {
				going++
			}
			goingOn = goingOn[1:]
		}
		users = append(users, u.Next(day, mine, mineEarlier, going, digest))
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

// newcomers counts the users of sessions that are not known. Both are sorted by
// user.
func newcomers(known []transform.User, began []transform.Session) (n int) {
	for i := range began {
		id := began[i].UserID
		if i > 0 && began[i-1].UserID == id {
			continue
		}
		for len(known) > 0 && known[0].UserID < id {
			known = known[1:]
		}
		if len(known) == 0 || known[0].UserID != id {
			n++
		}
	}
	return n
}

// learn takes what a later day tells of the work's day.
func (w *work) learn(tells allNews) error {
	if err := w.patch(w.day, tells.own); err != nil {
		return err
	}
	for name, other := range w.others {
		if err := other.patch(w.day, tells.others[name]); err != nil {
			return err
		}
	}
	return nil
}

// tables returns the rows of the day. Later is the following days in hand, in
// order; at says which sessions can go on.
func (w *work) tables(u under, later []*work, at standingOf) transform.Tables {
	definition := u.own.Definition()
	own := transform.Strung{Definition: definition, Sessions: w.sessions, Days: w.days}
	digest := definition.Digest()
	tally := transform.NewTally(w.day, u.zone, u.analysis, digest, at != unsettled)
	for of := range w.userDays(own.Visits(), later) {
		tally.Add(of)
	}
	t := tally.Tables()
	t.Sessions, t.Users, t.SessionDays = w.sessions, w.users, w.days
	t.UserFeatures, t.UserFunnels = w.userFeatures, w.userFunnels
	t.SessionSteps, t.UserEvents, t.UserRetention = w.steps, w.userEvents, w.retention
	t.DailyLedger = []transform.DailyLedger{transform.LedgerRow(w.day, w.ledger, digest)}
	var others []transform.Strung
	for _, name := range slices.Sorted(maps.Keys(w.others)) {
		o := w.others[name]
		others = append(others, transform.Strung{Definition: u.others[name].Definition(), Sessions: o.sessions, Days: o.days})
	}
	t.DefinitionDifferences = transform.DifferenceRows(w.day, at == allSettled, own, others)
	return t
}

// openSince returns the first day whose sessions may still go on, the day
// after the work's if none can.
func (w *work) openSince() calendar.Day {
	since := w.strung.openSince(w.day + 1)
	for _, other := range w.others {
		since = other.openSince(since)
	}
	return since
}
