package extract

import (
	"testing"

	"sojourn/internal/calendar"
)

// A number that cannot be the time of an event in the unit that is configured
// may be one in another.
func TestOtherUnit(t *testing.T) {
	now := calendar.UTC.Start(calendar.Date(2026, 10, 10))
	for _, test := range []struct {
		name, unit string
		kind       kind
		claimed    int64 // microseconds
		want       string
	}{
		{"milliseconds read as seconds", "s", number, 1790856000602 * 1e6, " In ms it would be 2026-10-01 12:00:00 UTC: timestamp: {path: a.b, unit: ms}"},
		{"seconds read as milliseconds", "ms", text, 1790856000 * 1e3, " In s it would be 2026-10-01 12:00:00 UTC: timestamp: {path: a.b, unit: s}"},
		{"milliseconds read as microseconds", "us", number, 1790856000602, " In ms it would be 2026-10-01 12:00:00 UTC: timestamp: {path: a.b, unit: ms}"},
		{"impossible in every unit", "s", number, 7 * 1e6, ""},
		{"too much to multiply", "us", number, 18447744073710, ""},
		{"the future in this unit, no time of an event in another", "s", number, 1791676801 * 1e6, ""},
		{"text", "", text, 1790856000 * 1e3, ""},
		{"no number, whatever the unit", "ms", moment, 1790856000 * 1e3, ""},
	} {
		j := newJudge(Source{Fields: map[string]Field{"timestamp": {Path: "a.b", Unit: test.unit}}}, now, newTexts())
		if got := (Privacy{}).shown(j.otherUnit(value{kind: test.kind}, test.claimed)); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}
