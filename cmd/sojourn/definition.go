package main

import (
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"

	"sojourn/transform"
)

// sessionConfig is a preset and the knobs that differ from it. A knob that is
// not there is the preset's. docs/definitions.md explains them.
type sessionConfig struct {
	Name   string `yaml:"name"` // for people; that of the preset if it is empty
	Preset string `yaml:"preset"`

	By     *string   `yaml:"by"`     // device or user: whose events are strung together
	Stitch *duration `yaml:"stitch"` // how long an event without user is the one's who was last known on the device

	Modes             []transform.Mode       `yaml:"modes"` // stamped, gap, background_gap, explicit
	Timeout           *duration              `yaml:"timeout"`
	BackgroundTimeout *duration              `yaml:"background_timeout"`
	Boundary          *string                `yaml:"boundary"`
	Platforms         map[string]pauseConfig `yaml:"platforms"`
	Timer             *string                `yaml:"timer"`
	AbandonAfter      *duration              `yaml:"abandon_after"`
	OutOfSession      []string               `yaml:"out_of_session"`
	ReopenWithin      *duration              `yaml:"reopen_within"`
	Backwards         *string                `yaml:"backwards"`

	Events           map[transform.Role][]string `yaml:"events"`
	BackgroundEvents *string                     `yaml:"background_events"`
	LoneJoin         *string                     `yaml:"lone_join"`  // outside or session
	OrphanEnd        *string                     `yaml:"orphan_end"` // outside or session
	RepeatedStart    *string                     `yaml:"repeated_start"`
	Launch           *string                     `yaml:"launch"`
	UserChange       *string                     `yaml:"user_change"`
	SplitOn          []string                    `yaml:"split_on"`
	SplitFromEmpty   *bool                       `yaml:"split_from_empty"`
	Midnight         *string                     `yaml:"midnight"`

	Cap            *duration    `yaml:"cap"`
	CapAction      *string      `yaml:"cap_action"`
	EventCap       *whole       `yaml:"event_cap"`
	EventCapAction *string      `yaml:"event_cap_action"`
	Burst          *burstConfig `yaml:"burst"`
	LateUpload     *duration    `yaml:"late_upload"`

	ViewsByID   *bool          `yaml:"views_by_id"`
	Length      *lengthConfig  `yaml:"length"`
	Engaged     *engagedConfig `yaml:"engaged"`
	Bounce      *bounceConfig  `yaml:"bounce"`
	Count       *countConfig   `yaml:"count"`
	Attribution *string        `yaml:"attribution"`
}

type pauseConfig struct {
	Timeout           *duration `yaml:"timeout"`
	BackgroundTimeout *duration `yaml:"background_timeout"`
	Boundary          *string   `yaml:"boundary"`
}

type burstConfig struct {
	Events whole    `yaml:"events"`
	Within duration `yaml:"within"`
}

type lengthConfig struct {
	Measure      *string   `yaml:"measure"`
	Plus         *duration `yaml:"plus"`
	Single       *string   `yaml:"single"`
	SingleLength *duration `yaml:"single_length"`
	Crashed      *string   `yaml:"crashed"`
	Unended      *string   `yaml:"unended"`
	HeartbeatCap *duration `yaml:"heartbeat_cap"`
	PingEvery    *duration `yaml:"ping_every"`
	PingFirst    *duration `yaml:"ping_first"`
}

type engagedConfig struct {
	Measure     *string   `yaml:"measure"`
	After       *duration `yaml:"after"`
	Boundary    *string   `yaml:"boundary"`
	ScreenViews *whole    `yaml:"screen_views"`
}

type bounceConfig struct {
	Rule  *string   `yaml:"rule"`
	Under *duration `yaml:"under"`
}

type countConfig struct {
	MinLength *duration `yaml:"min_length"`
	MinViews  *whole    `yaml:"min_views"`
}

// whole is a whole number: 1.5 is none.
type whole int64

