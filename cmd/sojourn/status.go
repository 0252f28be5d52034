package main

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"sojourn/internal/lease"
	"sojourn/schedules"
)

type statusCmd struct {
	days
	Fresh  bool   `help:"Say only whether yesterday is published, for a dead-man's switch: exit status 0 if it is, 5 if not."`
	Format string `enum:"text,json" default:"text" help:"text or json."`
}

func (c *statusCmd) Help() string {
	return `Shows how each day stands, from the first with events to yesterday, and which run made it when.
It looks at what has been read so far; sojourn plan also looks for new objects.

  missing      no tables: no events for the day, or not run yet
  stale        made from something else than what there is now; the next run restates it
  unpublished  made, but not in the warehouse yet; the next run publishes it
  provisional  published; sessions of the day may still go on after midnight
  published    published and final

With --fresh it says in one line whether yesterday in the reporting zone is in the warehouse as
the lake has it, and if not, why. That an older day has just been made again does not count.

Examples:
  sojourn status --from 2026-10-01
  sojourn status --fresh && curl -fsS https://hc.example.com/ping/sojourn
  sojourn status --format json`
}

func (c *statusCmd) Run(ctx context.Context, a *app) error {
	if err := c.check(); err != nil {
		return err
	}
	p, err := a.open(ctx, false)
	if err != nil {
		return err
	}
	defer p.Close()
	status, err := p.pipeline.Status(ctx)
	if err != nil {
		return err
	}
	if c.Fresh && status.InUse != nil {
		return status.InUse // nobody can tell
	}
	fresh := status.Freshness()
	r := schedules.Range{From: c.From, To: c.To}
	if p.noLake != "" {
		fresh.Reason = "there is no lake at " + p.noLake
	}
	switch {
	case c.Format == "json" && c.Fresh:
		err = a.printJSON(fresh)
	case c.Format == "json":
		err = a.printJSON(reportOf(status, fresh, r))
	case c.Fresh:
		fmt.Fprintln(a.stdout, freshText(fresh))
	default:
		if p.noLake != "" {
			a.tellOfNoLake(p)
		}
		a.printStatus(status, r)
	}
	if err == nil && c.Fresh && !fresh.IsPublished {
		err = differsError(fmt.Sprintf("%s is not published", fresh.Day))
	}
	return err
}

// tellOfNoLake says to who has not run anything yet that this is so, and to who
// looks at the wrong place that it is wrong.
func (a *app) tellOfNoLake(p *project) {
	fmt.Fprintf(a.stdout, "there is no lake at %s yet: sojourn run makes it\n", p.noLake)
}

func freshText(f schedules.Freshness) string {
	if f.IsPublished {
		return fmt.Sprintf("fresh: %s is published, made %s", f.Day, stamp(f.PublishedAt))
	}
	latest := "no day is published"
	if f.Latest != 0 {
		latest = "the last day that is published is " + f.Latest.String()
	}
	return fmt.Sprintf("not fresh: %s is %s: %s; %s", f.Day, f.State, oneLine(f.Reason), latest)
}

const inUseText = "the warehouse is in use by another program, and was not asked what it has got"

func (a *app) printStatus(s schedules.Status, r schedules.Range) {
	if len(s.Days) == 0 {
		fmt.Fprintln(a.stdout, "no events have been read yet: sojourn run reads them")
	}
	table := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	counts := map[schedules.State]int{}
	if len(s.Days) > 0 {
		fmt.Fprintln(table, "date\tstate\tevents\tsessions\tmade\tby run\t")
	}
	var days []schedules.DayPlan
	for _, d := range s.Days {
		counts[d.State]++
		if r.Includes(d.Day) {
			days = append(days, d)
		}
	}
	for i := 0; i < len(days); i++ {
		d := days[i]
		// Days without events stand in one line, however many follow each other.
		if from := d.Day; d.State == schedules.Missing && !d.Due {
			for i+1 < len(days) && days[i+1].State == schedules.Missing && !days[i+1].Due {
				i++
			}
			name := from.String()
			if days[i].Day > from {
				name += " to " + days[i].Day.String()
			}
			fmt.Fprintf(table, "%s\t%s\t0\t-\t-\t-\t%s\n", name, d.State, d.Reason)
			continue
		}
		made, ok := s.Made[d.Day]
		if !ok {
			fmt.Fprintf(table, "%s\t%s\t%s\t-\t-\t-\t%s\n", d.Day, d.State, thousands(d.Events), d.Reason)
			continue
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", d.Day, d.State, thousands(d.Events),
			thousands(made.Tables["sessions"].Rows), made.Made.Format(time.RFC3339), made.Run, d.Reason)
	}
	table.Flush()
	fmt.Fprintf(a.stdout, "%d published, %d provisional, %d stale, %d unpublished, %d missing; yesterday was %s\n",
		counts[schedules.Published], counts[schedules.Provisional], counts[schedules.Stale],
		counts[schedules.Unpublished], counts[schedules.Missing], s.Yesterday)
	if l := s.Late; l.Events > 0 {
		fmt.Fprintf(a.stdout, "%s of %s to %s came after late_limit and do not count: sojourn backfill --affected applies them\n", plural(l.Events, "event"), l.First, l.Last)
	}
	if s.InUse != nil {
		fmt.Fprintln(a.stdout, inUseText)
	}
	if s.Foreign > 0 {
		fmt.Fprintf(a.stdout, "the warehouse holds %s that this lake has not got: it was filled from another lake, or days of this one are gone\n",
			plural(s.Foreign, "partition"))
	}
	if s.Standing != lease.Released {
		fmt.Fprintln(a.stdout, standingText(s.Lease, s.Standing))
	}
}
