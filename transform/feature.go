package transform

import (
	"cmp"
	"slices"
	"strings"

	"sojourn/internal/calendar"
)

// A Feature is a part of the app that the configuration names: it is used when
// one of its events happens, or one of its screens is visited.
type Feature struct {
	Name    string
	Events  []string `json:",omitempty"`
	Screens []string `json:",omitempty"`
}

// A UserFeature is what is known at the end of a day of a user and a feature
// that the user has used: a row of user_features.
type UserFeature struct {
	Date    calendar.Day `parquet:"date,date" doc:"Local day at whose end this was known. Partition column."`
	UserID  string       `parquet:"user_id" doc:"User, as in session_steps."`
	Feature string       `parquet:"feature" doc:"Name of the feature in the configuration."`

	FirstDate calendar.Day `parquet:"first_used_date,date" doc:"Local day of the first use."`
	LastDate  calendar.Day `parquet:"last_used_date,date" doc:"Local day of the last use."`
	Days      Activity     `parquet:"days_bits" doc:"Bit n is set if it was used n days before date; bit 0 is date itself, bit 62 the oldest kept."`
	Today     int64        `parquet:"uses_1d" doc:"Uses on date: events and visits of the feature in sessions that count."`
	Sessions  int64        `parquet:"sessions_1d" doc:"Different sessions of these."`
	Total     int64        `parquet:"uses_total" doc:"Uses so far."`

	DefinitionDigest string `parquet:"definition_digest" doc:"Digest of the session definition that made the row."`
}

func (u *UserFeature) compare(o *UserFeature) int {
	return cmp.Or(strings.Compare(u.UserID, o.UserID), strings.Compare(u.Feature, o.Feature))
}

// NextUserFeatures takes what is known of users' features on to the end of a
// later day with those steps, in the order of [Step.Compare], and those parts
// of sessions, in the order of [SessionDay.Compare]. Known and the result are
// sorted by user and feature; known is not changed.
func NextUserFeatures(day calendar.Day, known []UserFeature, steps []Step, parts []SessionDay, features []Feature, digest string) []UserFeature {
	if len(features) == 0 {
		return nil
	}
	today := usesOn(day, steps, parts, features)
	next := make([]UserFeature, 0, len(known)+len(today)/4)
	for len(known) > 0 || len(today) > 0 {
		c := 1
		switch {
		case len(today) == 0:
			c = -1
		case len(known) > 0:
			c = known[0].compare(&today[0])
		}
		if c > 0 {
			u := today[0]
			u.DefinitionDigest = digest
			next, today = append(next, u), today[1:]
			continue
		}
		u := known[0]
		u.Days, u.Today, u.Sessions = u.Days.next(int(day-u.Date)), 0, 0
		u.Date, u.DefinitionDigest = day, digest
		if c == 0 {
			o := &today[0]
			u.Days, u.Today, u.Sessions, u.LastDate = u.Days|1, o.Today, o.Sessions, day
			u.Total += o.Today
			today = today[1:]
		}
		next, known = append(next, u), known[1:]
	}
	return next
}

// usesOn is what the steps of a day come to, by user and feature.
func usesOn(day calendar.Day, steps []Step, parts []SessionDay, features []Feature) []UserFeature {
	byEvent, byScreen := map[string][]string{}, map[string][]string{}
	for _, f := range features {
		for _, event := range f.Events {
			byEvent[event] = append(byEvent[event], f.Name)
		}
		for _, screen := range f.Screens {
			byScreen[screen] = append(byScreen[screen], f.Name)
		}
	}
	var uses []UserFeature
	for s := range ofUsers(steps, parts) {
		first := len(uses)
		var in map[[2]string]bool // feature and session, counted already
		use := func(feature, session string) {
			at, ok := slices.BinarySearchFunc(uses[first:], feature, func(u UserFeature, name string) int { return strings.Compare(u.Feature, name) })
			at += first
			if !ok {
				uses = slices.Insert(uses, at, UserFeature{Date: day, UserID: s.user, Feature: feature, FirstDate: day, LastDate: day, Days: 1})
			}
			uses[at].Today++
			uses[at].Total++
			if in == nil {
				in = map[[2]string]bool{}
			}
			if key := [2]string{feature, session}; !in[key] {
				in[key] = true
				uses[at].Sessions++
			}
		}
		for i := range s.steps {
			step := &s.steps[i]
			byName := byEvent[step.Event]
			var visited []string
			if step.IsVisit {
				visited = byScreen[step.Screen]
			}
			if len(byName)+len(visited) == 0 || !countsIn(s.parts, step.SessionID) {
				continue
			}
			for _, feature := range byName {
				use(feature, step.SessionID)
			}
			for _, feature := range visited {
				if !slices.Contains(byName, feature) {
					use(feature, step.SessionID)
				}
			}
		}
	}
	return uses
}
