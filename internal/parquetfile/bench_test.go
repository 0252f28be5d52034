package parquetfile_test

import (
	"fmt"
	"testing"

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

func BenchmarkEncode(b *testing.B) {
	rows := sessions(100_000)
	b.ReportAllocs()
	for b.Loop() {
		data, err := parquetfile.Encode(rows)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(len(data))/float64(len(rows)), "B/row")
	}
	b.ReportMetric(float64(len(rows)*b.N)/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkDecode(b *testing.B) {
	data, err := parquetfile.Encode(sessions(100_000))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := parquetfile.Decode[transform.Session](data); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(100_000*b.N)/b.Elapsed().Seconds(), "rows/s")
}
