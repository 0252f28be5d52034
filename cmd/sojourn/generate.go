package main

import (
	"context"
	"encoding/json"

	"sojourn/internal/bucket"
	"sojourn/internal/bucket/clouds"
	"sojourn/internal/calendar"
	"sojourn/internal/generate"
)

type generateCmd struct {
	Out   string       `arg:"" placeholder:"DIR" help:"Directory or bucket URL to write to; made if missing."`
	Users int          `default:"3000" help:"People who install the app during the days."`
	Days  int          `default:"21" help:"Days."`
	First calendar.Day `default:"2026-10-01" placeholder:"DATE" help:"First day."`
	Zone  string       `default:"Europe/Lisbon" help:"Reporting time zone."`
	Seed  uint64       `default:"1" help:"Equal seeds and sizes give equal bytes."`
	Clean bool         `help:"Leave out the troubles: duplicates, late and unreadable records, wrong clocks, bots."`
}

func (c *generateCmd) Help() string {
	return `Writes the raw events of an invented travel app with the troubles that real collectors see, under
events/, and the true sessions under truth/. Prints what was written as JSON.

Example:
  sojourn generate raw --users 5000 --days 35 --seed 7`
}

func (c *generateCmd) Run(ctx context.Context, a *app) error {
	zone, err := calendar.LoadZone(c.Zone)
	if err != nil {
		return usageError{err}
	}
	if c.Users < 1 || c.Days < 1 {
		return usagef("--users and --days must be at least 1")
	}
	b, err := bucket.Open(ctx, c.Out, true, clouds.Version)
	if err != nil {
		return usageError{err}
	}
	defer b.Close() // every write was closed before
	sum, err := generate.Write(ctx, b, generate.Options{
		Seed: c.Seed, Users: c.Users, Days: c.Days, First: c.First, Zone: zone, Clean: c.Clean,
	})
	if err != nil {
		return err
	}
	out := json.NewEncoder(a.stdout)
	out.SetIndent("", "  ")
	return out.Encode(sum)
}
