package transform

import (
	"cmp"
	"slices"
	"strconv"

	"sojourn/internal/calendar"
)

// A Sessionizer strings events into sessions under one definition, with days
// of one zone. It keeps scratch memory between calls, so each goroutine needs
// its own.
type Sessionizer struct {
	definition Definition
	digest     string
	zone       calendar.Zone
	split      calendar.Zone // whose midnight splits sessions, if any does
	kinds      map[string]kind
	pausing    Mode
	stamped    bool
	usual      limits
	platforms  map[string]limits
	splitOn    []func(*Attributes) *string

	seen   map[string]int // index of the kept event by what its deliveries have in common
	order  []step
	began  []Session    // so far, of the Folded to come
	days   []SessionDay // likewise
	steps  []Step       // likewise
	owners []owner      // of steps
	spare  [32]open     // for the sessions of a subject's day; few have more
	used   int          // of spare

	keepsSteps bool
	trace      func(Note) // nil for none
}

// limits are a [Pause] in microseconds.
type limits struct {
	timeout, background int64
	atLeast             bool
	apart               bool // the background has a timeout of its own
}

func (p Pause) limits() limits {
	l := limits{timeout: p.Timeout.Microseconds(), background: p.BackgroundTimeout.Microseconds(), atLeast: p.Boundary == AtLeast, apart: p.BackgroundTimeout > 0}
	if l.background == 0 {
		l.background = l.timeout
	}
	return l
}

// NewSessionizer returns a sessionizer for a definition that is valid.
func NewSessionizer(d Definition, zone calendar.Zone) *Sessionizer {
	s := &Sessionizer{
		definition: d, digest: d.Digest(), zone: zone, split: zone, kinds: d.kinds(),
		pausing: d.pausing(), stamped: d.has(Stamped),
		usual: d.Pause.limits(), platforms: map[string]limits{},
		seen: map[string]int{},
	}
	for platform, p := range d.Platforms {
		s.platforms[platform] = p.limits()
	}
	for _, name := range d.SplitOn {
		s.splitOn = append(s.splitOn, attributeNamed(name))
	}
	if d.Midnight != "" && d.Midnight != ReportingZone {
		s.split, _ = calendar.LoadZone(d.Midnight) // valid
	}
	return s
}

// Definition returns the definition.
func (s *Sessionizer) Definition() Definition { return s.definition }

// Folded is what the events of one subject on one day come to. The sessions
// that began, the days and the steps are the Sessionizer's own, until it folds
// again.
type Folded struct {
	Began   []Session    // sessions that began on the day, in order of start
	Earlier []Session    // rows of sessions that began on an earlier day, as they are now known
	Days    []SessionDay // what of them happened on the day
	Resumed []SessionDay // rows of earlier days of sessions that were open at midnight, as they turned out
	Steps   []Step       // those of the day, in the order they count; none without [Sessionizer.KeepSteps]
	Carry   *Carry       // nil if nothing can go on after midnight
	Ledger  Ledger
}

// A Ledger counts where events went: Events is the sum of InSessions,
// Duplicates, Outside, Ignored, BeyondCap and UploadedLate.
type Ledger struct {
	Events, InSessions, Duplicates, Conflicts, Outside, Ignored, BeyondCap, UploadedLate int64
}

// Add adds the counts of o.
func (l *Ledger) Add(o Ledger) {
	l.Events += o.Events
	l.InSessions += o.InSessions
	l.Duplicates += o.Duplicates
	l.Conflicts += o.Conflicts
	l.Outside += o.Outside
	l.Ignored += o.Ignored
	l.BeyondCap += o.BeyondCap
	l.UploadedLate += o.UploadedLate
}

// step is one event to fold and its roles.
type step struct {
	*Event
	kind kind
}

// Fold strings the events of one subject on one local day into sessions,
// going on from what the day before left over. Events are in the order of
// [Event.Compare] and all of that subject and day; carry is nil if nothing was
// left over, and is not modified. There may be a carry and no event.
func (s *Sessionizer) Fold(carry *Carry, events []Event, day calendar.Day) Folded {
	var out Folded
	s.used = 0
	s.began, s.days, s.steps, s.owners = reused(s.began), reused(s.days), reused(s.steps), reused(s.owners)
	f := folding{Sessionizer: s, out: &out, day: day}
	if carry != nil {
		f.resume(carry)
	}
	if f.subject == "" && len(events) > 0 {
		f.subject = s.definition.Subject(&events[0])
	}
	if s.keepsSteps && len(events) > usualScratch {
		// A bot's, which would be moved again and again as they grow.
		s.steps, s.owners = slices.Grow(s.steps, len(events)), slices.Grow(s.owners, len(events))
	}
	for _, e := range s.distinct(events, &out.Ledger) {
		f.add(e)
	}
	s.order = reused(s.order) // which would hold the events
	f.midnight(s.zone.Start(day + 1))
	f.own()
	out.Began, out.Days, out.Steps = s.began, s.days, s.steps
	if len(out.Began) > 1 {
		slices.SortStableFunc(out.Began, func(a, b Session) int { return cmp.Compare(a.StartedAt, b.StartedAt) })
	}
	return out
}

