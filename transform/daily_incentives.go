package transform

import (
	"slices"

	"sojourn/internal/calendar"
)

// An Incentive is something that users are given so that they come back.
type Incentive struct {
	Name       string
	Events     []string // any of them says that the user was reached
	ReturnDays int      // for how many days after it a return is waited for; at most 62
	Holdout    Holdout  `json:",omitzero"`
}

// A Holdout says whom chance keeps from an incentive: who has an event, or
// whose property is Control. The zero Holdout keeps nobody.
type Holdout struct {
	Event             string `json:",omitempty"`
	Property, Control string `json:",omitempty"`
}

// of says whether a user is held out, as far as the end of a day for an event;
// assigned is false if neither that nor the contrary is known.
func (h *Holdout) of(u *UserDay, day calendar.Day) (heldOut, assigned bool) {
	if h.Property != "" {
		value := property(u.Properties, h.Property)
		return value == h.Control, value != ""
	}
	e := u.event(h.Event)
	return e != nil && e.FirstDate <= day, h.Event != ""
}

func (c *Incentive) declared() []string {
	names := slices.Clone(c.Events)
	if c.Holdout.Event != "" {
		names = append(names, c.Holdout.Event)
	}
	return names
}

// DailyIncentive is a row of daily_incentives: how many users of a group came
// back after a day. docs/returning.md#incentives-daily_incentives has the
// formulas.
type DailyIncentive struct {
	Date       calendar.Day `parquet:"date,date" doc:"Day by which the users have returned or not: cohort_date plus return_days. Partition column."`
	Cut        string       `parquet:"cut" doc:"total: all users; else a segmentation of cuts."`
	Segment    string       `parquet:"segment,optional" doc:"Segment of the cut that the user was in at the end of cohort_date; null in the total and where unknown. reached and not_reached are in the total only."`
	Incentive  string       `parquet:"incentive" doc:"Name of the incentive in the configuration."`
	Group      string       `parquet:"user_group" doc:"reached: users with an event of the incentive on cohort_date; not_reached: the other users who were active on it. With a holdout also, of the users whose first session began on cohort_date, control: those held out by the end of it; treatment: the others, reached or not."`
	Cohort     calendar.Day `parquet:"cohort_date,date" doc:"Day on which the users were reached, or active; of control and treatment that of their first session."`
	ReturnDays int64        `parquet:"return_days" doc:"Days after cohort_date in which a return counts."`

	Users    int64    `parquet:"users" doc:"Users of the group."`
	Reached  int64    `parquet:"reached_users" doc:"Of these, those with an event of the incentive on cohort_date."`
	Returned int64    `parquet:"returned_users" doc:"Of users, those with a session on one of the return_days days after cohort_date."`
	Rate     *float64 `parquet:"repeat_rate,optional" doc:"returned_users divided by users; null if there are none."`

	Difference *float64 `parquet:"difference,optional" doc:"repeat_rate of reached less that of not_reached, or of treatment less that of control; null in the rows of the latter, if one of the two has no users, and where the other row is left out."`
	Low        *float64 `parquet:"difference_low,optional" doc:"Lower end of the 95 % interval of difference; null where that is null, and for reached and not_reached."`
	High       *float64 `parquet:"difference_high,optional" doc:"Upper end; null likewise."`
	Method     string   `parquet:"interval_method,optional" doc:"How the interval is computed: newcombe_score (Newcombe 1998, hybrid of Wilson's scores); null where there is none."`
	IsCausal   bool     `parquet:"is_causal" doc:"True for treatment and control: if chance alone decides who is held out, and before the first session, difference is what it did to new users not to be held out. False for reached and not_reached: who is reached differs from who is not in more than that."`

	DefinitionDigest string `parquet:"definition_digest" doc:"Digest of the session definition that made the row."`
}

// The groups of an incentive, in pairs.
const (
	reachedGroup = iota
	notReachedGroup
	treatmentGroup
	controlGroup
	incentiveGroups
)