func (w *whole) UnmarshalYAML(unmarshal func(any) error) error {
	var text string
	if err := unmarshal(&text); err != nil {
		return err
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return fmt.Errorf("%q is not a whole number", text)
	}
	*w = whole(n)
	return nil
}

// set gives a knob its value if the configuration has one.
func set[T, V any](knob *T, value *V, convert func(V) T) {
	if value != nil {
		*knob = convert(*value)
	}
}

func long(d duration) time.Duration { return time.Duration(d) }
func number(n whole) int64          { return int64(n) }
func same[T any](v T) T             { return v }

// definition is the preset with the knobs over it.
func (s sessionConfig) definition() (transform.Definition, error) {
	preset, ok := transform.PresetNamed(s.Preset)
	if !ok {
		return transform.Definition{}, fmt.Errorf("preset: there is no %q: want one of %s", s.Preset, strings.Join(transform.PresetNames(), ", "))
	}
	return s.over(preset.Definition)
}

// over is a definition with the knobs over it. An event role that is set
// replaces the definition's list for that role.
func (s sessionConfig) over(d transform.Definition) (transform.Definition, error) {
	d.Events, d.Platforms = maps.Clone(d.Events), maps.Clone(d.Platforms)
	if s.Name != "" {
		d.Name = s.Name
	}
	set(&d.By, s.By, func(v string) transform.Key { return transform.Key(v) })
	set(&d.Stitch, s.Stitch, long)
	if len(s.Modes) > 0 {
		d.Modes = s.Modes
	}
	d.Pause = pauseConfig{s.Timeout, s.BackgroundTimeout, s.Boundary}.over(d.Pause)
	for platform, p := range s.Platforms {
		if d.Platforms == nil {
			d.Platforms = map[string]transform.Pause{}
		}
		base, known := d.Platforms[platform]
		if !known {
			base = d.Pause
		}
		d.Platforms[platform] = p.over(base)
	}
	set(&d.Timer, s.Timer, func(v string) transform.Timer { return transform.Timer(v) })
	set(&d.AbandonAfter, s.AbandonAfter, long)
	if s.OutOfSession != nil {
		d.OutOfSession = s.OutOfSession
	}
	set(&d.ReopenWithin, s.ReopenWithin, long)
	set(&d.Backwards, s.Backwards, func(v string) transform.Backwards { return transform.Backwards(v) })
	for role, names := range s.Events {
		d.Events[role] = names
	}
	set(&d.BackgroundEvents, s.BackgroundEvents, func(v string) transform.Role { return transform.Role(v) })
	problems := []error{
		outsideOrSession("lone_join", &d.LoneJoin, s.LoneJoin),
		outsideOrSession("orphan_end", &d.OrphanEnd, s.OrphanEnd),
	}
	change := func(v string) transform.Change { return transform.Change(v) }
	set(&d.RepeatedStart, s.RepeatedStart, change)
	set(&d.Launch, s.Launch, change)
	set(&d.UserChange, s.UserChange, change)
	if s.SplitOn != nil {
		d.SplitOn = s.SplitOn
	}
	set(&d.SplitFromEmpty, s.SplitFromEmpty, same)
	set(&d.Midnight, s.Midnight, func(v string) string {
		if v == "none" {
			return ""
		}
		return v
	})
	s.limit(&d)
	s.measure(&d)
	return d, errors.Join(append(problems, d.Validate())...)
}

// over is the pause with what is configured over it.
func (p pauseConfig) over(base transform.Pause) transform.Pause {
	set(&base.Timeout, p.Timeout, long)
	set(&base.BackgroundTimeout, p.BackgroundTimeout, long)
	set(&base.Boundary, p.Boundary, func(v string) transform.Boundary { return transform.Boundary(v) })
	return base
}

func outsideOrSession(name string, knob *bool, value *string) error {
	switch {
	case value == nil:
	case *value == "outside", *value == "session":
		*knob = *value == "session"
	default:
		return fmt.Errorf("%s: %q: want outside or session", name, *value)
	}
	return nil
}

