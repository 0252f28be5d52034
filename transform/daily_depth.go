package transform

import "sojourn/internal/calendar"

// deepest is the last bucket of daily_depth: so many screens or more.
const deepest = 20

// DailyDepth is a row of daily_depth: the sessions that came to so many
// different screens.
type DailyDepth struct {
	Date    calendar.Day `parquet:"date,date" doc:"Local day on which the sessions began. Partition column."`
	Cut     string       `parquet:"cut" doc:"total: all users; else a segmentation of cuts."`
	Segment string       `parquet:"segment,optional" doc:"Segment of the cut at the end of date: by attributes of users who are away the latest known, by top_screen and length_tier only of users active on date; null in the total and where unknown."`
	Screens int64        `parquet:"distinct_screens" doc:"Different screens of the session: exactly so many, 20 for 20 or more."`

	Sessions int64    `parquet:"sessions" doc:"Sessions that began on date and count, with so many screens."`
	Users    int64    `parquet:"users" doc:"Different users of them."`
	Share    *float64 `parquet:"share,optional" doc:"sessions divided by all sessions of the cut, 0 to 1."`

	IsFinal          bool   `parquet:"is_final" doc:"False until the next day with data has been processed."`
	DefinitionDigest string `parquet:"definition_digest" doc:"Digest of the session definition that made the row."`
}

// depthSum is how many sessions and users there are with so many screens.
type depthSum [deepest + 1]bucketSum

func (s *depthSum) merge(o *depthSum) {
	for i := range s {
		s[i].merge(&o[i])
	}
}

func (s *depthSum) add(u *UserDay) {
	var counted [deepest + 1]bool
	for i := range u.Sessions {
		if !u.hasBegun(&u.Sessions[i]) {
			continue
		}
		n := min(u.Sessions[i].DistinctScreens, deepest)
		s[n].sessions++
		if !counted[n] {
			counted[n] = true
			s[n].users++
		}
	}
}

func (s *depthSum) rows(cut Cut, t *Tally) []DailyDepth {
	var all int64
	for i := range s {
		all += s[i].sessions
	}
	var rows []DailyDepth
	for n, m := range s {
		if m.sessions > 0 {
			rows = append(rows, DailyDepth{
				Date: t.day, Cut: cut.Name, Segment: cut.Segment, Screens: int64(n),
				Sessions: m.sessions, Users: m.users, Share: ratio(float64(m.sessions), float64(all)),
				IsFinal: t.final, DefinitionDigest: t.digest,
			})
		}
	}
	return rows
}
