package transform

import (
	"slices"
	"strings"
)

type segmentSum struct {
	users, sessions, known, returned int64 // known: users of whom the next day is known
	duration                         spans
}

func (s *segmentSum) merge(o *segmentSum) {
	s.users += o.users
	s.sessions += o.sessions
	s.known += o.known
	s.returned += o.returned
	s.duration.merge(&o.duration)
}

// lapse is how many days without a session make a user's next one a
// resurrection in the segmentation lifecycle.
const lapse = 28

// lifecycle sorts users by when they were active before: new on the first day;
// returning if active within the days before today, resurrected if active
// today only after a longer absence, dormant if not active today.
func lifecycle(u *User, days int) string {
	switch {
	case !u.ActiveDays.On(0):
		return "dormant"
	case u.FirstSeen == u.Date:
		return "new"
	case u.ActiveDays.DaysIn(days+1) > 1:
		return "returning"
	}
	return "resurrected"
}

// activityTier sorts users by their active days in the last 28: power on at
// least half of them, core on at least one a week on average, casual below; ""
// if there were none.
func activityTier(u *User) string {
	switch days := u.ActiveDays.DaysIn(28); {
	case days >= 14:
		return "power"
	case days >= 4:
		return "core"
	case days >= 1:
		return "casual"
	}
	return ""
}

func (t *Tally) addSegments(u *UserDay) {
	for i, s := range t.segmentations {
		if segment, in := s.of(u); in {
			at(t.segments[i], segment).add(u)
		}
	}
}

func (s *segmentSum) add(u *UserDay) {
	s.users++
	for i := range u.Sessions {
		if u.Sessions[i].IsCounted {
			s.sessions++
			s.duration.add(u.Sessions[i].DurationSeconds)
		}
	}
	switch u.Next {
	case Returned:
		s.known++
		s.returned++
	case Stayed:
		s.known++
	}
}

func (t *Tally) segmentRows() []DailySegment {
	var rows []DailySegment
	for i, of := range t.segmentations {
		rows = append(rows, sortedRows(t.segments[i], strings.Compare, func(segment string, s *segmentSum) DailySegment {
			r := DailySegment{
				Date: t.day, Segmentation: of.name, Segment: segment,
				Users: s.users, Sessions: s.sessions, P50Seconds: s.duration.percentile(50),
				IsFinal: t.final, DefinitionDigest: t.digest,
			}
			if s.known > 0 {
				r.Returned = ptr(s.returned)
				r.ReturnRate = ratio(float64(s.returned), float64(s.users))
			}
			return r
		})...)
	}
	slices.SortStableFunc(rows, func(a, b DailySegment) int { return strings.Compare(a.Segmentation, b.Segmentation) })
	return rows
}
