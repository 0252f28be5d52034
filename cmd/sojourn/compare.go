package main

import (
	"context"
	"fmt"
)

type compareCmd struct {
	Format string `enum:"table,csv,json" default:"table" help:"How to print rows: table, csv, or json (one object a line)."`
	All    bool   `help:"Show also the comparisons that are refused."`
}

func (c *compareCmd) Help() string {
	return `Sets the app's last 28 days beside published figures of its industry, and its last 7 days beside
the 7 before. A comparison is ok, flagged with what speaks against it, or refused: session
figures of different definitions, a mean against a median and the like are not comparable.
The reasons stand in the last column. Then what came after the interventions that the
configuration names, in words.`
}

const comparison = `
SELECT metric, statistic, ROUND(own_value, 2) AS own, ROUND(benchmark_value, 2) AS published, unit,
  ROUND(ratio, 2) AS ratio, verdict, publisher, period, reasons
FROM benchmark_comparison`

func (c *compareCmd) Run(ctx context.Context, a *app) error {
	p, err := a.open(ctx, false)
	if err != nil {
		return err
	}
	defer p.Close()
	if c.Format == "table" {
		fmt.Fprintln(a.stdout, "The last 28 days beside published figures")
	}
	where := " WHERE verdict <> 'refuse'"
	if c.All {
		where = ""
	}
	if err := a.query(ctx, p, comparison+where+" ORDER BY metric, statistic, publisher, period", c.Format); err != nil {
		return err
	}
	if c.Format != "table" {
		return nil
	}
	if !c.All {
		if err := a.refused(ctx, p); err != nil {
			return err
		}
	}
	fmt.Fprintln(a.stdout, "\nThe last 7 days beside the 7 before")
	if err := a.query(ctx, p, past, c.Format); err != nil {
		return err
	}
	return a.effects(ctx, p)
}
