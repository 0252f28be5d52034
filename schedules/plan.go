package schedules

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"sojourn/internal/calendar"
	"sojourn/internal/lake"
	"sojourn/load"
	"sojourn/transform"
)

// A State says how a day stands.
type State string

// The states of a day.
const (
	Missing     State = "missing"     // there are no tables
	Stale       State = "stale"       // the tables were made from something else than what there is now
	Provisional State = "provisional" // published; sessions may still go on after midnight
	Published   State = "published"   // published and final
	Unpublished State = "unpublished" // made, but the warehouse has not got it yet
)

// A DayPlan says how a day stands and whether a run would make its tables.
type DayPlan struct {
	Day    calendar.Day `json:"date"`
	State  State        `json:"state"`
	Due    bool         `json:"due"`
	Reason string       `json:"reason"`
	Causes []lake.Cause `json:"causes,omitempty"` // the raw objects that are the reason
	Events int64        `json:"events"`           // staged for the day that count, duplicates included
	Run    string       `json:"run,omitempty"`
}

// rules are what all days are made by.
type rules struct {
	definition string            // digest
	others     map[string]string // digests of the definitions that are only compared, by name
	analysis   string            // digest of what the tables are asked
	identity   string            // digest of which id is whose
	zone       string
	yesterday  calendar.Day // the last day that is over
}

// plan says how each day stands, from the first day with events to horizon,
// given the staged files and the manifests of the days. Days after the horizon
// are not over yet and never due.
func plan(staged map[calendar.Day][]lake.StagedFile, made map[calendar.Day]lake.Day, r rules, horizon calendar.Day) []DayPlan {
	days := dataDays(staged, horizon)
	if len(days) == 0 {
		return nil
	}
	names := load.DailyTables(true)
	var plans []DayPlan
	var before *lake.StateRef // what the latest day with events leaves
	upstream := false         // an earlier day is due: the state may change
	last := min(horizon, max(r.yesterday, days[len(days)-1]))
	for day := range calendar.Days(days[0], last) {
		files := staged[day]
		if len(files) == 0 {
			plans = append(plans, DayPlan{Day: day, State: Missing, Reason: "no events"})
			continue
		}
		p := DayPlan{Day: day}
		p.Events = countedEvents(files)
		manifest, ok := made[day]
		switch why := stale(manifest, r, files, before); {
		case !ok:
			p.State, p.Due, p.Reason = Missing, true, "not run yet"
		case why != "":
			p.State, p.Due, p.Reason = Stale, true, why
		case upstream:
			p.State, p.Reason = standing(manifest), "may change with an earlier day that is due"
		default:
			p.State = standing(manifest)
			if p.State == Provisional {
				p.Reason = "sessions may go on after midnight"
			}
		}
		p.Run = manifest.Run
		upstream = upstream || p.Due
		manifest.Day = day
		before = stateAfter(manifest, names)
		plans = append(plans, p)
	}
	return plans
}

// countedEvents is how many of the events in a day's staged files count.
func countedEvents(files []lake.StagedFile) (events int64) {
	for _, f := range files {
		events += f.Rows - f.Fallen
	}
	return events
}

// nameCauses names the raw objects because of which days are stale.
func nameCauses(days []DayPlan, batches []lake.Batch, made map[calendar.Day]lake.Day, staged map[calendar.Day][]lake.StagedFile) {
	readings := lake.NewReadings(batches)
	for i := range days {
		if d := &days[i]; d.State == Stale {
			d.Causes = readings.Causes(made[d.Day], staged[d.Day])
		}
	}
}

func standing(m lake.Day) State {
	if m.IsFinal {
		return Published
	}
	return Provisional
}

func digestsOf(others map[string]lake.Other) map[string]string {
	digests := map[string]string{}
	for name, o := range others {
		digests[name] = o.Definition
	}
	return digests
}

