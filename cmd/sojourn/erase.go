package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"sojourn/internal/lake"
	"sojourn/schedules"
)

type eraseCmd struct {
	People erasePeopleCmd `cmd:"" default:"withargs" help:"Erase people, or finish an erasure; the word people may be left out."`
	Verify eraseVerifyCmd `cmd:"" help:"Look for the ids of an erasure in the lake and the warehouse."`
}

func (c *eraseCmd) Help() string {
	return `Takes everything of some people out of the lake and the warehouse, and keeps it out: whatever
is read later, their records are skipped. FILE has one id of a user or a device a line, as the
product writes it; ids that the product has said to be of the same person are erased with it.
Tables are restated without them. A receipt under runs/erasures/ in the lake says what was done,
and has no id in it. Killed anywhere, the same command goes on, as does --resume.
docs/erasure.md has what is not reached: raw objects, copies, versions that a bucket keeps.

Examples:
  sojourn erase --subjects gone.txt --reason 'request 4711' --dry-run
  sojourn erase --subjects gone.txt --reason 'request 4711'
  sojourn erase --resume 0003
  sojourn erase verify 0003 --subjects gone.txt`
}

type erasePeopleCmd struct {
	Subjects string `placeholder:"FILE" help:"Ids of users or devices, one a line; - for stdin."`
	Reason   string `placeholder:"TEXT" help:"Why, such as the number of a request; it is kept, and must not have an id in it."`
	Resume   string `placeholder:"ID" help:"Finish this erasure; no file is needed."`
	DryRun   bool   `help:"Say what would be erased, write nothing."`
}

func (c *erasePeopleCmd) Run(ctx context.Context, a *app) error {
	switch {
	case c.Resume != "" && (c.Subjects != "" || c.Reason != "" || c.DryRun):
		return usagef("--resume goes on with an erasure as it was begun: it takes no --subjects, --reason or --dry-run")
	case c.Resume == "" && c.Subjects == "":
		return usagef("--subjects is missing: a file with one id a line")
	case c.Resume == "" && strings.TrimSpace(c.Reason) == "" && !c.DryRun:
		return usagef("--reason is missing: say why, such as the number of the request; it is kept in the receipt")
	}
	s := schedules.Subjects{Reason: strings.TrimSpace(c.Reason)}
	if c.Resume == "" {
		var err error
		if s.IDs, err = readSubjects(c.Subjects); err != nil {
			return err
		}
	}
	p, err := a.open(ctx, !c.DryRun) // before there is a lake its tombstones keep people out of it
	if err != nil {
		return err
	}
	defer p.Close()
	if p.pseudonyms != nil {
		s.Pseudonym = p.pseudonyms.Of
	}
	if c.DryRun {
		receipt, err := p.pipeline.PreviewErasure(ctx, s)
		if err == nil {
			a.printErasure(receipt, true)
		}
		return err
	}
	if err := p.hasWarehouse(ctx); err != nil {
		return err
	}
	p.pipeline.Progress = a.progress.show
	var receipt lake.Erasure
	if c.Resume != "" {
		receipt, err = p.pipeline.ResumeErasure(ctx, c.Resume)
	} else {
		receipt, err = p.pipeline.Erase(ctx, s)
	}
	a.progress.done()
	if err != nil {
		if receipt.ID != "" {
			fmt.Fprintf(a.stderr, "sojourn erase --resume %s goes on\n", receipt.ID)
		}
		return err
	}
	a.printErasure(receipt, false)
	return nil
}

// readSubjects reads ids, one a line.
func readSubjects(path string) ([]string, error) {
	in := io.ReadCloser(os.Stdin)
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, usagef("--subjects: %w", err)
		}
		in = f
	}
	defer in.Close() // read-only: nothing to lose
	ids := map[string]bool{}
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		if id := strings.TrimSpace(strings.TrimPrefix(lines.Text(), "\ufeff")); id != "" {
			ids[id] = true
		}
	}
	if err := lines.Err(); err != nil {
		return nil, usagef("--subjects %s: %w", path, err)
	}
	if len(ids) == 0 {
		return nil, usagef("--subjects %s: no id in it", path)
	}
	return slices.Sorted(maps.Keys(ids)), nil
}

// printErasure prints a receipt.
func (a *app) printErasure(r lake.Erasure, dry bool) {
	out := a.stdout
	if dry {
		fmt.Fprintf(out, "would erase   %s given, %s of these people in all\n", plural(r.Given, "id"), plural(r.IDs, "id"))
	} else {
		fmt.Fprintf(out, "erasure %s, %s: %s\n", r.ID, r.Status, r.Reason)
		fmt.Fprintf(out, "subjects      %s given, %s of these people in all\n", plural(r.Given, "id"), plural(r.IDs, "id"))
	}
	fmt.Fprintf(out, "records       %s, %s in quarantine that are or may be theirs, %s of which id is whose\n",
		plural(r.Events, "event"), thousands(r.Quarantined), thousands(r.Aliases))
	switch {
	case dry && r.FirstDay != nil:
		days := slices.DeleteFunc(r.Days, func(d lake.DayChange) bool { return d.Day < *r.FirstDay })
		if n := len(days); n > 0 {
			fmt.Fprintf(out, "days          up to %s to restate, %s to %s\n", thousands(int64(n)), days[0].Day, days[n-1].Day)
		}
	case !dry && len(r.Days) > 0:
		fmt.Fprintf(out, "days          %s restated, %s to %s\n", thousands(int64(len(r.Days))), r.Days[0].Day, r.Days[len(r.Days)-1].Day)
	}
	if !dry {
		fmt.Fprintf(out, "files         %s replaced or removed, %s deleted that were old\n", thousands(int64(len(r.Files))), thousands(r.Swept))
		fmt.Fprintf(out, "published     %s\n", plural(r.Published, "partition"))
		table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
		for _, name := range slices.Sorted(maps.Keys(r.Rows)) {
			if change := r.Rows[name]; change.Before != change.After {
				fmt.Fprintf(table, "%s\t→ %s\t  %s\n", thousands(change.Before), thousands(change.After), name)
			}
		}
		fmt.Fprintln(out, "rows, where they changed:")
		table.Flush()
	}
	for _, o := range r.RawObjects {
		fmt.Fprintf(out, "raw object    %s %s\n", o.Source, o.Object)
	}
	if r.Unnamed > 0 {
		fmt.Fprintf(out, "raw objects   %s more, whose name has an id in it\n", thousands(r.Unnamed))
	}
	for _, note := range r.Notes {
		fmt.Fprintf(out, "note          %s\n", note)
	}
	if !dry {
		fmt.Fprintf(out, "receipt       %s\n", lake.ErasureObject(r.ID))
	}
}
