package transform

import (
	"sojourn/internal/calendar"
)

// DailyLifecycle is a row of daily_lifecycle: where the active users of a day
// come from, and who is gone. docs/retention.md has the formulas.
type DailyLifecycle struct {
	Date    calendar.Day `parquet:"date,date" doc:"Local day. Partition column."`
	Cut     string       `parquet:"cut" doc:"total: all users ever seen; else a segmentation of cuts."`
	Segment string       `parquet:"segment,optional" doc:"Segment of the cut at the end of date: by attributes of users who are away the latest known, by top_screen and length_tier only of users active on date; null in the total and where unknown."`
	Lapse   int64        `parquet:"lapse_days" doc:"Days without a session after which a user counts as gone: 28 as in the segmentation lifecycle, 1 as in lifecycle_day."`

	Users       int64 `parquet:"users" doc:"Users ever seen: new, returning, resurrected and dormant."`
	Active      int64 `parquet:"active_users" doc:"Users with a session on date: new, returning and resurrected."`
	New         int64 `parquet:"new_users" doc:"Users whose first session ever began on date."`
	Returning   int64 `parquet:"returning_users" doc:"Users active on date and on one of the lapse_days days before."`
	Resurrected int64 `parquet:"resurrected_users" doc:"Users active on date, on none of the lapse_days days before, and before that."`
	Dormant     int64 `parquet:"dormant_users" doc:"Users not active on date."`
	Recent      int64 `parquet:"recent_users" doc:"Users active on one of the lapse_days days that end with date."`
	Churned     int64 `parquet:"churned_users" doc:"Users active exactly lapse_days days before date and on no day since: gone with date. By a cut they are in the segment of the day before, among whose recent_users they were."`

	DefinitionDigest string `parquet:"definition_digest" doc:"Digest of the session definition that made the row."`
}

// lapses are the days without a session after which a user counts as gone.
var lapses = [...]int{1, lapse}

// lifecycleSum is a row for each of lapses in the making.
type lifecycleSum [len(lapses)]DailyLifecycle

func (s *lifecycleSum) merge(o *lifecycleSum) {
	for i := range s {
		a, b := &s[i], &o[i]
		a.Users += b.Users
		a.Active += b.Active
		a.New += b.New
		a.Returning += b.Returning
		a.Resurrected += b.Resurrected
		a.Dormant += b.Dormant
		a.Recent += b.Recent
		a.Churned += b.Churned
	}
}

// lifecycleOf is one user.
func lifecycleOf(u *User) *lifecycleSum {
	var s lifecycleSum
	for i, days := range lapses {
		r := &s[i]
		r.Users = 1
		switch lifecycle(u, days) {
		case "new":
			r.New = 1
		case "returning":
			r.Returning = 1
		case "resurrected":
			r.Resurrected = 1
		default:
			r.Dormant = 1
		}
		r.Active = 1 - r.Dormant
		if u.ActiveDays.DaysIn(days) > 0 {
			r.Recent = 1
		}
		if u.churned(days) {
			r.Churned = 1
		}
	}
	return &s
}

func (t *Tally) addLifecycle(u *UserDay) {
	one := lifecycleOf(u.User)
	at(t.lifecycles, Cut{Name: total}).merge(one)
	if len(t.cuts) == 0 {
		return
	}
	// Who is gone was among the recent of the day before, in the segment of then.
	var gone lifecycleSum
	for i := range one {
		gone[i].Churned, one[i].Churned = one[i].Churned, 0
	}
	for i := range t.cuts {
		if segment, in := t.cuts[i].whenever(u); in {
			at(t.lifecycles, Cut{t.cuts[i].name, segment}).merge(one)
		}
	}
	if !hasChurned(u.User) {
		return
	}
	before := dayBefore(u.User)
	for i := range t.cuts {
		if segment, in := t.cuts[i].whenever(before); in {
			at(t.lifecycles, Cut{t.cuts[i].name, segment}).merge(&gone)
		}
	}
}

func (t *Tally) lifecycleRows() []DailyLifecycle {
	var rows []DailyLifecycle
	for _, both := range sortedRows(t.lifecycles, Cut.compare, func(cut Cut, s *lifecycleSum) lifecycleSum {
		for i := range s {
			r := &s[i]
			r.Date, r.Cut, r.Segment, r.Lapse, r.DefinitionDigest = t.day, cut.Name, cut.Segment, int64(lapses[i]), t.digest
		}
		return *s
	}) {
		for _, r := range both {
			if r.Users > 0 || r.Churned > 0 || r.Cut == total {
				rows = append(rows, r)
			}
		}
	}
	return rows
}
