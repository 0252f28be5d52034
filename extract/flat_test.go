package extract

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"sojourn/internal/calendar"
)

// FlatRecords writes records of about 400 bytes, of which some fields are not
// mapped, as an app's own tracker would.
func FlatRecords(rows, users int) string {
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

// FlatSource is the source of such records.
func FlatSource() Source {
	return Source{Name: "app", Format: "ndjson", Fields: map[string]Field{
		"event_id": {Path: "event_id"}, "user_id": {Path: "user_id"}, "device_id": {Path: "device_id"},
		"event_name": {Path: "event_name"}, "timestamp": {Path: "ts", Unit: "ms"}, "received_at": {Path: "received", Unit: "ms"},
		"session_id": {Path: "session_id"}, "screen": {Path: "screen"}, "platform": {Path: "platform"},
		"os_version": {Path: "os_version"}, "app_version": {Path: "app_version"}, "device_model": {Path: "device_model"},
		"country": {Path: "country"}, "language": {Path: "language"},
	}}
}
