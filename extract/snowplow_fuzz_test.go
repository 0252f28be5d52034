package extract

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"sojourn/internal/calendar"
	"sojourn/transform"
)

// An accepted line has all columns, those of JSON that are read are JSON, and
// it gives a whole event.
func FuzzSnowplow(f *testing.F) {
	seed := func(columns map[int]string) {
		line := make([]string, snowplowWidth)
		line[1], line[3], line[6], line[12], line[126] = "mob", "2026-10-01 12:00:03.377", "e", "u", "tap"
		for i, text := range columns {
			line[i] = text
		}
		f.Add([]byte(strings.Join(line, "\t")))
	}
	seed(nil)
	seed(map[int]string{126: "", 5: "unstruct", 58: `{"data":{"schema":"iglu:com.snowplowanalytics.snowplow/application_error/jsonschema/1-0-2","data":{"isFatal":true}}}`})
	seed(map[int]string{52: `{"data":[{"schema":"iglu:com.snowplowanalytics.snowplow/client_session/jsonschema/1-0-2","data":{"userId":"u","eventIndex":7,"firstEventId":"e"}},3,null,[{}]]}`})
	seed(map[int]string{52: `{"data":[{"schema":"iglu:com.snowplowanalytics.mobile/application_lifecycle/jsonschema/1-0-0","data":{"isVisible":false}}]}`, 129: "f", 130: "2026-10-01 12:00:03"})
	f.Add([]byte(`{"event_name":"tap","event_timestamp":1790856000250000,"event_params":[]}`))
	f.Add([]byte("\v"))

	columns := snowplowColumns()
	contexts, unstruct := slices.Index(columns, "contexts"), slices.Index(columns, "unstruct_event")
	now := calendar.UTC.Start(calendar.Date(2026, 10, 10))
	f.Fuzz(func(t *testing.T, line []byte) {
		s := newSnowplow(&reading{worker: &worker{now: now, texts: newTexts()}})
		var e transform.Event
		if s.event(line, &e) != nil {
			return
		}
		texts := bytes.Split(line, []byte{'\t'})
		if len(texts) != snowplowWidth {
			t.Fatalf("accepted %d columns", len(texts))
		}
		for _, i := range []int{contexts, unstruct} {
			if len(texts[i]) > 0 && !json.Valid(texts[i]) {
				t.Errorf("accepted %s %q", columns[i], texts[i])
			}
		}
		if e.Name == "" || e.Subject() == "" || e.ID == "" || e.Attributes == nil || e.At < earliest || e.EngagedMillis != -1 {
			t.Errorf("%q: accepted an event that is not whole: %+v", line, e)
		}
	})
}
