package main

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"slices"
	"time"

	"sojourn/sql"
	"sojourn/transform"
)

// figures are the published figures that are shipped and those of the project.
func (c *config) figures() ([]sql.Benchmark, error) {
	shipped, err := sql.Benchmarks()
	if err != nil {
		return nil, err
	}
	own, err := c.ownFigures()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, usagef("benchmarks.figures: there is no %s: write it with sojourn benchmarks add, or take the key out", c.Benchmarks.Figures)
	}
	return append(shipped, own...), err
}

// ownFigures are those of the file that benchmarks.figures names.
func (c *config) ownFigures() ([]sql.Benchmark, error) {
	if c.Benchmarks.Figures == "" {
		return nil, nil
	}
	return figuresOf(c.path(c.Benchmarks.Figures), c.Benchmarks.Figures)
}

// figuresOf reads a file, which problems call by a name.
func figuresOf(path, name string) ([]sql.Benchmark, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, usageError{err}
	}
	defer file.Close() // it was only read
	list, err := sql.ReadFigures(name, file)
	if err != nil {
		return nil, usageError{err}
	}
	return list, nil
}

// defined are the rows of definitions: the app's own first.
func (c *config) defined() ([]sql.SessionDefinition, error) {
	own, err := c.Session.definition()
	if err != nil {
		return nil, err
	}
	compared, err := c.compared()
	if err != nil {
		return nil, err
	}
	list := []sql.SessionDefinition{definedRow(own, c.Session.Preset)}
	list[0].IsOwn = true
	for i, d := range compared {
		list = append(list, definedRow(d, cmp.Or(c.CompareDefinitions[i].Preset, c.Session.Preset)))
	}
	return list, nil
}

func definedRow(d transform.Definition, preset string) sql.SessionDefinition {
	class, pause := pauseOf(d)
	row := sql.SessionDefinition{
		Name: d.Name, Digest: d.Digest(), Preset: preset,
		TimeoutSeconds: pause.Seconds(), RuleClass: class, DurationKind: durationKind(d),
	}
	if countsAsGA4(d) {
		row.EngagementRule = "ga4"
	}
	return row
}

// pauseOf returns the pause that ends a session, and its class. Where only
// explicit starts and ends do, it is that within which a session goes on after
// its end; ids that the source stamps end sessions by the source's own pause,
// and platforms and the background may have pauses of another class.
func pauseOf(d transform.Definition) (class string, pause time.Duration) {
	switch {
	case slices.Contains(d.Modes, transform.Explicit):
		pause = d.ReopenWithin
	case slices.Contains(d.Modes, transform.BackgroundGap) && d.BackgroundTimeout > 0:
		pause = d.BackgroundTimeout
	default:
		pause = d.Timeout
	}
	if len(d.Modes) == 1 && d.Modes[0] == transform.Stamped && !countsAsGA4(d) {
		return "unknown", pause
	}
	class = sql.RuleClass(pause.Seconds())
	if slices.Contains(d.Modes, transform.Gap) && d.BackgroundTimeout > 0 && sql.RuleClass(d.BackgroundTimeout.Seconds()) != class {
		return "unknown", pause // no one class for all sessions
	}
	for _, p := range d.Platforms {
		if sql.RuleClass(p.Timeout.Seconds()) != class {
			return "unknown", pause
		}
	}
	return class, pause
}

// countsAsGA4 says whether engaged sessions and bounces are those of Google
// Analytics 4: ten seconds of reported engagement, two views or a key event.
func countsAsGA4(d transform.Definition) bool {
	return d.Bounce.Rule == transform.NotEngaged && d.Engaged.Measure == transform.Reported &&
		d.Engaged.After == 10*time.Second && d.Engaged.Views == 2
}

// durationKind is the word of the published figures for what the definition
// measures as the length of a session.
func durationKind(d transform.Definition) string {
	switch d.Length.Measure {
	case transform.InForeground:
		return "foreground"
	case transform.Reported, transform.ReportedOrUsed, transform.Pings:
		return "engaged"
	}
	return "elapsed"
}
