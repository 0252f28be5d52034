package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"sojourn/internal/calendar"
	"sojourn/schedules"
)

type quarantineCmd struct {
	List   quarantineListCmd   `cmd:"" default:"withargs" help:"Count quarantined records by source, object and reason."`
	Show   quarantineShowCmd   `cmd:"" help:"Show quarantined records."`
	Replay quarantineReplayCmd `cmd:"" help:"Read objects with quarantined records again, as they are to be read now."`
}

// quarantineFlags say which records are meant.
type quarantineFlags struct {
	Source string        `placeholder:"NAME" help:"Records of this source."`
	Object string        `placeholder:"PATTERN" help:"Records of objects whose names have this shape; ** stands for any folders."`
	Reason string        `placeholder:"REASON" help:"Records with this reason, such as missing_timestamp."`
	From   *calendar.Day `placeholder:"DATE" help:"Records read on this day or later."`
	To     *calendar.Day `placeholder:"DATE" help:"Records read on this day or earlier."`
}

func (c *quarantineFlags) filter() (schedules.QuarantineFilter, error) {
	f := schedules.QuarantineFilter{Source: c.Source, Object: c.Object, Reason: c.Reason, From: c.From, To: c.To}
	if err := (days{c.From, c.To}).check(); err != nil {
		return f, err
	}
	if err := f.Check(); err != nil {
		return f, usagef("--object: %w", err)
	}
	return f, nil
}

type quarantineListCmd struct {
	quarantineFlags
	Superseded bool   `help:"List also records that stand no more: their objects have been read again, or are gone."`
	Format     string `enum:"table,json" default:"table" help:"How to print: table, or json (one object a line)."`
}

func (c *quarantineListCmd) Help() string {
	return `Lists the records that could not be used, by source, object and reason, with an example.
docs/operations.md says what to do about each reason. Records of objects that have been
read again since are left out.

Examples:
  sojourn quarantine list --reason missing_timestamp
  sojourn quarantine list --object "2026/10/**" --from 2026-10-05`
}

func (c *quarantineListCmd) Run(ctx context.Context, a *app) error {
	f, err := c.filter()
	if err != nil {
		return err
	}
	f.Superseded = c.Superseded
	p, err := a.openTables(ctx)
	if err != nil {
		return err
	}
	defer p.Close()
	if err := p.hasLake(); err != nil {
		return err
	}
	groups, err := p.pipeline.Quarantine(ctx, f)
	if err != nil {
		return err
	}
	if c.Format == "json" {
		return printLines(a.stdout, groups)
	}
	c.print(a.stdout, groups)
	return nil
}

func (c *quarantineListCmd) print(w io.Writer, groups []schedules.QuarantineGroup) {
	if len(groups) == 0 {
		fmt.Fprintln(w, "no such records are in quarantine")
		return
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "source\tobject\treason\trecords\tfirst read\tlast read\texample")
	var records int64
	for _, g := range groups {
		note := ""
		if g.Stands {
			records += g.Records
		} else {
			note = " (read again since)"
		}
		fmt.Fprintf(table, "%s\t%s\t%s%s\t%s\t%s\t%s\tline %d: %s\n", escaped(g.Source), excerpt(g.Object, 120), g.Reason, note, thousands(g.Records),
			g.First.Format(time.DateTime), g.Last.Format(time.DateTime), g.Line, excerpt(g.Detail, 160))
	}
	table.Flush()
	fmt.Fprintf(w, "%s in quarantine\n", plural(records, "record"))
}

// printLines writes values as JSON, one a line.
func printLines[T any](w io.Writer, values []T) error {
	encoder := json.NewEncoder(w)
	for _, v := range values {
		if err := encoder.Encode(v); err != nil {
			return err
		}
	}
	return nil
}
