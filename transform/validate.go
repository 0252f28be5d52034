package transform

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"sojourn/internal/calendar"
)

// Validate reports every problem of the definition, joined.
func (d Definition) Validate() error {
	v := &problems{}
	v.choices(d)
	v.pause("", d.Pause, d.needsTimeout())
	for _, platform := range slices.Sorted(maps.Keys(d.Platforms)) {
		if platform != strings.ToLower(platform) || platform == "" {
			v.add("platforms: %q: want the name of a platform in lower case", platform)
		}
		v.pause("platforms: "+platform+": ", d.Platforms[platform], d.needsTimeout())
	}
	v.limits(d)
	v.events(d)
	for _, name := range d.SplitOn {
		if attributeNamed(name) == nil {
			v.add("split_on: there is no attribute %q: want one of %s", name, strings.Join(attributeNames(), ", "))
		}
	}
	if d.Midnight != "" && d.Midnight != ReportingZone {
		if _, err := calendar.LoadZone(d.Midnight); err != nil {
			v.add("midnight: %w, or %q for that of the reports", err, ReportingZone)
		}
	}
	slices.SortFunc(v.list, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(v.list...)
}

type problems struct{ list []error }

func (v *problems) add(format string, args ...any) {
	v.list = append(v.list, fmt.Errorf(format, args...))
}

// oneOf checks a choice; the zero value is the first of them.
func oneOf[T ~string](v *problems, knob string, value T, choices ...T) {
	if slices.Contains(choices, value) {
		return
	}
	var names []string
	for _, c := range choices {
		names = append(names, fmt.Sprintf("%q", string(c)))
	}
	v.add("%s: %q: want one of %s", knob, string(value), strings.Join(names, ", "))
}

func (v *problems) choices(d Definition) {
	oneOf(v, "by", d.By, ByDevice, ByUser)
	if len(d.Modes) == 0 {
		v.add("modes: there is none: want some of stamped, gap, background_gap, explicit")
	}
	others := 0
	for i, m := range d.Modes {
		oneOf(v, "modes", m, Stamped, Gap, BackgroundGap, Explicit)
		if m == Stamped && i > 0 {
			v.add("modes: stamped comes first: an event with a stamped id is never left to %s", d.Modes[0])
		}
		if m != Stamped {
			others++
		}
	}
	if others > 1 {
		v.add("modes: %v: want at most one beside stamped", d.Modes)
	}
	oneOf(v, "timer", d.Timer, FromLastEvent, FromBackground)
	oneOf(v, "backwards", d.Backwards, InTimeOrder, BackwardsSame, BackwardsSplit, BackwardsPause, BackwardsRestart)
	oneOf(v, "background_events", d.BackgroundEvents, Join, Extend, Ignore, Active)
	oneOf(v, "repeated_start", d.RepeatedStart, Split, Keep)
	oneOf(v, "launch", d.Launch, Keep, Split)
	oneOf(v, "user_change", d.UserChange, Keep, Split, SplitAny)
	oneOf(v, "cap_action", d.CapAction, CapSplit, CapTruncate, CapDrop)
	oneOf(v, "event_cap_action", d.EventCapAction, CapSplit, CapTruncate)
	measures := []Measure{Elapsed, InForeground, Reported, Pings, StartToEnd, ReportedOrUsed}
	oneOf(v, "length: measure", d.Length.Measure, measures...)
	oneOf(v, "length: single", d.Length.Single, AsMeasured, AsNull, AsFixed)
	oneOf(v, "length: crashed", d.Length.Crashed, AsMeasured, AsNull)
	oneOf(v, "length: unended", d.Length.Unended, AsMeasured, AsNull)
	oneOf(v, "engaged: measure", d.Engaged.Measure, measures...)
	oneOf(v, "engaged: boundary", d.Engaged.Boundary, AtLeast, Longer)
	oneOf(v, "bounce: rule", d.Bounce.Rule, SingleEvent, SingleView, NotEngaged)
	oneOf(v, "attribution", d.Attribution, StartDay, TouchedDay)
}

// needsTimeout says whether pauses decide at all.
func (d Definition) needsTimeout() bool {
	mode := d.pausing()
	return mode == Gap || mode == BackgroundGap
}

func (v *problems) pause(of string, p Pause, needed bool) {
	if needed && p.Timeout <= 0 {
		v.add("%stimeout: %v is not a pause: want more than 0, such as 30m", of, p.Timeout)
	}
	if p.BackgroundTimeout < 0 {
		v.add("%sbackground_timeout: %v is negative", of, p.BackgroundTimeout)
	}
	if p.Boundary != Longer && p.Boundary != AtLeast {
		v.add(`%sboundary: %q: want ">" (a new session when the pause is longer than the timeout) or ">=" (at least as long)`, of, string(p.Boundary))
	}
}

func (v *problems) limits(d Definition) {
	if d.Cap < 0 {
		v.add("cap: %v is negative: want 0 for none, or a duration such as 24h", d.Cap)
	} else if d.Cap > 0 && d.needsTimeout() && d.Cap < d.Timeout {
		v.add("cap: %v is shorter than the timeout of %v", d.Cap, d.Timeout)
	}
	if d.pausing() != Gap && d.AbandonAfter <= 0 {
		v.add("abandon_after: with modes %v nothing else ends a session for sure: want a duration such as 24h", d.Modes)
	}
	if (d.BurstEvents > 0) != (d.BurstWithin > 0) {
		v.add("burst: want both a number of events and a time, or neither")
	}
	if d.Length.Measure == Pings || d.Engaged.Measure == Pings {
		if d.Length.PingEvery <= 0 {
			v.add("length: ping_every: it is needed to measure by pings")
		}
	}
	if d.pausing() == Explicit && len(d.Events[Start]) == 0 {
		v.add("events: with the mode explicit nothing begins a session: name start events")
	}
	if d.Engaged.After < 0 || d.Engaged.Views < 0 {
		v.add("engaged: thresholds are not negative: want 0 to switch a rule off")
	}
	for _, n := range []struct {
		knob  string
		value int64
	}{
		{"stitch", int64(d.Stitch)}, {"abandon_after", int64(d.AbandonAfter)}, {"reopen_within", int64(d.ReopenWithin)},
		{"late_upload", int64(d.LateUpload)}, {"event_cap", d.EventCap}, {"burst", d.BurstEvents}, {"burst", int64(d.BurstWithin)},
		{"count: min_length", int64(d.MinLength)}, {"count: min_views", d.MinViews}, {"bounce: under", int64(d.Bounce.Under)},
		{"length: plus", int64(d.Length.Plus)}, {"length: single_length", int64(d.Length.SingleLength)},
		{"length: heartbeat_cap", int64(d.Length.HeartbeatCap)}, {"length: ping_every", int64(d.Length.PingEvery)},
		{"length: ping_first", int64(d.Length.PingFirst)},
	} {
		if n.value < 0 {
			v.add("%s: it is negative", n.knob)
		}
	}
}

func (v *problems) events(d Definition) {
	for _, role := range slices.Sorted(maps.Keys(d.Events)) {
		if _, ok := roles[role]; !ok {
			v.add("events: there is no role %q: want one of %v", role, slices.Sorted(maps.Keys(roles)))
		}
	}
	for name, k := range d.kinds() {
		if k&ignore != 0 && k&^pushReceived != ignore {
			v.add("events: %q is ignored and has another role", name)
		}
		if k&join != 0 && k&(start|end|extendOnly) != 0 {
			v.add("events: %q cannot join without extending and start, extend or end a session", name)
		}
		if k&extendOnly != 0 && k&start != 0 {
			v.add("events: %q cannot start a session and never start one", name)
		}
	}
}
