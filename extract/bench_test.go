package extract_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"sojourn/extract"
	"sojourn/internal/calendar"
	"sojourn/internal/lake"
)

// flatRecords writes records of about 400 bytes, of which some fields are not
// mapped, as an app's own tracker would.
func flatRecords(rows, users int) string {
	random := rand.New(rand.NewPCG(1, 2))
	start := calendar.UTC.Start(calendar.Date(2026, 10, 1)) / 1000
	var b strings.Builder
	for i := range rows {
		user := random.IntN(users)
		at := start + int64(i)*86_000_000/int64(rows)
		fmt.Fprintf(&b, `{"event_id":"%016x%016x","user_id":"u_%d","device_id":"%012x","event_name":"%s",`+
			`"ts":%d,"received":%d,"session_id":"%d","screen":"%s","platform":"%s","os_version":"14",`+
			`"app_version":"4.%d.0","device_model":"Pixel 7a","country":"PT","language":"pt",`+
			`"properties":{"item":{"id":%d,"price":12.5,"tags":["a","b"]},"referrer":"https:\/\/example.com\/list?page=%d"}}`+"\n",
			random.Uint64(), random.Uint64(), user, user*7919, [...]string{"open", "view", "tap", "close"}[i%4],
			at, at+900, user*31, [...]string{"Home", "Trips", "Map", "Settings"}[i%4],
			[...]string{"android", "ios"}[user%2], user%5, i, i%40)
	}
	return b.String()
}

func flatSource() extract.Source {
	return extract.Source{Name: "app", Format: "ndjson", Fields: map[string]extract.Field{
		"event_id": {Path: "event_id"}, "user_id": {Path: "user_id"}, "device_id": {Path: "device_id"},
		"event_name": {Path: "event_name"}, "timestamp": {Path: "ts", Unit: "ms"}, "received_at": {Path: "received", Unit: "ms"},
		"session_id": {Path: "session_id"}, "screen": {Path: "screen"}, "platform": {Path: "platform"},
		"os_version": {Path: "os_version"}, "app_version": {Path: "app_version"}, "device_model": {Path: "device_model"},
		"country": {Path: "country"}, "language": {Path: "language"},
	}}
}

const benchRows = 200_000

// BenchmarkStage reads one object on one worker, from bytes to staged files.
func BenchmarkStage(b *testing.B) {
	content := flatRecords(benchRows, 5000)
	source := flatSource()
	source.Bucket = openBucket(b, map[string]string{"a.json": content})
	pending, _, err := extract.ListPending(b.Context(), []extract.Source{source}, nil)
	if err != nil {
		b.Fatal(err)
	}
	lakeBucket := openBucket(b, nil)
	b.SetBytes(int64(len(content)))
	for b.Loop() {
		_, err := extract.Stage(b.Context(), lakeBucket, []extract.Source{source}, pending, "000001", extract.Options{Now: now, Workers: 1})
		if err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReadDay(b *testing.B) {
	source := flatSource()
	source.Bucket = openBucket(b, map[string]string{"a.json": flatRecords(benchRows, 5000)})
	lakeBucket := openBucket(b, nil)
	staged := lake.Staged([]lake.Batch{stage(b, lakeBucket, source, extract.Options{Now: now})})
	rows := 0
	for b.Loop() {
		rows = 0
		for _, files := range staged {
			for events, err := range extract.ReadDay(b.Context(), lakeBucket, files) {
				if err != nil {
					b.Fatal(err)
				}
				rows += len(events)
			}
		}
	}
	if rows != benchRows {
		b.Fatalf("%d rows, want %d", rows, benchRows)
	}
	b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mrows/s")
}
