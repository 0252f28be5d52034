package extract

import (
	"encoding/json"
	"strings"
	"testing"

	"sojourn/internal/calendar"
	"sojourn/transform"
)

// An accepted line is a JSON object and gives a whole event, whose user and
// device are two ids without a mark.
func FuzzMixpanel(f *testing.F) {
	for _, seed := range []string{
		`{"event":"tap","properties":{"time":1790856000.5,"distinct_id":"$device:d","$device_id":"d","$insert_id":"i","mp_processing_time_ms":1790856000602}}`,
		`{"event":"$ae_session","properties":{"time":1790856000,"distinct_id":"u","$user_id":"u","$ae_session_length":"1,234.5"}}`,
		`{"event_name":"tap","time":"2026-10-01T12:00:00Z","distinct_id":"u","insert_id":null,"properties":"{\"$os\":\"iOS\"}"}`,
		`{"event_name":"tap","properties":"{\"time\":`, `{"event":"tap","properties":[]}`, `{"resolved_distinct_id":1}`,
	} {
		f.Add([]byte(seed))
	}
	now := calendar.UTC.Start(calendar.Date(2026, 10, 10))
	f.Fuzz(func(t *testing.T, line []byte) {
		decode := mixpanelProduct().decoder(&reading{worker: &worker{now: now, texts: newTexts()}})
		var e, again transform.Event
		if decode(line, &e) != nil {
			return
		}
		if !json.Valid(line) {
			t.Errorf("accepted %q", line)
		}
		if e.Name == "" || e.Subject() == "" || e.ID == "" || e.Attributes == nil || e.At < earliest || e.EngagedMillis < -1 || e.EngagedMillis > maxEngaged {
			t.Errorf("%q: accepted an event that is not whole: %+v", line, e)
		}
		if e.EngagedMillis >= 0 && e.Name != "$ae_session" {
			t.Errorf("%q: engagement of an event that measures none: %+v", line, e)
		}
		if !strings.Contains(string(line), `"$user_id"`) && !strings.Contains(string(line), `"user_id"`) && !strings.Contains(string(line), `\`) &&
			(e.UserID != "" && e.UserID == e.DeviceID || strings.HasPrefix(e.UserID, mixpanelDeviceMark)) {
			t.Errorf("%q: a device is taken for a user: %+v", line, e)
		}
		if flaw := decode(line, &again); flaw != nil || again.ID != e.ID {
			t.Errorf("%q: id %s, and read again %s, %v", line, e.ID, again.ID, flaw)
		}
	})
}
