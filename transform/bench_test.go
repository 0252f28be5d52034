package transform_test

import (
	"fmt"
	"testing"
	"time"

	"sojourn/internal/calendar"
	"sojourn/transform"
)

// benchDay is the events of one day, by subject: three visits of some twenty
// events each, a push between them.
func benchDay(b *testing.B, subjects int) (calendar.Zone, calendar.Day, [][]transform.Event) {
	zone, err := calendar.LoadZone("Europe/Lisbon")
	if err != nil {
		b.Fatal(err)
	}
	const day = calendar.Day(20_000)
	attributes := &transform.Attributes{
		Platform: "ios", OSVersion: "26.1", AppVersion: "4.2.0", DeviceModel: "iPhone17,3", Country: "PT", Language: "pt-PT",
	}
	screens := []string{"Home", "TripList", "TripDetail", "Map"}
	all := make([][]transform.Event, subjects)
	for s := range all {
		at := zone.Start(day) + int64(s%3600)*time.Second.Microseconds()
		add := func(name, screen string) {
			all[s] = append(all[s], transform.Event{
				DeviceID: fmt.Sprintf("device-%06d", s), ID: fmt.Sprintf("%06d-%03d", s, len(all[s])), Name: name, Screen: screen,
				At: at, ReceivedAt: at + time.Second.Microseconds(), EngagedMillis: -1, Attributes: attributes,
			})
		}
		for range 3 {
			add("app_foreground", "Home")
			for i := range 18 {
				at += 12 * time.Second.Microseconds()
				add([]string{"screen_view", "tap"}[i%2], screens[i/2%len(screens)])
			}
			add("session_end", "Home")
			at += 2 * time.Hour.Microseconds()
			add("push_received", "")
			at += time.Hour.Microseconds()
		}
	}
	return zone, day, all
}

func BenchmarkFold(b *testing.B) {
	zone, day, subjects := benchDay(b, 1000)
	sessionizer := transform.NewSessionizer(transform.App(), zone)
	events := 0
	b.ReportAllocs()
	for b.Loop() {
		for _, of := range subjects {
			folded := sessionizer.Fold(nil, of, day)
			if len(folded.Began) != 3 {
				b.Fatalf("%d sessions, want 3", len(folded.Began))
			}
			events += len(of)
		}
	}
	b.ReportMetric(float64(events)/b.Elapsed().Seconds(), "events/s")
}

func BenchmarkTally(b *testing.B) {
	zone, day, subjects := benchDay(b, 1000)
	sessionizer := transform.NewSessionizer(transform.App(), zone)
	type history struct {
		user     transform.User
		sessions []transform.Session
	}
	var histories []history
	for _, of := range subjects {
		began := sessionizer.Fold(nil, of, day).Began
		histories = append(histories, history{transform.User{Date: day}.Next(day, began, nil, 0, "digest"), began})
	}
	b.ReportAllocs()
	for b.Loop() {
		tally := transform.NewTally(day, calendar.UTC, transform.Analysis{}, "digest", true)
		for i := range histories {
			tally.Add(&transform.UserDay{User: &histories[i].user, Sessions: histories[i].sessions, Next: transform.Stayed})
		}
		if got := tally.Tables().DailySessions[0].Sessions; got == 0 {
			b.Fatal("no sessions were counted")
		}
	}
	b.ReportMetric(float64(len(histories)*b.N)/b.Elapsed().Seconds(), "users/s")
}
