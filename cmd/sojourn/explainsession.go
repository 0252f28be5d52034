package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"sojourn/internal/calendar"
	"sojourn/schedules"
	"sojourn/transform"
)

type explainSessionCmd struct {
	ID     string        `arg:"" help:"Session id, as in session_id."`
	Date   *calendar.Day `placeholder:"DATE" help:"Day on which it began; without, all days are searched, the latest first."`
	Format string        `enum:"text,json" default:"text" help:"How to print: text or json."`
}

func (c *explainSessionCmd) Help() string {
	return `Shows a session with its events (time, name, role under the session definition, object and line),
the events around it that are not in it and why, the rule that opened it and the rule that closed
it, and what the tables of its day were made from. It folds the events anew and ends with status
1 if that does not come to the session of the table. It reads the lake alone and writes nothing.

Example:
  sojourn explain session 6fd0c2a17c7e3ac0f5d6a8a90f2b0c3e --date 2026-10-05`
}

func (c *explainSessionCmd) Run(ctx context.Context, a *app) error {
	p, err := a.openTables(ctx)
	if err != nil {
		return err
	}
	defer p.Close()
	if err := p.hasLake(); err != nil {
		return err
	}
	story, err := p.pipeline.ExplainSession(ctx, c.ID, c.Date)
	if err != nil {
		return err
	}
	if c.Format == "json" {
		if err := printDocument(a.stdout, story); err != nil {
			return err
		}
	} else {
		(&explanation{a.stdout, p.pipeline.Zone}).session(&story)
	}
	if story.Problem != "" {
		return errUnlike
	}
	return nil
}

// session writes the story of a session.
func (e *explanation) session(s *schedules.SessionStory) {
	r := &s.Session
	e.printf("session %s of %s\n", r.SessionID, r.Date)
	e.table(func(row func(string, ...any)) {
		who := escaped(r.UserID)
		if r.DeviceID != "" && r.DeviceID != r.UserID {
			who += ", on the device " + escaped(r.DeviceID)
		}
		row("user\t%s", who)
		row("time\t%s to %s (%s)", e.zone.Clock(r.StartedAt), e.zone.Clock(r.EndedAt), e.zone)
		row("length\t%s; %s of use", length(r.DurationSeconds), length(&r.EngagedSeconds))
		row("events\t%d, %d of them in the background; %s, crashes: %d", r.EventCount, r.BackgroundCount, plural(r.ScreenViews, "screen view"), r.CrashCount)
		if r.SourceSessionID != "" {
			row("source's own id\t%s", escaped(r.SourceSessionID))
		}
		counted := "counts in the daily tables"
		if r.Exclusion != "" {
			counted = "counts in no daily table of sessions: " + r.Exclusion
		}
		final := "final"
		if !r.IsFinal {
			final = "it may still go on"
		}
		row("status\t%s; %s; %s", r.Status, final, counted)
	})
	for _, c := range s.Carried {
		how := "still going on"
		if c.Closed {
			how = "over: " + c.EndReason
		} else if c.EndReason != "" {
			how = "ended: " + c.EndReason
		}
		e.printf("carried in: session %s of %s, last event %s, %s\n", c.Session, e.clock(c.StartedAt), e.clock(c.EndedAt), how)
	}
	e.rules(s)
	e.printf("\nits events\n")
	e.events(s.Timeline, false)
	if len(s.Beside) > 0 {
		e.printf("\naround it, and not in it\n")
		e.events(s.Beside, true)
	}
	e.origins(s.Days)
	e.problem(s.Problem)
}

func length(seconds *float64) string {
	if seconds == nil {
		return "length not known"
	}
	return time.Duration(*seconds * 1e9).Round(time.Millisecond).String()
}

// rules writes why a session began and ended.
func (e *explanation) rules(s *schedules.SessionStory) {
	ended := false
	for _, m := range s.Timeline {
		switch m.Fate {
		case transform.Began:
			e.printf("began by %s: %s\n", m.Rule, e.began(&m))
		case transform.Ended:
			ended = true
			e.printf("ended by %s: %s\n", m.Rule, e.ended(&m))
		}
	}
	if !ended && s.Problem == "" {
		e.printf("not ended: it can go on with the next day\n")
	}
}