// stale says why a day must be made again, "" if it need not.
func stale(m lake.Day, r rules, files []lake.StagedFile, before *lake.StateRef) string {
	switch {
	case m.Definition != r.definition:
		return fmt.Sprintf("the session definition changed from %s to %s", m.Definition, r.definition)
	case m.Analysis != r.analysis:
		return "what the tables are asked changed"
	case m.Code != transform.Version:
		return fmt.Sprintf("the transform changed from version %s to %s", m.Code, transform.Version)
	case !maps.Equal(r.others, digestsOf(m.Others)):
		return "the definitions to compare changed"
	case m.Identity != r.identity:
		return "which id is whose changed"
	case m.Zone != r.zone:
		return fmt.Sprintf("the time zone changed from %s to %s", m.Zone, r.zone)
	}
	if m.IsPartial && m.Day <= r.yesterday {
		return "it was made before it was over"
	}
	if why := changedInputs(m.Inputs, files); why != "" {
		return why
	}
	switch {
	case m.Before == nil && before == nil:
	case m.Before == nil:
		return fmt.Sprintf("%s before it has events now", before.Day)
	case before == nil:
		return fmt.Sprintf("%s before it has no events any more", m.Before.Day)
	case m.Before.Day != before.Day:
		return fmt.Sprintf("the day with events before it is %s now, not %s", before.Day, m.Before.Day)
	case before.Users != "" && *m.Before != *before: // it is empty while the day before is missing
		return fmt.Sprintf("what is known at the end of %s changed", before.Day)
	}
	return ""
}

// wouldMake is an error if staged days were made by other rules than these.
func (r rules) wouldMake(staged []lake.BackfillDay, made map[calendar.Day]lake.Day) error {
	for _, d := range staged {
		m, ok := made[d.Day]
		switch {
		case !ok:
		case m.Definition != r.definition:
			return fmt.Errorf("%s was made under definition %s, and now %s is configured", d.Day, m.Definition, r.definition)
		case m.Analysis != r.analysis:
			return fmt.Errorf("the tables of %s were asked something else than is configured now", d.Day)
		case m.Code != transform.Version:
			return fmt.Errorf("%s was made by version %s of the transform, and this is %s", d.Day, m.Code, transform.Version)
		}
	}
	return nil
}

func changedInputs(had, have []lake.StagedFile) string {
	before := map[string]lake.StagedFile{}
	for _, f := range had {
		before[f.Object] = f
	}
	var added, events, replaced int64
	erasure := "" // the latest that rewrote a file
	for _, f := range have {
		old, ok := before[f.Object]
		delete(before, f.Object)
		switch {
		case !ok && f.Erasure != "":
			erasure = max(erasure, f.Erasure)
		case !ok:
			added++
			events += f.Rows
		case old.SHA256 != f.SHA256 || old.SupersededSHA256 != f.SupersededSHA256:
			replaced++
		}
	}
	switch {
	case added > 0:
		return fmt.Sprintf("%d events arrived in %d new staged files", events, added)
	case erasure != "":
		return "erasure " + erasure
	case replaced > 0:
		return fmt.Sprintf("objects read before were replaced or removed (%d staged files)", replaced)
	case len(before) > 0:
		return fmt.Sprintf("%d staged files are gone", len(before))
	}
	return ""
}

// dataDays returns the days with staged events up to horizon, in order.
func dataDays(staged map[calendar.Day][]lake.StagedFile, horizon calendar.Day) []calendar.Day {
	var days []calendar.Day
	for _, day := range slices.Sorted(maps.Keys(staged)) {
		if day <= horizon {
			days = append(days, day)
		}
	}
	return days
}

// stateAfter names what a made day leaves to the next in the tables of those
// names, which are [load.DailyTables] that are state, asked for once for all days.
func stateAfter(m lake.Day, names []string) *lake.StateRef {
	var users []string
	for _, name := range names {
		users = append(users, m.Tables[name].SHA256)
	}
	return &lake.StateRef{Day: m.Day, Users: strings.TrimSpace(strings.Join(users, " ")), Carry: m.Carry.SHA256}
}
