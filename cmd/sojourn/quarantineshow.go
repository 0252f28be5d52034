package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"sojourn/extract"
)

type quarantineShowCmd struct {
	quarantineFlags
	Limit  int    `default:"20" placeholder:"N" help:"Most records to show."`
	Bytes  int    `default:"500" placeholder:"N" help:"Most bytes of each record to show; 64 KiB are kept."`
	Format string `enum:"text,json" default:"text" help:"How to print: text, or json (one object a line, raw in base64)."`
}

func (c *quarantineShowCmd) Help() string {
	return `Shows records that could not be used: object, line, reason, and the beginning of the record
as it came. Control characters and bytes that are no UTF-8 are escaped.

Examples:
  sojourn quarantine show --reason bad_timestamp --limit 3
  sojourn quarantine show --source web --object "2026-10-05*" --bytes 2000`
}

func (c *quarantineShowCmd) Run(ctx context.Context, a *app) error {
	if c.Limit < 1 || c.Bytes < 0 {
		return usagef("--limit must be at least 1 and --bytes not negative")
	}
	f, err := c.filter()
	if err != nil {
		return err
	}
	p, err := a.openTables(ctx)
	if err != nil {
		return err
	}
	defer p.Close()
	if err := p.hasLake(); err != nil {
		return err
	}
	shown := 0
	for r, err := range p.pipeline.Quarantined(ctx, f) {
		if err != nil {
			return err
		}
		if shown == c.Limit {
			fmt.Fprintf(a.stderr, "there are more: --limit %d was reached\n", c.Limit)
			break
		}
		shown++
		if err := c.print(a.stdout, &r); err != nil {
			return err
		}
	}
	if shown == 0 {
		fmt.Fprintln(a.stderr, "no such records are in quarantine")
	}
	return nil
}

func (c *quarantineShowCmd) print(w io.Writer, r *extract.Quarantined) error {
	raw := r.Raw[:min(len(r.Raw), c.Bytes)]
	if c.Format == "json" {
		return printLines(w, []shownRecord{{
			Source: r.Source, Object: r.Object, Line: r.Line, Reason: r.Reason, Detail: r.Detail,
			Text: escaped(string(raw)), Raw: raw, RawBytes: r.RawBytes, Batch: r.Batch, ReadAt: r.ReadAt,
		}})
	}
	_, err := fmt.Fprintf(w, "%s %s:%d  %s: %s\n", escaped(r.Source), escaped(r.Object), r.Line, r.Reason, escaped(r.Detail))
	if err != nil || len(raw) == 0 {
		return err
	}
	more := ""
	if rest := r.RawBytes - int64(len(raw)); rest > 0 {
		more = fmt.Sprintf("… and %s more", plural(rest, "byte"))
	}
	_, err = fmt.Fprintf(w, "  %s%s\n", escaped(string(raw)), more)
	return err
}

// A shownRecord is a quarantined record in JSON.
type shownRecord struct {
	Source   string    `json:"source"`
	Object   string    `json:"object"`
	Line     int64     `json:"line"`
	Reason   string    `json:"reason"`
	Detail   string    `json:"detail"`
	Text     string    `json:"text"` // raw, with what is not printable escaped
	Raw      []byte    `json:"raw"`
	RawBytes int64     `json:"raw_bytes"` // of the whole record
	Batch    string    `json:"batch"`
	ReadAt   time.Time `json:"read_at"`
}
