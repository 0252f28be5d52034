package schedules

import (
	"context"
	"errors"
	"iter"
	"maps"
	"slices"

	"sojourn/internal/calendar"
	"sojourn/internal/lake"
	"sojourn/transform"
)

// work is a day being made: its rows as far as they are known.
type work struct {
	day    calendar.Day
	strung                    // with the users' histories
	others map[string]*strung // under definitions that are only compared, by name
	seen   traits
	kept   int // rows of user_retention

	was       *lake.Day // the revision that is replaced; nil if there is none
	committed bool      // the lake has a manifest of the day
	written   bool      // which is of this work
	reason    string    // why the day is made again
	because   []lake.Cause
	found     []lake.Check // checks that did not pass
	accepted  string       // why they are let pass, if they block

	carry        []byte      // what the day leaves to the next, encoded; nil if the lake has it
	left         []tableFile // likewise, of the tables that are state
	leftBreaches []string    // what those have in them that cannot be
}

// close lets go of what the work has on disk.
func (w *work) close() error {
	errs := []error{w.parts.close()}
	for _, f := range w.left {
		errs = append(errs, f.content.Close())
	}
	return errors.Join(errs...)
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

// limits are about how many bytes of rows a fold may hold in memory; zero for
// any number.
type limits struct {
	run  int // of those that are being sorted
	part int // of those that are being made into tables
	file int // of each file that is being written
}

// limitsOf divides what may be held. Of each part about three are there at once
// while a day is folded: as it was on the day before, as it is made and as it is
// written; while its tables are written, up to two for each later day that its
// sessions go on into. A run that is sorted takes more than its rows.
func limitsOf(bytes int64) limits {
	if bytes == 0 {
		return limits{}
	}
	return limits{run: int(max(1, bytes/5)), part: int(max(1, bytes/16)), file: int(max(1, bytes/64))}
}

// foldDay makes the sessions and users of a day from its events and the work
// of the day with events before it, nil if there is none. All definitions see
// the events in one pass. With limits, the work is to be closed, whatever the
// error.
func foldDay(ctx context.Context, day calendar.Day, u under, before *work,
	events iter.Seq2[[]transform.Event, error], most limits) (*work, allNews, error) {
	if before == nil {
		before = &work{}
	}
	own := newStringing(u.own, u.identity, day, before.state, most)
	defer own.rows.close()
	others := map[string]*stringing{}
	for name, s := range u.others {
		var left state
		if b := before.others[name]; b != nil {
			left = b.state
		}
		// Not limited: they are compared as a whole.
		others[name] = newStringing(s, u.identity, day, left, limits{})
	}
	w := &work{day: day, others: map[string]*strung{}}
	w.most = most.part
	tells := allNews{others: map[string]news{}}
	for of, err := range events {
		if err == nil {
			err = ctx.Err()
		}
		if err == nil {
			err = own.take(of)
		}
		for _, g := range others {
			if err == nil {
				err = g.take(of)
			}
		}
		if err != nil {
			return w, allNews{}, err
		}
	}
	next := u.zone.Start(day + 1)
	for name, g := range others {
		made, rows, told, err := g.finish(next) // the rest of g, a subject's events, is let go of
		if err == nil {
			err = made.addAll(rows)
		}
		if err != nil {
			return w, allNews{}, err
		}
		w.others[name], tells.others[name] = &made, told
	}
	made, rows, told, err := own.finish(next)
	if err != nil {
		return w, allNews{}, err
	}
	slices.SortFunc(told.sessions, func(a, b transform.Session) int { return a.Compare(&b) })
	w.ledger, w.state, tells.own = made.ledger, made.state, told
	return w, tells, w.addUsers(u, before, rows, told.sessions)
}

// addUsers makes the parts of the day from the rows of its sessions and the
// histories of its users before it. Earlier are the sessions of earlier days,
// as they turned out.
func (w *work) addUsers(u under, before *work, rows *crowd, earlier []transform.Session) error {
	known, goesOn := before.crowd(histories), w.goingOn(w.day)
	for {
		of, err := rows.peek(w.target())
		if err != nil {
			return err
		}
		knownOf, err := known.peek(w.target())
		if err != nil {
			return err
		}
		user, ok := meet(of, knownOf)
		if !ok {
			return nil
		}
		now, err := rows.upTo(user)
		if err != nil {
			return err
		}
		past, err := known.upTo(user)
		if err != nil {
			return err
		}
		var mine []transform.Session
		mine, earlier = cutRows(earlier, user, ofSession)
		w.addHistories(u, before, &now, &past, mine, goesOn)
		w.seen.add(now.sessions)
		w.kept += len(now.retention)
		if err := w.add(now); err != nil {
			return err
		}
	}
}

// addHistories takes the histories of some users on to the end of the day.
func (w *work) addHistories(u under, before *work, now, past *people, earlier []transform.Session, goesOn map[string]transform.After) {
	definition := u.own.Definition()
	digest := definition.Digest()
	now.users = nextUsers(w.day, past.users, now.sessions, earlier, now.partsOfEarlier(w.day, &definition), digest)
	now.userEvents = transform.NextUserEvents(w.day, past.userEvents, now.steps, digest)
	now.userFeatures = transform.NextUserFeatures(w.day, past.userFeatures, now.steps, now.days, u.analysis.Features, digest)
	now.userFunnels = transform.NextUserFunnels(w.day, past.userFunnels, now.steps, now.days, u.analysis.Funnels, digest)
	at := moment{day: w.day, people: now, after: goesOn}
	transform.DecideSegments(at.userDays(&definition), &u.analysis)
	since := w.day - 1
	if before.kept > 0 {
		since = before.day
	}
	now.retention = transform.NextRetention(since, w.day, u.zone, &definition, &u.analysis, past.retention, at.userDays(&definition), now.days)
	transform.NoteInstalls(now.users, now.userEvents, now.steps)
}

// partsOfEarlier are the parts of sessions that began before the day, if those
// count on the day too.
func (p *people) partsOfEarlier(day calendar.Day, d *transform.Definition) []transform.SessionDay {
	if d.Attribution != transform.TouchedDay {
		return nil
	}
	var parts []transform.SessionDay
	for _, r := range p.days {
		if r.SessionDate < day && r.Active() {
			parts = append(parts, r)
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

// tables yields the rows that the day has of its users, some users at a time,
// and returns the tables that are sums over all of them. Later is the following
// days in hand, in order; at says which sessions can go on.
func (w *work) tables(u under, later []*work, at standingOf, yield func(rows *transform.Tables) error) (transform.Tables, error) {
	definition := u.own.Definition()
	digest := definition.Digest()
	tally := transform.NewTally(w.day, u.zone, u.analysis, digest, at != unsettled)
	for now, err := range w.moments(later) {
		if err != nil {
			return transform.Tables{}, err
		}
		for of := range now.userDays(&definition) {
			tally.Add(of)
		}
		if err := yield(now.rows(w.day)); err != nil {
			return transform.Tables{}, err
		}
	}
	t := tally.Tables()
	t.DailyLedger = []transform.DailyLedger{transform.LedgerRow(w.day, w.ledger, digest)}
	if len(w.others) == 0 {
		return t, nil
	}
	own, err := w.strung.under(definition)
	if err != nil {
		return transform.Tables{}, err
	}
	var others []transform.Strung
	for _, name := range slices.Sorted(maps.Keys(w.others)) {
		other, err := w.others[name].under(u.others[name].Definition())
		if err != nil {
			return transform.Tables{}, err
		}
		others = append(others, other)
	}
	t.DefinitionDifferences = transform.DifferenceRows(w.day, at == allSettled, own, others)
	return t, nil
}

// rows are those of the tables that have rows of single users.
func (p *people) rows(day calendar.Day) *transform.Tables {
	return &transform.Tables{
		Day: day, Sessions: p.sessions, SessionDays: p.days, SessionSteps: p.steps,
		Users: p.users, UserEvents: p.userEvents, UserFeatures: p.userFeatures, UserFunnels: p.userFunnels, UserRetention: p.retention,
	}
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
