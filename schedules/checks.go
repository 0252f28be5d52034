package schedules

import (
	"fmt"
	"slices"

	"sojourn/internal/calendar"
	"sojourn/internal/lake"
	"sojourn/transform"
)

// Checks are what a day must pass before its tables take the place of those of
// before. The zero value lets all pass.
type Checks struct {
	// Shrink is the greatest share of its events that a day may lose. A day that
	// had fewer than MinEvents is only warned of.
	Shrink Limit
	// Volume is the least share of the usual events that a day must have: of
	// the median of the same weekday of the four weeks before, where at least
	// three of them have events. A day that only grows is not looked at again.
	Volume Limit
	// MinEvents is how many events a day must have had for Shrink to block, and
	// must be usual for Volume to look at it: few come and go by chance.
	MinEvents int64
	// ZeroLength, Crashed and Capped are the greatest shares of a day's counted
	// sessions that may have no length, a crash, or an end by the cap.
	ZeroLength, Crashed, Capped Limit
	// MinSessions is how many counted sessions a day must have for these.
	MinSessions int64
}

// A Limit is a share, 0 to 1, and what happens beyond it.
type Limit struct {
	Share float64
	Level Level
}

// A Level says what a check that does not pass does.
type Level string

// The levels of checks. The zero Level is Off.
const (
	Off   Level = "off"
	Warn  Level = "warn"  // the run tells, and goes on
	Block Level = "block" // the day keeps its tables of before, and the run ends
)

// A DayWarning is a check that a day did not pass and that did not block it.
type DayWarning struct {
	Day calendar.Day
	lake.Check
	Accepted string // why it did not block, if it would have
}

// A CheckError says that tables are not published: they cannot be right, or an
// operator must accept them.
type CheckError struct{ Text string }

func (e *CheckError) Error() string { return e.Text }

// judge compares a day with what it was before and with days like it. Its error
// is a [*CheckError] if a check blocks.
func (c *chain) judge(w *work) error {
	for _, f := range c.findings(w) {
		if f.level == Block && c.accept == "" {
			return &CheckError{Text: fmt.Sprintf("check %s of %s: %s; the day keeps its tables of before. "+
				"If this is right, say why: sojourn run --accept REASON", f.Name, w.day, f.Text)}
		}
		w.found = append(w.found, f.Check)
		warning := DayWarning{Day: w.day, Check: f.Check}
		if f.level == Block {
			w.accepted, warning.Accepted = c.accept, c.accept
		}
		c.warnings = append(c.warnings, warning)
	}
	return nil
}

// A finding is a check that did not pass.
type finding struct {
	lake.Check
	level Level
}

func (c *chain) findings(w *work) []finding {
	var found []finding
	report := func(name string, l Limit, value float64, passes bool, format string, args ...any) {
		if l.Level != Off && l.Level != "" && !passes {
			found = append(found, finding{lake.Check{Name: name, Value: value, Limit: l.Share, Text: fmt.Sprintf(format, args...)}, l.Level})
		}
	}
	now := float64(w.ledger.Events)
	shrunk := false
	if w.was != nil && w.was.Ledger.Events > 0 {
		before := float64(w.was.Ledger.Events)
		shrunk = now < before
		lost, limit := 1-now/before, c.checks.Shrink
		if limit.Level == Block && w.was.Ledger.Events < c.checks.MinEvents {
			limit.Level = Warn
		}
		report("shrink", limit, lost, lost <= limit.Share,
			"it has %d events, where the revision before had %d", w.ledger.Events, w.was.Ledger.Events)
	}
	if usual := c.usual(w.day); usual > 0 && usual >= float64(c.checks.MinEvents) && (w.was == nil || w.was.IsPartial || shrunk) && w.day <= c.rules.yesterday {
		share := now / usual
		report("volume", c.checks.Volume, share, share >= c.checks.Volume.Share,
			"it has %d events, %.1f %% of the %.0f that are usual on this weekday", w.ledger.Events, 100*share, usual)
	}
	sessions := float64(w.seen.counted)
	if sessions == 0 || sessions < float64(c.checks.MinSessions) {
		return found
	}
	for _, share := range []struct {
		name, what string
		limit      Limit
		of         int
	}{
		{"zero_length", "have no length", c.checks.ZeroLength, w.seen.zero},
		{"crashed", "have a crash", c.checks.Crashed, w.seen.crashed},
		{"capped", "end by the cap", c.checks.Capped, w.seen.capped},
	} {
		value := float64(share.of) / sessions
		report(share.name, share.limit, value, value <= share.limit.Share, "%d of %d sessions %s", share.of, w.seen.counted, share.what)
	}
	return found
}

// traits are what checks look at in sessions.
type traits struct{ sessions, counted, zero, crashed, capped int }

func (t *traits) add(sessions []transform.Session) {
	t.sessions += len(sessions)
	for i := range sessions {
		s := &sessions[i]
		if !s.IsCounted {
			continue
		}
		t.counted++
		if s.DurationSeconds != nil && *s.DurationSeconds == 0 {
			t.zero++
		}
		if s.CrashCount > 0 {
			t.crashed++
		}
		if s.EndReason == "cap" || s.EndReason == "event_cap" {
			t.capped++
		}
	}
}

// usual returns the median of the events of the same weekday of the four weeks
// before a day; 0 if fewer than three of them have any.
func (c *chain) usual(day calendar.Day) float64 {
	var events []int64
	for week := range calendar.Day(4) {
		if m, ok := c.made[day-7*(week+1)]; ok && m.Ledger.Events > 0 {
			events = append(events, m.Ledger.Events)
		}
	}
	if len(events) < 3 {
		return 0
	}
	slices.Sort(events)
	middle := len(events) / 2
	if len(events)%2 == 1 {
		return float64(events[middle])
	}
	return float64(events[middle-1]+events[middle]) / 2
}
