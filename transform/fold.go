package transform

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"maps"
	"slices"

	"sojourn/internal/calendar"
)

// A Sessionizer strings events into sessions under one definition, with days
// of one zone. It keeps scratch memory between calls, so each goroutine needs
// its own.
type Sessionizer struct {
	definition Definition
	digest     string
	zone       calendar.Zone
	kinds      map[string]kind
	timeout    int64 // microseconds, as are all times and spans below
	cap        int64

	seen  map[string]int // index of the kept event by id
	order []step
}

// NewSessionizer returns a sessionizer for a definition that is valid.
func NewSessionizer(d Definition, zone calendar.Zone) *Sessionizer {
	return &Sessionizer{
		definition: d, digest: d.Digest(), zone: zone, kinds: d.kinds(),
		timeout: d.Timeout.Microseconds(), cap: d.Cap.Microseconds(),
		seen: map[string]int{},
	}
}

// A Carry is what a subject's day leaves to the next: the session that may go
// on after midnight, or one that has just ended explicitly, which still
// explains the next start.
type Carry struct {
	Subject string
	Session Session // as far as it is known; its id and user never change
	Ended   bool    // it has ended explicitly and its row is final

	User            string   // known user of the latest activity; "" while anonymous
	Activity        int64    // activity events
	Screens         []string // different screens, sorted; set where the day is left
	Markers         bool     // foreground or background markers were seen
	Background      int64    // microseconds in the background
	BackgroundSince int64    // when the app went to the background; 0 if it is not there
	Engaged         int64    // engagement time reported by the source, microseconds
	EngagedKnown    bool     // the source reports engagement time
	CrashedLast     bool     // the latest activity event is a crash
}

// Folded is what the events of one subject on one day come to.
type Folded struct {
	Began   []Session // sessions that began on the day, in order
	Earlier []Session // rows of sessions that began on an earlier day, as they are now known
	Carry   *Carry    // nil if nothing can go on after midnight
	Ledger  Ledger
}

// A Ledger counts where events went: Events is the sum of InSessions,
// Duplicates, Outside and Ignored.
type Ledger struct {
	Events, InSessions, Duplicates, Conflicts, Outside, Ignored int64
}

// Add adds the counts of o.
func (l *Ledger) Add(o Ledger) {
	l.Events += o.Events
	l.InSessions += o.InSessions
	l.Duplicates += o.Duplicates
	l.Conflicts += o.Conflicts
	l.Outside += o.Outside
	l.Ignored += o.Ignored
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
	f := folding{Sessionizer: s, out: &out, day: day}
	if carry != nil {
		f.resume(carry)
	}
	for _, e := range s.distinct(events, &out.Ledger) {
		f.add(e)
	}
	f.midnight(s.zone.Start(day + 1))
	return out
}

// distinct returns the events to fold, each id once, in the order they count:
// by time, at one instant what starts before what ends, and else by id.
func (s *Sessionizer) distinct(events []Event, ledger *Ledger) []step {
	if len(s.seen) > 1024 {
		s.seen = map[string]int{} // clearing what one bot filled would cost every later subject
	}
	clear(s.seen)
	s.order = s.order[:0]
	ledger.Events += int64(len(events))
	for i := range events {
		e := &events[i]
		if at, again := s.seen[e.ID]; again {
			ledger.Duplicates++
			kept := s.order[at].Event
			if kept.At != e.At || kept.compareContent(e) != 0 {
				ledger.Conflicts++
			}
			// The first received counts, whichever time it claims.
			if cmp.Or(cmp.Compare(e.ReceivedAt, kept.ReceivedAt), cmp.Compare(e.At, kept.At), e.compareContent(kept)) < 0 {
				s.order[at].Event = e
			}
			continue
		}
		s.seen[e.ID] = len(s.order)
		s.order = append(s.order, step{Event: e})
	}
	kept := s.order[:0]
	for _, e := range s.order {
		e.kind = s.kinds[e.Name]
		if e.Crash {
			e.kind |= crash
		}
		// What the event itself says of the app weighs more than that it came
		// from the background.
		if e.Event.Background && e.kind&(start|end|crash|foreground|background) == 0 {
			e.kind |= join
		}
		if e.kind&ignore != 0 {
			ledger.Ignored++
			continue
		}
		kept = append(kept, e)
	}
	slices.SortFunc(kept, func(a, b step) int {
		if a.At != b.At {
			return cmp.Compare(a.At, b.At)
		}
		return cmp.Or(cmp.Compare(a.kind.rank(), b.kind.rank()), cmp.Compare(a.ID, b.ID))
	})
	return kept
}

