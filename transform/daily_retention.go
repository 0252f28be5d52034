package transform

import (
	"cmp"
	"strings"

	"sojourn/internal/calendar"
)

type cohortKey struct {
	cohort       calendar.Day
	cut, segment string
}

func (k cohortKey) compare(o cohortKey) int {
	return cmp.Or(cmp.Compare(k.cohort, o.cohort), strings.Compare(k.cut, o.cut), strings.Compare(k.segment, o.segment))
}

type retentionSum struct{ cohort, retained int64 }

func (s *retentionSum) merge(o *retentionSum) {
	s.cohort += o.cohort
	s.retained += o.retained
}

// isRetentionDay says whether retention is reported n days after the first
// session.
func isRetentionDay(n calendar.Day) bool { return n >= 0 && n <= 30 || n == 60 || n == 90 }

// addRetention counts a user in the one cell of each cut that the day decides.
func (t *Tally) addRetention(u *UserDay) {
	if !isRetentionDay(t.day - u.FirstSeen) {
		return
	}
	one := retentionSum{cohort: 1}
	if u.ActiveDays.On(0) {
		one.retained = 1
	}
	at(t.cohorts, cohortKey{u.FirstSeen, total, ""}).merge(&one)
	for _, c := range firstAttributes {
		at(t.cohorts, cohortKey{u.FirstSeen, c.cut, c.of(u.User)}).merge(&one)
	}
	for i := range u.Retention {
		if u.Retention[i].Retention != dailyRetention {
			continue
		}
		for _, c := range t.cutsOf(u.Retention[i].Segments) {
			if !isFirstAttribute(c.Name) {
				at(t.cohorts, cohortKey{u.FirstSeen, c.Name, c.Segment}).merge(&one)
			}
		}
	}
}

// firstAttributes are the attributes of the first session by which cohorts are
// cut without being asked.
var firstAttributes = [...]struct {
	cut string
	of  func(*User) string
}{
	{"platform", func(u *User) string { return u.FirstPlatform }},
	{"country", func(u *User) string { return u.FirstCountry }},
	{"acquisition_source", func(u *User) string { return u.FirstAcquisitionSource }},
}

func isFirstAttribute(cut string) bool {
	for _, c := range firstAttributes {
		if c.cut == cut {
			return true
		}
	}
	return false
}

func (t *Tally) retentionRows() []DailyRetention {
	return sortedRows(t.cohorts, cohortKey.compare, func(k cohortKey, s *retentionSum) DailyRetention {
		return DailyRetention{
			Date: t.day, Cohort: k.cohort, DayN: int64(t.day - k.cohort), Cut: k.cut, Segment: k.segment,
			Cohorts: s.cohort, Retained: s.retained, Rate: float64(s.retained) / float64(s.cohort),
			DefinitionDigest: t.digest,
		}
	})
}
