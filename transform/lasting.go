package transform

import (
	"cmp"
	"slices"

	"sojourn/internal/calendar"
)

// lastingSums are the sums of tables that are also about users who are away:
// whom a push reached, who never came back.
type lastingSums struct {
	installs   [len(horizons)]installsSum
	first      [len(horizons)]firstSessionsSum
	onboarding onboardingSum
	push       pushSum
	incentives []incentiveSum
}

// horizons are after how many days it is told what became of a cohort.
var horizons = [...]calendar.Day{0, 1, 7, 28}

func newLastingSums(a *Analysis) lastingSums {
	return lastingSums{onboarding: newOnboardingSum(a), push: newPushSum(), incentives: make([]incentiveSum, len(a.Incentives))}
}

func (s *lastingSums) add(a *Analysis, u *UserDay) {
	for i, n := range horizons {
		s.installs[i].add(u, n)
		s.first[i].add(a, u, n)
	}
	s.onboarding.add(a, u)
	s.push.add(a, u)
	for i := range s.incentives {
		s.incentives[i].add(&a.Incentives[i], u)
	}
}

func (s *lastingSums) merge(o *lastingSums) {
	for i := range horizons {
		s.installs[i].merge(&o.installs[i])
		s.first[i].merge(&o.first[i])
	}
	s.onboarding.merge(&o.onboarding)
	s.push.merge(&o.push)
	for i := range s.incentives {
		s.incentives[i].merge(&o.incentives[i])
	}
}

func (t *Tally) lastingRows(to *Tables, cut Cut, s *lastingSums) {
	for i, n := range horizons {
		if s.installs[i].users > 0 {
			to.DailyInstalls = append(to.DailyInstalls, t.installsRow(cut, n, &s.installs[i]))
		}
		if s.first[i].users > 0 {
			to.DailyFirstSessions = append(to.DailyFirstSessions, t.firstSessionsRow(cut, n, &s.first[i]))
		}
	}
	to.DailyOnboarding = append(to.DailyOnboarding, t.onboardingRows(cut, &s.onboarding)...)
	to.DailyOnboardingRetention = append(to.DailyOnboardingRetention, t.onboardingRetentionRows(cut, &s.onboarding)...)
	to.DailyPush = append(to.DailyPush, t.pushRows(cut, &s.push)...)
	incentives := t.incentiveRows(cut, s.incentives)
	slices.SortFunc(incentives, func(a, b DailyIncentive) int {
		return cmp.Or(cmp.Compare(a.Incentive, b.Incentive), cmp.Compare(a.Group, b.Group))
	})
	to.DailyIncentives = append(to.DailyIncentives, incentives...)
}

// suppressLasting leaves out rows of cuts that are about too few users.
func (t *Tally) suppressLasting(tables *Tables) {
	suppress(&tables.DailyInstalls, t.minUsers, func(r *DailyInstalls) cell {
		return cell{r.Cut, r.Segment, key(r.DayN), r.Users}
	})
	suppress(&tables.DailyFirstSessions, t.minUsers, func(r *DailyFirstSessions) cell {
		return cell{r.Cut, r.Segment, key(r.DayN), r.Users}
	})
	suppress(&tables.DailyOnboarding, t.minUsers, func(r *DailyOnboarding) cell {
		return cell{r.Cut, r.Segment, key(r.Number), r.Users}
	})
	suppress(&tables.DailyOnboardingRetention, t.minUsers, func(r *DailyOnboardingRetention) cell {
		return cell{r.Cut, r.Segment, key(r.DayN, r.Onboarding), r.Users}
	})
	suppress(&tables.DailyPush, t.minUsers, func(r *DailyPush) cell {
		return cell{r.Cut, r.Segment, key(r.Scope, r.Campaign), r.Users}
	})
	suppress(&tables.DailyIncentives, t.minUsers, func(r *DailyIncentive) cell {
		return cell{r.Cut, r.Segment, key(r.Incentive, r.Group), r.Users}
	})
	withoutLoneDifferences(tables.DailyIncentives)
}
