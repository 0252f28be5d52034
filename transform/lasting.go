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

func newLastingSums(a *Analysis) *lastingSums {
	return &lastingSums{onboarding: newOnboardingSum(a), push: newPushSum(), incentives: make([]incentiveSum, len(a.Incentives))}
}

// addLasting counts a user in the total, and what has become of a cohort in the
// segments that the user was in at the end of the cohort's day. By those of
// later days a cohort would be sorted by what has become of it.
func (t *Tally) addLasting(u *UserDay) {
	all := t.lastingOf(Cut{Name: total})
	all.addToday(&t.analysis, u)
	all.addReached(&t.analysis, u)
	all.addInstalled(u)
	all.addNewcomer(&t.analysis, u)
	if !t.analysis.hasCohort(u) {
		return
	}
	for i := range u.Retention {
		if u.Retention[i].Retention != dailyRetention {
			continue
		}
		for _, cut := range t.cutsOf(u.Retention[i].Segments) {
			of := t.lastingOf(cut)
			of.addNewcomer(&t.analysis, u)
			if u.InstalledDate == u.FirstSeen {
				of.addInstalled(u)
			}
		}
	}
}

// hasCohort says whether rows of the day are about the users whose first
// session began on the same day as the user's.
func (a *Analysis) hasCohort(u *UserDay) bool {
	n := u.Date - u.FirstSeen
	return n > 0 && (slices.Contains(horizons[:], n) || slices.Contains(onboardedHorizons[:], n) ||
		slices.ContainsFunc(a.Incentives, func(c Incentive) bool { return calendar.Day(c.ReturnDays) == n }))
}

func (t *Tally) lastingOf(cut Cut) *lastingSums {
	if t.lasting[cut] == nil {
		t.lasting[cut] = newLastingSums(&t.analysis)
	}
	return t.lasting[cut]
}

// addToday counts what is of the day itself.
func (s *lastingSums) addToday(a *Analysis, u *UserDay) {
	s.installs[0].add(u, horizons[0])
	s.first[0].add(a, u, horizons[0])
	s.onboarding.addFirst(a, u)
	s.push.add(a, u)
}

// addInstalled counts what has become of a user who installed the app on an
// earlier day.
func (s *lastingSums) addInstalled(u *UserDay) {
	for i, n := range horizons[1:] {
		s.installs[i+1].add(u, n)
	}
}

// addNewcomer counts what has become of a user whose first session began on an
// earlier day.
func (s *lastingSums) addNewcomer(a *Analysis, u *UserDay) {
	for i, n := range horizons[1:] {
		s.first[i+1].add(a, u, n)
	}
	s.onboarding.addReturn(a, u)
	for i := range s.incentives {
		s.incentives[i].addAssigned(&a.Incentives[i], u)
	}
}

// addReached counts a user whom incentives of an earlier day may have reached.
func (s *lastingSums) addReached(a *Analysis, u *UserDay) {
	for i := range s.incentives {
		s.incentives[i].addReached(&a.Incentives[i], u)
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
