package generate

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"sojourn/internal/calendar"
)

// The sessions come out of the definition when it is applied to the records,
// the slow and obvious way.
func TestTruthFollowsFromTheRecords(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		zone, err := calendar.LoadZone(rapid.SampledFrom([]string{"Europe/Lisbon", "UTC", "Asia/Kolkata", "Pacific/Auckland"}).Draw(t, "zone"))
		if err != nil {
			t.Fatal(err)
		}
		o := Options{
			Seed:  rapid.Uint64().Draw(t, "seed"),
			Users: rapid.IntRange(1, 70).Draw(t, "users"),
			Days:  rapid.IntRange(1, 9).Draw(t, "days"),
			First: calendar.Date(2026, time.March, 1) + calendar.Day(rapid.IntRange(0, 60).Draw(t, "first")),
			Zone:  zone,
			Clean: rapid.Bool().Draw(t, "clean"),
		}
		f, sum := generated(t, o)
		f.readEvents(t)
		sessions, places := sessionize(f.distinct(), o.Zone)
		truth, truePlaces := f.truth()
		if !slices.Equal(truth, sessions) {
			t.Fatalf("sessions (-truth +from records):\n%s", gocmp.Diff(truth, sessions))
		}
		if !maps.Equal(truePlaces, places) {
			t.Fatalf("where events belong (-truth +from records):\n%s", gocmp.Diff(truePlaces, places))
		}
		if sum != f.summary {
			t.Fatalf("summary returned %+v and written %+v", sum, f.summary)
		}
		for _, r := range f.records {
			at, received := o.Zone.DayOf(r.at()*1000), o.Zone.DayOf(r.ReceivedAt.UnixMicro())
			if received < o.First || received >= o.First+calendar.Day(o.Days) {
				t.Fatalf("received outside the period: %s", r.line)
			}
			if places[r.ID] != Future && (at < o.First || at >= o.First+calendar.Day(o.Days)) {
				t.Fatalf("happened outside the period: %s", r.line)
			}
		}
	})
}

// truth returns the true sessions by device and time, without what does not
// follow from the definition, and for every event the session it is in or its
// fate.
func (f *found) truth() ([]Session, map[string]string) {
	names := map[int64]string{}
	sessions := slices.Clone(f.sessions)
	for i := range sessions {
		s := &sessions[i]
		names[s.Session] = s.name()
		s.Session, s.Offline = 0, false
	}
	slices.SortFunc(sessions, func(a, b Session) int {
		return cmp.Or(cmp.Compare(a.DeviceID, b.DeviceID), cmp.Compare(a.StartedAt, b.StartedAt))
	})
	places := map[string]string{}
	for id, fate := range f.fates {
		places[id] = cmp.Or(fate.Fate, names[fate.Session])
	}
	return sessions, places
}

func (s *Session) name() string { return fmt.Sprintf("%s at %d", s.DeviceID, s.StartedAt) }

// sessionize returns the same from the records: the definition, word by word.
func sessionize(records []record, zone calendar.Zone) ([]Session, map[string]string) {
	slices.SortFunc(records, func(a, b record) int {
		return cmp.Or(cmp.Compare(a.Device, b.Device), cmp.Compare(a.at(), b.at()))
	})
	var sessions []Session
	places := map[string]string{}
	var s *Session // the device's latest
	user, ended := "", false
	for _, r := range records {
		if r.Timestamp.Sub(r.ReceivedAt) > 24*time.Hour {
			places[r.ID] = Future
			continue
		}
		if s != nil && s.DeviceID != r.Device {
			s = nil
		}
		if r.background() {
			if s == nil || r.at()-s.EndedAt > 30*minute {
				places[r.ID] = Outside
				continue
			}
			s.Events++
			s.Background++
			places[r.ID] = s.name()
			continue
		}
		why := ""
		switch {
		case s == nil || r.at()-s.EndedAt > 30*minute:
			why = "gap"
		case ended:
			why = "after_end"
		case user != "" && r.User != "" && user != r.User:
			why = "user_change"
		case r.at()-s.StartedAt > 24*hour:
			why = "cap"
		}
		if why != "" {
			sessions = append(sessions, Session{
				DeviceID: r.Device, UserID: r.Device, Date: zone.DayOf(r.at() * 1000), StartedAt: r.at(), StartReason: why,
			})
			s, user = &sessions[len(sessions)-1], ""
		}
		if user == "" && r.User != "" {
			user = r.User
			if zone.DayOf(r.at()*1000) == s.Date {
				s.UserID = user
			}
		}
		s.Events++
		if r.Name == "app_crash" {
			s.Crashes++
		}
		s.EndedAt, ended = r.at(), r.Name == "session_end"
		places[r.ID] = s.name()
	}
	return sessions, places
}
