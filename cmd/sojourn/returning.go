package main

import (
	"fmt"
	"slices"
	"time"

	"sojourn/transform"
)

// onboardingConfig is what new users are led through.
type onboardingConfig struct {
	Steps     []string `yaml:"steps"`     // events, in the order in which they are meant to come
	Completed string   `yaml:"completed"` // event that completes it; the last step if it is empty
}

type pushConfig struct {
	Window duration `yaml:"window"` // for how long after a push a session is put down to it
}

type incentiveConfig struct {
	Name       string         `yaml:"name"`
	Events     []string       `yaml:"events"`      // any of them says that the user was reached
	ReturnDays *whole         `yaml:"return_days"` // days after it in which a return counts; 7 if not given
	Holdout    *holdoutConfig `yaml:"holdout"`
}

// holdoutConfig says which users chance has kept from an incentive: those with
// an event, or those with a value of a property.
type holdoutConfig struct {
	Event    string `yaml:"event"` // marks a user as held out
	Property string `yaml:"property"`
	Control  string `yaml:"control"` // its value for users who are held out
}

// longestReturn is for how many days users' activity is surely known.
const longestReturn = 62

// longestWindow is how long before a session a push is surely seen.
const longestWindow = 24 * time.Hour

// returning sets what the tables of first sessions, pushes and incentives are
// asked.
func (c *config) returning(a *transform.Analysis, report func(string, ...any)) {
	if o := c.Onboarding; o != nil {
		checkEvents(o.Steps, "onboarding.steps", "the events that a new user is led through, in order", report)
		if n := len(o.Steps); n > 0 {
			a.Onboarding = transform.Onboarding{Steps: o.Steps, Completed: o.Completed}
			if o.Completed == "" {
				a.Onboarding.Completed = o.Steps[n-1]
			}
		}
	}
	a.PushWindow = time.Duration(c.Push.Window)
	if a.PushWindow <= 0 {
		report("push.window: %s is not longer than 0: want for how long after a push a session is put down to it, such as 30m", a.PushWindow)
	}
	if a.PushWindow > longestWindow {
		report("push.window: %s is longer than %s: pushes are looked for on the day of the session and the day before", a.PushWindow, longestWindow)
	}
	for i := range c.Incentives {
		c.incentive(i, a, report)
	}
}

func (c *config) incentive(i int, a *transform.Analysis, report func(string, ...any)) {
	in, key := &c.Incentives[i], fmt.Sprintf("incentives[%d]", i)
	if in.Name == "" {
		report("%s: name is missing: want what the tables call it", key)
	}
	if slices.ContainsFunc(c.Incentives[:i], func(other incentiveConfig) bool { return other.Name == in.Name && in.Name != "" }) {
		report("incentives: two are named %q", in.Name)
	}
	checkEvents(in.Events, key+": events", "those that say that it reached a user", report)
	out := transform.Incentive{Name: in.Name, Events: in.Events, ReturnDays: 7}
	if in.ReturnDays != nil {
		out.ReturnDays = int(*in.ReturnDays)
	}
	if out.ReturnDays < 1 || out.ReturnDays > longestReturn {
		report("%s: return_days: %d: want 1 to %d days", key, out.ReturnDays, longestReturn)
	}
	if h := in.Holdout; h != nil {
		out.Holdout = transform.Holdout(*h)
		if why := c.holdout(h, in.Events); why != "" {
			report("%s: holdout: %s", key, why)
		}
	}
	a.Incentives = append(a.Incentives, out)
}

// holdout says what is wrong with a holdout, "" if nothing is.
func (c *config) holdout(h *holdoutConfig, reached []string) string {
	switch {
	case (h.Event == "") == (h.Property == ""):
		return "want either event, which marks a user as held out, or property with control"
	case slices.Contains(reached, h.Event):
		return fmt.Sprintf("%q is one of its events too: who is reached cannot be held out", h.Event)
	case (h.Property == "") != (h.Control == ""):
		return "property and control go together: control is the value of users who are held out"
	case h.Property != "" && !slices.ContainsFunc(c.Sources, func(s sourceConfig) bool { return s.Properties[h.Property] != "" && c.Privacy.keeps(h.Property) }):
		return fmt.Sprintf("no source keeps a property %q: say under its properties where it is", h.Property)
	}
	return ""
}

// checkEvents reports what is wrong with a list of names of events.
func checkEvents(names []string, key, want string, report func(string, ...any)) {
	if len(names) == 0 {
		report("%s: there is none: want %s", key, want)
	}
	for i, name := range names {
		if name == "" {
			report("%s: one is empty: want names of events", key)
		} else if slices.Contains(names[:i], name) {
			report("%s: %q stands there twice", key, name)
		}
	}
}
