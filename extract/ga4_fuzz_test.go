package extract

import (
	"encoding/json"
	"testing"

	"sojourn/internal/calendar"
	"sojourn/transform"
)

// An accepted line is a JSON object and gives a whole event.
func FuzzGA4(f *testing.F) {
	for _, seed := range []string{
		`{"event_timestamp":"1790856000250000","event_name":"tap","user_pseudo_id":"5c1d","event_params":[{"key":"a","value":{"int_value":"1"}},3,null]}`,
		`{"event_timestamp":1790856000250000,"event_name":"app_exception","user_id":"u","event_params":[{"key":"fatal","value":{"int_value":1}}]}`,
		`{"event_params":[{"key":`, `{"event_params":[[{}]]}`,
	} {
		f.Add([]byte(seed))
	}
	now := calendar.UTC.Start(calendar.Date(2026, 10, 10))
	f.Fuzz(func(t *testing.T, line []byte) {
		decode := ga4Product().decoder(&reading{worker: &worker{now: now, texts: newTexts()}})
		var e transform.Event
		if decode(line, &e) != nil {
			return
		}
		if !json.Valid(line) {
			t.Errorf("accepted %q", line)
		}
		if e.Name == "" || e.Subject() == "" || e.ID == "" || e.Attributes == nil || e.At < earliest || e.EngagedMillis < 0 {
			t.Errorf("%q: accepted an event that is not whole: %+v", line, e)
		}
	})
}
