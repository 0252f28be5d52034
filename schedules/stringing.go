package schedules

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"sojourn/internal/calendar"
	"sojourn/transform"
)

// strung is what one definition makes of the events of a day, and what it
// leaves to the next.
type strung struct {
	sessions []transform.Session    // in the order of the table
	days     []transform.SessionDay // likewise
	steps    []transform.Step       // likewise
	ledger   transform.Ledger
	state
}

// state is what a definition must know of the days before: the sessions that
// may go on and, where it stitches, who was last known on each device. Both in
// order.
type state struct {
	Carry []transform.Carry `json:"carry"`
	Known []transform.Known `json:"known,omitempty"`
}

// news is what a day tells of the days before it.
type news struct {
	sessions []transform.Session    // as they are known now
	days     []transform.SessionDay // likewise
}

// A stringing strings the events of one day into sessions under one definition.
type stringing struct {
	*transform.Sessionizer
	definition transform.Definition
	identity   transform.Identity
	day        calendar.Day

	carried []transform.Carry // not taken yet
	known   map[string]transform.Known
	held    pages[transform.Event] // where whose events they are is not as in the staged files
	scratch []transform.Event

	sessions pages[transform.Session]
	days     pages[transform.SessionDay]
	steps    pages[transform.Step]
	out      strung // but for those
	news     news
}

func newStringing(s *transform.Sessionizer, identity transform.Identity, day calendar.Day, before state) *stringing {
	g := &stringing{Sessionizer: s, definition: s.Definition(), identity: identity, day: day, carried: before.Carry}
	if g.definition.Stitch > 0 {
		g.known = make(map[string]transform.Known, len(before.Known))
		for _, k := range before.Known {
			g.known[k.Device] = k
		}
	}
	return g
}

// regroups says whether events change hands: then they are held until all of
// the day have been seen.
func (g *stringing) regroups() bool {
	return g.definition.By == transform.ByUser || g.identity.Len() > 0
}

// take takes the events of one subject of the staged files, in order. They are
// not changed.
func (g *stringing) take(of []transform.Event) {
	if g.definition.Stitch == 0 && !g.regroups() {
		g.string(of[0].Subject(), of)
		return
	}
	g.scratch = append(g.scratch[:0], of...)
	device := of[0].DeviceID
	known := g.definition.Identify(g.scratch, g.identity, g.known[device])
	if known.User != "" && g.known != nil {
		g.known[device] = known
	}
	if g.regroups() {
		g.held.add(g.scratch...)
		return
	}
	g.string(of[0].Subject(), g.scratch)
}

// string folds the events of one subject; subjects come in order.
func (g *stringing) string(subject string, events []transform.Event) {
	for len(g.carried) > 0 && g.carried[0].Subject < subject {
		g.fold(&g.carried[0], nil)
		g.carried = g.carried[1:]
	}
	if len(g.carried) > 0 && g.carried[0].Subject == subject {
		g.fold(&g.carried[0], events)
		g.carried = g.carried[1:]
		return
	}
	g.fold(nil, events)
}

func (g *stringing) fold(c *transform.Carry, events []transform.Event) {
	f := g.Fold(c, events, g.day)
	g.sessions.add(f.Began...)
	g.days.add(f.Days...)
	g.steps.add(f.Steps...)
	g.news.sessions = append(g.news.sessions, f.Earlier...)
	g.news.days = append(g.news.days, f.Resumed...)
	if f.Carry != nil {
		g.out.Carry = append(g.out.Carry, *f.Carry)
	}
	g.out.ledger.Add(f.Ledger)
}

// finish returns what the day comes to once all its events have been taken.
func (g *stringing) finish(nextDay int64) (strung, news) {
	g.regroup()
	for i := range g.carried {
		g.fold(&g.carried[i], nil)
	}
	for _, device := range slices.Sorted(maps.Keys(g.known)) {
		if k := g.known[device]; nextDay-k.At <= g.definition.Stitch.Microseconds() {
			g.out.Known = append(g.out.Known, k)
		}
	}
	g.out.sessions = g.sessions.sorted((*transform.Session).Compare)
	g.out.days = g.days.sorted((*transform.SessionDay).Compare)
	g.out.steps = g.steps.sorted((*transform.Step).Compare)
	transform.NumberSteps(g.out.steps)
	return g.out, g.news
}

// regroup strings the events that were held, subject by subject.
func (g *stringing) regroup() {
	held := g.held.sorted(func(a, b *transform.Event) int {
		return cmp.Or(
			strings.Compare(g.definition.Subject(a), g.definition.Subject(b)),
			cmp.Compare(a.At, b.At), strings.Compare(a.ID, b.ID), a.Compare(b),
		)
	})
	for from := 0; from < len(held); {
		subject, to := g.definition.Subject(&held[from]), from+1
		for to < len(held) && g.definition.Subject(&held[to]) == subject {
			to++
		}
		g.string(subject, held[from:to])
		from = to
	}
}

// patch takes what a later day tells of the work's day. What the user's
// history said of a session stays true.
func (s *strung) patch(day calendar.Day, n news) error {
	for _, r := range n.sessions {
		if r.Date != day {
			continue
		}
		i, ok := slices.BinarySearchFunc(s.sessions, r, func(a, b transform.Session) int { return a.Compare(&b) })
		if !ok {
			return fmt.Errorf("session %s was carried over from %s, which has no such row: the lake's files do not belong together", r.SessionID, day)
		}
		r.IsFirstSession = s.sessions[i].IsFirstSession
		r.SecondsSincePrevious = s.sessions[i].SecondsSincePrevious
		r.IsAfterCrash = s.sessions[i].IsAfterCrash
		s.sessions[i] = r
	}
	for _, d := range n.days {
		if d.Date != day {
			continue
		}
		i, ok := slices.BinarySearchFunc(s.days, d, func(a, b transform.SessionDay) int { return a.Compare(&b) })
		if !ok {
			return fmt.Errorf("session %s was active on %s, which has no such part: the lake's files do not belong together", d.SessionID, day)
		}
		s.days[i] = d
	}
	return nil
}

// openSince returns the first day, at most the given one, whose sessions may
// still change.
func (s *strung) openSince(since calendar.Day) calendar.Day {
	for _, c := range s.Carry {
		for i := range c.Sessions {
			if o := &c.Sessions[i]; !o.Closed {
				since = min(since, o.Session.Date)
			}
		}
	}
	return since
}

// stateJSON writes the states of a day's definitions: the app's own, and those
// that are only compared, by name.
type stateJSON struct {
	state
	Others map[string]state `json:"others,omitempty"`
}

func (w *work) encodeState() ([]byte, error) {
	all := stateJSON{state: w.state}
	if all.Carry == nil {
		all.Carry = []transform.Carry{}
	}
	for name, other := range w.others {
		if all.Others == nil {
			all.Others = map[string]state{}
		}
		all.Others[name] = other.state
	}
	return json.Marshal(all)
}

func (w *work) decodeState(data []byte) error {
	var all stateJSON
	if err := json.Unmarshal(data, &all); err != nil {
		return err
	}
	w.state = all.state
	for name, other := range w.others {
		other.state = all.Others[name]
	}
	return nil
}
