package transform_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"sojourn/internal/calendar"
	"sojourn/transform"
)

// benchDay is the events of one day, by subject: three visits of some twenty
// events each, which the source stamps, a push between them. One subject in
// three has the same platform, one in five the country, one in four the version.
func benchDay(b *testing.B, subjects int) (calendar.Zone, calendar.Day, [][]transform.Event) {
	zone, err := calendar.LoadZone("Europe/Lisbon")
	if err != nil {
		b.Fatal(err)
	}
	const day = calendar.Day(20_000)
	screens := []string{"Home", "TripList", "TripDetail", "Map"}
	all := make([][]transform.Event, subjects)
	for s := range all {
		at := zone.Start(day) + int64(s%3600)*time.Second.Microseconds()
		attributes := &transform.Attributes{
			Platform: []string{"ios", "android", "web"}[s%3], OSVersion: "26.1", AppVersion: fmt.Sprintf("4.%d.0", s%4), DeviceModel: "iPhone17,3",
			Country: []string{"PT", "DE", "US", "BR", "FR"}[s%5], Language: "pt-PT",
		}
		stamp := ""
		add := func(name, screen string) {
			all[s] = append(all[s], transform.Event{
				DeviceID: fmt.Sprintf("device-%06d", s), ID: fmt.Sprintf("%06d-%03d", s, len(all[s])), Name: name, Screen: screen,
				At: at, ReceivedAt: at + time.Second.Microseconds(), EngagedMillis: -1, Attributes: attributes, SourceSession: stamp,
			})
		}
		for visit := range 3 {
			stamp = fmt.Sprint(at/1e6, visit)
			add("app_foreground", "Home")
			for i := range 18 {
				at += 12 * time.Second.Microseconds()
				add([]string{"screen_view", "tap"}[i%2], screens[i/2%len(screens)])
			}
			add("session_end", "Home")
			at += 2 * time.Hour.Microseconds()
			stamp = ""
			add("push_received", "")
			at += time.Hour.Microseconds()
		}
	}
	return zone, day, all
}

// BenchmarkFold makes the sessions of a day, under the default and under ids
// that the source stamps.
func BenchmarkFold(b *testing.B) {
	zone, day, subjects := benchDay(b, 1000)
	for _, name := range []string{"app", "ga4-stamped"} {
		b.Run(name, func(b *testing.B) {
			preset, _ := transform.PresetNamed(name)
			sessionizer := transform.NewSessionizer(preset.Definition, zone)
			events := 0
			b.ReportAllocs()
			for b.Loop() {
				for _, of := range subjects {
					folded := sessionizer.Fold(nil, of, day)
					if len(folded.Began) != 3 || folded.Ledger.Events != int64(len(of)) {
						b.Fatalf("%d sessions of %d events, want 3 of %d", len(folded.Began), folded.Ledger.Events, len(of))
					}
					events += len(of)
				}
			}
			b.ReportMetric(float64(events)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

// BenchmarkTally counts the users of a day, each with three sessions, and makes
// the daily tables.
func BenchmarkTally(b *testing.B) {
	zone, day, subjects := benchDay(b, 1000)
	sessionizer := transform.NewSessionizer(transform.App(), zone)
	type history struct {
		user     transform.User
		sessions []transform.Session
	}
	var histories []history
	for _, of := range subjects {
		began := slices.Clone(sessionizer.Fold(nil, of, day).Began)
		histories = append(histories, history{transform.User{Date: day}.Next(day, began, nil, 0, "digest"), began})
	}
	b.ReportAllocs()
	for b.Loop() {
		tally := transform.NewTally(day, calendar.UTC, transform.Analysis{}, "digest", true)
		for i := range histories {
			if histories[i].user.UserID != histories[i].sessions[0].UserID {
				b.Fatalf("sessions of %s for %s", histories[i].sessions[0].UserID, histories[i].user.UserID)
			}
			tally.Add(&transform.UserDay{User: &histories[i].user, Sessions: histories[i].sessions, Next: transform.Stayed})
		}
		counted := int64(0)
		for _, row := range tally.Tables().DailySessions {
			if row.Cut == "platform_country_version" {
				counted += row.Sessions
			}
		}
		if counted != int64(3*len(histories)) {
			b.Fatalf("%d sessions of %d users, want three of each", counted, len(histories))
		}
	}
	b.ReportMetric(float64(len(histories)*b.N)/b.Elapsed().Seconds(), "users/s")
}