// began says in words what a rule of start_reason means here.
func (e *explanation) began(m *schedules.Moment) string {
	before := ""
	if m.Previous != "" {
		before = " (session " + m.Previous + ")"
	}
	switch m.Rule {
	case "gap":
		if m.Previous == "" {
			return "there was no session that it could go on with"
		}
		return fmt.Sprintf("nothing happened for %s before it%s, %s", m.Pause, before, limit(m))
	case "stamp":
		return "the source stamped a session id that was not in use"
	case "after_end":
		return "the session before" + before + " had ended explicitly"
	case "explicit_start":
		return "an event says that a session starts"
	case "launch":
		return "the app was started anew"
	case "background":
		return "an event of the background, with no session to join, makes one of its own"
	case "orphan_end":
		return "an event that ends a session, with none to end, makes one of its own"
	}
	return e.cut(m) + before
}

// ended says in words what a rule of end_reason means here.
func (e *explanation) ended(m *schedules.Moment) string {
	next := "that was the end of the day"
	if m.Name != "" {
		next = fmt.Sprintf("then came %s at %s, %s", escaped(m.Name), e.clock(m.At), where(m))
	}
	switch m.Rule {
	case "timeout", "background_timeout", "abandoned":
		return fmt.Sprintf("nothing happened for %s after it, %s; %s", m.Pause, limit(m), next)
	case "explicit_end":
		return "an event says that it ended"
	case "background", "orphan_end":
		return "it is of one event"
	case "explicit_start":
		return "an event says that another starts; " + next
	case "launch":
		return "the app was started anew; " + next
	}
	return e.cut(m) + "; " + next
}

// cut says in words what ends one session and begins another.
func (e *explanation) cut(m *schedules.Moment) string {
	switch m.Rule {
	case "user_change":
		return fmt.Sprintf("the signed-in user changed from %s to %s", orNobody(m.From), orNobody(m.To))
	case "value_change":
		return fmt.Sprintf("%s changed from %q to %q", m.Setting, escaped(m.From), escaped(m.To))
	case "midnight":
		return "the day was over, and midnight splits sessions"
	case "cap":
		return fmt.Sprintf("it was %s old, more than cap (%s) allows", m.Pause, m.Limit)
	case "event_cap":
		return fmt.Sprintf("it had as many events as event_cap allows, %d", m.Count)
	case "burst":
		return fmt.Sprintf("it had %d events within %s, as many as burst allows", m.Count, m.Limit)
	case "backwards":
		return "the clock was set back"
	}
	return m.Rule
}

func orNobody(user string) string {
	if user == "" {
		return "nobody"
	}
	return escaped(user)
}

// limit says which setting a pause is measured by.
func limit(m *schedules.Moment) string {
	if m.Setting == "" {
		return "and it was over"
	}
	return fmt.Sprintf("longer than %s (%s)", m.Setting, m.Limit)
}

// events writes events, one a line; why says what became of them.
func (e *explanation) events(moments []schedules.Moment, why bool) {
	e.table(func(row func(string, ...any)) {
		for i := range moments {
			m := &moments[i]
			if m.Fate == transform.Began || m.Fate == transform.Ended {
				continue
			}
			line := fmt.Sprintf("%s\t%s\t%s\t%s\t%s", e.clock(m.At), escaped(m.Name), dash(m.Role), dash(escaped(m.Screen)), where(m))
			if why {
				line += "\t" + fate(m)
			}
			row("%s", line)
		}
	})
}

// where is the place that an event was read from.
func where(m *schedules.Moment) string {
	return fmt.Sprintf("%s %s:%d", escaped(m.Source), escaped(m.Object), m.Line)
}

// fate says in words why an event is not in the session.
func fate(m *schedules.Moment) string {
	switch m.Fate {
	case transform.Duplicate:
		text := fmt.Sprintf("duplicate of %s:%d", escaped(m.OfObject), m.OfLine)
		if len(m.Differing) > 0 {
			text += ", which says another " + strings.ToLower(strings.Join(m.Differing, ", "))
		}
		return text
	case transform.InSession:
		return "in session " + m.Session
	case transform.BeyondCap:
		return "beyond the cap of session " + m.Session
	case transform.Ignored:
		return "ignored by the definition"
	case transform.UploadedLate:
		return fmt.Sprintf("waited on the device for longer than late_upload (%s)", m.Limit)
	}
	if strings.Contains(m.Role, "join") {
		return "outside: of the background, with no session to join"
	}
	return "outside of any session"
}
