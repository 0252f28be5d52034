package transform

import (
	"sojourn/internal/calendar"
)

// An Onboarding is what new users are led through: events in the order in
// which they are meant to come, and the one that completes it.
type Onboarding struct {
	Steps     []string `json:",omitempty"`
	Completed string   `json:",omitempty"`
}

func (o *Onboarding) events() []string {
	if len(o.Steps) == 0 {
		return nil
	}
	return append([]string{o.Completed}, o.Steps...)
}

// completedBy says whether a user had completed the onboarding by the end of a
// day, the tally's or an earlier one.
func (o *Onboarding) completedBy(u *UserDay, day calendar.Day) bool {
	e := u.event(o.Completed)
	return e != nil && e.FirstDate <= day
}

// event returns what is known of the user and an event, nil if nothing.
func (u *UserDay) event(name string) *UserEvent {
	for i := range u.Events {
		if u.Events[i].Event == name {
			return &u.Events[i]
		}
	}
	return nil
}

// DailyOnboarding is a row of daily_onboarding: how many of the users whose
// first session began on a day reached a step in it.
// docs/returning.md#onboarding-daily_onboarding has the formulas.
type DailyOnboarding struct {
	Date    calendar.Day `parquet:"date,date" doc:"Local day on which the first sessions began. Partition column."`
	Cut     string       `parquet:"cut" doc:"total: all users; else a segmentation of cuts."`
	Segment string       `parquet:"segment,optional" doc:"Segment of the cut that the user is in at the end of date; null in the total and where unknown."`
	Number  int64        `parquet:"step_number" doc:"Number of the step, from 1."`
	Step    string       `parquet:"step" doc:"Event that is the step."`

	Users      int64    `parquet:"users" doc:"Users whose first session began on date."`
	Reached    int64    `parquet:"reached_users" doc:"Of these, those with the event in the first session, also after midnight, whatever came before it."`
	Share      float64  `parquet:"share" doc:"reached_users divided by users, 0 to 1."`
	P50Seconds *float64 `parquet:"p50_seconds,optional" doc:"Exact nearest-rank median of the seconds from the beginning of the session to the event's first time in it, of those users; null if there are none."`

	IsFinal          bool   `parquet:"is_final" doc:"False until the next day with data has been processed."`
	DefinitionDigest string `parquet:"definition_digest" doc:"Digest of the session definition that made the row."`
}

// DailyOnboardingRetention is a row of daily_onboarding_retention: who comes
// back, of the users that had completed the onboarding on their first day and
// of the others. docs/returning.md#retention-by-onboarding-daily_onboarding_retention has the formulas.
type DailyOnboardingRetention struct {
	Date       calendar.Day `parquet:"date,date" doc:"Day of the return: cohort_date plus day_n. Partition column."`
	Cut        string       `parquet:"cut" doc:"total: all users; else a segmentation of cuts."`
	Segment    string       `parquet:"segment,optional" doc:"Segment of the cut that the user was in at the end of cohort_date; null in the total and where unknown."`
	DayN       int64        `parquet:"day_n" doc:"Days since the first session: 1 and 7."`
	Onboarding string       `parquet:"onboarding" doc:"completed: the event that completes the onboarding happened by the end of cohort_date; not_completed: it did not."`
	Cohort     calendar.Day `parquet:"cohort_date,date" doc:"Local day on which the first sessions began."`

	Users    int64   `parquet:"cohort_users" doc:"Users of the cohort in that group."`
	Retained int64   `parquet:"retained_users" doc:"Of these, those with a session on date."`
	Rate     float64 `parquet:"retention_rate" doc:"retained_users divided by cohort_users, 0 to 1."`
	IsCausal bool    `parquet:"is_causal" doc:"False: who completes an onboarding would come back more often also without it."`

	DefinitionDigest string `parquet:"definition_digest" doc:"Digest of the session definition that made the row."`
}

// onboardedHorizons are the days of return by onboarding.
var onboardedHorizons = [...]calendar.Day{1, 7}

type onboardingSum struct {
	users    int64
	reached  []spans                                 // from the beginning of the session, by step
	retained [len(onboardedHorizons)][2]retentionSum // completed, not completed
}

func newOnboardingSum(a *Analysis) onboardingSum {
	return onboardingSum{reached: make([]spans, len(a.Onboarding.Steps))}
}

func (s *onboardingSum) merge(o *onboardingSum) {
	s.users += o.users
	for i := range s.reached {
		s.reached[i].merge(&o.reached[i])
	}
	for i := range s.retained {
		for j := range s.retained[i] {
			s.retained[i][j].merge(&o.retained[i][j])
		}
	}
}

// addReturn counts a user whose first session began on an earlier day.
func (s *onboardingSum) addReturn(a *Analysis, u *UserDay) {
	if len(s.reached) == 0 || u.FirstSeen == 0 {
		return
	}
	for i, n := range onboardedHorizons {
		if u.Date-u.FirstSeen != n {
			continue
		}
		of := &s.retained[i][1]
		if a.Onboarding.completedBy(u, u.FirstSeen) {
			of = &s.retained[i][0]
		}
		of.cohort++
		if u.ActiveDays.On(0) {
			of.retained++
		}
	}
}

// addFirst counts a user whose first session began on the day.
func (s *onboardingSum) addFirst(a *Analysis, u *UserDay) {
	if len(s.reached) == 0 {
		return
	}
	r := u.firstSession()
	if r == nil {
		return
	}
	s.users++
	for i, step := range a.Onboarding.Steps {
		if at, ok := u.firstIn(r, step); ok {
			s.reached[i].add(ptr(seconds(max(0, at-r.StartedAt))))
		}
	}
}

// firstIn returns when an event happened first in a session that began on the
// day.
func (u *UserDay) firstIn(r *Session, event string) (at int64, ok bool) {
	for _, steps := range [...][]Step{u.Steps, u.Later} {
		for i := range steps {
			if steps[i].SessionID == r.SessionID && steps[i].Event == event {
				return steps[i].At, true
			}
		}
	}
	return 0, false
}

func (t *Tally) onboardingRows(cut Cut, s *onboardingSum) []DailyOnboarding {
	if s.users == 0 {
		return nil
	}
	var rows []DailyOnboarding
	for i, step := range t.analysis.Onboarding.Steps {
		n := int64(s.reached[i].count())
		rows = append(rows, DailyOnboarding{
			Date: t.day, Cut: cut.Name, Segment: cut.Segment, Number: int64(i + 1), Step: step,
			Users: s.users, Reached: n, Share: float64(n) / float64(s.users), P50Seconds: s.reached[i].percentile(50),
			IsFinal: t.final, DefinitionDigest: t.digest,
		})
	}
	return rows
}

func (t *Tally) onboardingRetentionRows(cut Cut, s *onboardingSum) []DailyOnboardingRetention {
	var rows []DailyOnboardingRetention
	for i, n := range onboardedHorizons {
		for j, group := range [...]string{"completed", "not_completed"} {
			of := &s.retained[i][j]
			if of.cohort == 0 {
				continue
			}
			rows = append(rows, DailyOnboardingRetention{
				Date: t.day, Cut: cut.Name, Segment: cut.Segment, DayN: int64(n), Onboarding: group, Cohort: t.day - n,
				Users: of.cohort, Retained: of.retained, Rate: float64(of.retained) / float64(of.cohort), DefinitionDigest: t.digest,
			})
		}
	}
	return rows
}
