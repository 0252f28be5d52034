package main

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"sojourn/schedules"
)

type statusCmd struct {
	days
}

func (c *statusCmd) Help() string {
	return `Shows how each day stands, from the first with events to yesterday, and which run made it when.
It looks at what has been read so far; sojourn plan also looks for new objects.

  missing      no tables: no events for the day, or not run yet
  stale        made from something else than what there is now; the next run restates it
  unpublished  made, but not in the warehouse yet; the next run publishes it
  provisional  published; sessions of the day may still go on after midnight
  published    published and final`
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
	a.printStatus(status, schedules.Range{From: c.From, To: c.To})
	return nil
}

func (a *app) printStatus(s schedules.Status, r schedules.Range) {
	if len(s.Days) == 0 {
		fmt.Fprintln(a.stdout, "no events have been read yet: sojourn run reads them")
	}
	table := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	counts := map[schedules.State]int{}
	if len(s.Days) > 0 {
		fmt.Fprintln(table, "date\tstate\tevents\tsessions\tmade\tby run\t")
	}
	for _, d := range s.Days {
		counts[d.State]++
		if r.From != nil && d.Day < *r.From || r.To != nil && d.Day > *r.To {
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
	if h := s.Holder; h != nil {
		fmt.Fprintf(a.stdout, "locked by run %s: process %d on %s, since %s\n", h.Run, h.PID, h.Host, h.Since.Format(time.RFC3339))
	}
}
