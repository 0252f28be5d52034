package main

import (
	"context"

	"sojourn/internal/calendar"
	"sojourn/schedules"
)

type explainUserCmd struct {
	ID     string        `arg:"" help:"User id, as in user_id: of the signed-in user, or of the device where there is none; its pseudonym, or with the key the id itself, where there are pseudonyms."`
	Date   *calendar.Day `placeholder:"DATE" help:"Day at whose end; the latest with tables if left out."`
	Days   int           `default:"7" placeholder:"N" help:"Days up to that one whose events are counted."`
	Format string        `enum:"text,json" default:"text" help:"How to print: text or json."`
}

func (c *explainUserCmd) Help() string {
	return `Shows what is known of a user at the end of a day: the history as in users, all sessions, devices,
records that say which id is whose, and where the events of those devices went. It reads the lake
alone and writes nothing.

Example:
  sojourn explain user u-1042 --date 2026-10-05 --days 28`
}

func (c *explainUserCmd) Run(ctx context.Context, a *app) error {
	if c.Days < 1 {
		return usagef("--days must be at least 1")
	}
	p, err := a.openTables(ctx)
	if err != nil {
		return err
	}
	defer p.Close()
	if err := p.hasLake(); err != nil {
		return err
	}
	id, err := p.config.standsFor(c.ID)
	if err != nil {
		return err
	}
	story, err := p.pipeline.ExplainUser(ctx, id, c.Date, c.Days)
	if err != nil {
		return err
	}
	if c.Format == "json" {
		if err := printDocument(a.stdout, story); err != nil {
			return err
		}
	} else {
		(&explanation{a.stdout, p.pipeline.Zone}).user(&story)
	}
	if story.Problem != "" {
		return errUnlike
	}
	return nil
}

// user writes the story of a user.
func (e *explanation) user(s *schedules.UserStory) {
	u := &s.User
	e.printf("user %s at the end of %s\n", escaped(u.UserID), u.Date)
	e.table(func(row func(string, ...any)) {
		row("first session\t%s, %s (session %s)", u.FirstSeen, e.zone.Clock(u.FirstStartedAt), u.FirstSessionID)
		row("last active\t%s", u.LastSeen)
		row("sessions\t%d in all; %d on the day, %d in 7 days, %d in 28", u.SessionsTotal, u.Sessions1, u.Sessions7, u.Sessions28)
		row("active days\t%d of 7, %d of 28", u.ActiveDays.DaysIn(7), u.ActiveDays.DaysIn(28))
		if u.Segments != "" {
			row("segments\t%s", escaped(u.Segments))
		}
		for _, d := range s.Devices {
			row("device\t%s", escaped(d))
		}
		for _, st := range s.Statements {
			row("identity\t%s is %s: %s %s:%d", escaped(st.From), escaped(st.To), escaped(st.Source), escaped(st.Object), st.Line)
		}
	})
	e.printf("\nsessions\n")
	e.table(func(row func(string, ...any)) {
		for i := range s.Sessions {
			r := &s.Sessions[i]
			row("%s\t%s\t%s\t%s\t%s\t%s to %s", r.SessionID, e.zone.Clock(r.StartedAt), length(r.DurationSeconds), plural(r.EventCount, "event"), r.Status, r.StartReason, r.EndReason)
		}
	})
	if s.Ledger == nil {
		e.problem(s.Problem)
		return
	}
	l := s.Ledger
	e.printf("\nwhere the events of the user's devices went, %s to %s\n", s.From, s.To)
	e.table(func(row func(string, ...any)) {
		row("events\tin sessions\tduplicates\toutside\tignored\tbeyond cap\tuploaded late\t")
		for _, d := range s.Days {
			row("%d\t%d\t%d\t%d\t%d\t%d\t%d\t%s", d.Ledger.Events, d.Ledger.InSessions, d.Ledger.Duplicates, d.Ledger.Outside, d.Ledger.Ignored, d.Ledger.BeyondCap, d.Ledger.UploadedLate, d.Day)
		}
		row("%d\t%d\t%d\t%d\t%d\t%d\t%d\tin all", l.Events, l.InSessions, l.Duplicates, l.Outside, l.Ignored, l.BeyondCap, l.UploadedLate)
	})
}
