package main

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"sojourn/internal/calendar"
	"sojourn/schedules"
)

type backfillCmd struct {
	Make     backfillMakeCmd     `cmd:"" default:"withargs" help:"Make the tables of a range of days, both ends included."`
	List     backfillListCmd     `cmd:"" help:"Show the backfills that were made beside the lake, and how they ended."`
	Complete backfillCompleteCmd `cmd:"" help:"Put the days of a staged backfill in the place of those that are published."`
	Cancel   backfillCancelCmd   `cmd:"" help:"Forget a staged backfill."`
}

type backfillMakeCmd struct {
	From     *calendar.Day `placeholder:"DATE" help:"First day, YYYY-MM-DD."`
	To       *calendar.Day `placeholder:"DATE" help:"Last day, included."`
	Force    bool          `help:"Make the days again even if nothing changed."`
	Affected bool          `help:"Let events of these days count that came after late_limit, and make the days again that they affect."`
	Accept   *string       `placeholder:"REASON" help:"Let days pass checks that block them, and note why."`

	StageOnly bool          `help:"Make the days beside the lake, where nothing that is published changes, to be looked at first."`
	Reason    string        `placeholder:"TEXT" help:"Why; needed with --stage-only, and kept with the backfill."`
	Chunk     int           `placeholder:"DAYS" help:"Publish after so many days and go on; default all at once."`
	Pause     time.Duration `placeholder:"DURATION" help:"Rest between two chunks, such as 30s."`

	DryRun bool `help:"Say what would be done, write nothing."`
}

func (c *backfillMakeCmd) Help() string {
	return `Makes the days of a range, both ends included, oldest first. A day's tables start from what is
known at the end of the day before, so earlier days that are due are made too, and later days
that have tables are brought into step. Interrupted, it goes on where it stopped.

Examples:
  sojourn backfill --from 2026-10-01 --to 2026-10-31
  sojourn backfill --from 2026-10-01 --to 2026-10-31 --force --dry-run
  sojourn backfill --affected                  events that came too late, of all days
  sojourn backfill --from 2026-01-01 --to 2026-10-31 --chunk 7 --pause 1m

To look first:
  sojourn backfill --from 2026-10-01 --to 2026-10-31 --stage-only --reason "timeout 20m"
  sojourn diff lake backfill:0001
  sojourn backfill complete 0001 --reason "as discussed"     or cancel`
}

func (c *backfillMakeCmd) Run(ctx context.Context, a *app) error {
	if err := (days{c.From, c.To}).check(); err != nil {
		return err
	}
	if !c.Affected && (c.From == nil || c.To == nil) {
		return usagef("which days? want --from DATE and --to DATE, both included, or --affected")
	}
	if c.Chunk < 0 || c.Pause < 0 || c.Pause > 0 && c.Chunk == 0 {
		return usagef("--chunk and --pause: want --chunk DAYS, and with it --pause DURATION if you like")
	}
	if c.StageOnly && (c.Reason == "" || c.Affected || c.Chunk > 0) {
		return usagef("--stage-only wants --reason TEXT, and neither --affected nor --chunk")
	}
	accept, err := reasonOf(c.Accept)
	if err != nil {
		return err
	}
	r := schedules.Range{From: c.From, To: c.To, Force: c.Force, Affected: c.Affected, Chunk: c.Chunk, Pause: c.Pause}
	if c.DryRun {
		return a.plan(ctx, r, false)
	}
	if c.StageOnly {
		return a.stageBackfill(ctx, r, c.Reason, accept)
	}
	return a.night(ctx, r, accept, nil)
}

// stageBackfill makes days beside the lake.
func (a *app) stageBackfill(ctx context.Context, r schedules.Range, reason, accept string) error {
	p, err := a.open(ctx, true)
	if err != nil {
		return err
	}
	defer p.Close()
	p.pipeline.Accept, p.pipeline.Progress = accept, a.progress.show
	b, sum, err := p.pipeline.StageBackfill(ctx, r, reason)
	a.progress.done()
	a.warn(sum)
	if err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "staged     backfill %s: %s differ from what is published\n", b.ID, plural(len(b.Days), "day"))
	fmt.Fprintf(a.stdout, "look at it with sojourn diff lake backfill:%s, then sojourn backfill complete %s --reason TEXT, or cancel\n", b.ID, b.ID)
	return nil
}

type backfillCompleteCmd struct {
	ID     string `arg:"" help:"Number of the backfill, as sojourn backfill list shows it."`
	Reason string `required:"" placeholder:"TEXT" help:"Why; kept with the backfill."`
}

func (c *backfillCompleteCmd) Help() string {
	return `Puts the days of a staged backfill in the place of those of the lake, and publishes them together.
It is refused if one of them has been made again meanwhile. Interrupted, run it again.

Example:
  sojourn backfill complete 0001 --reason "as discussed"`
}

func (c *backfillCompleteCmd) Run(ctx context.Context, a *app) error {
	p, err := a.open(ctx, true)
	if err != nil {
		return err
	}
	defer p.Close()
	if err := p.hasWarehouse(ctx); err != nil {
		return err
	}
	p.pipeline.Progress = a.progress.show
	sum, err := p.pipeline.CompleteBackfill(ctx, c.ID, c.Reason)
	a.progress.done()
	a.summarize(sum)
	return err
}

type backfillCancelCmd struct {
	ID     string `arg:"" help:"Number of the backfill, as sojourn backfill list shows it."`
	Reason string `required:"" placeholder:"TEXT" help:"Why; kept with the backfill."`
}

func (c *backfillCancelCmd) Run(ctx context.Context, a *app) error {
	p, err := a.open(ctx, true)
	if err != nil {
		return err
	}
	defer p.Close()
	if err := p.pipeline.CancelBackfill(ctx, c.ID, c.Reason); err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "cancelled  backfill %s: nothing that is published has changed\n", c.ID)
	return nil
}

type backfillListCmd struct{}

func (c *backfillListCmd) Run(ctx context.Context, a *app) error {
	p, err := a.open(ctx, false)
	if err != nil {
		return err
	}
	defer p.Close()
	if err := p.hasLake(); err != nil {
		return err
	}
	all, err := p.pipeline.Backfills(ctx)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		fmt.Fprintln(a.stdout, "no backfill was staged")
		return nil
	}
	table := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "id\tstatus\tdays\tmade\treason\tended")
	for _, b := range all {
		days, ended := "-", b.Completion
		if n := len(b.Days); n > 0 {
			days = fmt.Sprintf("%d, %s to %s", n, b.Days[0].Day, b.Days[n-1].Day)
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", b.ID, b.Status, days, b.Made.Format(time.RFC3339), b.Reason, ended)
	}
	return table.Flush()
}
