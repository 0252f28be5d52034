package transform

import "sojourn/internal/calendar"

// DailyFirstSessions is a row of daily_first_sessions: the users whose first
// session began on a day, and how many had a second by the end of date.
// docs/returning.md#first-sessions-daily_first_sessions has the formulas.
type DailyFirstSessions struct {
	Date    calendar.Day `parquet:"date,date" doc:"Day of the count: cohort_date plus day_n. Partition column."`
	Cut     string       `parquet:"cut" doc:"total: all users; else a segmentation of cuts."`
	Segment string       `parquet:"segment,optional" doc:"Segment of the cut that the user was in at the end of cohort_date, by the attributes then last known; null in the total and where unknown."`
	DayN    int64        `parquet:"day_n" doc:"Days since the first session: 0, 1, 7 and 28."`
	Cohort  calendar.Day `parquet:"cohort_date,date" doc:"Local day on which the first sessions began."`
	Users   int64        `parquet:"users" doc:"Users whose first session began on cohort_date, also one that does not count (is_counted)."`

	MeanSeconds *float64 `parquet:"duration_mean_seconds,optional" doc:"Mean duration of the first sessions in seconds; null for day_n above 0, and if no duration is known."`
	P50Seconds  *float64 `parquet:"duration_p50_seconds,optional" doc:"Exact nearest-rank median of it; null likewise."`
	Screens     *int64   `parquet:"screen_views,optional" doc:"Views of screens in the first sessions; null for day_n above 0."`
	PerSession  *float64 `parquet:"screens_per_session,optional" doc:"screen_views divided by users; null for day_n above 0."`
	Engaged     *int64   `parquet:"engaged_sessions,optional" doc:"First sessions with is_engaged; null for day_n above 0."`
	Bounced     *int64   `parquet:"bounced_sessions,optional" doc:"First sessions with is_bounce; null for day_n above 0."`

	Installed *int64 `parquet:"installed_users,optional" doc:"Users whose first install was seen; null for day_n above 0."`

	Onboarded     *int64   `parquet:"onboarded_users,optional" doc:"Users who had completed the onboarding by the end of date; null without onboarding in the configuration."`
	Second        int64    `parquet:"second_session_users" doc:"Users whose second session had begun by the end of date."`
	SecondShare   float64  `parquet:"second_session_share" doc:"second_session_users divided by users, 0 to 1."`
	SecondSeconds *float64 `parquet:"first_to_second_p50_seconds,optional" doc:"Exact nearest-rank median of the seconds from the beginning of the first session to that of the second, of those users; null if there are none."`

	IsFinal          bool   `parquet:"is_final" doc:"False until the next day with data has been processed."`
	DefinitionDigest string `parquet:"definition_digest" doc:"Digest of the session definition that made the row."`
}

type firstSessionsSum struct {
	users, onboarded, installed int64
	screens, engaged, bounced   int64
	duration, toSecond          spans
}

func (s *firstSessionsSum) merge(o *firstSessionsSum) {
	s.users += o.users
	s.onboarded += o.onboarded
	s.installed += o.installed
	s.screens += o.screens
	s.engaged += o.engaged
	s.bounced += o.bounced
	s.duration.merge(&o.duration)
	s.toSecond.merge(&o.toSecond)
}

// firstSession returns the user's first session if it began on the day.
func (u *UserDay) firstSession() *Session {
	for i := range u.Began {
		if u.Began[i].IsFirstSession {
			return &u.Began[i]
		}
	}
	return nil
}

// add counts a user whose first session began n days before.
func (s *firstSessionsSum) add(a *Analysis, u *UserDay, n calendar.Day) {
	if u.FirstSeen == 0 || u.Date-u.FirstSeen != n {
		return
	}
	s.users++
	if a.Onboarding.completedBy(u, u.Date) {
		s.onboarded++
	}
	if u.SecondStartedAt != 0 {
		s.toSecond.add(ptr(seconds(u.SecondStartedAt - u.FirstStartedAt)))
	}
	if n > 0 {
		return
	}
	if u.InstalledAt != 0 {
		s.installed++
	}
	if r := u.firstSession(); r != nil {
		s.duration.add(r.DurationSeconds)
		s.screens += r.ScreenViews
		if r.IsEngaged {
			s.engaged++
		}
		if r.IsBounce {
			s.bounced++
		}
	}
}

func (t *Tally) firstSessionsRow(cut Cut, n calendar.Day, s *firstSessionsSum) DailyFirstSessions {
	second := int64(s.toSecond.count())
	r := DailyFirstSessions{
		Date: t.day, Cut: cut.Name, Segment: cut.Segment, DayN: int64(n), Cohort: t.day - n, Users: s.users,
		Second: second, SecondShare: float64(second) / float64(s.users), SecondSeconds: s.toSecond.percentile(50),
		IsFinal: t.final, DefinitionDigest: t.digest,
	}
	if len(t.analysis.Onboarding.Steps) > 0 {
		r.Onboarded = ptr(s.onboarded)
	}
	if n == 0 {
		r.MeanSeconds, r.P50Seconds = s.duration.mean(), s.duration.percentile(50)
		r.Screens, r.PerSession = ptr(s.screens), ratio(float64(s.screens), float64(s.users))
		r.Engaged, r.Bounced = ptr(s.engaged), ptr(s.bounced)
		r.Installed = ptr(s.installed)
	}
	return r
}
