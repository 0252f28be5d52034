package transform

import "strings"

// silence returns why the pause before an event is too long to go on with a
// session: timeout, background_timeout or abandoned; "" if it is not, or if
// there is no session.
func (f *folding) silence(c *open, e step, stamp string) string {
	if c == nil {
		return ""
	}
	if stamp != "" {
		return f.abandoned(c, e.At)
	}
	comesBack := e.kind&(foreground|launched|screenView|start) != 0
	return f.pause(c, e.At, comesBack)
}

// silenceAt is silence at an instant at which nothing happens: why the session
// is over by then.
func (f *folding) silenceAt(c *open, at int64) string {
	if c.Stamp != "" {
		return f.abandoned(c, at)
	}
	return f.pause(c, at, false)
}

// overBy is why a session is over at an instant by which it has been silent
// for too long, or past the cap that truncates it if it was alive then; "" if
// it is not over.
func (f *folding) overBy(c *open, at int64, silence string) (why string, cut bool) {
	if f.definition.CapAction == CapTruncate && f.capped(c, at) {
		if f.silenceAt(c, c.Session.StartedAt+f.definition.Cap.Microseconds()+1) == "" {
			return f.capReason(c), true
		}
	}
	return silence, false
}

// capReason is why a session ended that is truncated: by the cap if it was in
// use when it reached that, and else because nothing happened for so long.
func (f *folding) capReason(c *open) string {
	left := c.Session.StartedAt + f.definition.Cap.Microseconds() - c.Session.EndedAt
	if l := f.limits(c); c.Stamp != "" && l.exceeds(left, l.timeout) {
		return "abandoned"
	}
	return "cap"
}

func (f *folding) abandoned(c *open, at int64) string {
	if limit := f.definition.AbandonAfter.Microseconds(); limit > 0 && at-c.Touched > limit {
		return "abandoned"
	}
	return ""
}

// pause looks at the pause before an instant. Where pauses in the background
// alone count, a session that never showed a change between foreground and
// background is taken as if every pause were one in the background: nothing
// else could end it.
func (f *folding) pause(c *open, at int64, comesBack bool) string {
	l := f.limits(c)
	inBackground := c.BackgroundSince != 0
	pause := at - c.pauseFrom()
	if f.definition.Backwards == BackwardsPause {
		pause = max(pause, -pause)
	}
	switch {
	case f.pausing == Explicit:
	case f.pausing == BackgroundGap && inBackground && f.definition.Timer == FromBackground:
		if why := f.abandoned(c, at); why == "" && comesBack && l.exceeds(at-c.BackgroundSince, l.background) {
			return "background_timeout"
		}
	case inBackground && (f.pausing == BackgroundGap || l.apart):
		if l.exceeds(pause, l.background) {
			return "background_timeout"
		}
	case f.pausing == BackgroundGap && c.Markers:
	case f.pausing == "":
	default:
		if l.exceeds(pause, l.timeout) {
			return "timeout"
		}
	}
	return f.abandoned(c, at)
}

// limits are those of the session's platform.
func (s *Sessionizer) limits(c *open) limits {
	if len(s.platforms) > 0 {
		if l, ok := s.platforms[strings.ToLower(c.Session.Platform)]; ok {
			return l
		}
	}
	return s.usual
}

func (l limits) exceeds(pause, limit int64) bool {
	return pause > limit || pause == limit && l.atLeast
}

// startsAnew returns why an activity event begins a session, "" if it
// continues the one it would go on with. That one is closed if it has not been.
func (f *folding) startsAnew(c *open, e step, stamp, silence string) string {
	d := &f.definition
	switch {
	case c == nil && stamp != "":
		return "stamp"
	case c == nil:
		return f.first(e)
	case silence != "":
		why, _ := f.overBy(c, e.At, silence)
		f.leaveOff(c, e, why, stamp)
		if stamp != "" {
			return "stamp"
		}
		return f.first(e)
	case c.Ended && c.Session.EndReason == "midnight":
		f.leaveOff(c, e, "midnight", stamp)
		return "midnight"
	case c.Ended && d.ReopenWithin > 0 && e.At-c.Session.EndedAt <= d.ReopenWithin.Microseconds():
		if why := f.cut(c, e, stamp, true); why != "" {
			f.leaveOff(c, e, "explicit_end", stamp)
			return why
		}
		c.Ended, c.Session.EndReason = false, ""
		return ""
	case c.Ended:
		f.leaveOff(c, e, "explicit_end", stamp)
		return "after_end"
	}
	why := f.cut(c, e, stamp, false)
	if why != "" {
		f.leaveOff(c, e, why, stamp)
	}
	return why
}

