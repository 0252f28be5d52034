package main

import (
	"context"
	"errors"
	"fmt"

	"sojourn/internal/calendar"
	"sojourn/transform"
)

// interventionConfig is something that was done about the app, of which
// intervention_effects tells what came after it: docs/interventions.md.
type interventionConfig struct {
	Name    string         `yaml:"name"`
	Date    string         `yaml:"date"`      // YYYY-MM-DD, a day of the reporting zone
	What    string         `yaml:"what"`      // for people
	Segment *segmentChoice `yaml:"segment"`   // whom it was for; everybody without
	Days    *int           `yaml:"days"`      // compared on each side
	Users   *int           `yaml:"min_users"` // a day, wanted on each side
}

// segmentChoice is a segment of a cut of the daily tables.
type segmentChoice struct {
	Cut     string `yaml:"cut"`
	Segment string `yaml:"segment"`
}

// interventions are those of the configuration, in its order. The error has a
// line for each problem.
func (c *config) interventions() ([]transform.Intervention, error) {
	var list []transform.Intervention
	var problems []error
	names := map[string]bool{}
	for i, from := range c.Interventions {
		v, errs := from.intervention()
		if from.Name != "" && names[from.Name] {
			errs = append(errs, fmt.Errorf("name: another one is named %q too", from.Name))
		}
		names[from.Name] = true
		for _, err := range errs {
			problems = append(problems, fmt.Errorf("interventions[%d]: %w", i, err))
		}
		list = append(list, v)
	}
	return list, errors.Join(problems...)
}

func (c *interventionConfig) intervention() (_ transform.Intervention, problems []error) {
	report := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	v := transform.Intervention{
		Name: c.Name, What: c.What, Days: transform.DefaultEffectDays, MinUsers: transform.DefaultEffectUsers,
	}
	if c.Name == "" {
		report("name is missing: intervention_effects tells them apart by it")
	}
	var err error
	if v.Day, err = calendar.ParseDay(c.Date); err != nil {
		report("date: %w", err)
	}
	if c.Segment != nil {
		v.Cut, v.Segment = c.Segment.Cut, c.Segment.Segment
		if v.Cut == "" || v.Segment == "" {
			report("segment: cut %q, segment %q: want both, or no segment for everybody", v.Cut, v.Segment)
		}
	}
	if c.Days != nil {
		v.Days = *c.Days
	}
	if v.Days%7 != 0 || v.Days < transform.MinEffectDays || v.Days > transform.MaxEffectDays {
		report("days: %d: want whole weeks, from %d to %d days", v.Days, transform.MinEffectDays, transform.MaxEffectDays)
	}
	if c.Users != nil {
		v.MinUsers = *c.Users
	}
	if v.MinUsers < 1 {
		report("min_users: %d: want at least 1", v.MinUsers)
	}
	return v, problems
}

const afterInterventions = `
SELECT sentence FROM intervention_effects ORDER BY intervention_date, intervention, metric`

// effects prints what came after the interventions, if there are any.
func (a *app) effects(ctx context.Context, p *project) (err error) {
	if len(p.config.Interventions) == 0 {
		return nil
	}
	warehouse, err := p.duckdb(ctx)
	if err != nil {
		return err
	}
	rows, err := warehouse.Query(ctx, afterInterventions)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	fmt.Fprintln(a.stdout, "\nBefore and after the interventions")
	told := 0
	for row, err := range rows.All() {
		if err != nil {
			return err
		}
		fmt.Fprintln(a.stdout, row[0])
		told++
	}
	if told == 0 {
		fmt.Fprintln(a.stdout, "they are new: not known before the next sojourn run")
	}
	return nil
}
