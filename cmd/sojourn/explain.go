package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"sojourn/internal/calendar"
	"sojourn/schedules"
)

type explainCmd struct {
	Session explainSessionCmd `cmd:"" help:"How a session came about: its events, and the rules that opened and closed it."`
	User    explainUserCmd    `cmd:"" help:"What is known of a user: history, sessions, devices, and where the events went."`
	Cell    explainCellCmd    `cmd:"" help:"What a number of a daily table was counted from."`
}

// errUnlike ends a command that found tables to be other than what they were
// said to be made from.
var errUnlike = errors.New("the tables are not what comes out of the events now")

// printDocument writes a value as indented JSON.
func printDocument(w io.Writer, v any) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(v)
}

// explanation writes stories for people, times in the reporting zone.
type explanation struct {
	io.Writer
	zone calendar.Zone
}

func (e *explanation) printf(format string, args ...any) { fmt.Fprintf(e.Writer, format, args...) }

// clock writes an instant as local date and time.
func (e *explanation) clock(t time.Time) string { return e.zone.Clock(t.UnixMicro()) }

// table writes rows of cells separated by tabs.
func (e *explanation) table(write func(row func(format string, args ...any))) {
	table := tabwriter.NewWriter(e.Writer, 0, 0, 2, ' ', 0)
	write(func(format string, args ...any) { fmt.Fprintf(table, "  "+format+"\n", args...) })
	table.Flush()
}

// origins writes what days were made from.
func (e *explanation) origins(days []schedules.DayOrigin) {
	for _, d := range days {
		e.printf("\nmade from: %s\n", d.Day)
		state := "nothing: it is the first day"
		if d.Before != nil {
			state = "what was known at the end of " + d.Before.String()
		}
		final := "final"
		if !d.IsFinal {
			final = "not final yet"
		}
		e.table(func(row func(string, ...any)) {
			row("definition\t%s, transform version %s, days of %s", d.Definition, d.Code, d.Zone)
			row("starts from\t%s", state)
			row("events\t%s in %s", plural(d.Events, "staged event"), plural(d.Staged, "file"))
			for i, o := range d.Objects {
				if i == 10 {
					row("\tand %s more", plural(len(d.Objects)-i, "raw object"))
					break
				}
				row("\t%s %s: %s, read by batch %s", escaped(o.Source), escaped(o.Object), plural(o.Events, "event"), o.Batch)
			}
			row("made\t%s by run %s, %s", d.Made.Format(time.RFC3339), d.Run, final)
			for _, r := range d.Revisions {
				e.revision(row, &r)
			}
			if d.Stale != "" {
				row("stale\t%s: the next run makes it again", d.Stale)
			}
		})
	}
}

func (e *explanation) revision(row func(string, ...any), r *schedules.Revision) {
	row("revision %d\t%s by run %s: %s", r.Number, r.AsOf.Format(time.RFC3339), r.Run, r.Reason)
	for i, c := range r.Because {
		if i == 5 {
			row("\t  and %d more", len(r.Because)-i+r.More)
			break
		}
		row("\t  %s", escaped(c.String()))
	}
	if r.Accepted != "" {
		row("\t  accepted: %s", escaped(r.Accepted))
	}
}