// Forget lets go of what was returned last, which may be very much.
func (s *Sessionizer) Forget() {
	s.began, s.days, s.steps, s.owners = nil, nil, nil, nil
	s.spare = [32]open{}
}

// usualScratch is how many rows of scratch memory are kept for the next subject.
const usualScratch = 1 << 12

// reused empties scratch memory, so that nothing is reachable by it, and lets go
// of it where one subject, most likely a bot, needed very much.
func reused[T any](s []T) []T {
	if cap(s) > usualScratch {
		return nil
	}
	clear(s)
	return s[:0]
}

// distinct returns the events to fold, each id of a device once, in the order
// they count.
func (s *Sessionizer) distinct(events []Event, ledger *Ledger) []step {
	s.order = slices.Grow(s.order[:0], len(events))
	var dropped []delivery // told when it is known what is kept
	ledger.Events += int64(len(events))
	for i := range events {
		e := &events[i]
		as := e.ID
		if s.definition.By == ByUser {
			// The length says where the device ends and the id begins.
			as = strconv.Itoa(len(e.DeviceID)) + " " + e.DeviceID + e.ID
		}
		if at, again := s.seen[as]; again {
			ledger.Duplicates++
			kept := s.order[at].Event
			if kept.compareContent(e) != 0 {
				ledger.Conflicts++
			}
			// The first received counts, whichever time it claims.
			other := e
			if cmp.Or(cmp.Compare(e.ReceivedAt, kept.ReceivedAt), cmp.Compare(e.At, kept.At), e.compareContent(kept)) < 0 {
				s.order[at].Event, other = e, kept
			}
			if s.trace != nil {
				dropped = append(dropped, delivery{other, at})
			}
			continue
		}
		s.seen[as] = len(s.order)
		s.order = append(s.order, step{Event: e})
	}
	if len(s.seen) > 1024 {
		s.seen = map[string]int{} // a bot's: to clear it would cost every later subject, and to keep it memory
	}
	clear(s.seen)
	s.tellDuplicates(dropped)
	kept := s.order[:0]
	late := s.definition.LateUpload.Microseconds()
	for _, e := range s.order {
		if late > 0 && e.SentAt != 0 && e.SentAt-e.claimed() > late {
			ledger.UploadedLate++
			if s.trace != nil {
				s.trace(Note{Fate: UploadedLate, Event: e.Event, Setting: "late_upload", Limit: s.definition.LateUpload})
			}
			continue
		}
		e.kind = s.kindOf(e.Event)
		if e.kind&ignore != 0 {
			ledger.Ignored++
			if s.trace != nil {
				s.trace(Note{Fate: Ignored, Event: e.Event, Role: e.kind.String()})
			}
			if !s.keepsSteps || !e.kind.isStep() {
				continue
			}
		}
		kept = append(kept, e)
	}
	s.sort(kept)
	return kept
}

// sort puts events into the order they count: by time, at one instant what
// starts before what ends, and else by id; or by arrival, if clocks are not
// believed.
func (s *Sessionizer) sort(steps []step) {
	byTime := func(a, b step) int {
		if a.At != b.At {
			return cmp.Compare(a.At, b.At)
		}
		return cmp.Or(cmp.Compare(a.kind.rank(), b.kind.rank()), cmp.Compare(a.ID, b.ID), cmp.Compare(a.DeviceID, b.DeviceID))
	}
	if s.definition.Backwards == InTimeOrder {
		slices.SortFunc(steps, byTime)
		return
	}
	slices.SortFunc(steps, func(a, b step) int {
		return cmp.Or(cmp.Compare(a.ReceivedAt, b.ReceivedAt), cmp.Compare(a.Sequence, b.Sequence), byTime(a, b))
	})
}

// folding is one call of Fold.
type folding struct {
	*Sessionizer
	out     *Folded
	day     calendar.Day
	subject string
	open    []*open          // that may go on, or explain what comes
	stamps  map[string]*open // those of open that have a stamp, by it
	latest  *open            // the session that events without a stamp go on with; nil at first

	now step  // the event in hand; none at the end of the day
	at  int64 // its time, or the end of the day
}

