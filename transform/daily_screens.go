package transform

import (
	"strings"

	"sojourn/internal/calendar"
)

// DailyScreen is a row of daily_screens: one screen in one cut.
type DailyScreen struct {
	Date    calendar.Day `parquet:"date,date" doc:"Local day on which the visits began. Partition column."`
	Cut     string       `parquet:"cut" doc:"total: all users; else a segmentation of cuts."`
	Segment string       `parquet:"segment,optional" doc:"Segment of the cut at the end of date: by attributes of users who are away the latest known, by top_screen and length_tier only of users active on date; null in the total and where unknown."`
	Screen  string       `parquet:"screen" doc:"Name of the screen, as events name it."`

	Views       int64    `parquet:"views" doc:"Views of the screen, as in screen_views of sessions; also those in a visit that began the day before."`
	Visits      int64    `parquet:"visits" doc:"Visits to the screen: each time it came after another screen, or first in the session."`
	Users       int64    `parquet:"users" doc:"Different users who visited it."`
	Sessions    int64    `parquet:"sessions" doc:"Different sessions in which it was visited."`
	ActiveUsers int64    `parquet:"active_users" doc:"Users of the cut who were in the app on date: with activity in a session that counts, also one that began the day before. The same for all screens of a cut."`
	Reach       *float64 `parquet:"reach,optional" doc:"users divided by active_users, 0 to 1; null if there are none."`

	Seconds     *float64 `parquet:"time_on_screen_seconds,optional" doc:"Sum of the lengths of the visits, in seconds: from the visit to the next in the session, for the last one to the last activity of the session. Null while it is not known of one of them, because its session may go on."`
	MeanSeconds *float64 `parquet:"visit_mean_seconds,optional" doc:"time_on_screen_seconds divided by visits; null likewise, and if there are no visits."`
	P50Seconds  *float64 `parquet:"visit_p50_seconds,optional" doc:"Exact nearest-rank median of the length of a visit in seconds; null likewise."`

	Entries      int64    `parquet:"entries" doc:"Visits that were the first of their session."`
	Exits        *int64   `parquet:"exits,optional" doc:"Visits that were the last of their session; null while that is not known of one of them."`
	ExitRate     *float64 `parquet:"exit_rate,optional" doc:"exits divided by visits, 0 to 1; null likewise, and if there are no visits."`
	DropOffRate  *float64 `parquet:"drop_off_rate,optional" doc:"exits divided by sessions, 0 to 1: of the sessions that visited the screen, those that ended on it; null likewise."`
	PositionMean *float64 `parquet:"position_mean,optional" doc:"Mean number of the visit in its session, from 1: how deep in the session the screen comes. Null if there are no visits."`

	IsFinal          bool   `parquet:"is_final" doc:"False until the next day with data has been processed."`
	DefinitionDigest string `parquet:"definition_digest" doc:"Digest of the session definition that made the row."`
}

// screenSum is what is known of the visits to one screen.
type screenSum struct {
	views, visits, users, sessions, entries, exits, positions, unknown int64
	length                                                             spans

	user, session int64 // numbers of the last ones counted
}

func (s *screenSum) merge(o *screenSum) {
	s.views += o.views
	s.visits += o.visits
	s.users += o.users
	s.sessions += o.sessions
	s.entries += o.entries
	s.exits += o.exits
	s.positions += o.positions
	s.unknown += o.unknown
	s.length.merge(&o.length)
}

// A counter gives numbers to the users and sessions that a sum is told of, one
// after the other, so that each is counted once.
type counter struct{ user, session int64 }

// merge goes on after the numbers of both.
func (c *counter) merge(o counter) {
	c.user, c.session = max(c.user, o.user), max(c.session, o.session)
}

type screensSum struct {
	counter
	active  int64
	screens map[string]*screenSum
}

func newScreensSum() screensSum { return screensSum{screens: map[string]*screenSum{}} }

func (s *screensSum) merge(o *screensSum) {
	s.counter.merge(o.counter)
	s.active += o.active
	mergeMaps(s.screens, o.screens, (*screenSum).merge)
}

func (s *screensSum) add(u *UserDay) {
	s.user++
	if u.isInApp() {
		s.active++
	}
	for i := range u.Steps {
		if step := &u.Steps[i]; step.IsView && step.Screen != "" && countsIn(u.Parts, step.SessionID) {
			at(s.screens, step.Screen).views++
		}
	}
	for i := range u.Visits {
		v := &u.Visits[i]
		if i == 0 || u.Visits[i-1].SessionID != v.SessionID {
			s.session++
		}
		at(s.screens, v.Screen).add(v, s.counter)
	}
}

func (s *screenSum) add(v *Visit, of counter) {
	s.visits++
	if s.user != of.user {
		s.user = of.user
		s.users++
	}
	if s.session != of.session {
		s.session = of.session
		s.sessions++
	}
	s.positions += v.VisitNumber
	if v.VisitNumber == 1 {
		s.entries++
	}
	if !v.IsKnown {
		s.unknown++
		return
	}
	s.length.addMicros(v.Micros)
	if v.IsExit() {
		s.exits++
	}
}

func (s *screensSum) rows(cut Cut, t *Tally) []DailyScreen {
	return sortedRows(s.screens, strings.Compare, func(screen string, m *screenSum) DailyScreen {
		r := DailyScreen{
			Date: t.day, Cut: cut.Name, Segment: cut.Segment, Screen: screen,
			Views: m.views, Visits: m.visits, Users: m.users, Sessions: m.sessions,
			ActiveUsers: s.active, Reach: ratio(float64(m.users), float64(s.active)),
			Entries: m.entries, PositionMean: ratio(float64(m.positions), float64(m.visits)),
			IsFinal: t.final, DefinitionDigest: t.digest,
		}
		if m.unknown == 0 {
			r.Seconds, r.MeanSeconds, r.P50Seconds = ptr(seconds(m.length.sum)), m.length.mean(), m.length.percentile(50)
			r.Exits = ptr(m.exits)
			r.ExitRate = ratio(float64(m.exits), float64(m.visits))
			r.DropOffRate = ratio(float64(m.exits), float64(m.sessions))
		}
		return r
	})
}
