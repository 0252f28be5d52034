package transform

import (
	"cmp"
	"slices"
	"strings"
)

// An identity is something that holds of the tables of any day whatever the
// events were. It reports each breach with the table, the row and the numbers.
type identity struct {
	of    string // the tables it is about
	check func(t *Tables, a *Audit, breach func(format string, args ...any))

	ofRows bool // it holds of the rows of any users, and not only of a day as a whole
}

// identities are checked on every day before it is committed: a table that
// breaks one is wrong, and nobody should see it.
var identities = [...]identity{
	{"session_days", partsAreOfSessions, true},
	{"sessions", sessionsAreSound, true},
	{"sessions", sessionsAreDisjoint, true},
	{"daily_ledger", ledgerAddsUp, false},
	{"session_days", partsAreCounted, false},
	{"daily_sessions", sessionsAddUp, false},
	{"daily_frequency", windowsGrow, false},
	{"daily_retention", cohortsHold, false},
	{"daily_segments", segmentsAreExhaustive, false},
	{"daily_length", lengthsAddUp, false},
	{"daily_hours", hoursAddUp, false},
	{"daily_stability", crashesAddUp, false},
	{"daily_screens", screensHold, false},
	{"daily_transitions", transitionsAddUp, false},
	{"daily_depth", depthsAddUp, false},
	{"daily_features", featuresHold, false},
	{"daily_funnels", funnelsNarrow, false},
	{"daily_installs", installsAreOpenedOrNot, false},
	{"daily_first_sessions", secondFollowsFirst, false},
	{"daily_push", campaignsAddUp, false},
	{"cohort_retention", retentionsHold, false},
	{"daily_lifecycle", lifecyclesAddUp, false},
	{"daily_onboarding", onboardingHolds, false},
	{"daily_onboarding_retention", onboardedReturn, false},
	{"daily_incentives", incentivesHold, false},
	{"daily_interval", intervalsAreOrdered, false},
}

// Every staged event is in one place.
func ledgerAddsUp(t *Tables, _ *Audit, breach func(string, ...any)) {
	for _, r := range t.DailyLedger {
		if sum := r.InSessions + r.Duplicates + r.Outside + r.Ignored + r.BeyondCap + r.Late; sum != r.Events {
			breach("%d events were staged and %d are accounted for", r.Events, sum)
		}
		if r.Conflicts > r.Duplicates {
			breach("%d of %d duplicates conflict", r.Conflicts, r.Duplicates)
		}
	}
}

// Every part is of a session, and none is more than it.
func partsAreOfSessions(t *Tables, _ *Audit, breach func(string, ...any)) {
	began := make(map[string]*Session, len(t.Sessions))
	for i := range t.Sessions {
		began[t.Sessions[i].SessionID] = &t.Sessions[i]
	}
	for i := range t.SessionDays {
		p := &t.SessionDays[i]
		of := began[p.SessionID]
		switch {
		case (of != nil) != (p.SessionDate == t.Day):
			breach("session %s has a part on %s and began on %s", p.SessionID, t.Day, p.SessionDate)
		case of != nil && p.EventCount > of.EventCount:
			breach("session %s has %d events on %s and %d in all", p.SessionID, p.EventCount, t.Day, of.EventCount)
		}
	}
}

// The events of sessions are those that happened in them on the day.
func partsAreCounted(t *Tables, a *Audit, breach func(string, ...any)) {
	for _, r := range t.DailyLedger {
		if r.InSessions != a.events {
			breach("the parts of %s have %d events, the ledger %d", t.Day, a.events, r.InSessions)
		}
	}
}

func sessionsAreSound(t *Tables, _ *Audit, breach func(string, ...any)) {
	seen := make(map[string]bool, len(t.Sessions))
	for i := range t.Sessions {
		r := &t.Sessions[i]
		if seen[r.SessionID] {
			breach("session %s is there twice", r.SessionID)
		}
		seen[r.SessionID] = true
		switch {
		case r.EndedAt < r.StartedAt:
			breach("session %s ends before it begins", r.SessionID)
		case r.Date != t.Day:
			breach("session %s of %s stands under %s", r.SessionID, r.Date, t.Day)
		case r.DurationSeconds != nil && *r.DurationSeconds < 0 || r.EngagedSeconds < 0:
			breach("session %s has a length below 0", r.SessionID)
		case r.BackgroundCount > r.EventCount:
			breach("session %s has %d events, %d of them in the background", r.SessionID, r.EventCount, r.BackgroundCount)
		case r.IsCounted != (r.Exclusion == ""):
			breach("session %s counts: %t, exclusion: %q", r.SessionID, r.IsCounted, r.Exclusion)
		}
	}
}

