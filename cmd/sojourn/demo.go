package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"sojourn/internal/bucket"
	"sojourn/internal/calendar"
	"sojourn/internal/generate"
	"sojourn/load/duckdb"
	"sojourn/schedules"
)

type demoCmd struct {
	Dir   string        `arg:"" default:"sojourn-demo" help:"Directory of the demo project."`
	Users int           `default:"3000" help:"People who install the app during the days."`
	Days  int           `default:"21" help:"Days."`
	First *calendar.Day `placeholder:"DATE" help:"First day; by default the last one is yesterday."`
	Seed  uint64        `default:"1" help:"Equal seeds and sizes give equal events."`
}

func (c *demoCmd) Help() string {
	return `Writes a project with the raw events of an invented travel app: duplicates, late and offline
uploads, wrong clocks, bots, pushes in the background, crashes, a truncated object and
unreadable records included. Then it runs it and shows what came out. No network is used.

Example:
  sojourn demo && cd sojourn-demo && sojourn query "SELECT * FROM fct_daily"`
}

const demoZone = "Europe/Lisbon"

// demoQuestions are what the demo asks of the travel app.
const demoQuestions = `# What the tables are asked beside sessions.
cuts: [platform, interest]         # metric tables by segment too: docs/segments.md
min_group_users: 5                 # rows of cuts about fewer users are left out
segments:
  interest:
    rules:
      - {name: booked, when: did('booking_completed')}
      - {name: looking, when: "days('trip_view', 7) >= 2"}
    otherwise: passing by
retention:                         # docs/retention.md
  - {name: booking, return: {event: booking_completed}, by: day, periods: 14}
  - {name: weekly, return: engaged_session, by: week, periods: 3}
features:                          # docs/screens.md
  search: [search]
  map: {screens: [Map]}
  gift cards: [gift_card_opened]   # which nobody uses
funnels:
  booking: {within: session, steps: [{screen: Home}, trip_view, booking_completed]}
  second thoughts: {within: 7d, steps: [trip_view, booking_completed]}
onboarding: {steps: [search, trip_view], completed: booking_completed}   # docs/returning.md
push: {window: 30m}
`

func (c *demoCmd) Run(ctx context.Context, a *app) error {
	if c.Users < 1 || c.Days < 1 {
		return usagef("--users and --days must be at least 1")
	}
	if _, err := duckdb.Open(ctx, c.Dir, nil, duckdb.Options{}); err != nil {
		return usageError{err} // built without cgo: say so before writing anything
	}
	if err := c.write(ctx, a); err != nil {
		return err
	}
	a.cli.Config = filepath.Join(c.Dir, "sojourn.yaml")
	a.cli.Lake, a.cli.DuckDB = "", "" // the demo keeps to its directory
	p, err := a.open(ctx, true)
	if err != nil {
		return err
	}
	defer p.Close()
	began := time.Now()
	sum, err := a.runNight(ctx, p, schedules.Range{})
	a.summarize(sum)
	if err != nil {
		return err
	}
	if sum.Idle() {
		fmt.Fprintln(a.stdout, "nothing to do")
	}
	fmt.Fprintf(a.stdout, "took       %.1f s\n\n", time.Since(began).Seconds())
	if err := a.highlights(ctx, p); err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, `
Try next:
  cd %s
  sojourn query "SELECT * FROM fct_daily ORDER BY date"
  sojourn compare
  sojourn run          # again: nothing to do
(without an installed binary: go run ./cmd/sojourn --config %s …)
`, c.Dir, a.cli.Config)
	return nil
}

// write writes the project unless it is there already.
func (c *demoCmd) write(ctx context.Context, a *app) error {
	zone, err := calendar.LoadZone(demoZone)
	if err != nil {
		return err
	}
	text, err := sampleConfig(sample{
		App: "trailnotes", Zone: demoZone, URL: "./raw", Format: "ndjson", Match: "events/**", Industry: "travel",
		MaxBadShare: "10%", // of a small demo the one broken object is that much
		KeyEvents:   []string{"booking_completed"},
		Questions:   demoQuestions,
	})
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(c.Dir, "sojourn.yaml")); err == nil {
		if _, err := os.Stat(filepath.Join(c.Dir, "raw", "truth", "summary.json")); err != nil {
			return usagef("%s has a sojourn.yaml that is not the demo's: name another directory", c.Dir)
		}
		fmt.Fprintf(a.stdout, "%s is there already: running it again\n", c.Dir)
		return nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	first := zone.DayOf(time.Now().UnixMicro()) - calendar.Day(c.Days)
	if c.First != nil {
		first = *c.First
	}
	raw, err := bucket.Open(ctx, filepath.Join(c.Dir, "raw"), true, nil)
	if err != nil {
		return err
	}
	defer raw.Close() // every write was closed before
	sum, err := generate.Write(ctx, raw, generate.Options{Seed: c.Seed, Users: c.Users, Days: c.Days, First: first, Zone: zone})
	if err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "wrote      %s of %s users over %d days into %s\n", plural(int64(sum.Lines), "record"), thousands(int64(c.Users)), c.Days, c.Dir)
	_, err = writeNew(c.Dir, "sojourn.yaml", text)
	return err
}
