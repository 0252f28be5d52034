package transform

import (
	"cmp"
	"strings"
)

type segmentKey struct{ segmentation, segment string }

func (k segmentKey) compare(o segmentKey) int {
	return cmp.Or(strings.Compare(k.segmentation, o.segmentation), strings.Compare(k.segment, o.segment))
}

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

func (t *Tally) addSegments(u *User, sessions []Session, next Return) {
	t.addSegment("lifecycle", lifecycle(u, lapse), sessions, next)
	t.addSegment("lifecycle_day", lifecycle(u, 1), sessions, next)
	if tier := activityTier(u); tier != "" {
		t.addSegment("activity_tier", tier, sessions, next)
	}
	if len(sessions) == 0 {
		return
	}
	t.addSegment("platform", u.Platform, sessions, next)
	t.addSegment("country", u.Country, sessions, next)
	t.addSegment("app_version", u.AppVersion, sessions, next)
	t.addSegment("language", u.Language, sessions, next)
	t.addSegment("acquisition_source", u.FirstAcquisitionSource, sessions, next)
}

func (t *Tally) addSegment(segmentation, segment string, sessions []Session, next Return) {
	sum := at(t.segments, segmentKey{segmentation, segment})
	sum.users++
	for i := range sessions {
		if sessions[i].IsCounted {
			sum.sessions++
			sum.duration.add(sessions[i].DurationSeconds)
		}
	}
	switch next {
	case Returned:
		sum.known++
		sum.returned++
	case Stayed:
		sum.known++
	}
}

func (t *Tally) segmentRows() []DailySegment {
	return sortedRows(t.segments, segmentKey.compare, func(k segmentKey, s *segmentSum) DailySegment {
		r := DailySegment{
			Date: t.day, Segmentation: k.segmentation, Segment: k.segment,
			Users: s.users, Sessions: s.sessions, P50Seconds: s.duration.percentile(50),
			IsFinal: t.final, DefinitionDigest: t.digest,
		}
		if s.known > 0 {
			r.Returned = ptr(s.returned)
			r.ReturnRate = ratio(float64(s.returned), float64(s.users))
		}
		return r
	})
}
