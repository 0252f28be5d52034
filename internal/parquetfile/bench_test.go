package parquetfile_test

import (
	"fmt"
	"testing"

	"sojourn/internal/calendar"
	"sojourn/internal/parquetfile"
	"sojourn/transform"
)

func sessions(n int) []transform.Session {
	rows := make([]transform.Session, n)
	for i := range rows {
		fg := float64(i % 977)
		rows[i] = transform.Session{
			Date: 20000, SessionID: fmt.Sprintf("%016x%016x", uint64(i)*0x9E3779B97F4A7C15, uint64(i)*0xBF58476D1CE4E5B9), UserID: fmt.Sprintf("user-%07d", i/3), DeviceID: fmt.Sprintf("device-%07d", i/3),
			StartedAt: 1_700_000_000_000_000 + int64(i*7919)%86400_000_000, EndedAt: 1_700_000_100_000_000 + int64(i*7919)%86400_000_000,
			DurationSeconds: new(float64(i%3600) / 7), IsCounted: true, EngagedSeconds: float64(i%1800) / 7, ForegroundSeconds: &fg,
			EventCount: int64(i % 50), ScreenViews: int64(i % 9), EntryScreen: []string{"home", "search", "trail"}[i%3], ExitScreen: []string{"home", "search", "trail"}[i%2],
			StartReason: "gap", EndReason: "timeout", Status: "ok", Platform: []string{"ios", "android"}[i%2], OSVersion: "17.1", AppVersion: "4.2.1", DeviceModel: fmt.Sprintf("model-%d", i%40),
			Country: []string{"PT", "DE", "US", ""}[i%4], Language: "en", DefinitionDigest: "0123456789abcdef0123456789abcdef",
		}
	}
	return rows
}

// steps are some four of a session.
func steps(n int) []transform.Step {
	rows := make([]transform.Step, n)
	for i := range rows {
		session := i / 4
		rows[i] = transform.Step{
			Date: 20000, Number: int64(i%12 + 1), UserID: fmt.Sprintf("user-%07d", i/12),
			SessionID: fmt.Sprintf("%016x%016x", uint64(session)*0x9E3779B97F4A7C15, uint64(session)*0xBF58476D1CE4E5B9),
			At:        1_700_000_000_000_000 + int64(i*7919)%86400_000_000, Event: []string{"screen_view", "tap", "search"}[i%3],
			IsVisit: i%3 == 0, IsView: i%3 == 0, VisitNumber: int64(i % 4), Screen: []string{"home", "search", "trail"}[i%3],
			PreviousScreen: []string{"", "home", "search"}[i%3], DefinitionDigest: "0123456789abcdef0123456789abcdef",
		}
	}
	return rows
}

func users(n int) []transform.User {
	rows := make([]transform.User, n)
	for i := range rows {
		id := fmt.Sprintf("%016x%016x", uint64(i)*0x9E3779B97F4A7C15, uint64(i)*0xBF58476D1CE4E5B9)
		rows[i] = transform.User{
			Date: 20000, UserID: fmt.Sprintf("user-%07d", i), FirstSeen: calendar.Day(19000 + i%1000), LastSeen: calendar.Day(20000 - i%90),
			ActiveDays: transform.Activity(uint64(i) * 0x9E3779B97F4A7C15 >> 1), SessionsTotal: int64(i % 300), Sessions28: int64(i % 20),
			DailySessions: []string{"", "1", "0,0,2", "0,1,1,0,3"}[i%4], LastSessionID: id, LastEndedAt: 1_700_000_000_000_000 - int64(i*7919)*1e6,
			FirstSessionID: id, FirstStartedAt: 1_600_000_000_000_000 + int64(i*7919)*1e6, FirstPlatform: "ios", FirstCountry: "PT", FirstAppVersion: "4.0.0",
			Platform: []string{"ios", "android"}[i%2], OSVersion: "17.1", DeviceModel: fmt.Sprintf("model-%d", i%40), Country: []string{"PT", "DE", "US", ""}[i%4],
			AppVersion: "4.2.1", Language: "en", DefinitionDigest: "0123456789abcdef0123456789abcdef",
		}
	}
	return rows
}

const benchRows = 100_000

func BenchmarkEncode(b *testing.B) {
	b.Run("sessions", func(b *testing.B) { encode(b, sessions(benchRows)) })
	b.Run("session_steps", func(b *testing.B) { encode(b, steps(benchRows)) })
	b.Run("users", func(b *testing.B) { encode(b, users(benchRows)) })
}

func encode[R any](b *testing.B, rows []R) {
	b.ReportAllocs()
	size := 0
	for b.Loop() {
		data, err := parquetfile.Encode(rows)
		if err != nil {
			b.Fatal(err)
		}
		size = len(data)
	}
	if size < len(rows) {
		b.Fatalf("%d bytes for %d rows", size, len(rows))
	}
	b.ReportMetric(float64(size)/float64(len(rows)), "B/row")
	b.ReportMetric(float64(len(rows)*b.N)/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkDecode(b *testing.B) {
	b.Run("sessions", func(b *testing.B) { decode(b, sessions(benchRows)) })
	b.Run("session_steps", func(b *testing.B) { decode(b, steps(benchRows)) })
	b.Run("users", func(b *testing.B) { decode(b, users(benchRows)) })
}

func decode[R any](b *testing.B, rows []R) {
	data, err := parquetfile.Encode(rows)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if got, err := parquetfile.Decode[R](data); err != nil || len(got) != len(rows) {
			b.Fatalf("%d rows of %d, %v", len(got), len(rows), err)
		}
	}
	b.ReportMetric(float64(len(rows)*b.N)/b.Elapsed().Seconds(), "rows/s")
}
