package main

import (
	"fmt"
	"time"

	"sojourn/schedules"
)

// checksConfig says what a day must pass before its tables take the place of
// those of before.
type checksConfig struct {
	Shrink      checkConfig `yaml:"shrink"`      // greatest share of its events that a day may lose
	Volume      checkConfig `yaml:"volume"`      // least share of the events that are usual on the weekday
	MinEvents   int64       `yaml:"min_events"`  // usual ones, for volume to be looked at
	ZeroLength  checkConfig `yaml:"zero_length"` // greatest shares of sessions
	Crashed     checkConfig `yaml:"crashed"`
	Capped      checkConfig `yaml:"capped"`
	MinSessions int64       `yaml:"min_sessions"` // for the three shares of sessions to be looked at
}

type checkConfig struct {
	Share share `yaml:"share"`
	Level level `yaml:"level"`
}

// level is off, warn or block.
type level schedules.Level

func (l *level) UnmarshalYAML(unmarshal func(any) error) error {
	var text string
	if err := unmarshal(&text); err != nil {
		return err
	}
	switch is := schedules.Level(text); is {
	case schedules.Off, schedules.Warn, schedules.Block:
		*l = level(is)
		return nil
	}
	return fmt.Errorf("%q is not a level: want off, warn or block", text)
}

func defaultChecks() checksConfig {
	return checksConfig{
		Shrink:      checkConfig{0.5, level(schedules.Block)},
		Volume:      checkConfig{0.1, level(schedules.Block)},
		MinEvents:   100,
		ZeroLength:  checkConfig{0.9, level(schedules.Warn)},
		Crashed:     checkConfig{0.2, level(schedules.Warn)},
		Capped:      checkConfig{0.05, level(schedules.Warn)},
		MinSessions: 20,
	}
}

func (c checksConfig) checks() schedules.Checks {
	limit := func(c checkConfig) schedules.Limit {
		return schedules.Limit{Share: float64(c.Share), Level: schedules.Level(c.Level)}
	}
	return schedules.Checks{
		Shrink: limit(c.Shrink), Volume: limit(c.Volume), MinEvents: c.MinEvents,
		ZeroLength: limit(c.ZeroLength), Crashed: limit(c.Crashed), Capped: limit(c.Capped), MinSessions: c.MinSessions,
	}
}

// The defaults of what is kept of the past.
const (
	defaultLateLimit     = duration(30 * 24 * time.Hour)
	defaultKeepRevisions = duration(30 * 24 * time.Hour)
)

// warn tells which checks did not pass without stopping the run.
func (a *app) warn(sum schedules.Summary) {
	for _, w := range sum.Warnings {
		accepted := ""
		if w.Accepted != "" {
			accepted = ", accepted: " + w.Accepted
		}
		fmt.Fprintf(a.stderr, "  check %s of %s: %s%s\n", w.Name, w.Day, w.Text, accepted)
	}
}
