package transform

import (
	"maps"
	"slices"

	"sojourn/internal/calendar"
)

// A DailyStability is a row of daily_stability: how often the app crashed in
// the sessions of a day, and what came of it.
type DailyStability struct {
	Date    calendar.Day `parquet:"date,date" doc:"Local day on which the sessions count. Partition column."`
	Cut     string       `parquet:"cut" doc:"total: all sessions. app_version, device_model, os_version: by that attribute of the session. Else a segmentation of cuts, by user; one that has the name of an attribute is by session."`
	Segment string       `parquet:"segment,optional" doc:"Value of the attribute of the session; by other cuts the segment, as in other tables. Null in the total and where unknown."`

	Sessions        int64    `parquet:"sessions" doc:"Sessions."`
	CrashedSessions int64    `parquet:"crashed_sessions" doc:"Sessions with a crash."`
	Crashes         int64    `parquet:"crashes" doc:"Crashes in those sessions."`
	CrashFree       *float64 `parquet:"crash_free_session_rate,optional" doc:"Share of the sessions without a crash, 0 to 1; null if there are no sessions."`

	Users          int64    `parquet:"users" doc:"Distinct users of the sessions."`
	CrashedUsers   int64    `parquet:"crashed_users" doc:"Distinct users of the crashed sessions."`
	CrashFreeUsers *float64 `parquet:"crash_free_user_rate,optional" doc:"Share of the users without a crashed session, 0 to 1; null if there are no sessions."`

	Returned   *int64   `parquet:"crashed_users_returned_next_day,optional" doc:"Users of crashed_users with a session on the next day; null until the next day has been processed, if it has no data, and if there are no sessions."`
	ReturnRate *float64 `parquet:"crashed_users_return_rate,optional" doc:"crashed_users_returned_next_day divided by crashed_users, 0 to 1; null likewise, and if no user had a crash."`

	AfterCrash        int64    `parquet:"sessions_after_crash" doc:"Sessions with is_after_crash: the first after one that crashed, on whichever day that was."`
	AfterCrashSeconds *float64 `parquet:"after_crash_duration_p50_seconds,optional" doc:"Exact nearest-rank median of their duration_seconds; null if there are none."`

	IsFinal          bool   `parquet:"is_final" doc:"False until the next day with data has been processed."`
	DefinitionDigest string `parquet:"definition_digest" doc:"Digest of the session definition that made the row."`
}

type stabilityCut struct {
	name string
	of   func(*Session) string
}

// stabilityCuts are the attributes of sessions by which stability is always
// cut. A segmentation of users that has the name of one gives way to it.
var stabilityCuts = []stabilityCut{
	{"app_version", func(r *Session) string { return r.AppVersion }},
	{"device_model", func(r *Session) string { return r.DeviceModel }},
	{"os_version", func(r *Session) string { return r.OSVersion }},
}

// stabilitySum collects crashes. See docs/length.md, "How stable the app is".
type stabilitySum struct {
	sessions, crashedSessions, crashes int64
	users, crashedUsers                int64
	known, returned                    int64 // users of whom the next day is known; those with a crash who returned
	after                              spans
	afterCrash                         int64
}

// add counts the sessions of a user that are in the sum.
func (s *stabilitySum) add(u *UserDay, in func(*Session) bool) {
	had, crashedToday := false, false
	for i := range u.Sessions {
		r := &u.Sessions[i]
		if !r.IsCounted || !in(r) {
			continue
		}
		had = true
		s.sessions++
		s.crashes += r.CrashCount
		if crashed(r) {
			crashedToday = true
			s.crashedSessions++
		}
		if r.IsAfterCrash {
			s.afterCrash++
			s.after.add(r.DurationSeconds)
		}
	}
	if had {
		s.users++
		if u.Next != Unknown {
			s.known++
		}
	}
	if crashedToday {
		s.crashedUsers++
		if u.Next == Returned {
			s.returned++
		}
	}
}

func (s *stabilitySum) merge(o *stabilitySum) {
	s.sessions += o.sessions
	s.crashedSessions += o.crashedSessions
	s.crashes += o.crashes
	s.users += o.users
	s.crashedUsers += o.crashedUsers
	s.known += o.known
	s.returned += o.returned
	s.afterCrash += o.afterCrash
	s.after.merge(&o.after)
}

func everySession(*Session) bool { return true }

// addStability counts the sessions of a user by their own attributes.
func (t *Tally) addStability(u *UserDay) {
	for _, cut := range stabilityCuts {
		var values []string // of the user's sessions: few
		for i := range u.Sessions {
			if value := cut.of(&u.Sessions[i]); u.Sessions[i].IsCounted && !slices.Contains(values, value) {
				values = append(values, value)
			}
		}
		for _, value := range values {
			at(t.stability, Cut{cut.name, value}).add(u, func(r *Session) bool { return cut.of(r) == value })
		}
	}
}

// stabilityRows returns the rows of all cuts.
func (t *Tally) stabilityRows() []DailyStability {
	all := maps.Clone(t.stability)
	for cut, of := range t.sums {
		if !slices.ContainsFunc(stabilityCuts, func(c stabilityCut) bool { return c.name == cut.Name }) {
			all[cut] = &of.stability
		}
	}
	return sortedRows(all, Cut.compare, func(cut Cut, s *stabilitySum) DailyStability {
		r := DailyStability{
			Date: t.day, Cut: cut.Name, Segment: cut.Segment,
			Sessions: s.sessions, CrashedSessions: s.crashedSessions, Crashes: s.crashes,
			CrashFree: ratio(float64(s.sessions-s.crashedSessions), float64(s.sessions)),
			Users:     s.users, CrashedUsers: s.crashedUsers,
			CrashFreeUsers: ratio(float64(s.users-s.crashedUsers), float64(s.users)),
			AfterCrash:     s.afterCrash, AfterCrashSeconds: s.after.percentile(50),
			IsFinal: t.final, DefinitionDigest: t.digest,
		}
		if s.known > 0 {
			r.Returned = ptr(s.returned)
			r.ReturnRate = ratio(float64(s.returned), float64(s.crashedUsers))
		}
		return r
	})
}
