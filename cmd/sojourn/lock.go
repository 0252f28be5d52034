package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"sojourn/internal/lease"
)

type lockCmd struct {
	Status  lockStatusCmd  `cmd:"" help:"Show which run may write to the lake now."`
	Release lockReleaseCmd `cmd:"" help:"Put the run that holds the lake out, for a reason."`
}

func (c *lockCmd) Help() string {
	return `One run at a time writes to a lake: it holds a lease, which it renews while it is at work. A run
that died leaves a lease that ends by itself some minutes later, or at once if the next run is
on the same machine.

Examples:
  sojourn lock status
  sojourn lock release --reason "the machine is gone"`
}

type lockStatusCmd struct {
	Format string `enum:"text,json" default:"text" help:"text or json."`
}

func (c *lockStatusCmd) Help() string {
	return `Says who holds the lake: run, process and machine, since when, when the lease was last renewed,
when it ends, and its token; or that the lake is free.`
}

// A lockReport is the lock in JSON.
type lockReport struct {
	State lease.Standing `json:"state"` // held, expired, dead or released
	Lease *lease.Lease   `json:"lease"` // null if the lake never had one
}

func (c *lockStatusCmd) Run(ctx context.Context, a *app) error {
	p, err := a.openTables(ctx)
	if err != nil {
		return err
	}
	defer p.Close()
	l, standing, err := p.pipeline.LockStatus(ctx)
	if err != nil {
		return err
	}
	if c.Format == "json" {
		encoder := json.NewEncoder(a.stdout)
		encoder.SetIndent("", "  ")
		return encoder.Encode(lockReport{standing, l})
	}
	if p.noLake != "" {
		a.tellOfNoLake(p)
	}
	fmt.Fprintln(a.stdout, standingText(l, standing))
	return nil
}

// standingText says in a line who holds the lake.
func standingText(l *lease.Lease, standing lease.Standing) string {
	if l == nil {
		return "free: no run has held this lake yet"
	}
	switch standing {
	case lease.Valid:
		return fmt.Sprintf("locked by %v, renewed %s, expires %s, token %d", l.Holder, stamp(l.Renewed), stamp(l.Expires), l.Token)
	case lease.Expired:
		return fmt.Sprintf("free: %v did not give the lake back, and its lease expired %s (token %d)", l.Holder, stamp(l.Expires), l.Token)
	case lease.Dead:
		return fmt.Sprintf("free: %v did not give the lake back, and its process is gone (token %d)", l.Holder, l.Token)
	}
	if l.PutOut != nil && !l.PutOut.IsKnown() {
		return fmt.Sprintf("free: %v, was put out %s from %s: %s (token %d)", l.PutOut, stamp(l.Released), l.Host, l.Reason, l.Token)
	}
	if l.PutOut != nil {
		return fmt.Sprintf("free: run %s was put out %s from %s: %s (token %d)", l.PutOut.Run, stamp(l.Released), l.Host, l.Reason, l.Token)
	}
	return fmt.Sprintf("free: run %s gave the lake back %s (token %d)", l.Run, stamp(l.Released), l.Token)
}

func stamp(t time.Time) string { return t.Format(time.RFC3339) }

type lockReleaseCmd struct {
	Reason string `placeholder:"TEXT" help:"Why the run is put out; kept with the lease. Required."`
}

func (c *lockReleaseCmd) Help() string {
	return `Takes the lake from the run that holds it. If that run is alive after all, it is refused from then
on: it ends with exit status 11, and nothing of it becomes visible. The reason is kept in the
lake under runs/lease/.

Example:
  sojourn lock release --reason "the container was killed"`
}

func (c *lockReleaseCmd) Run(ctx context.Context, a *app) error {
	if strings.TrimSpace(c.Reason) == "" {
		return usagef("lock release needs --reason TEXT: why is the run put out?")
	}
	p, err := a.openTables(ctx)
	if err != nil {
		return err
	}
	defer p.Close()
	ended, err := p.pipeline.ReleaseLock(ctx, c.Reason)
	switch {
	case err != nil:
		return err
	case ended == nil:
		fmt.Fprintln(a.stdout, "nothing to release: no run holds the lake")
	default:
		fmt.Fprintf(a.stdout, "put out %v, token %d\n", ended.Holder, ended.Token)
	}
	return nil
}
