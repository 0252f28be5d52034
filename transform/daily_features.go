package transform

import "sojourn/internal/calendar"

// DailyFeature is a row of daily_features: one feature of the configuration in
// one cut, also one that nobody uses.
type DailyFeature struct {
	Date    calendar.Day `parquet:"date,date" doc:"Local day. Partition column."`
	Cut     string       `parquet:"cut" doc:"total: all users; else a segmentation of cuts."`
	Segment string       `parquet:"segment,optional" doc:"Segment of the cut at the end of date: by attributes of users who are away the latest known, by top_screen and length_tier only of users active on date; null in the total and where unknown."`
	Feature string       `parquet:"feature" doc:"Name of the feature in the configuration."`

	Uses        int64    `parquet:"uses" doc:"Uses on date: events of the feature and visits to its screens, in sessions that count."`
	Users       int64    `parquet:"users" doc:"Different users who used it on date."`
	Sessions    int64    `parquet:"sessions" doc:"Different sessions in which it was used on date."`
	ActiveUsers int64    `parquet:"active_users" doc:"Users of the cut who were in the app on date, as in daily_screens."`
	Reach       *float64 `parquet:"reach,optional" doc:"users divided by active_users, 0 to 1; null if there are none."`

	Users7      int64        `parquet:"users_7d" doc:"Users of the cut who used it in the 7 days that end with date."`
	Users28     int64        `parquet:"users_28d" doc:"Users of the cut who used it in the 28 days that end with date."`
	Active28    int64        `parquet:"active_users_28d" doc:"Users of the cut who began a session in the 28 days that end with date."`
	NewAdopters int64        `parquet:"new_adopters" doc:"Users who used it for the first time ever seen."`
	LastUsed    calendar.Day `parquet:"last_used_date,optional,date" doc:"Latest day on which a user of the cut used it; null if none ever did."`
	Status      string       `parquet:"status" doc:"never_used: by no user of the cut so far. rarely_used: in the last 28 days by fewer than 5 in 100 of the users active in them. used: by others."`

	DefinitionDigest string `parquet:"definition_digest" doc:"Digest of the session definition that made the row."`
}

// rareBelow is the share of the users active in 28 days, in percent, below
// which a feature is rarely used.
const rareBelow = 5

type featureSum struct {
	uses, users, sessions, users7, users28, adopters int64
	last                                             calendar.Day
}

func (s *featureSum) merge(o *featureSum) {
	s.uses += o.uses
	s.users += o.users
	s.sessions += o.sessions
	s.users7 += o.users7
	s.users28 += o.users28
	s.adopters += o.adopters
	s.last = max(s.last, o.last)
}

func (s *featureSum) add(u *UserFeature) {
	s.uses += u.Today
	s.sessions += u.Sessions
	if u.Days.On(0) {
		s.users++
	}
	if u.Days.DaysIn(7) > 0 {
		s.users7++
	}
	if u.Days.DaysIn(28) > 0 {
		s.users28++
	}
	if u.FirstDate == u.Date {
		s.adopters++
	}
	s.last = max(s.last, u.LastDate)
}

type featuresSum struct {
	active, active28 int64
	features         map[string]*featureSum
}

func newFeaturesSum() featuresSum { return featuresSum{features: map[string]*featureSum{}} }

func (s *featuresSum) merge(o *featuresSum) {
	s.active += o.active
	s.active28 += o.active28
	mergeMaps(s.features, o.features, (*featureSum).merge)
}

func (s *featuresSum) add(u *UserDay) {
	if u.isInApp() {
		s.active++
	}
	if u.Sessions28 > 0 {
		s.active28++
	}
	for i := range u.Features {
		at(s.features, u.Features[i].Feature).add(&u.Features[i])
	}
}

// status is how much a feature is used
// (docs/screens.md#features-daily_features).
func (s *featureSum) status(active28 int64) string {
	switch {
	case s.last == 0:
		return "never_used"
	case s.users28*100 < active28*rareBelow || s.users28 == 0:
		return "rarely_used"
	}
	return "used"
}

func (s *featuresSum) rows(cut Cut, t *Tally) []DailyFeature {
	var rows []DailyFeature
	for i := range t.analysis.Features {
		m := at(s.features, t.analysis.Features[i].Name)
		rows = append(rows, DailyFeature{
			Date: t.day, Cut: cut.Name, Segment: cut.Segment, Feature: t.analysis.Features[i].Name,
			Uses: m.uses, Users: m.users, Sessions: m.sessions,
			ActiveUsers: s.active, Reach: ratio(float64(m.users), float64(s.active)),
			Users7: m.users7, Users28: m.users28, Active28: s.active28,
			NewAdopters: m.adopters, LastUsed: m.last, Status: m.status(s.active28),
			DefinitionDigest: t.digest,
		})
	}
	return rows
}
