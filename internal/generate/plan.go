package generate

import (
	"cmp"
	"math/rand/v2"
	"slices"
)

// What the planner keeps to, so that the sessions are evident.
const (
	timeout = 30 * minute // the longest pause in a session
	apart   = 40 * minute // the shortest pause between sessions, unless planned otherwise

	// A session that begins with a tap and goes on with one a minute has this
	// many, for the one exactly 24 hours after the first is still in it.
	botTapsPerSession = 24*60 + 1
)

var (
	// visitLengths is lognormal, sigma 1.1, in milliseconds. A visit ends with
	// the first event past its length, so the median of 190 seconds becomes
	// one of 4 minutes.
	visitLengths = curve{
		{0, 3_000}, {10, 15_000}, {50, 31_000}, {100, 46_000}, {250, 90_000}, {500, 190_000}, {750, 399_000},
		{900, 778_000}, {950, 1_160_000}, {990, 2_450_000}, {999, 5_690_000}, {1000, 10_800_000},
	}

	// pauses has the milliseconds between two events of a visit. All stay
	// clearly under the timeout.
	pauses = curve{
		{0, 400}, {100, 2_000}, {250, 5_000}, {500, 12_000}, {750, 25_000}, {900, 50_000},
		{970, 110_000}, {995, 300_000}, {1000, 840_000},
	}
)

// How visits go, per mille.
const (
	bounceShare  = 60 // only one event
	pushedShare  = 80 // begin with a push that is opened
	crashShare   = 10
	awayShare    = 80 // the app is in the background for a while
	longestShare = 8  // pause for the timeout, or a millisecond less
	reuseShare   = 20 // stamped by the app with the session id of the visit before
)

// A planner lives the life of one device, from visit to visit. Activity is
// planned in the order of time, each visit with its session; what happens in
// the background is put between it in the end.
type planner struct {
	world  *world
	life   *life
	rand   *rand.Rand
	device *device

	begin, end int64 // when something may happen, milliseconds by a right clock
	anonymous  int   // events still to come before the owner signs in
	visits     int
	adoption   int64 // how long after a release the device has it, milliseconds

	activity []event
	quiet    []quiet
	visit    *visit
	session  int64 // number of the session of the visit; 0 if it does not count
	before   int64 // number of the last session of earlier users
}

// A quiet thing happens in the background.
type quiet struct {
	at   int64
	kind kind
}

func (w *world) planner(l *life, user, n int, home country, before int64) *planner {
	p := &planner{world: w, life: l, rand: l.rand, begin: w.begin, end: w.end, before: before}
	p.device = w.newDevice(l.rand, user, n, home)
	p.adoption = within(l.rand, 0, 10*day)
	if l.role == slowUser {
		p.begin -= slowClock // or it would say that something happened before the period
	}
	return p
}

// come plans a visit at a time, or later if that is too near to the one
// before, and what may follow at once.
func (p *planner) come(at int64) {
	if len(p.activity) > 0 {
		at = max(at, p.last().at+apart+p.rand.Int64N(10*minute))
	}
	if at < p.begin || at >= p.end {
		return
	}
	p.visits++
	if p.life.role == fastUser && p.visits%3 == 0 {
		p.start("")
		p.visit.clock = fastClock
		p.use(at, owner)
		return
	}
	offline := perMille(p.rand, offlineShare) && !p.world.Clean && p.life.role != slowUser
	from := len(p.activity)
	p.start("gap")
	p.use(at, owner)
	if offline {
		p.uploadLater(from)
	}
	ended, last := p.last().kind == sessionEnd, p.last().at
	switch {
	case ended && oneIn(p.rand, 10):
		p.again(last+within(p.rand, minute, 25*minute), owner, "after_end")
	case !ended && p.life.role == sharingUser && oneIn(p.rand, 2):
		p.again(last+within(p.rand, 2*minute, 20*minute), guest, "user_change")
	case !ended && oneIn(p.rand, 80):
		p.again(last+timeout+1, owner, "gap")
	case !ended && p.life.role != sharingUser && p.life.role != fastUser && oneIn(p.rand, 80):
		// At the timeout it still joins the session, a millisecond later not.
		p.quiet = append(p.quiet, quiet{last + timeout + p.rand.Int64N(2), pushReceived})
	}
}

// again plans a visit soon after the last one.
func (p *planner) again(at int64, user who, reason string) {
	if at < p.end {
		p.start(reason)
		p.use(at, user)
	}
}

func (p *planner) last() *event { return &p.activity[len(p.activity)-1] }

// start begins a session, or a run of the app that counts for nothing if
// there is no reason for one.
func (p *planner) start(reason string) {
	stamp := p.rand.Uint64()
	if p.visit != nil && perMille(p.rand, reuseShare) {
		stamp = p.visit.stamp
	}
	p.visit = &visit{device: p.device, stamp: stamp}
	if p.life.role == slowUser {
		p.visit.clock = slowClock
	}
	p.session = 0
	if reason != "" {
		p.session = p.before + int64(len(p.life.sessions)) + 1
		p.life.sessions = append(p.life.sessions, Session{Session: p.session, StartReason: reason})
	}
}

