package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"

	"sojourn/schedules"
)

type verifyCmd struct {
	days
	Recompute string  `enum:",staged,raw" default:"" placeholder:"FROM" help:"Make days again from staged events or from raw objects, and compare: staged or raw."`
	Sample    *string `placeholder:"SHARE" help:"With --recompute: make only some of the days again, such as 5%."`
	Seed      uint64  `default:"1" help:"Which days a sample has: the same ones for the same seed."`
	LakeOnly  bool    `help:"Leave the warehouse out."`
	Format    string  `enum:"text,json" default:"text" help:"text or json."`
}

func (c *verifyCmd) Help() string {
	return `Reads every file of the lake that a manifest names and compares it with what the manifest says:
digest, size, rows. Checks the manifests themselves, that batches and days account for all they
have read, that days start from the end of the one before, and that the warehouse holds what the
lake has; DuckDB is also asked to count and add up. Every difference is a line that says what to
do, and the exit status is 5. Files that no manifest names are mentioned and are no difference:
a run that is killed leaves them. Nothing is written.

With --recompute staged it also makes the days again from staged events, in a temporary
directory, and compares the tables byte by byte; with --recompute raw it reads the raw objects
again first. That takes as long as a run.

Examples:
  sojourn verify
  sojourn verify --from 2026-10-01 --to 2026-10-31 --lake-only
  sojourn verify --recompute staged --sample 5%
  sojourn verify --recompute raw`
}

func (c *verifyCmd) Run(ctx context.Context, a *app) error {
	if err := c.check(); err != nil {
		return err
	}
	sample := 1.0
	if c.Sample != nil {
		if c.Recompute == "" {
			return usagef("--sample says how many of the days are made again: want --recompute staged or raw with it")
		}
		var err error
		if sample, err = parseShare(*c.Sample); err != nil {
			return err
		}
	}
	p, err := a.open(ctx, false)
	if err != nil {
		return err
	}
	defer p.Close()
	p.pipeline.Progress = a.progress.show
	found, err := p.pipeline.Verify(ctx, schedules.VerifyOptions{
		Range: schedules.Range{From: c.From, To: c.To}, Recompute: schedules.Recompute(c.Recompute), Sample: sample, Seed: c.Seed, Warehouse: !c.LakeOnly,
	})
	a.progress.done()
	if err != nil {
		return err
	}
	if c.Format == "json" {
		err = a.printJSON(found)
	} else {
		printVerification(a.stdout, found)
	}
	if err == nil && len(found.Findings) > 0 {
		err = differsError("the lake is not as it should be: " + plural(len(found.Findings), "finding"))
	}
	return err
}

// parseShare reads a share such as 5% or 0.05.
func parseShare(text string) (float64, error) {
	number, isPercent := strings.CutSuffix(text, "%")
	share, err := strconv.ParseFloat(number, 64)
	if isPercent {
		share /= 100
	}
	if err != nil || !(share > 0 && share <= 1) {
		return 0, usagef("--sample %s: want a share of the days, such as 5%%", text)
	}
	return share, nil
}

// mostLeftovers is how many files are named that no manifest names.
const mostLeftovers = 10

func printVerification(w io.Writer, v schedules.Verification) {
	for _, f := range v.Findings {
		subject := f.Object
		if subject == "" && f.Day != 0 {
			subject = f.Day.String()
		}
		if subject != "" {
			subject += ": "
		}
		fmt.Fprintf(w, "! %s: %s%s: %s\n", f.Kind, subject, oneLine(f.Text), f.Do)
	}
	for _, note := range v.Notes {
		fmt.Fprintf(w, "note: %s\n", oneLine(note))
	}
	for _, object := range v.Leftovers[:min(len(v.Leftovers), mostLeftovers)] {
		fmt.Fprintf(w, "note: no manifest names %s: a run that did not finish left it, and it does not count\n", object)
	}
	if more := len(v.Leftovers) - mostLeftovers; more > 0 {
		fmt.Fprintf(w, "note: and %s like it\n", plural(more, "other file"))
	}
	if v.Unsealed > 0 {
		fmt.Fprintf(w, "note: %s written by an earlier version and have no digest of their own\n", pluralVerb(v.Unsealed, "manifest"))
	}
	fmt.Fprintf(w, "%s, %s and %s (%s bytes) read", plural(v.Days, "day"), plural(v.Manifests, "manifest"), plural(v.Files, "file"), thousands(v.Bytes))
	if v.Partitions > 0 {
		fmt.Fprintf(w, ", %s compared with the warehouse", plural(v.Partitions, "partition"))
	}
	if v.Audited > 0 {
		fmt.Fprintf(w, " and %s counted there", thousands(int64(v.Audited)))
	}
	if n := len(v.Recomputed); n > 0 {
		fmt.Fprintf(w, ", %s made again", plural(n, "day"))
	}
	if len(v.Findings) == 0 {
		fmt.Fprint(w, ": all is as it should be")
	} else {
		fmt.Fprintf(w, ": %s", plural(len(v.Findings), "finding"))
	}
	fmt.Fprintln(w)
}

func pluralVerb(n int, thing string) string {
	if n == 1 {
		return plural(n, thing) + " was"
	}
	return plural(n, thing) + " were"
}
