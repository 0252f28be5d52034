package transform

import (
	"slices"
	"strings"
	"time"
)

// A Note is one thing that [Sessionizer.Fold] did, in the order it did it: what
// became of an event, or that a session began or ended.
type Note struct {
	Fate    Fate
	Event   *Event // that it became of, or that made the session begin or end; nil at the end of a day
	Role    string // of the event under the definition, such as "screen_view"; empty for plain activity
	Session string // id of the session; empty outside of any

	Of       *Event // for a duplicate, the delivery that counts
	Conflict bool   // for a duplicate: it says something else

	// Of sessions that begin or end.
	Rule     string        // as in start_reason and end_reason
	At       int64         // when it was found, microseconds: of the event, or the end of the day
	Previous string        // of one that begins, the session that the event could have gone on with; empty if none
	Pause    time.Duration // from what last kept that session (or the one that ends) alive until At; under a cap since it began
	Setting  string        // of the definition that decided, such as "timeout"; empty if none has a value
	Limit    time.Duration // its value, if that is a time
	Count    int64         // its value, if that is a number of events
	From, To string        // what changed, of user_change and value_change
}

// A Fate is what a note tells of.
type Fate string

// What becomes of an event: each is in one of the counts of [Ledger]. And what
// becomes of a session.
const (
	InSession    Fate = "in_session"
	Duplicate    Fate = "duplicate"
	Outside      Fate = "outside_session"
	Ignored      Fate = "ignored"
	BeyondCap    Fate = "beyond_cap"
	UploadedLate Fate = "uploaded_late"

	Began Fate = "began"
	Ended Fate = "ended"
)

// Trace lets Fold tell what it does; nil ends it. Notes and what they point to
// must not be changed, and are good as long as the events that Fold was given.
func (s *Sessionizer) Trace(tell func(Note)) { s.trace = tell }

// tell notes what became of an event; c is its session, nil outside of any.
func (f *folding) tell(fate Fate, e step, c *open) {
	if f.trace == nil {
		return
	}
	n := Note{Fate: fate, Event: e.Event, Role: e.kind.String()}
	if c != nil {
		n.Session = c.Session.SessionID
	}
	f.trace(n)
}

// tellBegan notes that a session began with an event that might have gone on
// with a previous one; nil if there was none.
func (f *folding) tellBegan(c, previous *open, e step, why string) {
	if f.trace == nil {
		return
	}
	n := Note{Fate: Began, Event: e.Event, Role: e.kind.String(), Session: c.Session.SessionID, Rule: why, At: e.At}
	if previous != nil {
		n.Previous = previous.Session.SessionID
		if why == "gap" || why == "explicit_start" {
			why = f.silence(previous, e, c.Stamp)
		}
		f.because(&n, previous, why)
	}
	f.trace(n)
}

// tellEnded notes that a session ended, with the event in hand or at the end of
// the day.
func (f *folding) tellEnded(c *open, why string) {
	if f.trace == nil {
		return
	}
	n := Note{Fate: Ended, Event: f.now.Event, Session: c.Session.SessionID, Rule: why, At: f.at}
	if n.Event != nil {
		n.Role = f.now.kind.String()
	}
	f.because(&n, c, why)
	f.trace(n)
}

// because says by what a rule ended a session.
func (f *folding) because(n *Note, c *open, why string) {
	d := &f.definition
	l, of := f.limits(c), ""
	if _, own := f.platforms[strings.ToLower(c.Session.Platform)]; own {
		of = "platforms." + strings.ToLower(c.Session.Platform) + "."
	}
	n.Pause = time.Duration(n.At-c.pauseFrom()) * time.Microsecond
	if d.Backwards == BackwardsPause {
		n.Pause = n.Pause.Abs()
	}
	switch why {
	case "timeout":
		n.Setting, n.Limit = of+"timeout", time.Duration(l.timeout)*time.Microsecond
	case "background_timeout":
		if f.pausing == BackgroundGap && d.Timer == FromBackground {
			n.Pause = time.Duration(n.At-c.BackgroundSince) * time.Microsecond
		}
		n.Setting, n.Limit = of+"background_timeout", time.Duration(l.background)*time.Microsecond
		if l.background == l.timeout && !l.apart {
			n.Setting = of + "timeout"
		}
	case "abandoned":
		n.Pause = time.Duration(n.At-c.Touched) * time.Microsecond
		n.Setting, n.Limit = "abandon_after", d.AbandonAfter
		if n.Pause <= n.Limit { // it was not in use when it reached the cap
			n.cap(c, d.Cap)
		}
	case "cap":
		n.cap(c, d.Cap)
	case "event_cap":
		n.Setting, n.Count = "event_cap", d.EventCap
	case "burst":
		n.Setting, n.Count, n.Limit = "burst", d.BurstEvents, d.BurstWithin
	case "user_change":
		n.Setting, n.From, n.To = "user_change", c.User, n.Event.UserID
		if d.UserChange == SplitAny {
			n.From = c.LastUser
		}
	case "value_change":
		n.Setting = "split_on"
		for i, attribute := range f.splitOn {
			if value := *attribute(n.Event.Attributes); value != "" && value != c.Values[i] {
				n.Setting, n.From, n.To = "split_on: "+d.SplitOn[i], c.Values[i], value
				break
			}
		}
	case "midnight":
		n.Setting = "midnight"
	}
}

func (n *Note) cap(c *open, limit time.Duration) {
	n.Pause = time.Duration(n.At-c.Session.StartedAt) * time.Microsecond
	n.Setting, n.Limit = "cap", limit
}

// tellDuplicates notes the deliveries of a subject's events that do not count.
func (s *Sessionizer) tellDuplicates(dropped []delivery) {
	for _, d := range dropped {
		kept := s.order[d.at].Event
		s.trace(Note{Fate: Duplicate, Event: d.Event, Role: s.kindOf(d.Event).String(), Of: kept, Conflict: d.compareContent(kept) != 0})
	}
}

// A delivery is one that does not count, beside the one at an index of order.
type delivery struct {
	*Event
	at int
}

// String writes roles by their names, separated by commas.
func (k kind) String() string {
	var names []string
	for role, of := range roles {
		if of != 0 && k&of != 0 {
			names = append(names, string(role))
		}
	}
	slices.Sort(names)
	return strings.Join(names, ",")
}
