package schedules

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"sojourn/internal/calendar"
	"sojourn/load"
	"sojourn/transform"
)

// A SessionStory is how a session came about.
type SessionStory struct {
	Session  transform.Session `json:"-"`
	Row      load.Row          `json:"session"`
	Carried  []Carried         `json:"carried_in,omitempty"` // sessions of its subject that the day before left
	Timeline []Moment          `json:"timeline"`             // beginning, events and end, in the order they count
	Beside   []Moment          `json:"beside,omitempty"`     // events of its subject around it that are not in it
	Days     []DayOrigin       `json:"days"`                 // that it was folded on
	Problem  string            `json:"problem,omitempty"`    // why it could not be folded anew, or what came out different; empty if it is as the table has it
}

// A Carried is a session as the day before left it.
type Carried struct {
	Session   string    `json:"session_id"`
	StartedAt time.Time `json:"started_at"`
	EndedAt   time.Time `json:"last_event_at"`
	Closed    bool      `json:"is_final"` // it takes nothing more, and explains what comes
	EndReason string    `json:"end_reason,omitempty"`
}

// A Moment is one thing that happened to a session or an event.
type Moment struct {
	At      time.Time      `json:"at"`
	Fate    transform.Fate `json:"what"`
	Name    string         `json:"event_name,omitempty"`
	Role    string         `json:"role,omitempty"`
	User    string         `json:"user_id,omitempty"`
	Screen  string         `json:"screen,omitempty"`
	Source  string         `json:"source,omitempty"`
	Object  string         `json:"object,omitempty"`
	Line    int64          `json:"line,omitempty"`
	Session string         `json:"session_id,omitempty"`

	OfObject  string   `json:"of_object,omitempty"` // of a duplicate: where the delivery is that counts
	OfLine    int64    `json:"of_line,omitempty"`
	Differing []string `json:"differing,omitempty"` // of a duplicate: the fields in which it says something else

	Rule     string        `json:"rule,omitempty"` // by which the session began or ended
	Previous string        `json:"previous_session_id,omitempty"`
	Pause    time.Duration `json:"pause_ns,omitempty"`
	Setting  string        `json:"setting,omitempty"` // that decided
	Limit    time.Duration `json:"limit_ns,omitempty"`
	Count    int64         `json:"limit_events,omitempty"`
	From     string        `json:"from,omitempty"` // of what changed
	To       string        `json:"to,omitempty"`
}

// mostBeside is how many events beside a session are told of.
const mostBeside = 100

// ExplainSession says how a session came about: of the day given, or of
// whichever day it is.
func (p *Pipeline) ExplainSession(ctx context.Context, id string, day *calendar.Day) (SessionStory, error) {
	var story SessionStory
	x, err := p.explainer(ctx)
	if err != nil {
		return story, err
	}
	row, err := x.session(ctx, id, day)
	if err != nil {
		return story, err
	}
	story.Session, story.Row = row, load.RowsFrom([]transform.Session{row})[0]
	folded, err := x.foldSession(ctx, &story)
	if err != nil {
		if ctx.Err() != nil {
			return story, err
		}
		story.Problem = err.Error()
	} else if columns := differing(row, folded); len(columns) > 0 {
		story.Problem = "folded anew from its events it is not what the table has: " + strings.Join(columns, "; ") +
			". The tables were made by something else: sojourn backfill --force makes the day again"
	}
	if len(story.Days) == 0 {
		origin, err := x.originOf(ctx, row.Date)
		if err != nil {
			return story, err
		}
		story.Days = append(story.Days, origin)
	}
	return story, nil
}

// session finds a session by its id.
func (x *explainer) session(ctx context.Context, id string, day *calendar.Day) (transform.Session, error) {
	days, err := x.chosen(day)
	if err != nil {
		return transform.Session{}, err
	}
	near := ""
	for _, d := range days {
		data, err := x.table(ctx, d, "sessions")
		if err != nil {
			return transform.Session{}, err
		}
		rows, err := load.ReadSessions(data)
		if err != nil {
			return transform.Session{}, err
		}
		for i := range rows {
			switch r := &rows[i]; {
			case r.SessionID == id:
				return *r, nil
			case near == "" && len(id) >= 4 && (strings.HasPrefix(r.SessionID, id) || r.SourceSessionID == id):
				near = fmt.Sprintf("; is it %s of %s?", r.SessionID, d)
			}
		}
	}
	slices.Sort(days)
	return transform.Session{}, &NotFoundError{fmt.Sprintf("no session %q in %s%s", id, searched(days), near)}
}

