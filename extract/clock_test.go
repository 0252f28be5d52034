package extract_test

import (
	"fmt"
	"testing"
	"time"

	"sojourn/extract"
)

// What clocks claim, and which time comes of it. Times are seconds after
// 1790856000; the record was received at 1000.
func TestClock(t *testing.T) {
	corrected := extract.Clock{Correct: true}
	for _, test := range []struct {
		name          string
		clock         extract.Clock
		claimed, sent int64
		want          int64
	}{
		{"a clock is believed unless it is corrected", extract.Clock{}, 7200, 7300, 7200},
		{"an hour ahead: it waited 100 s on the device", corrected, 4500, 4600, 900},
		{"an hour behind", corrected, -2700, -2600, 900},
		{"days ahead", corrected, 13 * 86400, 13*86400 + 100, 900},
		{"right, but waited for an hour", corrected, -2600, 1000, -2600},
		{"within the dead zone it is the way here", extract.Clock{Correct: true, DeadZone: time.Minute}, 900, 941, 900},
		{"at the dead zone it is the clock", extract.Clock{Correct: true, DeadZone: time.Minute}, 900, 940, 960},
		{"later than the clamp it happened when it was received", extract.Clock{FutureClamp: 23 * time.Hour}, 23*3600 + 1001, 0, 1000},
		{"at the clamp it is believed", extract.Clock{FutureClamp: 23 * time.Hour}, 23*3600 + 1000, 0, 23*3600 + 1000},
	} {
		t.Run(test.name, func(t *testing.T) {
			const base = 1790856000
			source := extract.Source{Format: "ndjson", Clock: test.clock, Fields: map[string]extract.Field{
				"user_id": {Path: "u"}, "event_name": {Path: "n"},
				"timestamp": {Path: "t", Unit: "s"}, "sent_at": {Path: "s", Unit: "s"}, "received_at": {Path: "r", Unit: "s"},
			}}
			sent := ""
			if test.sent != 0 {
				sent = fmt.Sprintf(`,"s":%d`, base+test.sent)
			}
			got := stagedOne(t, source, fmt.Sprintf(`{"u":"ann","n":"tap","t":%d,"r":%d%s}`, base+test.claimed, base+1000, sent))
			if got.At != (base+test.want)*1e6 {
				t.Errorf("happened at %d, want %d", got.At/1e6-base, test.want)
			}
			// What the device claimed is kept beside it.
			if claimed := int64((base + test.claimed) * 1e6); test.want == test.claimed && got.ClientAt != 0 || test.want != test.claimed && got.ClientAt != claimed {
				t.Errorf("the device claims %d", got.ClientAt)
			}
		})
	}
}

// A time in another unit is refused, and not taken for a clock that is ahead.
func TestClampDoesNotHideAWrongUnit(t *testing.T) {
	source := extract.Source{Format: "ndjson", Clock: extract.Clock{FutureClamp: 23 * time.Hour}, Fields: map[string]extract.Field{
		"user_id": {Path: "u"}, "event_name": {Path: "n"}, "timestamp": {Path: "t", Unit: "s"}, "received_at": {Path: "r", Unit: "s"},
	}}
	events, rejects := staged(t, source, `{"u":"ann","n":"tap","t":1790856000000,"r":1790856001}`)
	if len(events) != 0 || len(rejects) != 1 {
		t.Errorf("events %q, in quarantine %q", events, rejects)
	}
}
