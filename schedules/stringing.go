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
	parts  // of the app's own definition with the users' histories
	ledger transform.Ledger
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

	rows sorter
	out  strung // but for those
	news news
}

func newStringing(s *transform.Sessionizer, identity transform.Identity, day calendar.Day, before state, most limits) *stringing {
	g := &stringing{Sessionizer: s, definition: s.Definition(), identity: identity, day: day, carried: before.Carry, rows: sorter{most: most}}
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
func (g *stringing) take(of []transform.Event) error {
	if g.definition.Stitch == 0 && !g.regroups() {
		return g.string(of[0].Subject(), of)
	}
	g.scratch = append(g.scratch[:0], of...)
	device := of[0].DeviceID
	known := g.definition.Identify(g.scratch, g.identity, g.known[device])
	if known.User != "" && g.known != nil {
		g.known[device] = known
	}
	if g.regroups() {
		g.held.add(g.scratch...)
		return nil
	}
	return g.string(of[0].Subject(), g.scratch)
}

// string folds the events of one subject; subjects come in order.
func (g *stringing) string(subject string, events []transform.Event) error {
	for len(g.carried) > 0 && g.carried[0].Subject < subject {
		if err := g.fold(&g.carried[0], nil); err != nil {
			return err
		}
		g.carried = g.carried[1:]
	}
	if len(g.carried) > 0 && g.carried[0].Subject == subject {
		err := g.fold(&g.carried[0], events)
		g.carried = g.carried[1:]
		return err
	}
	return g.fold(nil, events)
}

func (g *stringing) fold(c *transform.Carry, events []transform.Event) error {
	f := g.Fold(c, events, g.day)
	g.news.sessions = append(g.news.sessions, f.Earlier...)
	g.news.days = append(g.news.days, f.Resumed...)
	if f.Carry != nil {
		g.out.Carry = append(g.out.Carry, *f.Carry)
	}
	g.out.ledger.Add(f.Ledger)
	return g.rows.add(&f)
}

// finish returns what the day comes to once all its events have been taken: the
// rows are those of the crowd.
func (g *stringing) finish(nextDay int64) (strung, *crowd, news, error) {
	if err := g.regroup(); err != nil {
		return strung{}, nil, news{}, err
	}
	for i := range g.carried {
		if err := g.fold(&g.carried[i], nil); err != nil {
			return strung{}, nil, news{}, err
		}
	}
	for _, device := range slices.Sorted(maps.Keys(g.known)) {
		if k := g.known[device]; nextDay-k.At <= g.definition.Stitch.Microseconds() {
			g.out.Known = append(g.out.Known, k)
		}
	}
	g.Forget() // a bot may have been the last
	rows, err := g.rows.sorted()
	return g.out, rows, g.news, err
}

// regroup strings the events that were held, subject by subject.
func (g *stringing) regroup() error {
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
		if err := g.string(subject, held[from:to]); err != nil {
			return err
		}
		from = to
	}
	return nil
}

// patch takes what a later day tells of the work's day. What the user's
// history said of a session stays true.
func (s *strung) patch(day calendar.Day, n news) error {
	n = n.of(day)
	for i := range s.list {
		// The last part's users are all that are left: one of whom there is no
		// row must be missed.
		mine := n
		if i+1 < len(s.list) {
			mine, n = n.cut(s.list[i].last)
		}
		if len(mine.sessions)+len(mine.days) == 0 {
			continue
		}
		if err := s.change(i, sessionLists|dayLists, func(of *people) error { return of.patch(day, mine) }); err != nil {
			return err
		}
	}
	if len(s.list) == 0 {
		return new(people).patch(day, n)
	}
	return nil
}

// of returns what is told of a day.
func (n news) of(day calendar.Day) (mine news) {
	for _, r := range n.sessions {
		if r.Date == day {
			mine.sessions = append(mine.sessions, r)
		}
	}
	for _, d := range n.days {
		if d.Date == day {
			mine.days = append(mine.days, d)
		}
	}
	return mine
}

// cut returns what is told of the users up to one, and of those after.
func (n news) cut(user string) (mine, rest news) {
	for _, r := range n.sessions {
		if r.UserID <= user {
			mine.sessions = append(mine.sessions, r)
		} else {
			rest.sessions = append(rest.sessions, r)
		}
	}
	for _, d := range n.days {
		if d.UserID <= user {
			mine.days = append(mine.days, d)
		} else {
			rest.days = append(rest.days, d)
		}
	}
	return mine, rest
}

func (p *people) patch(day calendar.Day, n news) error {
	for _, r := range n.sessions {
		i, ok := slices.BinarySearchFunc(p.sessions, r, func(a, b transform.Session) int { return a.Compare(&b) })
		if !ok {
			return fmt.Errorf("session %s was carried over from %s, which has no such row: the lake's files do not belong together", r.SessionID, day)
		}
		r.IsFirstSession = p.sessions[i].IsFirstSession
		r.SecondsSincePrevious = p.sessions[i].SecondsSincePrevious
		r.IsAfterCrash = p.sessions[i].IsAfterCrash
		p.sessions[i] = r
	}
	for _, d := range n.days {
		i, ok := slices.BinarySearchFunc(p.days, d, func(a, b transform.SessionDay) int { return a.Compare(&b) })
		if !ok {
			return fmt.Errorf("session %s was active on %s, which has no such part: the lake's files do not belong together", d.SessionID, day)
		}
		p.days[i] = d
	}
	return nil
}

// under returns all sessions and their parts, made under a definition.
func (s *strung) under(d transform.Definition) (transform.Strung, error) {
	all, err := s.whole(sessionLists | dayLists)
	return transform.Strung{Definition: d, Sessions: all.sessions, Days: all.days}, err
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