var incentiveGroupNames = [incentiveGroups]string{"reached", "not_reached", "treatment", "control"}

type incentiveSum [incentiveGroups]struct{ users, reached, returned int64 }

func (s *incentiveSum) merge(o *incentiveSum) {
	for i := range s {
		s[i].users += o[i].users
		s[i].reached += o[i].reached
		s[i].returned += o[i].returned
	}
}

// reached says whether the incentive reached a user on the day so many days
// before.
func (c *Incentive) reached(u *UserDay) bool {
	return slices.ContainsFunc(c.Events, func(name string) bool {
		e := u.event(name)
		return e != nil && e.Days.On(c.ReturnDays)
	})
}

// addReached counts a user in one of the groups that are observed.
func (s *incentiveSum) addReached(c *Incentive, u *UserDay) {
	if c.reached(u) {
		s.count(reachedGroup, c, u)
	} else if u.ActiveDays.On(c.ReturnDays) {
		s.count(notReachedGroup, c, u)
	}
}

// addAssigned counts a user in one of the groups that chance has made. Only
// users whose first session was on the day are compared: on later days who is
// active is already what the incentive has brought back.
func (s *incentiveSum) addAssigned(c *Incentive, u *UserDay) {
	cohort := u.Date - calendar.Day(c.ReturnDays)
	if u.FirstSeen == 0 || u.FirstSeen != cohort {
		return
	}
	if heldOut, assigned := c.Holdout.of(u, cohort); heldOut {
		s.count(controlGroup, c, u)
	} else if assigned {
		s.count(treatmentGroup, c, u)
	}
}

func (s *incentiveSum) count(group int, c *Incentive, u *UserDay) {
	of := &s[group]
	of.users++
	if c.reached(u) {
		of.reached++
	}
	if u.ActiveDays.DaysIn(c.ReturnDays) > 0 {
		of.returned++
	}
}

func (t *Tally) incentiveRows(cut Cut, sums []incentiveSum) []DailyIncentive {
	var rows []DailyIncentive
	for i := range sums {
		c := &t.analysis.Incentives[i]
		for pair := 0; pair < incentiveGroups; pair += 2 {
			a, b := sums[i][pair], sums[i][pair+1]
			if a.users+b.users == 0 {
				continue
			}
			for group := pair; group < pair+2; group++ {
				of := sums[i][group]
				rows = append(rows, DailyIncentive{
					Date: t.day, Cut: cut.Name, Segment: cut.Segment, Incentive: c.Name, Group: incentiveGroupNames[group],
					Cohort: t.day - calendar.Day(c.ReturnDays), ReturnDays: int64(c.ReturnDays),
					Users: of.users, Reached: of.reached, Returned: of.returned, Rate: ratio(float64(of.returned), float64(of.users)),
					IsCausal: pair == treatmentGroup, DefinitionDigest: t.digest,
				})
			}
			if a.users == 0 || b.users == 0 {
				continue
			}
			r := &rows[len(rows)-2]
			r.Difference = ptr(*r.Rate - *rows[len(rows)-1].Rate)
			if r.IsCausal {
				low, high := differenceInterval(a.returned, a.users, b.returned, b.users)
				r.Low, r.High, r.Method = &low, &high, newcombe
			}
		}
	}
	return rows
}

// withoutLoneDifferences takes away differences from groups whose rows were
// left out: with them, what was left out could be worked out.
func withoutLoneDifferences(rows []DailyIncentive) {
	type group struct {
		Cut
		incentive, name string
	}
	shown := map[group]bool{}
	for i := range rows {
		shown[group{Cut{rows[i].Cut, rows[i].Segment}, rows[i].Incentive, rows[i].Group}] = true
	}
	for i := range rows {
		r := &rows[i]
		other := "not_reached"
		if r.IsCausal {
			other = "control"
		}
		if !shown[group{Cut{r.Cut, r.Segment}, r.Incentive, other}] {
			r.Difference, r.Low, r.High, r.Method = nil, nil, nil, ""
		}
	}
}
