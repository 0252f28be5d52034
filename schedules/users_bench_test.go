package schedules

import (
	"fmt"
	"testing"

	"sojourn/internal/calendar"
	"sojourn/transform"
)

// BenchmarkNextUsers takes all users on to the end of a day on which one in a
// hundred has a session: most of an app's users are away on any day.
func BenchmarkNextUsers(b *testing.B) {
	const day = calendar.Day(20_000)
	for _, n := range []int{10_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			session := func(i int, on calendar.Day) transform.Session {
				at := calendar.UTC.Start(on) + 12*3600e6
				return transform.Session{
					Date: on, SessionID: fmt.Sprintf("%032x", i), UserID: fmt.Sprintf("user-%07d", i),
					StartedAt: at, EndedAt: at + 60e6, Platform: "ios", Country: "PT", AppVersion: "4.2.0",
				}
			}
			var known []transform.User
			var began []transform.Session
			for i := range n {
				on := day - 1 - calendar.Day(i%90)
				u := transform.User{Date: on}.Next(on, []transform.Session{session(i, on)}, nil, 0, "digest")
				known = append(known, u.Next(day-1, nil, nil, 0, "digest"))
				if i%100 == 0 {
					began = append(began, session(i, day))
				}
			}
			b.ReportAllocs()
			for b.Loop() {
				users := nextUsers(day, known, began, nil, nil, "digest")
				if len(users) != n || users[0].LastSeen != day || users[1].LastSeen == day {
					b.Fatalf("%d users, the first two seen on %s and %s", len(users), users[0].LastSeen, users[1].LastSeen)
				}
			}
			b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "users/s")
		})
	}
}