func (f *folding) resume(carry *Carry) {
	f.subject = carry.Subject
	for i := range carry.Sessions {
		f.hold(carry.Sessions[i].resume())
	}
	if n := len(f.open); n > 0 {
		f.latest = f.open[n-1]
	}
}

// add takes the next event.
func (f *folding) add(e step) {
	f.now, f.at = e, e.At
	if e.kind&ignore != 0 {
		f.step(nil, e, false, false, "") // in no session, and still a push or declared
		return
	}
	stamp := ""
	if f.stamped {
		stamp = e.SourceSession
		if stamp != "" && slices.Contains(f.definition.OutOfSession, stamp) || stamp == "" && f.pausing == "" {
			f.outside(e)
			return
		}
	}
	c := f.latest
	if stamp != "" {
		c = f.stamps[stamp]
	}
	silence := f.silence(c, e, stamp)
	inSession := c != nil && !c.Ended && silence == ""
	if inSession && f.definition.CapAction == CapTruncate && f.capped(c, e.At) {
		c.Cut = true
		f.close(c, f.capReason(c))
	}
	switch {
	case e.kind&join != 0:
		f.join(c, e, stamp, inSession)
		return
	case e.kind&extendOnly != 0 && !inSession:
		f.outside(e)
		return
	case e.kind&end != 0 && !inSession:
		f.orphanEnd(e, stamp)
		return
	case f.pausing == Explicit && stamp == "" && e.kind&start == 0 && !inSession:
		f.outside(e)
		return
	}
	why := f.startsAnew(c, e, stamp, silence)
	if why != "" {
		previous := c
		c = f.begin(e, stamp, why)
		f.tellBegan(c, previous, e, why)
	}
	if f.beyondCap(c, e) {
		return
	}
	f.extend(c, e)
	f.latest = c
	f.out.Ledger.InSessions++
	f.tell(InSession, e, c)
	if e.kind&end != 0 {
		f.end(c)
	}
}

// join takes background work: it goes into the session in progress, moving
// neither its end nor its beginning.
func (f *folding) join(c *open, e step, stamp string, inSession bool) {
	switch {
	case inSession && c.Cut:
		f.out.Ledger.BeyondCap++
		f.tell(BeyondCap, e, c)
	case inSession:
		c.Session.EventCount++
		c.Session.BackgroundCount++
		c.Today.Events++
		c.Today.Background++
		if e.kind&pushOpen != 0 {
			c.Session.PushOpenCount++
		}
		if e.kind.isStep() {
			f.step(c, e, false, false, "")
		}
		f.out.Ledger.InSessions++
		f.tell(InSession, e, c)
	case f.definition.LoneJoin:
		f.alone(e, stamp, "background")
	default:
		f.outside(e)
	}
}

// orphanEnd takes an end event with no session to end.
func (f *folding) orphanEnd(e step, stamp string) {
	if !f.definition.OrphanEnd {
		f.outside(e)
		return
	}
	f.alone(e, stamp, "orphan_end")
}

// alone makes a session of one event that is over at once, beside the one in
// progress.
func (f *folding) alone(e step, stamp, why string) {
	latest, stamped := f.latest, f.stamps[stamp]
	c := f.begin(e, stamp, why)
	f.tellBegan(c, nil, e, why)
	f.extend(c, e)
	f.out.Ledger.InSessions++
	f.tell(InSession, e, c)
	f.close(c, why)
	f.drop(c)
	f.latest = latest
	if stamped != nil {
		f.stamps[stamp] = stamped
	}
}

// begin begins a session with an event.
func (f *folding) begin(e step, stamp, why string) *open {
	at := e.At
	if e.kind&ping != 0 {
		// But not on the day before, or before the end of another session.
		at = max(at-f.definition.Length.PingFirst.Microseconds(), f.zone.Start(f.day))
		if f.latest != nil {
			at = min(e.At, max(at, f.latest.Session.EndedAt))
		}
	}
	c := f.fresh()
	c.Stamp = stamp
	c.Session = Session{
		Date:      f.day,
		SessionID: sessionID(f.anchor(e.Event), e.At, e.ID),
		UserID:    f.subject,
		DeviceID:  e.DeviceID,
		StartedAt: at, EndedAt: e.At,
		StartReason:      why,
		DefinitionDigest: f.digest,
	}
	f.hold(c)
	return c
}

// fresh returns a session of which nothing is known yet.
func (s *Sessionizer) fresh() *open {
	if s.used == len(s.spare) {
		return &open{}
	}
	c := &s.spare[s.used]
	s.used++
	screens := c.screens
	if len(screens) > 64 {
		screens = nil // clearing what one bot filled would cost every later session
	}
	clear(screens)
	*c = open{screens: screens}
	return c
}

