package extract

import (
	"bytes"
	"encoding/json"
	"testing"
)

// An accepted line is a JSON object and gives a whole event. So does the same
// record with its properties in a text, and it gives the same event.
func FuzzPostHog(f *testing.F) {
	for _, seed := range []string{
		`{"uuid":"e","event":"$screen","distinct_id":"u","timestamp":"2026-10-01T12:00:00.25Z","created_at":"2026-10-01T12:00:01Z","properties":{"$session_id":"s","$screen_name":"Map","$device_id":"d"}}`,
		`{"uuid":"e","event":"$identify","distinct_id":"u","timestamp":"2026-10-01T12:00:00Z","properties":{"$is_identified":true,"$anon_distinct_id":"a","\u0024lib":"web"}}`,
		`{"uuid":"e","event":"$exception","distinct_id":"u","timestamp":"2026-10-01T12:00:00Z","properties":"{\"$exception_level\":\"fatal\",\"$is_identified\":false}"}`,
		`{"uuid":"e","event":"Application Opened","distinct_id":"u","timestamp":"2026-10-01T12:00:00Z","properties":{"from_background":false},"properties":null}`,
		`{"distinct_id":"u","person_id":"p","properties":"{`, `{"properties":"{}x"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		e := accepted(t, postHogProduct(), line)
		other := propertiesAsText(line)
		if e == nil || other == nil {
			return
		}
		o := accepted(t, postHogProduct(), other)
		if o == nil {
			t.Errorf("%q is accepted, but not %q", line, other)
		} else if e.Compare(o) != 0 {
			t.Errorf("%q: %+v\n%q: %+v", line, e, other, o)
		}
	})
}

// propertiesAsText writes a record again, with its properties in a text; nil if
// the record cannot be written so.
func propertiesAsText(line []byte) []byte {
	var record map[string]json.RawMessage
	if json.Unmarshal(line, &record) != nil {
		return nil
	}
	var object bytes.Buffer
	if p := record["properties"]; len(p) == 0 || p[0] != '{' || json.Compact(&object, p) != nil {
		return nil
	}
	text, err := json.Marshal(object.String())
	if err != nil {
		return nil
	}
	record["properties"] = text
	again, err := json.Marshal(record)
	if err != nil {
		return nil
	}
	return again
}
