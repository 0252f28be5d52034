package schedules

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"sojourn/internal/calendar"
	"sojourn/internal/lake"
	"sojourn/load"
)

// balance reports batches that do not account for all they read, and days that
// do not for all that was staged.
func (v *verifier) balance() {
	for _, b := range v.inv.Batches {
		if why := unbalanced(b); why != "" {
			v.find(Finding{Kind: Unbalanced, Object: lake.BatchManifest(b.ID), Text: why, Do: repairOfBatch(b.ID)})
		}
	}
	v.lostBatches()
	for _, day := range slices.Sorted(maps.Keys(v.inv.Days)) {
		if !v.options.Includes(day) {
			continue
		}
		for _, why := range v.unbalancedDay(v.inv.Days[day]) {
			v.find(Finding{Kind: Unbalanced, Object: lake.DayManifest(day), Day: day, Text: why, Do: repairOfDay(day)})
		}
	}
}

// unbalanced says in what a batch does not add up, "" if it does.
func unbalanced(b lake.Batch) string {
	var lines, events, quarantined, aliases, skipped int64
	for _, in := range b.Inputs {
		lines, events, quarantined = lines+in.Lines, events+in.Events, quarantined+in.Quarantined
		aliases, skipped = aliases+in.Aliases, skipped+in.Skipped
		if in.Days == nil {
			continue // of a version that did not count them
		}
		var ofDays int64
		for _, d := range in.Days {
			ofDays += d.Events
		}
		if ofDays != in.Events {
			return fmt.Sprintf("%s %s has %d events, and its days have %d", in.Source, in.Object, in.Events, ofDays)
		}
	}
	if lines != events+quarantined+aliases+skipped {
		return fmt.Sprintf("%d records were read, and %d became events, %d are in quarantine, %d say which id is whose, %d were skipped",
			lines, events, quarantined, aliases, skipped)
	}
	for _, of := range []struct {
		what  string
		want  int64
		files []lake.File
	}{{"events", events, b.Staged}, {"quarantined records", quarantined, b.Quarantine}, {"records of which id is whose", aliases, b.Identity}} {
		var rows int64
		for _, f := range of.files {
			rows += f.Rows
		}
		if rows != of.want {
			return fmt.Sprintf("its objects have %d %s, and its files %d", of.want, of.what, rows)
		}
	}
	return ""
}

// ofBatch finds the batch in the name of a file.
var ofBatch = regexp.MustCompile(`/batch-(\d+)[-.]`)

// lostBatches reports manifests of batches that are gone while files of them
// are there. A run that is killed leaves files of the batch after the last only.
func (v *verifier) lostBatches() {
	have := map[string]bool{}
	last := ""
	for _, b := range v.inv.Batches {
		have[b.ID] = true
		last = max(last, b.ID)
	}
	for _, m := range v.inv.Days {
		last = max(last, m.Batch)
	}
	lost := map[string]bool{}
	for _, object := range v.found.Leftovers {
		if m := ofBatch.FindStringSubmatch(object); m != nil && !have[m[1]] && m[1] <= last {
			lost[m[1]] = true
		}
	}
	for _, id := range slices.Sorted(maps.Keys(lost)) {
		v.find(Finding{Kind: Lost, Object: lake.BatchManifest(id), Text: "files of the batch are there, and its manifest is not", Do: repairOfBatch(id)})
		v.found.Leftovers = slices.DeleteFunc(v.found.Leftovers, func(object string) bool { return strings.Contains(object, "/batch-"+id) })
	}
}

// unbalancedDay says in what the manifest of a day contradicts itself or its
// batches.
func (v *verifier) unbalancedDay(m lake.Day) (why []string) {
	staged := map[string]lake.File{}
	for _, b := range v.inv.Batches {
		for _, f := range b.Staged {
			staged[f.Object] = f
		}
	}
	if !m.HasFingerprint() {
		why = append(why, "its fingerprint is not that of what it says it was made from")
	}
	var events int64
	whole := true
	for _, f := range m.Inputs {
		events += f.Rows
		whole = whole && f.SupersededSHA256 == ""
		if of, ok := staged[f.Object]; ok && of.SHA256 != f.SHA256 {
			why = append(why, f.Object+" is another file now than the one it was made from")
		}
	}
	l := m.Ledger
	if l.Events != l.InSessions+l.Duplicates+l.Outside+l.Ignored+l.BeyondCap+l.UploadedLate {
		why = append(why, fmt.Sprintf("its ledger does not account for its %d events", l.Events))
	}
	if whole && len(m.Inputs) > 0 && l.Events != events {
		why = append(why, fmt.Sprintf("its ledger has %d events, and the files it was made from %d", l.Events, events))
	}
	return why
}

// chained reports days that do not start from the end of the one before, and
// days that a run was making again when it died.
func (v *verifier) chained() {
	staged := lake.Staged(v.inv.Batches)
	for day, m := range v.inv.Revisions {
		_, made := v.inv.Days[day]
		_, broken := v.inv.Unreadable[lake.DayManifest(day)]
		if !made && !broken && len(staged[day]) > 0 && v.options.Includes(day) {
			v.find(Finding{
				Kind: Lost, Object: lake.DayManifest(day), Day: day, Do: "sojourn run",
				Text: fmt.Sprintf("revision %d was taken back to be made again, and was not", m[len(m)-1].Revision),
			})
		}
	}
	names := load.DailyTables(true)
	var before *lake.StateRef
	for _, day := range slices.Sorted(maps.Keys(v.inv.Days)) {
		m := v.inv.Days[day]
		if why := v.unchained(m, before); why != "" && v.options.Includes(day) {
			v.find(Finding{Kind: Unchained, Object: lake.DayManifest(day), Day: day, Text: why, Do: "sojourn run"})
		}
		before = stateAfter(m, names)
	}
}

func (v *verifier) unchained(m lake.Day, before *lake.StateRef) string {
	for _, between := range v.between(m.Day, before) {
		// It is a finding of its own, and nobody knows what it leaves.
		if _, broken := v.inv.Unreadable[lake.DayManifest(between)]; broken {
			return ""
		}
	}
	switch {
	case m.Before == nil && before == nil:
		return ""
	case m.Before == nil:
		return fmt.Sprintf("it starts from nothing, and %s before it has tables", before.Day)
	case before == nil || m.Before.Day != before.Day:
		return fmt.Sprintf("it starts from the end of %s, which is not the day before it that has tables", m.Before.Day)
	case *m.Before != *before:
		return fmt.Sprintf("it starts from another end of %s than there is now", before.Day)
	}
	return ""
}

// between returns the days from after the end of another to before a day.
func (v *verifier) between(day calendar.Day, before *lake.StateRef) []calendar.Day {
	var days []calendar.Day
	for manifest := range v.inv.Unreadable {
		name, _ := strings.CutSuffix(manifest, ".json")
		at, err := calendar.ParseDay(name[strings.LastIndexByte(name, '/')+1:])
		if err == nil && at < day && (before == nil || at > before.Day) {
			days = append(days, at)
		}
	}
	return days
}
