package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"sojourn/extract"
	"sojourn/internal/calendar"
	"sojourn/schedules"
)

type runCmd struct {
	Date       *calendar.Day `placeholder:"DATE" help:"Make this day, and the earlier ones it depends on, instead of every day up to yesterday."`
	Accept     *string       `placeholder:"REASON" help:"Let days pass checks that block them, and note why."`
	AcceptLost []string      `placeholder:"SOURCE" help:"Events of this source, which has none of its objects any more, are to count no more."`
}

func (c *runCmd) Help() string {
	return `Reads the objects that no run has read yet, makes the tables of every day that is missing or
stale, oldest first, and publishes what changed. Running it again does nothing.

A day that has lost most of its events, or has far fewer than is usual on its weekday, keeps its
tables of before and ends the run with status 4. If it is right, say why with --accept.

Examples:
  sojourn run                        every night, from cron
  sojourn run --date 2026-10-05      that day only, also if it is today
  sojourn run --accept "the test traffic of October was taken out"`
}

func (c *runCmd) Run(ctx context.Context, a *app) error {
	accept, err := reasonOf(c.Accept)
	if err != nil {
		return err
	}
	return a.night(ctx, schedules.Range{To: c.Date}, accept, c.AcceptLost)
}

// reasonOf is the reason given with --accept, "" if that flag was not.
func reasonOf(accept *string) (string, error) {
	if accept == nil {
		return "", nil
	}
	if strings.TrimSpace(*accept) == "" {
		return "", usagef("--accept needs a REASON: why may the days pass?")
	}
	return *accept, nil
}

// night runs the pipeline and tells how it went.
func (a *app) night(ctx context.Context, r schedules.Range, accept string, lost []string) error {
	p, err := a.open(ctx, true)
	if err != nil {
		return err
	}
	defer p.Close()
	if err := p.hasWarehouse(ctx); err != nil {
		return err
	}
	for _, name := range lost {
		if !slices.ContainsFunc(p.pipeline.Sources, func(s extract.Source) bool { return s.Name == name }) {
			return usagef("--accept-lost %s: there is no source of that name", name)
		}
	}
	p.pipeline.Accept, p.pipeline.AcceptLost = accept, lost
	sum, err := a.runNight(ctx, p, r)
	a.summarize(sum)
	if err == nil && sum.Idle() {
		fmt.Fprintln(a.stdout, "nothing to do")
	}
	return err
}

// runNight runs the pipeline under a progress line.
func (a *app) runNight(ctx context.Context, p *project, r schedules.Range) (schedules.Summary, error) {
	p.pipeline.Progress = a.progress.show
	sum, err := p.pipeline.Night(ctx, r)
	a.progress.done()
	if err == nil && sum.TooBad {
		err = errUnreadable
	}
	a.complain(sum)
	a.warn(sum)
	return sum, err
}

// complain tells which objects could not be read: those that broke off always,
// all of them if they are too many.
func (a *app) complain(sum schedules.Summary) {
	const most = 20
	told := 0
	for _, o := range sum.BadObjects {
		if o.Error == "" && !sum.TooBad {
			break
		}
		if told++; told > most {
			continue
		}
		why := ""
		if o.Error != "" {
			why = "; not all of it could be read: " + oneLine(o.Error)
		}
		fmt.Fprintf(a.stderr, "  %s %s: %d of %d records unreadable%s\n", oneLine(o.Source), oneLine(o.Object), o.Quarantined, o.Lines, why)
	}
	if told > most {
		fmt.Fprintf(a.stderr, "  and %s like these\n", plural(told-most, "other object"))
	}
	if told > 0 {
		fmt.Fprintf(a.stderr, "  kept with reasons in the lake under quarantine/\n")
	}
}

// summarize prints what a run did.
func (a *app) summarize(sum schedules.Summary) {
	if sum.Objects > 0 {
		fmt.Fprintf(a.stdout, "read       %s: %s", plural(sum.Objects, "object"), plural(sum.Events, "event"))
		if sum.Quarantined > 0 {
			fmt.Fprintf(a.stdout, ", %s unreadable and kept in quarantine", plural(sum.Quarantined, "record"))
		}
		if own := sum.Skipped - sum.Erased; own > 0 {
			fmt.Fprintf(a.stdout, ", %s skipped that the product itself leaves out", plural(own, "record"))
		}
		if sum.Erased > 0 {
			fmt.Fprintf(a.stdout, ", %s skipped of people who were erased", plural(sum.Erased, "record"))
		}
		fmt.Fprintln(a.stdout)
	}
	if sum.Removed > 0 {
		fmt.Fprintf(a.stdout, "removed    %s: gone from the source, and their events count no more\n", plural(sum.Removed, "object"))
	}
	if sum.Late > 0 {
		fmt.Fprintf(a.stdout, "late       %s of days longer ago than late_limit: they wait for sojourn backfill --affected\n", plural(sum.Late, "event"))
	}
	if sum.Applied > 0 {
		fmt.Fprintf(a.stdout, "applied    %s that had come too late\n", plural(sum.Applied, "event"))
	}
	if n := len(sum.Made); n > 0 {
		fmt.Fprintf(a.stdout, "made       %s, %s to %s: %s\n", plural(n, "day"), sum.Made[0], sum.Made[n-1], plural(sum.Sessions, "session"))
	}
	if sum.Published > 0 {
		fmt.Fprintf(a.stdout, "published  %s, up to %s\n", plural(sum.Published, "partition"), sum.Last)
	}
}
