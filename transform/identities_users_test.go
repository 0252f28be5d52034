package transform_test

import (
	"strings"
	"testing"

	"sojourn/transform"
)

// Each identity of the tables about cohorts and users is seen to notice what
// it is there for.
func TestBreachesOfUsersAreNoticed(t *testing.T) {
	sound := func() transform.Tables {
		return transform.Tables{
			Day:                      today,
			CohortRetention:          []transform.CohortRetention{{Cut: "total", Retention: "weekly", Cohort: today - 7, Period: 1, Users: 3, Retained: 3}},
			DailyLifecycle:           []transform.DailyLifecycle{{Cut: "total", Lapse: 28, Users: 9, Active: 6, New: 1, Returning: 2, Resurrected: 3, Dormant: 3, Recent: 7, Churned: 1}},
			DailyOnboarding:          []transform.DailyOnboarding{{Cut: "total", Number: 1, Users: 2, Reached: 2, P50Seconds: new(float64)}},
			DailyOnboardingRetention: []transform.DailyOnboardingRetention{{Cut: "total", DayN: 7, Onboarding: "completed", Users: 2, Retained: 2}},
			DailyIncentives:          []transform.DailyIncentive{{Cut: "total", Incentive: "gift", Group: "reached", Users: 2, Reached: 2, Returned: 1}},
			DailyInterval:            []transform.DailyInterval{{Cut: "total", Sessions: 2, Users: 2, P10Hours: 1, P25Hours: 1, P50Hours: 2, P75Hours: 3, P90Hours: 4}},
		}
	}
	if got := breaches(sound(), transform.App(), transform.Analysis{}); got != "" {
		t.Fatalf("of a sound day: %s", got)
	}
	for want, spoil := range map[string]func(*transform.Tables){
		`cohort_retention: 4 of 3 users of 2026-03-13 (total ) came back by "weekly" in period 1`: func(t *transform.Tables) { t.CohortRetention[0].Retained++ },
		`cohort_retention: -1 of 3 users`: func(t *transform.Tables) { t.CohortRetention[0].Retained = -1 },
		`daily_lifecycle: total , lapse 28: 2 new, 2 returning, 3 resurrected and 3 dormant of 9 users, 6`:  func(t *transform.Tables) { t.DailyLifecycle[0].New++ },
		`daily_lifecycle: total , lapse 28: 1 new, 2 returning, 3 resurrected and 3 dormant of 10 users, 6`: func(t *transform.Tables) { t.DailyLifecycle[0].Users++ },
		`daily_lifecycle: total , lapse 28: 6 active, 5 recent and 1 gone of 9`:                             func(t *transform.Tables) { t.DailyLifecycle[0].Recent = 5 },
		`daily_lifecycle: total , lapse 28: 6 active, 10 recent and 1 gone of 9`:                            func(t *transform.Tables) { t.DailyLifecycle[0].Recent = 10 },
		`daily_lifecycle: total , lapse 28: 6 active, 7 recent and 4 gone of 9`:                             func(t *transform.Tables) { t.DailyLifecycle[0].Churned = 4 },
		`daily_onboarding: total : 3 of 2 users reached step 1`:                                             func(t *transform.Tables) { t.DailyOnboarding[0].Reached = 3 },
		`daily_onboarding: total : 2 of 2 users reached step 1`:                                             func(t *transform.Tables) { t.DailyOnboarding[0].P50Seconds = nil },
		`daily_onboarding_retention: total : 3 of 2 users (completed) came back on day 7`:                   func(t *transform.Tables) { t.DailyOnboardingRetention[0].Retained = 3 },
		`daily_incentives: "gift" of total : of 2 users (reached) 2 were reached and 3 came back`:           func(t *transform.Tables) { t.DailyIncentives[0].Returned = 3 },
		`daily_incentives: "gift" of total : of 2 users (reached) 3 were reached and 1 came back`:           func(t *transform.Tables) { t.DailyIncentives[0].Reached = 3 },
		`daily_interval: total : 3 users in 2 sessions`:                                                     func(t *transform.Tables) { t.DailyInterval[0].Users = 3 },
		`daily_interval: total : percentiles are not in order: 2, 1`:                                        func(t *transform.Tables) { t.DailyInterval[0].P10Hours = 2 },
		`daily_interval: total : percentiles are not in order: 3, 2`:                                        func(t *transform.Tables) { t.DailyInterval[0].P25Hours = 3 },
		`daily_interval: total : percentiles are not in order: 4, 3`:                                        func(t *transform.Tables) { t.DailyInterval[0].P50Hours = 4 },
		`daily_interval: total : percentiles are not in order: 5, 4`:                                        func(t *transform.Tables) { t.DailyInterval[0].P75Hours = 5 },
	} {
		spoilt := sound()
		spoil(&spoilt)
		if got := breaches(spoilt, transform.App(), transform.Analysis{}); !strings.Contains(got, want) {
			t.Errorf("breaches are\n%s\nwant %q", got, want)
		}
	}
}
