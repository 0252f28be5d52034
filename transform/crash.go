package transform

import "cmp"

// What crash_correction says of a session that ends in a crash.
const (
	meanPause   = "mean_pause"   // the best guess is one mean pause longer than what was observed
	singleEvent = "single_event" // there is no pause to go by: the best guess is what was observed
)

// correctForCrash fills in between what a session that ends in a crash may
// have lasted, had the crash not hidden what came after it: low is what was
// observed, high the latest that its rules and what is known of the next
// session allow. See docs/length.md, "A session that ends in a crash".
func (c *open) correctForCrash(s *Sessionizer, r *Session, elapsed int64) {
	best := elapsed
	r.CrashCorrection = singleEvent
	if c.Activity > 1 {
		best += elapsed / (c.Activity - 1)
		r.CrashCorrection = meanPause
	}
	if until := s.aliveUntil(c); until != 0 {
		high := max(elapsed, until-r.StartedAt)
		best = min(best, high)
		r.CrashHighSeconds = ptr(seconds(high))
	}
	r.CrashLowSeconds = ptr(seconds(elapsed))
	r.CrashCorrectedSeconds = ptr(seconds(best))
}

// aliveUntil is the latest instant at which a session can have been alive as
// far as is known: until silence ended it, the cap cut it, or another took its
// place. 0 means that nothing limits it.
func (s *Sessionizer) aliveUntil(c *open) int64 {
	var until int64
	limit := func(at int64) {
		if until == 0 || at < until {
			until = at
		}
	}
	if at := s.silentUntil(c); at != 0 {
		limit(at)
	}
	if d := &s.definition; d.Cap > 0 && d.CapAction != CapDrop {
		limit(c.Session.StartedAt + d.Cap.Microseconds())
	}
	if c.replaced != 0 {
		limit(c.replaced)
	}
	return until
}

// silentUntil is the latest instant at which silence has not ended a session,
// as [folding.silenceAt] looks at it; 0 if no silence ends it.
func (s *Sessionizer) silentUntil(c *open) int64 {
	var abandoned int64
	if after := s.definition.AbandonAfter.Microseconds(); after > 0 {
		abandoned = c.Touched + after
	}
	l, inBackground := s.limits(c), c.BackgroundSince != 0
	limit := l.timeout
	switch {
	case c.Stamp != "" || s.pausing == Explicit || s.pausing == "":
		return abandoned
	case s.pausing == BackgroundGap && inBackground && s.definition.Timer == FromBackground:
		return abandoned
	case inBackground && (s.pausing == BackgroundGap || l.apart):
		limit = l.background
	case s.pausing == BackgroundGap && c.Markers:
		return abandoned
	}
	silent := c.pauseFrom() + limit
	return min(silent, cmp.Or(abandoned, silent))
}
