package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"sojourn/extract"
	"sojourn/internal/bucket"
	"sojourn/internal/bucket/clouds"
	"sojourn/internal/redact"
	"sojourn/transform"
)

type doctorCmd struct {
	URL     string `name:"url" placeholder:"URL" help:"Look at a directory or a bucket instead, without a configuration."`
	Objects int    `default:"12" help:"Objects to look at in each source."`
	Records int64  `default:"2000" help:"Records to read of each of them, within its first MiB if it is text."`
	Format  string `enum:"table,json" default:"table" help:"How to print: table or json."`
}

func (c *doctorCmd) Help() string {
	return `Looks at a sample of each source and says whether the configuration fits: what the objects are by
their contents, how many records a run could use and why not the others, what is never filled and
what that costs, and which events have a role. It writes nothing.

Exit status 5 if something differs from the configuration.

Examples:
  sojourn doctor
  sojourn doctor --url gs://acme-raw/exports`
}

// A differsError ends a command that looked for differences and found some.
type differsError string

func (e differsError) Error() string { return string(e) }

func (c *doctorCmd) Run(ctx context.Context, a *app) error {
	if c.Objects < 1 || c.Records < 1 {
		return usagef("--objects and --records must be at least 1")
	}
	look := extract.Look{Now: time.Now().UnixMicro(), Objects: c.Objects, Records: c.Records}
	var found []diagnosis
	var err error
	if c.URL != "" {
		found, err = c.strangers(ctx, look)
	} else {
		found, err = a.diagnose(ctx, look)
	}
	if err != nil {
		return err
	}
	if c.Format == "json" {
		out := json.NewEncoder(a.stdout)
		out.SetIndent("", "  ")
		out.SetEscapeHTML(false)
		if err := out.Encode(found); err != nil {
			return err
		}
	} else {
		for i, d := range found {
			if i > 0 {
				fmt.Fprintln(a.stdout)
			}
			d.print(a.stdout)
		}
	}
	for _, d := range found {
		if len(d.Differences) > 0 {
			return differsError("what was looked at differs from the configuration")
		}
	}
	return nil
}

// diagnose looks at the configured sources.
func (a *app) diagnose(ctx context.Context, look extract.Look) ([]diagnosis, error) {
	p, err := a.open(ctx, false)
	if err != nil {
		return nil, err
	}
	defer p.Close()
	definition, err := p.config.Session.definition()
	if err != nil {
		return nil, usageError{err}
	}
	var found []diagnosis
	for i, s := range p.pipeline.Sources {
		sample, err := s.Sample(ctx, look)
		if err != nil {
			return nil, err
		}
		d := newDiagnosis(s, p.config.Sources[i].URL, sample, definition)
		d.compare(s, sample, definition, float64(p.config.MaxBadShare))
		found = append(found, d)
	}
	return found, notSeen(found, p.config)
}

// notSeen notes with the last source which events the configuration names that
// no sample has. That is a remark only: a sample need not have what is rare.
func notSeen(found []diagnosis, c config) error {
	analysis, err := c.analysis()
	if err != nil {
		return usageError{err}
	}
	seen := map[string]bool{}
	for _, d := range found {
		for _, n := range d.Names {
			seen[n.Event] = true
		}
	}
	if len(seen) == 0 {
		return nil // what is wrong is said already
	}
	last := &found[len(found)-1]
	for _, name := range analysis.Declared() {
		if !seen[name] {
			last.NotSeen = append(last.NotSeen, name)
		}
	}
	return nil
}

// strangers looks at objects of which nothing is known.
func (c *doctorCmd) strangers(ctx context.Context, look extract.Look) ([]diagnosis, error) {
	b, err := bucket.Open(ctx, c.URL, false, clouds.Version)
	if err != nil {
		return nil, usageError{err}
	}
	defer b.Close() // read-only: nothing to lose
	s := extract.Source{Name: "url", Bucket: b}
	sample, err := s.Sample(ctx, look)
	if err != nil {
		return nil, err
	}
	formats := formatsOf(sample)
	if len(formats) > 0 {
		s.Format = formats[0].name
		if sample, err = s.Sample(ctx, look); err != nil {
			return nil, err
		}
	}
	d := newDiagnosis(s, c.URL, sample, transform.App())
	switch {
	case sample.Listed == 0:
		d.differ("there is no object")
	case len(formats) == 0:
		d.differ("none of the objects has a format that can be read")
	case len(formats) > 1:
		d.differ("the objects are of %d formats: give each its own source, with its match", len(formats))
	}
	if s.Format != "" {
		d.Next = fmt.Sprintf("sojourn init --format %s --url %s", s.Format, redact.Text(c.URL))
	}
	if slices.Contains([]string{"csv", "ndjson", "parquet"}, s.Format) && sample.Events == 0 {
		d.Reasons = d.Reasons[:0] // of fields that have other names than ours
		d.Next += ", and say under fields which of them is which"
	}
	return []diagnosis{d}, nil
}