// anchor is whose event it is that a session begins with. Two devices of one
// user may use one event id.
func (f *folding) anchor(e *Event) string {
	if f.definition.By == ByUser && e.DeviceID != "" {
		return f.subject + "\x00" + e.DeviceID
	}
	return f.subject
}

func (f *folding) hold(c *open) {
	f.open = append(f.open, c)
	if c.Stamp != "" {
		if f.stamps == nil {
			f.stamps = map[string]*open{}
		}
		f.stamps[c.Stamp] = c
	}
}

// drop forgets a session that is over.
func (f *folding) drop(c *open) {
	// Most often it is the last: nothing has begun since.
	for i := len(f.open) - 1; i >= 0; i-- {
		if f.open[i] == c {
			f.open = slices.Delete(f.open, i, i+1)
			break
		}
	}
	if f.stamps[c.Stamp] == c {
		delete(f.stamps, c.Stamp)
	}
}

// end ends a session explicitly. It is over, unless it may be opened again.
func (f *folding) end(c *open) {
	c.Ended = true
	if f.definition.ReopenWithin == 0 {
		f.close(c, "explicit_end")
		return
	}
	c.Session.EndReason = "explicit_end"
}

// close emits the final row of a session.
func (f *folding) close(c *open, why string) {
	if c.Closed {
		return
	}
	c.Closed = true
	f.tellEnded(c, why)
	r := c.row(f.Sessionizer, c.Session.EndedAt, why)
	r.IsFinal = true
	r.EndReason = why
	switch {
	case r.CrashCount > 0:
		r.Status = "crashed"
	case why == "timeout" || why == "background_timeout" || why == "abandoned":
		r.Status = "timed_out"
	default:
		r.Status = "ok"
	}
	f.emit(c, &r)
}

func (f *folding) emit(c *open, r *Session) {
	if r.Date == f.day {
		f.began = append(f.began, *r)
	} else {
		f.out.Earlier = append(f.out.Earlier, *r)
		if c.Today.First == 0 && c.Stay.SessionID != "" {
			// Said again, as the session's row is: an earlier reading of this
			// day may have found that it goes on.
			f.out.Resumed = append(f.out.Resumed, c.Stay)
		}
	}
	if c.Today.Events > 0 {
		f.days = append(f.days, c.sessionDay(f.day, r, c.totals(f.Sessionizer, c.Session.EndedAt)))
	}
}

// midnight ends the day: what can go on is emitted as provisional and carried.
func (f *folding) midnight(next int64) {
	f.now, f.at = step{}, next
	var left []Open
	if n := len(f.open); n > 1 && f.latest != nil {
		f.drop(f.latest)
		f.hold(f.latest) // last
	}
	for _, c := range f.open {
		if f.leave(c, next) {
			left = append(left, c.left())
		}
	}
	if len(left) > 0 {
		f.out.Carry = &Carry{Subject: f.subject, Sessions: left}
	}
}

// endsTheDay says whether the midnight that splits sessions is the one at the
// end of the day, and settles what was active on it.
func (f *folding) endsTheDay(c *open, next int64) bool {
	return f.definition.Midnight != "" && !c.Ended && c.Today.First != 0 && f.split.Start(f.split.DayOf(next)) == next
}

// leave settles how a session stands at midnight and says whether the next day
// must know of it.
func (f *folding) leave(c *open, next int64) bool {
	silence := f.silenceAt(c, next)
	over, cut := f.overBy(c, next, silence)
	switch {
	case c.Closed:
		return silence == ""
	case c.Ended && next-c.Session.EndedAt > f.definition.ReopenWithin.Microseconds():
		f.close(c, c.Session.EndReason)
		return silence == ""
	case over != "":
		c.Cut = cut
		f.close(c, over)
		return silence == ""
	case f.endsTheDay(c, next):
		c.Ended, c.replaced = true, next
		f.close(c, "midnight")
		c.Session.EndReason = "midnight"
		return true
	}
	r := c.row(f.Sessionizer, c.Session.EndedAt, "open")
	r.EndReason, r.Status = "open", "open"
	f.emit(c, &r)
	if c.Today.Events > 0 {
		goesOn := c.totals(f.Sessionizer, next)
		now := c.totals(f.Sessionizer, c.Session.EndedAt)
		c.Stay, c.Resume = c.sessionDay(f.day, &r, now), c.sessionDay(f.day, &r, goesOn)
		c.Past, c.GoesOn = now, goesOn
	}
	return true
}
