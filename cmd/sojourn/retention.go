package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"sojourn/transform"
)

// retentionConfig is a retention beside daily_retention. docs/retention.md
// explains the keys.
type retentionConfig struct {
	Name      string       `yaml:"name"`
	Anchor    momentConfig `yaml:"anchor"` // first_session, install or {event: NAME}
	Recurring bool         `yaml:"recurring"`
	Return    momentConfig `yaml:"return"`   // session, engaged_session or {event: NAME}
	By        string       `yaml:"by"`       // day, 24h, week or month
	Mode      string       `yaml:"mode"`     // exact, on_or_after or brackets
	Brackets  [][]whole    `yaml:"brackets"` // first and last period of each
	Edges     []whole      `yaml:"edges"`    // brackets from each up to the next
	Periods   *whole       `yaml:"periods"`  // the last period
}

// momentConfig is a word, or an event with its name.
type momentConfig struct {
	Kind  string // of the word
	Event string `yaml:"event"`
}

func (m *momentConfig) UnmarshalYAML(unmarshal func(any) error) error {
	if unmarshal(&m.Kind) == nil {
		return nil
	}
	m.Kind = string(transform.OnEvent)
	type plain momentConfig
	return unmarshal((*plain)(m))
}

func (m momentConfig) moment(otherwise transform.MomentKind) transform.Moment {
	if m.Kind == "" {
		return transform.Moment{Kind: otherwise}
	}
	return transform.Moment{Kind: transform.MomentKind(m.Kind), Event: m.Event}
}

// defaultPeriods is how far retention is followed if the configuration does
// not say.
var defaultPeriods = map[transform.Period]int{transform.ByDay: 30, transform.By24h: 30, transform.ByWeek: 12, transform.ByMonth: 12}

// retention is what the configuration asks, with the week that it says.
func (r retentionConfig) retention(weekStart time.Weekday) (transform.Retention, error) {
	var problems []error
	report := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	t := transform.Retention{
		Name: r.Name, Anchor: r.Anchor.moment(transform.OnFirstSession), Recurring: r.Recurring, Return: r.Return.moment(transform.OnSession),
		By: transform.Period(r.By), Mode: transform.RetentionMode(r.Mode),
	}
	if t.By == "" {
		t.By = transform.ByDay
	}
	if t.By == transform.ByWeek {
		t.WeekStart = weekStart
	}
	if t.Mode == "" && (len(r.Brackets) > 0 || len(r.Edges) > 0) {
		t.Mode = transform.InBrackets
	}
	if t.Mode == "" {
		t.Mode = transform.Exact
	}
	for _, b := range r.Brackets {
		if len(b) != 2 {
			report("brackets: one has %d numbers: want the first and the last period of each, such as [1, 3]", len(b))
			continue
		}
		t.Brackets = append(t.Brackets, transform.Bracket{First: int(b[0]), Last: int(b[1])})
	}
	if len(r.Edges) > 0 && len(r.Brackets) > 0 {
		report("brackets and edges are both set: choose one")
	} else if len(r.Edges) == 1 {
		report("edges: there is one: want at least two, such as [0, 1, 4, 8] for [0, 0], [1, 3], [4, 7]")
	}
	for i := range r.Edges[min(1, len(r.Edges)):] {
		if r.Edges[i+1] <= r.Edges[i] {
			report("edges: %d does not come after %d", r.Edges[i+1], r.Edges[i])
			break
		}
		t.Brackets = append(t.Brackets, transform.Bracket{First: int(r.Edges[i]), Last: int(r.Edges[i+1]) - 1})
	}
	switch {
	case r.Periods != nil:
		t.Periods = int(*r.Periods)
	case t.Mode != transform.InBrackets:
		t.Periods = defaultPeriods[t.By]
	}
	if len(problems) == 0 {
		problems = append(problems, t.Validate())
	}
	return t, errors.Join(problems...)
}

// weekdays are the days on which a week may begin.
var weekdays = []string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}

// retentions are those of the configuration. The error says all that is wrong.
func (c *config) retentions() ([]transform.Retention, error) {
	var list []transform.Retention
	var problems []error
	report := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	weekStart := slices.Index(weekdays, strings.ToLower(c.WeekStart))
	if weekStart < 0 {
		report("week_start: %q: want a day of the week, such as monday", c.WeekStart)
	}
	taken := map[string]bool{}
	for i, r := range c.Retention {
		where := fmt.Sprintf("retention %q", r.Name)
		switch {
		case r.Name == "":
			where = fmt.Sprintf("retention[%d]", i)
			report("%s: it has no name: want one, by which its rows are found", where)
		case transform.ReservedRetention(r.Name):
			report("%s: the name is that of daily_retention: want another", where)
		case taken[r.Name]:
			report("%s: two have that name", where)
		}
		taken[r.Name] = true
		t, err := r.retention(time.Weekday(weekStart))
		if err != nil {
			for line := range strings.SplitSeq(err.Error(), "\n") {
				report("%s: %s", where, line)
			}
		}
		if d, err := c.Session.definition(); err == nil && t.Anchor.Kind == transform.OnInstall && len(d.Events[transform.Install]) == 0 {
			report("%s: anchor: no event has the role install: name one in session.events.install", where)
		}
		list = append(list, t)
	}
	return list, errors.Join(problems...)
}
