package extract_test

import (
	"fmt"
	"strings"
	"testing"

	"sojourn/extract"
)

// recordWith is a record with more fields.
func recordWith(fields string) string {
	return `{"event_id":"1","user_id":"ann","event_name":"open","timestamp":"2026-10-01T12:00:00Z"` + fields + `}`
}

var edges = extract.Source{Format: "ndjson"}

// Values at the edge of what can be said are kept exactly, or refused with the
// reason; none becomes another value.
func TestEdges(t *testing.T) {
	millis := edges
	millis.Fields = map[string]extract.Field{
		"event_id": {Path: "event_id"}, "user_id": {Path: "user_id"}, "event_name": {Path: "event_name"},
		"timestamp": {Path: "timestamp"}, "received_at": {Path: "received_at", Unit: "ms"}, "sent_at": {Path: "sent_at", Unit: "us"},
		"sequence": {Path: "sequence"},
	}
	nines := strings.Repeat("9", 400)
	for _, test := range []struct {
		source extract.Source
		record string
		want   string // beginning; empty for an event
	}{
		{edges, recordWith(`,"received_at":"9999-12-31T23:59:59.999999Z"`), ""},
		{edges, recordWith(`,"received_at":"0000-01-01T00:00:00Z"`), ""}, // never set
		{edges, recordWith(`,"received_at":"0000-01-01T00:00:00+01:00"`), ""},
		{edges, recordWith(`,"received_at":"9999-12-31T23:59:59-01:00"`), "1 bad_timestamp: received_at is "},
		{millis, recordWith(`,"received_at":253402300800000`), "1 bad_timestamp: received_at is 10000-01-01 00:00:00 UTC, after the year 9999: is the unit right?"},
		{millis, recordWith(`,"received_at":9223372036854775`), "1 bad_timestamp: received_at is "},
		{millis, recordWith(`,"sent_at":9223372036854775807`), "1 bad_timestamp: sent_at is "},
		{millis, recordWith(`,"sent_at":-9223372036854775807`), "1 bad_timestamp: sent_at is "},
		{millis, recordWith(`,"sent_at":` + nines), "1 bad_timestamp: sent_at is "},
		{millis, recordWith(`,"sent_at":1e309`), "1 bad_timestamp: sent_at is "},
		{edges, recordWith(`,"sequence":9223372036854775807`), "1 wrong_type: sequence is "},
		{edges, recordWith(`,"sequence":` + nines), "1 wrong_type: sequence is "},
		{edges, recordWith(`,"engaged_ms":1e30`), "1 wrong_type: engaged_ms is "},
		{edges, recordWith(`,"screen":"` + strings.Repeat("s", 16<<10) + `"`), ""},
		{edges, recordWith(`,"screen":"` + strings.Repeat("s", 16<<10+1) + `"`), "1 invalid_text: screen has 16385 bytes, more than 16 KiB: it begins with "},
		{edges, recordWith(`,"deep":` + strings.Repeat("[", 500) + strings.Repeat("]", 500)), ""},
		{edges, recordWith(`,"deep":` + strings.Repeat("[", 1e6) + strings.Repeat("]", 1e6)), "1 bad_json: nested too deep"},
		{edges, recordWith(`,"deep":` + strings.Repeat(`{"a":`, 1e6) + "1" + strings.Repeat("}", 1e6)), "1 bad_json: nested too deep"},
		{edges, strings.Replace(recordWith(""), "2026", "0000", 1), "1 timestamp_too_early: "},
		{edges, strings.Replace(recordWith(""), "2026", "9999", 1), "1 timestamp_in_future: "},
	} {
		events, rejects := staged(t, test.source, test.record)
		short := test.record[max(0, len(test.record)-80):]
		switch {
		case test.want == "" && len(events) != 1:
			t.Errorf("…%s: in quarantine: %.200q, want an event", short, rejects)
		case test.want != "" && (len(rejects) != 1 || !strings.HasPrefix(rejects[0], test.want) || len(rejects[0]) > 400):
			t.Errorf("…%s: in quarantine: %.200q, want %q", short, rejects, test.want)
		}
	}
}

// A record of ten thousand keys, and ten thousand records with a name of their
// own each, take little memory for what they are.
func TestManyNames(t *testing.T) {
	var keys, names strings.Builder
	for i := range 10_000 {
		fmt.Fprintf(&keys, `,"key %d":{"a":[%d]}`, i, i)
		fmt.Fprintf(&names, `{"event_id":"%d","user_id":"u%d","event_name":"open %d","screen":"screen %d","timestamp":"2026-10-01T12:00:00Z","app_version":"%d"}`+"\n", i, i, i, i, i)
	}
	for _, content := range []string{strings.Repeat(recordWith(keys.String())+"\n", 20), names.String()} {
		extract.CheckAllocated(t, int64(len(content)), 24<<20, 30, func() {
			if _, rejects := staged(t, edges, content); len(rejects) > 0 {
				t.Errorf("in quarantine: %.200q", rejects[0])
			}
		})
	}
}