// foldSession folds the days of a session anew, tells the story of it and
// returns what it comes to.
func (x *explainer) foldSession(ctx context.Context, story *SessionStory) (transform.Session, error) {
	row := &story.Session
	subject := x.subjectOf(row)
	var folded transform.Session
	var notes []transform.Note
	at, _ := slices.BinarySearch(x.days, row.Date)
	for _, day := range x.days[at:] {
		if day > row.Date && x.made[day].IsPartial {
			break // it does not tell of earlier days yet
		}
		all, err := x.fold(ctx, day, subject)
		if err != nil {
			return folded, err
		}
		f := all[subject]
		if day == row.Date && f.carried != nil {
			story.Carried = carriedIn(f.carried)
		}
		origin, err := x.originOf(ctx, day)
		if err != nil {
			return folded, err
		}
		story.Days = append(story.Days, origin)
		notes = append(notes, f.notes...)
		for _, r := range slices.Concat(f.folded.Began, f.folded.Earlier) {
			if r.SessionID == row.SessionID {
				folded = r
			}
		}
		if !f.goesOn(row.SessionID) {
			break
		}
	}
	story.tell(notes)
	if folded.SessionID == "" {
		return folded, fmt.Errorf("folded anew, the events of its day make no such session: the tables were made by something else")
	}
	return folded, nil
}

// goesOn says whether a session may go on after the day.
func (f *subjectDay) goesOn(id string) bool {
	return f.folded.Carry != nil && slices.ContainsFunc(f.folded.Carry.Sessions, func(o transform.Open) bool {
		return !o.Closed && o.Session.SessionID == id
	})
}

func carriedIn(c *transform.Carry) []Carried {
	var list []Carried
	for i := range c.Sessions {
		o := &c.Sessions[i]
		if v := o.Over; v != nil {
			list = append(list, Carried{v.SessionID, instant(v.StartedAt), instant(v.EndedAt), true, v.EndReason})
			continue
		}
		list = append(list, Carried{o.Session.SessionID, instant(o.Session.StartedAt), instant(o.Session.EndedAt), o.Closed, o.Session.EndReason})
	}
	return list
}

func instant(micros int64) time.Time { return time.UnixMicro(micros).UTC() }

// tell sorts the notes of the session's subject into the story.
func (s *SessionStory) tell(notes []transform.Note) {
	id := s.Session.SessionID
	mine := map[*transform.Event]bool{}
	first, last := -1, -1 // notes of the session
	for i, n := range notes {
		if n.Session != id || n.Fate == transform.BeyondCap {
			continue
		}
		s.Timeline = append(s.Timeline, momentOf(n))
		if n.Fate == transform.InSession {
			mine[n.Event] = true
			if first < 0 {
				first = i
			}
			last = i
		}
	}
	if first < 0 {
		return
	}
	from, to := around(notes, first, last)
	for i, n := range notes {
		switch {
		case n.Fate == transform.Began, n.Fate == transform.Ended, n.Session == id && n.Fate == transform.InSession:
			continue
		case n.Fate == transform.Duplicate && mine[n.Of]:
		case n.Fate == transform.BeyondCap && n.Session == id:
		case n.Fate == transform.InSession:
			if i != from && i != to {
				continue // but the nearest
			}
		case n.Fate == transform.Duplicate:
			continue // of an event of another session
		case from >= 0 && n.Event.At < notes[from].Event.At, to >= 0 && n.Event.At > notes[to].Event.At:
			continue
		}
		s.Beside = append(s.Beside, momentOf(n))
	}
	slices.SortStableFunc(s.Beside, func(a, b Moment) int { return a.At.Compare(b.At) })
	s.Beside = s.Beside[:min(len(s.Beside), mostBeside)]
}

// around returns the notes of the nearest events of other sessions before and
// after those of one, -1 for none.
func around(notes []transform.Note, first, last int) (from, to int) {
	from, to = -1, -1
	for i, n := range notes {
		if n.Fate != transform.InSession {
			continue
		}
		if i < first {
			from = i
		}
		if i > last && to < 0 {
			to = i
		}
	}
	return from, to
}

func momentOf(n transform.Note) Moment {
	m := Moment{
		At: instant(n.At), Fate: n.Fate, Role: n.Role, Session: n.Session,
		Rule: n.Rule, Previous: n.Previous, Pause: n.Pause, Setting: n.Setting, Limit: n.Limit, Count: n.Count, From: n.From, To: n.To,
	}
	if e := n.Event; e != nil {
		m.At, m.Name, m.User, m.Screen, m.Source, m.Object, m.Line = instant(e.At), e.Name, e.UserID, e.Screen, e.Source, e.Object, e.Line
	}
	if n.Of != nil {
		m.OfObject, m.OfLine = n.Of.Object, n.Of.Line
		m.Differing = n.Event.Differing(n.Of)
	}
	return m
}
