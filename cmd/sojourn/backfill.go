package main

import (
	"context"

	"sojourn/internal/calendar"
	"sojourn/schedules"
)

type backfillCmd struct {
	Make backfillMakeCmd `cmd:"" default:"withargs" help:"Make the tables of a range of days, both ends included."`
}

type backfillMakeCmd struct {
	From     *calendar.Day `placeholder:"DATE" help:"First day, YYYY-MM-DD."`
	To       *calendar.Day `placeholder:"DATE" help:"Last day, included."`
	Force    bool          `help:"Make the days again even if nothing changed."`
	Affected bool          `help:"Let events of these days count that came after late_limit, and make the days again that they affect."`
	Accept   string        `placeholder:"REASON" help:"Let days pass checks that block them, and note why."`
	DryRun   bool          `help:"Say what would be done, write nothing."`
}

func (c *backfillMakeCmd) Help() string {
	return `Makes the days of a range, both ends included, oldest first. A day's tables start from what is
known at the end of the day before, so earlier days that are due are made too, and later days
that have tables are brought into step. Interrupted, it goes on where it stopped.

Examples:
  sojourn backfill --from 2026-10-01 --to 2026-10-31
  sojourn backfill --from 2026-10-01 --to 2026-10-31 --force --dry-run
  sojourn backfill --affected                  events that came too late, of all days`
}

func (c *backfillMakeCmd) Run(ctx context.Context, a *app) error {
	if err := (days{c.From, c.To}).check(); err != nil {
		return err
	}
	if !c.Affected && (c.From == nil || c.To == nil) {
		return usagef("which days? want --from DATE and --to DATE, both included, or --affected")
	}
	r := schedules.Range{From: c.From, To: c.To, Force: c.Force, Affected: c.Affected}
	if c.DryRun {
		return a.plan(ctx, r, false)
	}
	return a.night(ctx, r, c.Accept)
}
