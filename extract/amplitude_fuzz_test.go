package extract

import (
	"encoding/json"
	"testing"

	"sojourn/internal/calendar"
	"sojourn/transform"
)

// An accepted line is a JSON object and gives a whole event; only an event
// that tells of an opened app tells of a launch.
func FuzzAmplitude(f *testing.F) {
	for _, seed := range []string{
		`{"$insert_id":"i","uuid":"x","amplitude_id":9,"user_id":"u","device_id":"d","event_type":"tap","event_id":3,"session_id":-1,` +
			`"event_time":"2026-10-01 12:00:00.250000","client_event_time":"2026-10-01 11:00:00","server_received_time":"2026-10-01 12:00:02.377000"}`,
		`{"event_type":"[Amplitude] Application Opened","event_time":"2026-10-01T12:00:00Z","amplitude_id":9,"event_properties":"{\"[Amplitude] From Background\":false}"}`,
		`{"merged_amplitude_id":9}`, `{"event_type":"tap","event_properties":[{}],"user_properties":{"initial_utm_source":"EMPTY"}}`,
	} {
		f.Add([]byte(seed))
	}
	now := calendar.UTC.Start(calendar.Date(2026, 10, 10))
	f.Fuzz(func(t *testing.T, line []byte) {
		decode := amplitudeProduct().decoder(&reading{worker: &worker{now: now, texts: newTexts()}})
		var e, again transform.Event
		if decode(line, &e) != nil {
			return
		}
		if !json.Valid(line) {
			t.Errorf("accepted %q", line)
		}
		if e.Name == "" || e.Subject() == "" || e.ID == "" || e.Attributes == nil || e.At < earliest || e.EngagedMillis != -1 || e.Sequence < 0 {
			t.Errorf("%q: accepted an event that is not whole: %+v", line, e)
		}
		if e.Launch && e.Name != "[Amplitude] Application Opened" {
			t.Errorf("%q: a launch of an event that tells of none: %+v", line, e)
		}
		if flaw := decode(line, &again); flaw != nil || again.ID != e.ID {
			t.Errorf("%q: id %s, and read again %s, %v", line, e.ID, again.ID, flaw)
		}
	})
}