// keepsApart says whether a definition lets no two sessions of a subject be
// open at once.
func (d *Definition) keepsApart() bool {
	return !d.has(Stamped) && !d.LoneJoin && !d.OrphanEnd && d.Backwards == InTimeOrder
}

// Sessions of a device, or a user, follow each other.
func sessionsAreDisjoint(t *Tables, a *Audit, breach func(string, ...any)) {
	if !a.definition.keepsApart() {
		return
	}
	subject := func(r *Session) string {
		if a.definition.By == ByUser {
			return r.UserID
		}
		return cmp.Or(r.DeviceID, r.UserID)
	}
	inOrder := make([]*Session, len(t.Sessions))
	for i := range t.Sessions {
		inOrder[i] = &t.Sessions[i]
	}
	slices.SortFunc(inOrder, func(a, b *Session) int {
		return cmp.Or(strings.Compare(subject(a), subject(b)), cmp.Compare(a.StartedAt, b.StartedAt), cmp.Compare(a.EndedAt, b.EndedAt))
	})
	for i := 1; i < len(inOrder); i++ {
		before, r := inOrder[i-1], inOrder[i]
		if subject(before) == subject(r) && r.StartedAt < before.EndedAt {
			breach("session %s begins before %s of the same device or user has ended", r.SessionID, before.SessionID)
		}
	}
}

func sessionsAddUp(t *Tables, a *Audit, breach func(string, ...any)) {
	var all DailySessions
	var byVersions int64
	for i := range t.DailySessions {
		r := &t.DailySessions[i]
		switch r.Cut {
		case total:
			all = *r
		case byVersion:
			byVersions += r.Sessions
		}
		if max(r.EngagedSessions, r.BouncedSessions, r.CrashedSessions, r.ZeroLengthSessions, r.Users) > r.Sessions || r.NewUsers > r.Users {
			breach("a part is more than the whole in the row %s %s: %d sessions of %d users", r.Cut, r.Segment, r.Sessions, r.Users)
		}
	}
	if byVersions > all.Sessions || a.analysis.MinUsers <= 1 && byVersions != all.Sessions {
		breach("%d sessions by platform, country and version, %d in total", byVersions, all.Sessions)
	}
}

// A longer window has no fewer users, and each active user is in one bucket.
func windowsGrow(t *Tables, a *Audit, breach func(string, ...any)) {
	type window struct {
		Cut
		days int64
	}
	active := map[window]int64{}
	type measured struct {
		window
		measure string
	}
	inBuckets := map[measured]int64{}
	for i := range t.DailyFrequency {
		r := &t.DailyFrequency[i]
		w := window{Cut{r.Cut, r.Segment}, r.WindowDays}
		switch r.Measure {
		case "active_users":
			active[w] = r.Users
		case "sessions", "active_days":
			inBuckets[measured{w, r.Measure}] += r.Users
		}
	}
	for w, users := range active {
		for _, longer := range windows {
			if more, ok := active[window{w.Cut, longer}]; ok && longer > w.days && more < users {
				breach("%s %s: %d users in %d days, %d in %d", w.Name, w.Segment, users, w.days, more, longer)
			}
		}
	}
	for m, users := range inBuckets {
		if all, ok := active[m.window]; ok && (users > all || a.analysis.MinUsers <= 1 && users != all) {
			breach("%s %s: %d users by %s in %d days, %d active", m.Name, m.Segment, users, m.measure, m.days, all)
		}
	}
}

func cohortsHold(t *Tables, _ *Audit, breach func(string, ...any)) {
	for i := range t.DailyRetention {
		r := &t.DailyRetention[i]
		if r.Retained < 0 || r.Retained > r.Cohorts || r.DayN == 0 && r.Retained != r.Cohorts {
			breach("%d of %d users of %s (%s %s) came back on day %d", r.Retained, r.Cohorts, r.Cohort, r.Cut, r.Segment, r.DayN)
		}
	}
}

// Everybody is in one segment of an exhaustive segmentation.
func segmentsAreExhaustive(t *Tables, a *Audit, breach func(string, ...any)) {
	users := map[string]int64{}
	for i := range t.DailySegments {
		r := &t.DailySegments[i]
		users[r.Segmentation] += r.Users
		if r.Returned != nil && *r.Returned > r.Users {
			breach("%d of %d users of %s %s came back", *r.Returned, r.Users, r.Segmentation, r.Segment)
		}
	}
	known := a.users
	exhaustive := []string{"lifecycle", "lifecycle_day"}
	for _, s := range a.analysis.Segmentations {
		if s.Otherwise != "" {
			exhaustive = append(exhaustive, s.Name)
		}
	}
	for _, s := range exhaustive {
		if users[s] > known || a.analysis.MinUsers <= 1 && users[s] != known {
			breach("%d users by %s, %d in users", users[s], s, known)
		}
	}
}
