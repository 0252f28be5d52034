package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"sojourn/internal/calendar"
	"sojourn/transform"
)

type definitionsCmd struct {
	List definitionsListCmd `cmd:"" default:"1" help:"The definitions of this project and the presets."`
	Diff definitionsDiffCmd `cmd:"" help:"Which sessions of a day one definition makes of another's, with examples."`
}

type definitionsListCmd struct{}

func (c *definitionsListCmd) Help() string {
	return `Lists the session definitions of this project: its own (session), those under
compare_definitions, and the presets.`
}

func (c *definitionsListCmd) Run(_ context.Context, a *app) error {
	cfg, err := loadConfig(a.cli)
	if err != nil {
		return err
	}
	own, err := cfg.Session.definition()
	if err != nil {
		return usageError{err}
	}
	compared, err := cfg.compared()
	if err != nil {
		return usageError{err}
	}
	out := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(out, "%s\t%s\tthe app's own\n", own.Name, own.Digest())
	for _, d := range compared {
		fmt.Fprintf(out, "%s\t%s\tcompared\n", d.Name, d.Digest())
	}
	for _, p := range transform.Presets() {
		sentence, _, _ := strings.Cut(p.For, ". ")
		fmt.Fprintf(out, "%s\t%s\tpreset: %s\n", p.Name, p.Digest(), sentence)
	}
	return out.Flush()
}

type definitionsDiffCmd struct {
	One   string       `arg:"" help:"Name of a definition of this project, or of a preset."`
	Other string       `arg:"" help:"Name of another."`
	Date  calendar.Day `required:"" help:"Day whose sessions are compared."`
	Most  int          `default:"3" help:"Examples of each difference."`
}

func (c *definitionsDiffCmd) Help() string {
	return `Strings the staged events around a day under two definitions and shows which
sessions differ, by the rule responsible, with examples. Nothing is written and
no raw object is read.

  sojourn definitions diff app mixpanel --date 2026-10-01`
}

func (c *definitionsDiffCmd) Run(ctx context.Context, a *app) error {
	if c.Most < 0 {
		return usagef("--most: %d: want a number of examples", c.Most)
	}
	p, err := a.open(ctx, false)
	if err != nil {
		return err
	}
	defer p.Close()
	if err := p.hasLake(); err != nil {
		return err
	}
	one, err := p.config.definitionNamed(c.One)
	if err != nil {
		return err
	}
	other, err := p.config.definitionNamed(c.Other)
	if err != nil {
		return err
	}
	differences, err := p.pipeline.Differences(ctx, one, other, c.Date)
	if err != nil {
		return err
	}
	zone, err := calendar.LoadZone(p.config.Timezone)
	if err != nil {
		return usageError{err}
	}
	return c.print(a.stdout, differences, zone)
}

// definitionNamed is a definition of the project, or the preset of that name.
func (c *config) definitionNamed(name string) (transform.Definition, error) {
	own, err := c.Session.definition()
	if err != nil {
		return own, usageError{err}
	}
	all, err := c.compared()
	if err != nil {
		return own, usageError{err}
	}
	names := []string{own.Name}
	for _, d := range append([]transform.Definition{own}, all...) {
		if d.Name == name {
			return d, nil
		}
		names = append(names, d.Name)
	}
	if preset, ok := transform.PresetNamed(name); ok {
		return preset.Definition, nil
	}
	names = append(names, transform.PresetNames()...)
	slices.Sort(names)
	return own, usagef("there is no definition %q: want one of %s", name, strings.Join(slices.Compact(names), ", "))
}

// A group is the sessions that one rule makes one thing of.
type group struct {
	change transform.Outcome
	rule   string
	of     []transform.Difference
}

func (c *definitionsDiffCmd) print(w io.Writer, differences []transform.Difference, zone calendar.Zone) error {
	groups := map[string]*group{}
	sessions := 0
	for _, d := range differences {
		if d.One != nil {
			sessions++
		}
		key := string(d.Change) + " " + d.Rule
		if groups[key] == nil {
			groups[key] = &group{change: d.Change, rule: d.Rule}
		}
		groups[key].of = append(groups[key].of, d)
	}
	fmt.Fprintf(w, "%s of %s under %s: %s\n", plural(sessions, "session"), c.One, c.Other, c.Date)
	var list []*group
	for _, g := range groups {
		list = append(list, g)
	}
	slices.SortFunc(list, func(a, b *group) int {
		return cmp.Or(cmp.Compare(len(b.of), len(a.of)), strings.Compare(string(a.change), string(b.change)), strings.Compare(a.rule, b.rule))
	})
	for _, g := range list {
		fmt.Fprintf(w, "\n%d %s%s\n", len(g.of), g.change, prefixed(" by ", g.rule))
		if g.change == transform.Same {
			continue
		}
		out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		for _, d := range g.of[:min(len(g.of), c.Most)] {
			c.example(out, d, zone)
		}
		if err := out.Flush(); err != nil {
			return err
		}
	}
	return nil
}

func prefixed(prefix, text string) string {
	if text == "" {
		return ""
	}
	return prefix + text
}

// example shows a session, and what there is of it under the other definition.
func (c *definitionsDiffCmd) example(w io.Writer, d transform.Difference, zone calendar.Zone) {
	who := ""
	if d.One != nil {
		who = d.One.UserID
		fmt.Fprintf(w, "  %s\t%s\t%s\n", who, c.One, shown(d.One, zone))
	}
	for i := range d.Other {
		r := &d.Other[i]
		if who == r.UserID {
			who = ""
		} else {
			who = r.UserID
		}
		fmt.Fprintf(w, "  %s\t%s\t%s\n", who, c.Other, shown(r, zone))
		who = r.UserID
	}
}

// shown is a session in a line.
func shown(r *transform.Session, zone calendar.Zone) string {
	length := "length unknown"
	if r.DurationSeconds != nil {
		length = time.Duration(*r.DurationSeconds * 1e9).Round(time.Millisecond).String()
	}
	text := fmt.Sprintf("%s to %s, %s, %s, %s to %s", zone.Clock(r.StartedAt), zone.Clock(r.EndedAt), length, plural(r.EventCount, "event"), r.StartReason, r.EndReason)
	if r.Exclusion != "" {
		text += ", not counted: " + r.Exclusion
	}
	return text
}
