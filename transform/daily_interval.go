package transform

import "sojourn/internal/calendar"

// A DailyInterval is a row of daily_interval: how long users had been away
// before the sessions that began on a day.
type DailyInterval struct {
	Date    calendar.Day `parquet:"date,date" doc:"Local day on which the sessions count. Partition column."`
	Cut     string       `parquet:"cut" doc:"total: all users; else a segmentation of cuts."`
	Segment string       `parquet:"segment,optional" doc:"Segment of the cut at the end of date: by attributes of users who are away the latest known, by top_screen and length_tier only of users active on date; null in the total and where unknown."`

	Sessions  int64   `parquet:"sessions" doc:"Sessions with a previous one of the same user. There is no row without."`
	Users     int64   `parquet:"users" doc:"Distinct users of those sessions."`
	MeanHours float64 `parquet:"mean_hours" doc:"Mean time from the end of the previous session to the start of this one, in hours."`
	P10Hours  float64 `parquet:"p10_hours" doc:"Exact nearest-rank 10th percentile in hours."`
	P25Hours  float64 `parquet:"p25_hours" doc:"Exact nearest-rank 25th percentile in hours."`
	P50Hours  float64 `parquet:"p50_hours" doc:"Exact nearest-rank median in hours."`
	P75Hours  float64 `parquet:"p75_hours" doc:"Exact nearest-rank 75th percentile in hours."`
	P90Hours  float64 `parquet:"p90_hours" doc:"Exact nearest-rank 90th percentile in hours."`

	DefinitionDigest string `parquet:"definition_digest" doc:"Digest of the session definition that made the row."`
}

// intervalSum collects the times between sessions. See docs/length.md, "How
// long users stay away".
type intervalSum struct{ usersSpans }

func (s *intervalSum) add(u *UserDay) {
	before := s.count()
	for i := range u.Sessions {
		s.spans.add(u.Sessions[i].SecondsSincePrevious)
	}
	if s.count() > before {
		s.users++
	}
}

func (s *intervalSum) merge(o *intervalSum) {
	s.users += o.users
	s.spans.merge(&o.spans)
}

// rows returns the row with the date and cut of r, none without sessions.
func (s *intervalSum) rows(r DailyInterval) []DailyInterval {
	if s.count() == 0 {
		return nil
	}
	hours := func(seconds *float64) float64 { return *seconds / 3600 }
	r.Sessions, r.Users = int64(s.count()), s.users
	r.MeanHours = hours(s.mean())
	r.P10Hours, r.P25Hours, r.P50Hours = hours(s.percentile(10)), hours(s.percentile(25)), hours(s.percentile(50))
	r.P75Hours, r.P90Hours = hours(s.percentile(75)), hours(s.percentile(90))
	return []DailyInterval{r}
}
