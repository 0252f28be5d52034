package transform

import (
	"cmp"
	"slices"
	"strings"
)

const byVersion = "platform_country_version"

type versionKey struct{ platform, country, version string }

func (k versionKey) compare(o versionKey) int {
	return cmp.Or(strings.Compare(k.platform, o.platform), strings.Compare(k.country, o.country), strings.Compare(k.version, o.version))
}

// sessionsKey says which sessions a row is about.
type sessionsKey struct {
	Cut
	versionKey
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

// addUser counts the sessions of one user.
func (s *sessionsSum) addUser(sessions []Session) {
	counted := false
	for i := range sessions {
		if !sessions[i].IsCounted {
			continue
		}
		s.add(&sessions[i])
		if !counted {
			counted = true
			s.users++
		}
	}
}

// addVersions counts the sessions of one user by attributes of sessions.
func (t *Tally) addVersions(sessions []Session) {
	var counted []versionKey // in which the user is counted already: few
	for i := range sessions {
		r := &sessions[i]
		if !r.IsCounted {
			continue
		}
		key := versionKey{r.Platform, r.Country, r.AppVersion}
		sum := at(t.versions, key)
		sum.add(r)
		if !slices.Contains(counted, key) {
			counted = append(counted, key)
			sum.users++
		}
	}
}

func (t *Tally) versionRows() []DailySessions {
	return sortedRows(t.versions, versionKey.compare, func(k versionKey, s *sessionsSum) DailySessions {
		return t.sessionsRow(sessionsKey{Cut{Name: byVersion}, k}, s)
	})
}

func (t *Tally) sessionsRow(k sessionsKey, s *sessionsSum) DailySessions {
	n := s.sessions
	zero := 0
	for d := range s.duration.all() {
		if d == 0 {
			zero++
		}
	}
	return DailySessions{
		Date: t.day, Cut: k.Name, Segment: k.Segment, Platform: k.platform, Country: k.country, AppVersion: k.version,
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
}
