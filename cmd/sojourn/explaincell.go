package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"sojourn/internal/calendar"
	"sojourn/load"
	"sojourn/schedules"
)

type explainCellCmd struct {
	Table  string            `arg:"" help:"Table that is made by day, such as daily_sessions."`
	Date   calendar.Day      `required:"" placeholder:"DATE" help:"Day of the cell."`
	Where  map[string]string `placeholder:"COLUMN=VALUE" mapsep:"none" help:"Value of a column of the row; nothing after = is null. May be given again. Without cut, the row of the total."`
	Column string            `placeholder:"NAME" help:"Column of the cell; all of the row if left out."`
	Rows   int               `default:"10" placeholder:"N" help:"Users to name."`
	Format string            `enum:"text,json" default:"text" help:"How to print: text or json."`
}

func (c *explainCellCmd) Help() string {
	return `Shows what a number of a daily table was counted from: what the column means, the users and
sessions that it is about, the staged files and raw objects of the day, the session definition,
and what it was in earlier revisions of the day. It is counted anew from those rows; if that does
not come to the same, the exit status is 1. It reads the lake alone and writes nothing.

Examples:
  sojourn explain cell daily_sessions --date 2026-10-01 --column sessions
  sojourn explain cell daily_sessions --date 2026-10-01 --where cut=platform --where segment=ios
  sojourn explain cell daily_frequency --date 2026-10-01 --where measure=active_users --where window_days=7
  sojourn explain cell daily_retention --date 2026-10-08 --where cohort_date=2026-10-01 --column retained_users`
}

func (c *explainCellCmd) Run(ctx context.Context, a *app) error {
	if c.Rows < 0 {
		return usagef("--rows must not be negative")
	}
	p, err := a.openTables(ctx)
	if err != nil {
		return err
	}
	defer p.Close()
	if err := p.hasLake(); err != nil {
		return err
	}
	story, err := p.pipeline.ExplainCell(ctx, schedules.CellQuestion{Table: c.Table, Day: c.Date, Where: c.Where, Column: c.Column, Most: c.Rows})
	if err != nil {
		c.printOthers(a.stderr, &story)
		return err
	}
	if c.Format == "json" {
		if err := printDocument(a.stdout, story); err != nil {
			return err
		}
	} else {
		(&explanation{a.stdout, p.pipeline.Zone}).cell(&story)
	}
	if story.Problem != "" {
		return errUnlike
	}
	return nil
}

// printOthers names rows that might have been meant.
func (c *explainCellCmd) printOthers(w io.Writer, s *schedules.CellStory) {
	for i, r := range s.Others {
		if i == 20 {
			fmt.Fprintf(w, "  and %d more\n", len(s.Others)-i)
			break
		}
		fmt.Fprintf(w, "  %s\n", keyOfRow(&s.Table, r))
	}
}

// keyOfRow names a row by the columns of its key, without nulls that say nothing.
func keyOfRow(t *load.Table, r load.Row) string {
	var parts []string
	for _, name := range t.Key {
		said := r[name] != nil || name == "segment" && r["cut"] != "total"
		if name != t.Partition && said {
			parts = append(parts, name+"="+escaped(schedules.CellText(r[name])))
		}
	}
	return strings.Join(parts, " ")
}

// documents has the page on which the formulas of a table are; the others are
// in docs/metrics.md.
var documents = map[string]string{
	"daily_length": "length.md", "daily_length_histogram": "length.md", "daily_interval": "length.md", "daily_hours": "length.md", "daily_stability": "length.md",
	"cohort_retention": "retention.md", "user_retention": "retention.md", "daily_lifecycle": "retention.md",
	"daily_installs": "returning.md", "daily_first_sessions": "returning.md", "daily_onboarding": "returning.md", "daily_onboarding_retention": "returning.md",
	"daily_push": "returning.md", "daily_incentives": "returning.md", "user_events": "returning.md",
	"daily_screens": "screens.md", "daily_transitions": "screens.md", "daily_depth": "screens.md", "daily_features": "screens.md", "daily_funnels": "screens.md",
	"session_steps": "screens.md", "user_features": "screens.md", "user_funnels": "screens.md",
}

// cell writes the story of a cell.
func (e *explanation) cell(s *schedules.CellStory) {
	t := &s.Table
	e.printf("%s of %s: %s\n", s.Name, s.Day, keyOfRow(t, s.Row))
	e.table(func(row func(string, ...any)) {
		for _, c := range t.Columns {
			if s.Column == "" && !isKey(t, c.Name) || c.Name == s.Column {
				row("%s\t%s", c.Name, value(s.Row[c.Name]))
			}
		}
	})
	e.printf("\nwhat it means\n  %s\n", t.Doc)
	for _, c := range t.Columns {
		if c.Name == s.Column {
			e.printf("  %s: %s\n", c.Name, c.Doc)
		}
	}
	page := documents[s.Name]
	if page == "" {
		page = "metrics.md"
	}
	e.printf("  docs/%s has the formulas, docs/tables.md all columns\n", page)
	e.counted(s)
	e.moved(s)
	e.origins([]schedules.DayOrigin{s.Origin})
	e.problem(s.Problem)
}

func isKey(t *load.Table, name string) bool {
	for _, key := range t.Key {
		if key == name {
			return true
		}
	}
	return false
}

func value(v any) string {
	if v == nil {
		return "null"
	}
	return escaped(schedules.CellText(v))
}

// counted writes from what the cell was counted.
func (e *explanation) counted(s *schedules.CellStory) {
	e.printf("\ncounted from\n")
	r := s.Recount
	if r == nil {
		e.printf("  no rows listed for this table: %s\n", s.NoRows)
		return
	}
	text := plural(r.Users, "user")
	if r.Sessions > 0 {
		text += " with " + plural(r.Sessions, "session") + " of the day"
	}
	if r.Sum != nil {
		text += fmt.Sprintf("; what each adds is %s in all", thousands(*r.Sum))
	}
	e.printf("  %s\n", text)
	e.table(func(row func(string, ...any)) {
		for _, c := range r.Contributors {
			row("%s\t%s\t%s", escaped(c.User), value(c.Value), strings.Join(c.Sessions, " "))
		}
		if more := r.Users - int64(len(r.Contributors)); more > 0 {
			row("and %s more", thousands(more))
		}
	})
	if s.Problem == "" {
		e.printf("  counted anew from all users of the day: equal\n")
	} else {
		e.printf("  counted anew from all users of the day: NOT equal\n")
	}
}

// moved writes what the cell was in the revisions of its day.
func (e *explanation) moved(s *schedules.CellStory) {
	e.printf("\nby revision\n")
	e.table(func(row func(string, ...any)) {
		for _, m := range s.Moves {
			what := value(m.Value)
			switch {
			case !m.Known:
				what = "not known: its tables are not kept (keep_revisions)"
			case !m.Exists:
				what = "no such row"
			}
			row("%d\t%s\t%s\t%s", m.Number, m.AsOf.Format(time.RFC3339), what, m.Reason)
		}
	})
}