func (s sessionConfig) limit(d *transform.Definition) {
	action := func(v string) transform.CapAction { return transform.CapAction(v) }
	set(&d.Cap, s.Cap, long)
	set(&d.CapAction, s.CapAction, action)
	set(&d.EventCap, s.EventCap, number)
	set(&d.EventCapAction, s.EventCapAction, action)
	if b := s.Burst; b != nil {
		d.BurstEvents, d.BurstWithin = number(b.Events), long(b.Within)
	}
	set(&d.LateUpload, s.LateUpload, long)
	if c := s.Count; c != nil {
		set(&d.MinLength, c.MinLength, long)
		set(&d.MinViews, c.MinViews, number)
	}
	set(&d.Attribution, s.Attribution, func(v string) transform.Attribution { return transform.Attribution(v) })
}

func (s sessionConfig) measure(d *transform.Definition) {
	set(&d.ViewsByID, s.ViewsByID, same)
	measure := func(v string) transform.Measure { return transform.Measure(v) }
	unsure := func(v string) transform.Unsure { return transform.Unsure(v) }
	if l := s.Length; l != nil {
		set(&d.Length.Measure, l.Measure, measure)
		set(&d.Length.Plus, l.Plus, long)
		set(&d.Length.Single, l.Single, unsure)
		set(&d.Length.SingleLength, l.SingleLength, long)
		set(&d.Length.Crashed, l.Crashed, unsure)
		set(&d.Length.Unended, l.Unended, unsure)
		set(&d.Length.HeartbeatCap, l.HeartbeatCap, long)
		set(&d.Length.PingEvery, l.PingEvery, long)
		set(&d.Length.PingFirst, l.PingFirst, long)
	}
	if e := s.Engaged; e != nil {
		set(&d.Engaged.Measure, e.Measure, measure)
		set(&d.Engaged.After, e.After, long)
		set(&d.Engaged.Boundary, e.Boundary, func(v string) transform.Boundary { return transform.Boundary(v) })
		set(&d.Engaged.Views, e.ScreenViews, number)
	}
	if b := s.Bounce; b != nil {
		set(&d.Bounce.Rule, b.Rule, func(v string) transform.BounceRule { return transform.BounceRule(v) })
		set(&d.Bounce.Under, b.Under, long)
	}
}

// compared are the definitions under compare_definitions. One that names no
// preset starts from the app's own definition, so that it may say just what
// differs.
func (c *config) compared() ([]transform.Definition, error) {
	var list []transform.Definition
	var problems []error
	own, err := c.Session.definition()
	if err != nil {
		return nil, nil // reported by itself
	}
	taken := map[string]bool{own.Name: true}
	for i, n := range c.CompareDefinitions {
		var d transform.Definition
		var err error
		if n.Preset == "" && n.Name == "" {
			problems = append(problems, fmt.Errorf("compare_definitions[%d]: it has no name: want name, or a preset", i))
			continue
		}
		if n.Preset == "" {
			d, err = n.over(own)
		} else {
			d, err = n.definition()
		}
		if err != nil {
			for line := range strings.SplitSeq(err.Error(), "\n") {
				problems = append(problems, fmt.Errorf("compare_definitions[%d]: %s", i, line))
			}
			continue
		}
		if !isName(d.Name) {
			problems = append(problems, fmt.Errorf("compare_definitions[%d]: %q is not a name: want letters, digits, - and _", i, d.Name))
		}
		if taken[d.Name] {
			problems = append(problems, fmt.Errorf("compare_definitions[%d]: another definition is named %s too: give it a name", i, d.Name))
		}
		taken[d.Name] = true
		list = append(list, d)
	}
	return list, errors.Join(problems...)
}

// isName says whether a text can be part of the name of an object.
func isName(text string) bool {
	return text != "" && strings.Trim(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") == ""
}
