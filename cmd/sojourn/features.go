package main

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"sojourn/transform"
)

// featureConfig is a feature of the app, or its events alone.
type featureConfig struct {
	Events  []string `yaml:"events"`
	Screens []string `yaml:"screens"`
}

func (f *featureConfig) UnmarshalYAML(unmarshal func(any) error) error {
	if unmarshal(&f.Events) == nil {
		return nil
	}
	type plain featureConfig
	return unmarshal((*plain)(f))
}

// funnelConfig is a way through the app.
type funnelConfig struct {
	Steps  []stepConfig `yaml:"steps"`
	Within string       `yaml:"within"`
}

// stepConfig is what reaches a step of a funnel: one moment, or any of a list.
type stepConfig []eventOrScreenConfig

func (s *stepConfig) UnmarshalYAML(unmarshal func(any) error) error {
	var list []any
	if unmarshal(&list) == nil {
		return unmarshal((*[]eventOrScreenConfig)(s))
	}
	var one eventOrScreenConfig
	if err := unmarshal(&one); err != nil {
		return err
	}
	*s = stepConfig{one}
	return nil
}

// eventOrScreenConfig is the name of an event, or a screen.
type eventOrScreenConfig struct {
	event  string
	Screen string `yaml:"screen"`

	isNone bool // neither: reported where the funnel is known
}

func (m *eventOrScreenConfig) UnmarshalYAML(unmarshal func(any) error) error {
	if unmarshal(&m.event) == nil && m.event != "" {
		return nil
	}
	var named map[string]string
	if err := unmarshal(&named); err != nil || len(named) != 1 || named["screen"] == "" {
		m.isNone = true
		return nil
	}
	m.event, m.Screen = "", named["screen"]
	return nil
}

// features are those that the configuration names, in order of name.
func (c *config) features(report func(format string, args ...any)) []transform.Feature {
	var features []transform.Feature
	for _, name := range slices.Sorted(maps.Keys(c.Features)) {
		f := c.Features[name]
		if strings.TrimSpace(name) == "" {
			report("features: a name is empty")
		}
		if len(f.Events)+len(f.Screens) == 0 {
			report("features.%s: it has neither events nor screens: want a list of events, or {events: [...], screens: [...]}", name)
		}
		for _, of := range []struct {
			key   string
			names []string
		}{{"events", f.Events}, {"screens", f.Screens}} {
			for i, n := range of.names {
				switch {
				case n == "":
					report("features.%s.%s: a name is empty", name, of.key)
				case slices.Contains(of.names[:i], n):
					report("features.%s.%s: %q stands there twice", name, of.key, n)
				}
			}
		}
		features = append(features, transform.Feature{Name: name, Events: f.Events, Screens: f.Screens})
	}
	return features
}

// longestFunnel is the most days that a funnel may take: as long an attempt is
// carried from day to day.
const longestFunnel = 90

// funnels are those that the configuration names, in order of name.
func (c *config) funnels(report func(format string, args ...any)) []transform.Funnel {
	var funnels []transform.Funnel
	for _, name := range slices.Sorted(maps.Keys(c.Funnels)) {
		f := transform.Funnel{Name: name}
		if strings.TrimSpace(name) == "" {
			report("funnels: a name is empty")
		}
		if within := c.Funnels[name].Within; within != "session" {
			days, hasUnit := strings.CutSuffix(within, "d")
			n, err := strconv.ParseInt(days, 10, 64)
			if err != nil || !hasUnit || n < 1 || n > longestFunnel {
				report("funnels.%s.within: %q: want session, or a number of days from 1d to %dd, such as 7d", name, within, longestFunnel)
			}
			f.Days = n
		}
		if n := len(c.Funnels[name].Steps); n < 2 {
			report("funnels.%s.steps: there are %d: want at least 2", name, n)
		}
		for i, step := range c.Funnels[name].Steps {
			if len(step) == 0 {
				report("funnels.%s.steps[%d]: it is empty: want the name of an event, {screen: NAME}, or a list of these", name, i)
			}
			var moments transform.FunnelStep
			for _, m := range step {
				if m.isNone {
					report("funnels.%s.steps[%d]: a step is the name of an event, {screen: NAME}, or a list of these", name, i)
				}
				moments = append(moments, transform.EventOrScreen{Event: m.event, Screen: m.Screen})
			}
			f.Steps = append(f.Steps, moments)
		}
		funnels = append(funnels, f)
	}
	return funnels
}
