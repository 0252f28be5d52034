package transform

// No part of a cohort, or of the users of a day, is more than all of them.

func retentionsHold(t *Tables, _ *Audit, breach func(string, ...any)) {
	for i := range t.CohortRetention {
		if r := &t.CohortRetention[i]; r.Retained < 0 || r.Retained > r.Users {
			breach("%d of %d users of %s (%s %s) came back by %q in period %d", r.Retained, r.Users, r.Cohort, r.Cut, r.Segment, r.Retention, r.Period)
		}
	}
}

// Whoever is active is new, returning or resurrected, and whoever is not is
// dormant.
func lifecyclesAddUp(t *Tables, _ *Audit, breach func(string, ...any)) {
	for i := range t.DailyLifecycle {
		r := &t.DailyLifecycle[i]
		if sum := r.New + r.Returning + r.Resurrected; sum != r.Active || sum+r.Dormant != r.Users {
			breach("%s %s, lapse %d: %d new, %d returning, %d resurrected and %d dormant of %d users, %d of them active",
				r.Cut, r.Segment, r.Lapse, r.New, r.Returning, r.Resurrected, r.Dormant, r.Users, r.Active)
		}
		// In a cut, who is gone counts in the segment of the day before.
		if r.Active > r.Recent || r.Recent > r.Users || r.Cut == total && r.Churned > r.Dormant {
			breach("%s %s, lapse %d: %d active, %d recent and %d gone of %d users", r.Cut, r.Segment, r.Lapse, r.Active, r.Recent, r.Churned, r.Users)
		}
	}
}

func onboardingHolds(t *Tables, _ *Audit, breach func(string, ...any)) {
	for i := range t.DailyOnboarding {
		r := &t.DailyOnboarding[i]
		if r.Reached < 0 || r.Reached > r.Users || (r.P50Seconds != nil) != (r.Reached > 0) {
			breach("%s %s: %d of %d users reached step %d", r.Cut, r.Segment, r.Reached, r.Users, r.Number)
		}
	}
}

func onboardedReturn(t *Tables, _ *Audit, breach func(string, ...any)) {
	for i := range t.DailyOnboardingRetention {
		if r := &t.DailyOnboardingRetention[i]; r.Retained < 0 || r.Retained > r.Users {
			breach("%s %s: %d of %d users (%s) came back on day %d", r.Cut, r.Segment, r.Retained, r.Users, r.Onboarding, r.DayN)
		}
	}
}

func incentivesHold(t *Tables, _ *Audit, breach func(string, ...any)) {
	for i := range t.DailyIncentives {
		if r := &t.DailyIncentives[i]; min(r.Returned, r.Reached) < 0 || max(r.Returned, r.Reached) > r.Users {
			breach("%q of %s %s: of %d users (%s) %d were reached and %d came back", r.Incentive, r.Cut, r.Segment, r.Users, r.Group, r.Reached, r.Returned)
		}
	}
}

func intervalsAreOrdered(t *Tables, _ *Audit, breach func(string, ...any)) {
	for i := range t.DailyInterval {
		r := &t.DailyInterval[i]
		if r.Users > r.Sessions {
			breach("%s %s: %d users in %d sessions", r.Cut, r.Segment, r.Users, r.Sessions)
		}
		for _, pair := range [...][2]float64{
			{0, r.P10Hours}, {r.P10Hours, r.P25Hours}, {r.P25Hours, r.P50Hours}, {r.P50Hours, r.P75Hours}, {r.P75Hours, r.P90Hours},
		} {
			if pair[0] > pair[1] {
				breach("%s %s: percentiles are not in order: %v, %v", r.Cut, r.Segment, pair[0], pair[1])
			}
		}
	}
}