// rank orders events of one instant.
func (k kind) rank() int {
	switch {
	case k&end != 0:
		return 3
	case k&background != 0:
		return 2
	case k&(start|foreground) != 0:
		return 0
	}
	return 1
}

// folding is one call of Fold.
type folding struct {
	*Sessionizer
	out  *Folded
	day  calendar.Day
	open *Carry // the session in progress, or the one that ended last; nil at first

	screens map[string]bool // its different screens; Carry.Screens is set where the day is left
}

func (f *folding) resume(carry *Carry) {
	c := *carry
	f.open = &c
	f.screens = make(map[string]bool, len(carry.Screens))
	for _, screen := range carry.Screens {
		f.screens[screen] = true
	}
}

// exceeds reports whether a pause is too long for one session.
func (s *Sessionizer) exceeds(pause int64) bool {
	return pause > s.timeout || pause == s.timeout && s.definition.Boundary == AtLeast
}

func (f *folding) add(e step) {
	if e.kind&join != 0 {
		if !f.inSession(e.At) {
			f.out.Ledger.Outside++
			return
		}
		f.open.Session.EventCount++
		f.open.Session.BackgroundCount++
		f.out.Ledger.InSessions++
		return
	}
	if e.kind&end != 0 && !f.inSession(e.At) {
		f.out.Ledger.Outside++ // nothing to end
		return
	}
	if why := f.startsAnew(e); why != "" {
		f.begin(e, why)
	}
	f.open.extend(e, f.day)
	f.see(e.Screen)
	f.out.Ledger.InSessions++
	if e.kind&end != 0 {
		f.close("explicit_end")
		f.open.Ended = true
	}
}

// inSession says whether a session is in progress at a time.
func (f *folding) inSession(at int64) bool {
	return f.open != nil && !f.open.Ended && !f.exceeds(at-f.open.Session.EndedAt)
}

// startsAnew returns why an activity event begins a session, "" if it
// continues the one in progress. That one is closed if it has not ended yet.
func (f *folding) startsAnew(e step) (why string) {
	c := f.open
	switch {
	case c == nil:
		return "gap"
	case f.exceeds(e.At - c.Session.EndedAt):
		if !c.Ended {
			f.close("timeout")
		}
		return "gap"
	case c.Ended:
		return "after_end"
	case f.definition.UserChange && c.User != "" && e.UserID != "" && c.User != e.UserID:
		why = "user_change"
	case e.kind&start != 0:
		why = "explicit_start"
	case f.cap > 0 && e.At-c.Session.StartedAt > f.cap:
		why = "cap"
	default:
		return ""
	}
	f.close(why)
	return why
}

func (f *folding) begin(e step, why string) {
	subject := e.Subject()
	f.screens = nil
	f.open = &Carry{Subject: subject, Session: Session{
		Date:      f.day,
		SessionID: sessionID(subject, e.At, e.ID),
		UserID:    subject,
		DeviceID:  e.DeviceID,
		StartedAt: e.At, EndedAt: e.At,
		StartReason:      why,
		DefinitionDigest: f.digest,
	}}
}

// sessionID is a digest of what anchors a session in its own content.
func sessionID(subject string, startedAt int64, eventID string) string {
	text := make([]byte, 0, 128)
	text = append(text, subject...)
	text = append(text, 0)
	text = binary.BigEndian.AppendUint64(text, uint64(startedAt))
	text = append(text, eventID...)
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}

// extend adds an activity event of a day to the session in progress.
func (c *Carry) extend(e step, day calendar.Day) {
	r := &c.Session
	r.EventCount++
	c.Activity++
	r.EndedAt = e.At
	if e.UserID != "" {
		// A session's user is settled by the end of the day it began on:
		// later the tables of that day have been published under it.
		if c.User == "" && r.Date == day {
			r.UserID = e.UserID
		}
		c.User = e.UserID
	}
	if e.Screen != "" {
		if r.EntryScreen == "" {
			r.EntryScreen = e.Screen
		}
		r.ExitScreen = e.Screen
	}
	if e.kind&screenView != 0 {
		r.ScreenViews++
	}
	if e.kind&keyEvent != 0 {
		r.KeyEventCount++
	}
	c.CrashedLast = e.kind&crash != 0
	if c.CrashedLast {
		r.CrashCount++
	}
	if e.EngagedMillis >= 0 {
		c.EngagedKnown = true
		c.Engaged += e.EngagedMillis * 1000
	}
	c.mark(e)
	r.fill(e.Event)
}

