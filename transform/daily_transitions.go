package transform

import (
	"cmp"
	"strings"

	"sojourn/internal/calendar"
)

// DailyTransition is a row of daily_transitions: from one screen to another,
// or out of the app.
type DailyTransition struct {
	Date    calendar.Day `parquet:"date,date" doc:"Local day on which the visits to from_screen began. Partition column."`
	Cut     string       `parquet:"cut" doc:"total: all users; else a segmentation of cuts."`
	Segment string       `parquet:"segment,optional" doc:"Segment of the cut at the end of date: by attributes of users who are away the latest known, by top_screen and length_tier only of users active on date; null in the total and where unknown."`
	From    string       `parquet:"from_screen" doc:"The screen visited."`
	To      string       `parquet:"to_screen,optional" doc:"The screen visited next in the session; null if the session ended."`

	Transitions int64    `parquet:"transitions" doc:"Visits to from_screen after which to_screen came."`
	Users       int64    `parquet:"users" doc:"Different users of them."`
	Sessions    int64    `parquet:"sessions" doc:"Different sessions of them."`
	Share       *float64 `parquet:"share,optional" doc:"transitions divided by the visits to from_screen on date, 0 to 1; the shares of a screen add up to 1. Null while it is not known of one of these visits what came after it."`

	IsFinal          bool   `parquet:"is_final" doc:"False until the next day with data has been processed."`
	DefinitionDigest string `parquet:"definition_digest" doc:"Digest of the session definition that made the row."`
}

type transitionKey struct{ from, to string } // to is empty where the session ended

func (k transitionKey) compare(o transitionKey) int {
	return cmp.Or(strings.Compare(k.from, o.from), strings.Compare(k.to, o.to))
}

type transitionSum struct {
	transitions, users, sessions int64

	user, session int64 // numbers of the last ones counted
}

func (s *transitionSum) merge(o *transitionSum) {
	s.transitions += o.transitions
	s.users += o.users
	s.sessions += o.sessions
}

type transitionsSum struct {
	counter
	transitions map[transitionKey]*transitionSum
}

func newTransitionsSum() transitionsSum {
	return transitionsSum{transitions: map[transitionKey]*transitionSum{}}
}

func (s *transitionsSum) merge(o *transitionsSum) {
	s.counter.merge(o.counter)
	mergeMaps(s.transitions, o.transitions, (*transitionSum).merge)
}

func (s *transitionsSum) add(u *UserDay) {
	s.user++
	for i := range u.Visits {
		v := &u.Visits[i]
		if i == 0 || u.Visits[i-1].SessionID != v.SessionID {
			s.session++
		}
		if !v.IsKnown {
			continue
		}
		m := at(s.transitions, transitionKey{v.Screen, v.To})
		m.transitions++
		if m.user != s.user {
			m.user = s.user
			m.users++
		}
		if m.session != s.session {
			m.session = s.session
			m.sessions++
		}
	}
}

// rows needs the screens of the same cut: what a share is of.
func (s *transitionsSum) rows(cut Cut, t *Tally, of *screensSum) []DailyTransition {
	return sortedRows(s.transitions, transitionKey.compare, func(k transitionKey, m *transitionSum) DailyTransition {
		r := DailyTransition{
			Date: t.day, Cut: cut.Name, Segment: cut.Segment, From: k.from, To: k.to,
			Transitions: m.transitions, Users: m.users, Sessions: m.sessions,
			IsFinal: t.final, DefinitionDigest: t.digest,
		}
		if from := of.screens[k.from]; from.unknown == 0 {
			r.Share = ratio(float64(m.transitions), float64(from.visits))
		}
		return r
	})
}
