package transform

import (
	"cmp"
	"slices"
	"strings"
)

const byVersion = "platform_country_version"

type sessionsKey struct{ cut, platform, country, version string }

func (k sessionsKey) compare(o sessionsKey) int {
	return cmp.Or(
		strings.Compare(k.cut, o.cut), strings.Compare(k.platform, o.platform),
		strings.Compare(k.country, o.country), strings.Compare(k.version, o.version),
	)
}

type sessionsSum struct {
	sessions, users, newUsers                  int64
	engaged, bounced, crashed, events, screens int64
	duration, use                              spans
}

func (s *sessionsSum) add(r *Session) {
	s.sessions++
	if r.IsFirstSession {
		s.newUsers++
	}
	if r.IsEngaged {
		s.engaged++
	}
	if r.IsBounce {
		s.bounced++
	}
	if r.CrashCount > 0 {
		s.crashed++
	}
	s.events += r.EventCount
	s.screens += r.ScreenViews
	s.duration.add(r.DurationSeconds)
	s.use.add(&r.EngagedSeconds)
}

func (s *sessionsSum) merge(o *sessionsSum) {
	s.sessions += o.sessions
	s.users += o.users
	s.newUsers += o.newUsers
	s.engaged += o.engaged
	s.bounced += o.bounced
	s.crashed += o.crashed
	s.events += o.events
	s.screens += o.screens
	s.duration.merge(&o.duration)
	s.use.merge(&o.use)
}

// addSessions counts the sessions of one user.
func (t *Tally) addSessions(sessions []Session) {
	all := t.sessions[sessionsKey{cut: total}]
	var counted []sessionsKey // cuts in which the user is counted already: few
	for i := range sessions {
		r := &sessions[i]
		if !r.IsCounted {
			continue
		}
		all.add(r)
		if counted == nil {
			all.users++
		}
		key := sessionsKey{byVersion, r.Platform, r.Country, r.AppVersion}
		sum := at(t.sessions, key)
		sum.add(r)
		if !slices.Contains(counted, key) {
			counted = append(counted, key)
			sum.users++
		}
	}
}

func (t *Tally) sessionsRows() []DailySessions {
	return sortedRows(t.sessions, sessionsKey.compare, func(k sessionsKey, s *sessionsSum) DailySessions {
		n := s.sessions
		zero := 0
		for _, d := range s.duration.micros {
			if d == 0 {
				zero++
			}
		}
		return DailySessions{
			Date: t.day, Cut: k.cut, Platform: k.platform, Country: k.country, AppVersion: k.version,
			Sessions: n, Users: s.users, NewUsers: s.newUsers,
			EngagedSessions: s.engaged, BouncedSessions: s.bounced, CrashedSessions: s.crashed,
			ZeroLengthSessions: int64(zero),
			MeanSeconds:        s.duration.mean(),
			P10Seconds:         s.duration.percentile(10), P25Seconds: s.duration.percentile(25),
			P50Seconds: s.duration.percentile(50), P75Seconds: s.duration.percentile(75),
			P90Seconds: s.duration.percentile(90), P95Seconds: s.duration.percentile(95),
			EngagedSeconds: seconds(s.use.sum), Events: s.events, ScreenViews: s.screens,
			EventsPerSession:  ratio(float64(s.events), float64(n)),
			ScreensPerSession: ratio(float64(s.screens), float64(n)),
			IsFinal:           t.final, DefinitionDigest: t.digest,
		}
	})
}