// mark follows the app between foreground and background. Activity without a
// marker shows that the app is in the foreground again.
func (c *Carry) mark(e step) {
	if e.kind&(foreground|background) != 0 {
		c.Markers = true
	}
	if e.kind&background != 0 {
		if c.BackgroundSince == 0 {
			c.BackgroundSince = e.At
		}
		return
	}
	if c.BackgroundSince != 0 {
		c.Background += e.At - c.BackgroundSince
		c.BackgroundSince = 0
	}
}

// see counts a screen of the session in progress.
func (f *folding) see(screen string) {
	if screen == "" || f.screens[screen] {
		return
	}
	if f.screens == nil {
		f.screens = map[string]bool{}
	}
	f.screens[screen] = true
	f.open.Session.DistinctScreens++
}

// fill takes from an event what the session does not know yet.
func (r *Session) fill(e *Event) {
	if r.SourceSessionID == "" {
		r.SourceSessionID = e.SourceSession
	}
	a := e.Attributes
	for _, v := range [...]struct {
		to   *string
		from string
	}{
		{&r.Platform, a.Platform}, {&r.OSVersion, a.OSVersion}, {&r.AppVersion, a.AppVersion},
		{&r.DeviceModel, a.DeviceModel}, {&r.Country, a.Country}, {&r.Language, a.Language},
		{&r.AcquisitionSource, a.AcquisitionSource}, {&r.Campaign, a.Campaign},
	} {
		if *v.to == "" {
			*v.to = v.from
		}
	}
}

// close emits the final row of the session in progress.
func (f *folding) close(why string) {
	r := f.open.row(f.Sessionizer)
	r.IsFinal = true
	r.EndReason = why
	switch {
	case r.CrashCount > 0:
		r.Status = "crashed"
	case why == "timeout":
		r.Status = "timed_out"
	default:
		r.Status = "ok"
	}
	f.emit(r)
}

// midnight ends the day: what can go on is emitted as provisional and carried.
func (f *folding) midnight(next int64) {
	c := f.open
	if c == nil {
		return
	}
	tooLate := f.exceeds(next - c.Session.EndedAt)
	switch {
	case c.Ended && tooLate:
	case c.Ended:
		f.leave(c)
	case tooLate:
		f.close("timeout")
	default:
		r := c.row(f.Sessionizer)
		r.EndReason, r.Status = "open", "open"
		f.emit(r)
		f.leave(c)
	}
}

// leave hands a session over to the next day.
func (f *folding) leave(c *Carry) {
	c.Screens = slices.Sorted(maps.Keys(f.screens))
	f.out.Carry = c
}

func (f *folding) emit(r Session) {
	if r.Date == f.day {
		f.out.Began = append(f.out.Began, r)
	} else {
		f.out.Earlier = append(f.out.Earlier, r)
	}
}

// row works out the measures of a session as far as it has come.
func (c *Carry) row(s *Sessionizer) Session {
	r := c.Session
	duration := r.EndedAt - r.StartedAt
	r.DurationSeconds = seconds(duration)
	inUse := duration - c.Background
	if c.BackgroundSince != 0 {
		inUse -= r.EndedAt - c.BackgroundSince
	}
	engaged := inUse
	if c.EngagedKnown {
		engaged = c.Engaged
	}
	r.EngagedSeconds = seconds(engaged)
	if c.Markers {
		r.ForegroundSeconds = ptr(seconds(inUse))
	}
	if c.CrashedLast {
		corrected := duration
		if c.Activity > 1 {
			corrected += duration / (c.Activity - 1)
		}
		r.CrashCorrectedSeconds = ptr(seconds(corrected))
	}
	d := s.definition
	r.IsEngaged = d.EngagedAfter > 0 && engaged >= d.EngagedAfter.Microseconds() ||
		d.EngagedViews > 0 && r.ScreenViews >= int64(d.EngagedViews) ||
		r.KeyEventCount > 0
	r.IsBounce = c.Activity == 1
	return r
}

func seconds(micros int64) float64 { return float64(micros) / 1e6 }

func ptr[T any](v T) *T { return &v }
