package generate

// The troubles, and how many. Those of users go by the user's index, so that a
// few hundred users have them all.
const (
	botEvery       = 1000 // users: taps once a minute for hours or days
	slowClockEvery = 200  // users: the clock is slowClock behind, always
	fastClockEvery = 200  // users: on every third visit the clock is fastClock ahead
	sharedEvery    = 100  // users: someone else uses the device too
	secondEvery    = 25   // users: has a second device
	chattyEvery    = 40   // users: gets a push every 25 minutes for a day and a half

	duplicateShare = 20 // per mille of events: the same line arrives again
	lateShare      = 30 // per mille of events: arrives one to three days later
	offlineShare   = 20 // per mille of visits: uploaded in one go, hours or days later
	badLineEvery   = 2000

	slowClock = -3 * hour
	fastClock = 400 * day
)

// A role is what is peculiar about a user.
type role uint8

const (
	ordinaryUser role = iota
	botUser
	slowUser
	fastUser
	sharingUser
	twoDeviceUser
	chattyUser
)

func (w *world) role(user int) role {
	switch {
	case user%botEvery == 17 && !w.Clean:
		return botUser
	case user%slowClockEvery == 33 && !w.Clean:
		return slowUser
	case user%fastClockEvery == 66 && !w.Clean:
		return fastUser
	case user%sharedEvery == 50:
		return sharingUser
	case user%secondEvery == 9:
		return twoDeviceUser
	case user%chattyEvery == 21:
		return chattyUser
	}
	return ordinaryUser
}

// damage is what is wrong with a line.
type damage uint8

const (
	whole damage = iota
	cutShort
	noTimestamp
	wrongType
	noSubject
	damages // how many there are
)

// A delivery is one arrival of an event at a collector.
type delivery struct {
	at     int64 // milliseconds since 1970 UTC
	event  int32 // index in the collector
	damage damage
}

// deliver calls arrive for every arrival of an event, in no order, after
// setting when it is received first. Nothing arrives after the period.
func (w *world) deliver(l *life, e *event, arrive func(at int64, d damage)) {
	r := l.rand
	soon := e.received == 0
	if soon {
		e.received = min(e.at+within(r, second/5, 20*second), w.end-1)
	}
	if w.Clean || e.visit.clock > 0 {
		arrive(e.received, whole)
		return
	}
	if late := e.at + within(r, day, 3*day); soon && perMille(r, lateShare) && l.role != slowUser && late < w.end {
		e.received = late
	}
	arrive(e.received, whole)
	if perMille(r, duplicateShare) {
		again := e.received
		if oneIn(r, 2) {
			again += within(r, minute, 36*hour)
		}
		arrive(min(again, w.end-1), whole)
	}
	if oneIn(r, badLineEvery) {
		// The line also arrives undamaged, so nothing is lost with it.
		arrive(e.received, 1+damage(r.IntN(int(damages)-1)))
	}
}
