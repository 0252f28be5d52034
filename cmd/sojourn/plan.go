package main

import (
	"context"
	"fmt"
	"text/tabwriter"

	"sojourn/load/bigquery"
	"sojourn/schedules"
)

type planCmd struct {
	days
	All bool `help:"Show also the days that need nothing."`
}

func (c *planCmd) Help() string {
	return `Lists the raw objects that no run has read yet and the days whose tables are missing or stale,
with the reason. It writes nothing. The days of objects that are gone, or are to be read again, are
those that they had events of; which days new objects and new versions have is not known before
they are read.

Examples:
  sojourn plan
  sojourn plan --from 2026-10-01 --to 2026-10-07 --all`
}

func (c *planCmd) Run(ctx context.Context, a *app) error {
	if err := c.check(); err != nil {
		return err
	}
	return a.plan(ctx, schedules.Range{From: c.From, To: c.To}, c.All)
}

// plan prints what a run for a range would do.
func (a *app) plan(ctx context.Context, r schedules.Range, all bool) error {
	p, err := a.open(ctx, false)
	if err != nil {
		return err
	}
	defer p.Close()
	plan, err := p.pipeline.Plan(ctx, r)
	if err != nil {
		return err
	}
	if p.noLake != "" {
		a.tellOfNoLake(p)
	}
	var bytes int64
	again := 0
	for _, o := range plan.Pending {
		bytes += o.Object.Size
		if o.Again {
			again++
		}
	}
	due, publish := 0, 0
	table := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "date\tstate\tevents\trun would\treason")
	rows := 0
	for _, d := range plan.Days {
		would := "leave it"
		switch {
		case d.Due:
			due++
			publish++
			would = "make it"
		case d.State == schedules.Unpublished:
			publish++
			would = "publish it"
		case !all:
			continue
		}
		if !r.Includes(d.Day) && !d.Due {
			continue
		}
		rows++
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", d.Day, d.State, thousands(d.Events), would, d.Reason)
		for i, cause := range d.Causes {
			if i == 5 {
				fmt.Fprintf(table, "\t\t\t\t  and %d more\n", len(d.Causes)-i)
				break
			}
			fmt.Fprintf(table, "\t\t\t\t  %s\n", cause)
		}
	}
	if rows > 0 {
		table.Flush()
	}
	if again > 0 {
		fmt.Fprintf(a.stdout, "%s to read again: format, fields, clock or privacy of the source changed\n", plural(again, "object"))
	}
	for i, o := range plan.Removed {
		if i == 5 {
			fmt.Fprintf(a.stdout, "gone from the source: and %d more\n", len(plan.Removed)-i)
			break
		}
		fmt.Fprintf(a.stdout, "gone from the source: %s %s; its events count no more after the next run\n", o.Source, o.Object)
	}
	for _, l := range plan.Lost {
		fmt.Fprintln(a.stdout, l)
	}
	if l := plan.Late; l.Events > 0 {
		fmt.Fprintf(a.stdout, "%s of %s to %s came after late_limit and do not count: sojourn backfill --affected applies them\n", plural(l.Events, "event"), l.First, l.Last)
	}
	publishing := plural(plan.Unpublished, "partition") + " to publish"
	if plan.InUse != nil {
		publishing = inUseText
	}
	fresh, making := len(plan.Pending)-again, plural(due, "day")
	switch {
	case fresh > 0 && due > 0:
		making += " and the days of new objects"
	case fresh > 0:
		making = "the days of new objects"
	}
	fmt.Fprintf(a.stdout, "%s to read (%s), %s to make, %s\n", plural(fresh, "new object"), megabytes(bytes), making, publishing)
	if p.config.Warehouse.BigQuery != nil && (publish > 0 || plan.Unpublished > 0) {
		fmt.Fprintln(a.stdout, bigquery.UseOf(publish))
	}
	return nil
}

func megabytes(n int64) string {
	switch {
	case n < 1<<20:
		return fmt.Sprintf("%.0f KiB", float64(n)/(1<<10))
	case n < 1<<30:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	}
	return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
}
