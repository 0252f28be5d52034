package extract

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestParseMoment(t *testing.T) {
	const noon = 1790856000_000000 // 2026-10-01 12:00 UTC
	for _, test := range []struct {
		name string
		kind kind
		text string
		unit int64
		want int64
	}{
		{"UTC", text, "2026-10-01T12:00:00Z", 0, noon},
		{"without a zone", text, "2026-10-01 12:00:00.123", 0, noon + 123000},
		{"UTC by name", text, "2026-10-01 12:00:00 UTC", 0, noon},
		{"nanoseconds are cut", text, "2026-10-01t12:00:00.123456789z", 0, noon + 123456},
		{"east", text, "2026-10-01T17:30:00+05:30", 0, noon},
		{"west", text, "2026-10-01T04:30:00-0730", 0, noon},
		{"hours only", text, "2026-10-01T14:00:00+02", 0, noon},
		{"leap day", text, "2024-02-29T00:00:00Z", 0, 1709164800_000000},
		{"leap second", text, "2016-12-31T23:59:60Z", 0, 1483228800_000000},
		{"before 1970", text, "1969-12-31T23:59:59Z", 0, -1_000000},
		{"seconds", number, "1790856000", 1e6, noon},
		{"decimals of seconds", number, "1790856000.1234567", 1e6, noon + 123456},
		{"quoted milliseconds", text, "1790856000123", 1e3, noon + 123000},
		{"microseconds", number, "1790856000123456", 1, noon + 123456},
		{"an exponent", number, "1.790856e9", 1e6, noon},
		{"negative", number, "-1.5", 1e6, -1_500000},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, problem := parseMoment(value{kind: test.kind, bytes: []byte(test.text)}, test.unit)
			if problem != "" || got != test.want {
				t.Errorf("%s: got %d (%s), want %d", test.text, got, problem, test.want)
			}
		})
	}
}

func TestParseMomentExplains(t *testing.T) {
	for _, test := range []struct {
		kind    kind
		text    string
		unit    int64
		problem string
	}{
		{number, "1790856000", 0, `is the number "1790856000": say in the mapping if its unit is s, ms or us`},
		{text, "2026-10-01", 0, `is "2026-10-01", want a time such as 2026-10-01T12:00:00Z`},
		{text, "2026-02-29T12:00:00Z", 0, `is "2026-02-29T12:00:00Z", want a time such as 2026-10-01T12:00:00Z`},
		{text, "2026-10-01T24:00:00Z", 0, `is "2026-10-01T24:00:00Z", want a time such as 2026-10-01T12:00:00Z`},
		{text, "2026-10-01T12:00:00.Z", 0, `is "2026-10-01T12:00:00.Z", want a time such as 2026-10-01T12:00:00Z`},
		{text, "2026-10-01T12:00:00+25:00", 0, `is "2026-10-01T12:00:00+25:00", want a time such as 2026-10-01T12:00:00Z`},
		{text, "2026-10-01T12:00:00Z", 1000, `is "2026-10-01T12:00:00Z", want a number`},
		{text, "Inf", 1, `is "Inf", want a number`},
		{text, "0x1p31", 1e6, `is "0x1p31", want a number`},
		{text, "1_790_856_000", 1e6, `is "1_790_856_000", want a number`},
		{number, "99999999999999999999", 1, `is "99999999999999999999", want a number`},
		{number, "1e300", 1, `is "1e300", want a number`},
		{object, "{}", 0, `is an object, want a time`},
	} {
		_, problem := parseMoment(value{kind: test.kind, bytes: []byte(test.text)}, test.unit)
		if got := (Privacy{}).shown(problem); got != test.problem {
			t.Errorf("%s: %s, want %s", test.text, got, test.problem)
		}
	}
}

// What the standard library writes is read as the same instant.
func TestParseMomentAgreesWithTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := time.Unix(rapid.Int64Range(-1e10, 1e11).Draw(t, "seconds"), rapid.Int64Range(0, 999_999_999).Draw(t, "nanos"))
		zone := time.FixedZone("", 60*rapid.IntRange(-23*60, 23*60).Draw(t, "offset"))
		written := at.In(zone).Format(time.RFC3339Nano)
		got, problem := parseMoment(value{kind: text, bytes: []byte(written)}, 0)
		if problem != "" || got != at.UnixMicro() {
			t.Fatalf("%s: got %d (%s), want %d", written, got, problem, at.UnixMicro())
		}
	})
}