// leaveOff closes a session in whose place another begins with an event. One
// that a stamp strings together is not over because an event without a stamp
// is not in it.
func (f *folding) leaveOff(c *open, e step, why, stamp string) {
	if c.Stamp == stamp {
		if e.At >= c.Session.EndedAt { // a clock set back tells nothing
			c.replaced = e.At
		}
		f.close(c, why)
		f.drop(c)
	}
}

// first is why a session begins that has none before it near enough.
func (f *folding) first(e step) string {
	if f.pausing == Explicit {
		return "explicit_start"
	}
	return "gap"
}

// cut returns the rule by which an event begins a session although the one
// before it could go on; "" if none does. A stamped session is only cut by
// midnight and by limits: all else is for the stamp to say. Where a start would
// open a session again that has ended, it does not begin another.
func (f *folding) cut(c *open, e step, stamp string, reopens bool) string {
	d := &f.definition
	if stamp == "" {
		switch {
		case d.Backwards == BackwardsSplit && e.At < c.Session.EndedAt:
			return "backwards"
		case f.otherUser(c, e):
			return "user_change"
		case f.otherValue(c, e):
			return "value_change"
		case e.kind&start != 0 && d.RepeatedStart == Split && !reopens:
			return "explicit_start"
		case e.kind&launched != 0 && d.Launch == Split && !reopens:
			return "launch"
		}
	}
	switch {
	case d.Midnight != "" && f.split.DayOf(e.At) != f.split.DayOf(c.Session.EndedAt):
		return "midnight"
	case c.Cut: // a limit has had its say
	case d.CapAction == CapSplit && f.capped(c, e.At):
		return "cap"
	case d.EventCapAction == CapSplit && d.EventCap > 0 && c.Activity >= d.EventCap:
		return "event_cap"
	case d.BurstEvents > 0 && c.Activity >= d.BurstEvents && e.At-c.Session.StartedAt <= d.BurstWithin.Microseconds():
		return "burst"
	}
	return ""
}

func (f *folding) otherUser(c *open, e step) bool {
	switch f.definition.UserChange {
	case Split:
		return c.User != "" && e.UserID != "" && c.User != e.UserID
	case SplitAny:
		return c.LastUser != e.UserID
	}
	return false
}

// otherValue says whether an attribute changes that splits sessions. Empty
// never replaces a value.
func (f *folding) otherValue(c *open, e step) bool {
	for i, attribute := range f.splitOn {
		value := *attribute(e.Attributes)
		if value == "" || value == c.Values[i] {
			continue
		}
		if c.Values[i] != "" || f.definition.SplitFromEmpty {
			return true
		}
	}
	return false
}

// capped says whether a session is too old at an instant.
func (f *folding) capped(c *open, at int64) bool {
	limit := f.definition.Cap.Microseconds()
	return limit > 0 && at-c.Session.StartedAt > limit
}

// beyondCap says whether an event is left out of a session that has reached a
// limit, and notes what the limit does to the session.
func (f *folding) beyondCap(c *open, e step) bool {
	d := &f.definition
	if d.EventCapAction == CapTruncate && d.EventCap > 0 && c.Activity >= d.EventCap {
		c.Cut = true
		f.close(c, "event_cap")
	}
	if c.Cut {
		// What would have been in the session is not in another, but it is alive.
		c.Touched = max(c.Touched, e.At)
		c.Ended = c.Ended || e.kind&end != 0
		f.latest = c
		f.out.Ledger.BeyondCap++
		f.tell(BeyondCap, e, c)
		return true
	}
	c.Dropped = c.Dropped || d.CapAction == CapDrop && f.capped(c, e.At)
	return false
}