// act adds an event that counts as activity; from the end of the period on
// nothing happens.
func (p *planner) act(at int64, k kind, s screen, user who) {
	if at >= p.end {
		return
	}
	if p.anonymous > 0 {
		p.anonymous--
		user = nobody
	}
	if k == appForeground || k == pushOpened {
		p.visit.release = int(max(0, at-p.adoption-p.world.begin)/(7*day)) + 1
	}
	p.activity = append(p.activity, event{
		at: at, visit: p.visit, session: p.session, kind: k, screen: s, who: user,
	})
}

// use opens the app and uses it for a while.
func (p *planner) use(at int64, user who) {
	r := p.rand
	first := appForeground
	if perMille(r, pushedShare) && user == owner && p.life.role != sharingUser && p.life.role != fastUser {
		first = pushOpened
		p.quiet = append(p.quiet, quiet{at - within(r, 5*second, 10*minute), pushReceived})
	}
	p.act(at, first, home, user)
	if perMille(r, bounceShare) {
		return
	}
	length := visitLengths.draw(r)
	until, interrupted := at+length, at+r.Int64N(length)
	crash, away, longest := perMille(r, crashShare), perMille(r, awayShare), perMille(r, longestShare)

	at += within(r, second/5, 2*second)
	p.act(at, screenView, home, user)
	for on := home; at < until && at < p.end; {
		if at < interrupted {
			at += pauses.draw(r)
			on = p.step(at, on, user)
			continue
		}
		interrupted = until
		switch {
		case crash:
			at += pauses.draw(r)
			p.act(at, appCrash, on, user)
			if oneIn(r, 2) {
				return
			}
			// The app starts anew and believes that to be a session.
			again := *p.visit
			again.stamp = r.Uint64()
			p.visit = &again
			at += within(r, 5*second, 10*minute)
			on = home
			p.act(at, appForeground, on, user)
		case away:
			at += pauses.draw(r)
			p.act(at, appBackground, on, user)
			at += within(r, 30*second, 10*minute)
			p.act(at, appForeground, on, user)
		case longest:
			at += timeout - r.Int64N(2)
			p.act(at, tap, on, user)
		}
	}
	switch n := r.IntN(100); {
	case n < 25: // swiped away: nothing more is heard
	case n < 65:
		p.act(at+within(r, second, 20*second), appBackground, noScreen, user)
	default:
		at += within(r, second, 20*second)
		p.act(at, appBackground, noScreen, user)
		p.act(at+within(r, 20, 900), sessionEnd, noScreen, user)
	}
}

// step does one thing on a screen and returns the screen shown then.
func (p *planner) step(at int64, on screen, user who) screen {
	n := p.rand.IntN(100)
	switch {
	case n < 45:
		next := pick(p.rand, onward[on])
		p.act(at, screenView, next, user)
		return next
	case on == searching && n < 85:
		p.act(at, search, on, user)
	case on == tripDetail && n < 80:
		p.act(at, tripView, on, user)
	case on == booking && n < 60:
		p.act(at, bookingCompleted, on, user)
	default:
		p.act(at, tap, on, user)
	}
	return on
}

// uploadLater has the events of a visit, from the given one on, arrive
// together when the device is online again, if that is within the period.
func (p *planner) uploadLater(from int) {
	upload := p.last().at + within(p.rand, 4*hour, 60*hour)
	if upload >= p.end {
		return
	}
	for i := range p.activity[from:] {
		p.activity[from+i].received = upload
	}
	p.life.sessions[len(p.life.sessions)-1].Offline = true
}

// runBot taps once a minute.
func (p *planner) runBot(at int64, taps int) {
	reason := "gap"
	for i := range taps {
		if i%botTapsPerSession == 0 && at < p.end {
			p.start(reason)
			p.visit.release = 1
			reason = "cap"
		}
		p.act(at, tap, tripList, owner)
		at += minute
	}
}

// finish puts what happened in the background between the activity and adds
// it all to the user's life.
func (p *planner) finish() {
	slices.SortFunc(p.quiet, func(a, b quiet) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.kind, b.kind)) })
	p.quiet = slices.CompactFunc(p.quiet, func(a, b quiet) bool { return a.at == b.at })
	next := 0
	for _, q := range p.quiet {
		for next < len(p.activity) && p.activity[next].at < q.at {
			p.add(p.activity[next])
			next++
		}
		if next == 0 || q.at >= p.end || next < len(p.activity) && p.activity[next].at == q.at {
			continue
		}
		before := p.activity[next-1]
		near := q.at-before.at <= timeout
		if near && before.kind == sessionEnd {
			continue // whether it joins a session that has ended is a matter of taste
		}
		e := event{at: q.at, visit: before.visit, kind: q.kind, who: before.who}
		if near {
			e.session = before.session
		}
		p.add(e)
	}
	for ; next < len(p.activity); next++ {
		p.add(p.activity[next])
	}
}

// add adds an event to the user's life and to the account of its session.
func (p *planner) add(e event) {
	e.ordinal = uint32(len(p.life.events))
	p.life.events = append(p.life.events, e)
	if e.session > 0 {
		p.life.sessions[e.session-p.before-1].count(p.world, &e)
	}
}
