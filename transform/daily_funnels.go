package transform

import "sojourn/internal/calendar"

// DailyFunnel is a row of daily_funnels: one step of one funnel in one cut.
type DailyFunnel struct {
	Date     calendar.Day `parquet:"date,date" doc:"Within a session: local day on which the session began. Over days: the day at whose end the attempt closed, so many days after the first step, or the next day with data. Partition column."`
	Cut      string       `parquet:"cut" doc:"total: all users; else a segmentation of cuts."`
	Segment  string       `parquet:"segment,optional" doc:"Segment of the cut at the end of date: by attributes of users who are away the latest known, by top_screen and length_tier only of users active on date; null in the total and where unknown."`
	Funnel   string       `parquet:"funnel" doc:"Name of the funnel in the configuration."`
	Within   string       `parquet:"funnel_window" doc:"session, or the days that the funnel may take after the day of its first step, such as 7d."`
	Number   int64        `parquet:"step_number" doc:"Number of the step, from 1."`
	StepName string       `parquet:"step_name" doc:"What reaches the step: an event, screen and its name for a visit, or several with or between them."`

	Reached      int64    `parquet:"reached" doc:"Sessions that came to the step, having come to all before it in order; over days attempts, of which a user has one at a time."`
	Users        int64    `parquet:"users" doc:"Different users of them."`
	FromPrevious *float64 `parquet:"conversion_from_previous,optional" doc:"reached divided by that of the step before, 0 to 1; null for the first step, and if none came to the one before."`
	FromFirst    *float64 `parquet:"conversion_from_first,optional" doc:"reached divided by that of the first step, 0 to 1; null if none came to that."`
	P50Seconds   *float64 `parquet:"from_first_p50_seconds,optional" doc:"Exact nearest-rank median of the seconds from the first step to this one; null if none came to it."`

	IsFinal          bool   `parquet:"is_final" doc:"False until the next day with data has been processed: until then sessions may come to more steps."`
	DefinitionDigest string `parquet:"definition_digest" doc:"Digest of the session definition that made the row."`
}

// An attempt is one way into a funnel: when the steps were reached.
type attempt struct {
	funnel string
	times  []int64
}

// attemptsOf are those of which the day has rows: in sessions that began on
// it, and those over days that have closed (docs/screens.md#funnels-daily_funnels).
func (t *Tally) attemptsOf(u *UserDay) []attempt {
	var attempts []attempt
	for i := range t.analysis.Funnels {
		if t.analysis.Funnels[i].Days == 0 {
			attempts = t.analysis.Funnels[i].appendSessions(attempts, u)
		}
	}
	for i := range u.Funnels {
		if a := &u.Funnels[i]; a.Closes <= t.day {
			attempts = append(attempts, attempt{a.Funnel, a.times()})
		}
	}
	return attempts
}

// appendSessions appends the attempts in sessions that began on the day.
func (f *Funnel) appendSessions(to []attempt, u *UserDay) []attempt {
	reached := map[string][]int64{} // by session; most come to nothing
	follow := func(s *Step) {
		if have := reached[s.SessionID]; s.SessionID != "" {
			if times := f.follow(have, s); len(times) > len(have) {
				reached[s.SessionID] = times
			}
		}
	}
	for i := range u.Steps {
		follow(&u.Steps[i])
	}
	for i := range u.Sessions {
		s := &u.Sessions[i]
		if !u.hasBegun(s) {
			continue
		}
		later := u.After[s.SessionID].Steps
		for k := range later {
			follow(&later[k])
		}
		if times := reached[s.SessionID]; len(times) > 0 {
			to = append(to, attempt{f.Name, times})
		}
	}
	return to
}

// funnelKey is a step of a funnel, by its number from 0.
type funnelKey struct {
	funnel string
	step   int
}

type funnelSum struct {
	reached, users int64
	from           spans // from the first step

	user int64 // number of the last one counted
}

func (s *funnelSum) merge(o *funnelSum) {
	s.reached += o.reached
	s.users += o.users
	s.from.merge(&o.from)
}

type funnelsSum struct {
	counter
	steps map[funnelKey]*funnelSum
}

func newFunnelsSum() funnelsSum { return funnelsSum{steps: map[funnelKey]*funnelSum{}} }

func (s *funnelsSum) merge(o *funnelsSum) {
	s.counter.merge(o.counter)
	mergeMaps(s.steps, o.steps, (*funnelSum).merge)
}

func (s *funnelsSum) add(u *UserDay) {
	s.user++
	for _, a := range u.attempts {
		for i, reached := range a.times {
			m := at(s.steps, funnelKey{a.funnel, i})
			m.reached++
			if m.user != s.user {
				m.user = s.user
				m.users++
			}
			m.from.addMicros(max(0, reached-a.times[0]))
		}
	}
}

func (s *funnelsSum) rows(cut Cut, t *Tally) []DailyFunnel {
	var rows []DailyFunnel
	for i := range t.analysis.Funnels {
		f := &t.analysis.Funnels[i]
		first := at(s.steps, funnelKey{f.Name, 0})
		before := first
		for n := range f.Steps {
			m := at(s.steps, funnelKey{f.Name, n})
			r := DailyFunnel{
				Date: t.day, Cut: cut.Name, Segment: cut.Segment, Funnel: f.Name, Within: f.within(),
				Number: int64(n + 1), StepName: f.Steps[n].Name(),
				Reached: m.reached, Users: m.users,
				FromFirst: ratio(float64(m.reached), float64(first.reached)), P50Seconds: m.from.percentile(50),
				IsFinal: t.final, DefinitionDigest: t.digest,
			}
			if n > 0 {
				r.FromPrevious = ratio(float64(m.reached), float64(before.reached))
			}
			rows, before = append(rows, r), m
		}
	}
	return rows
}

// usersOfFirstStep returns how many users came to the first step of the funnel
// of a row.
func usersOfFirstStep(rows []DailyFunnel) func(*DailyFunnel) int64 {
	type way struct {
		Cut
		funnel string
	}
	of := func(r *DailyFunnel) way { return way{Cut{r.Cut, r.Segment}, r.Funnel} }
	first := map[way]int64{}
	for i := range rows {
		if rows[i].Number == 1 {
			first[of(&rows[i])] = rows[i].Users
		}
	}
	return func(r *DailyFunnel) int64 { return first[of(r)] }
}
