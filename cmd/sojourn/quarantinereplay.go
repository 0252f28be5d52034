package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"sojourn/internal/calendar"
	"sojourn/schedules"
)

type quarantineReplayCmd struct {
	quarantineFlags
	DryRun bool   `help:"Say what would be read again, write nothing."`
	Format string `enum:"text,json" default:"text" help:"How to print: text or json."`
}

func (c *quarantineReplayCmd) Help() string {
	return `Reads the objects with quarantined records again, under the configuration as it is now: after
a mapping has been corrected, or Sojourn has learnt to read more. What they were read as before
counts no more. The next run makes the tables of their days again; sojourn plan says which.

Objects that are gone from their source, or have been replaced there, are named and stay as they
were read: exit status 3.

Examples:
  sojourn quarantine replay --dry-run
  sojourn quarantine replay --source web --reason missing_timestamp`
}

func (c *quarantineReplayCmd) Run(ctx context.Context, a *app) error {
	f, err := c.filter()
	if err != nil {
		return err
	}
	p, err := a.open(ctx, !c.DryRun)
	if err != nil {
		return err
	}
	defer p.Close()
	if err := p.hasLake(); err != nil {
		return err
	}
	p.pipeline.Progress = a.progress.show
	replay, err := p.pipeline.Replay(ctx, f, c.DryRun)
	a.progress.done()
	if err != nil {
		return err
	}
	if c.Format == "json" {
		encoder := json.NewEncoder(a.stdout)
		encoder.SetIndent("", "  ")
		err = encoder.Encode(replay)
	} else {
		c.print(a.stdout, &replay)
	}
	if err != nil {
		return err
	}
	for _, o := range replay.Left {
		fmt.Fprintf(a.stderr, "%s %s stays as it was read: %s\n", escaped(o.Source), escaped(o.Object), o.Why)
	}
	if len(replay.Left) > 0 {
		return errUnread
	}
	return nil
}

func (c *quarantineReplayCmd) print(w io.Writer, r *schedules.Replay) {
	if len(r.Objects) == 0 {
		fmt.Fprintln(w, "no objects to read again")
		return
	}
	verb := "read again"
	if r.After == nil {
		verb = "to read again"
	}
	fmt.Fprintf(w, "%s: %s\n", verb, plural(len(r.Objects), "object"))
	for i, o := range r.Objects {
		if i == 10 {
			fmt.Fprintf(w, "  and %d more\n", len(r.Objects)-i)
			break
		}
		fmt.Fprintf(w, "  %s %s\n", escaped(o.Source), escaped(o.Object))
	}
	c.printAccounts(w, r)
	if len(r.Days) > 0 {
		fmt.Fprintf(w, "days: %s\n", daysText(r.Days))
		if r.After != nil {
			fmt.Fprintln(w, "sojourn run makes them again")
		}
	}
}

// printAccounts shows where the records were and are.
func (c *quarantineReplayCmd) printAccounts(w io.Writer, r *schedules.Replay) {
	after := r.After
	if after == nil {
		after = &schedules.Accounts{}
	}
	row := func(name string, before, now int64) {
		switch {
		case before == 0 && now == 0:
		case r.After == nil:
			fmt.Fprintf(w, "%12s  %s\n", thousands(before), name)
		default:
			fmt.Fprintf(w, "%12s%12s  %s\n", thousands(before), thousands(now), name)
		}
	}
	if r.After != nil {
		fmt.Fprintf(w, "%12s%12s\n", "before", "now")
	}
	row("records read", r.Before.Records, after.Records)
	row("= events", r.Before.Events, after.Events)
	row("+ quarantined", r.Before.Quarantined, after.Quarantined)
	row("+ which id is whose", r.Before.Aliases, after.Aliases)
	row("+ skipped", r.Before.Skipped, after.Skipped)
	reasons := maps.Clone(r.Before.Reasons)
	maps.Copy(reasons, after.Reasons)
	for _, reason := range slices.Sorted(maps.Keys(reasons)) {
		row("quarantined: "+reason, r.Before.Reasons[reason], after.Reasons[reason])
	}
	if !r.Before.Balanced() || !after.Balanced() {
		fmt.Fprintln(w, "the counts do not add up: files of the lake are missing, or were changed by hand")
	}
}

// daysText writes days, those that follow each other as ranges.
func daysText(days []calendar.Day) string {
	var parts []string
	for i := 0; i < len(days); {
		last := i
		for last+1 < len(days) && days[last+1] == days[last]+1 {
			last++
		}
		text := days[i].String()
		if last > i {
			text += " to " + days[last].String()
		}
		parts = append(parts, text)
		i = last + 1
	}
	return strings.Join(parts, ", ")
}
