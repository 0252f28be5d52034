package extract

import (
	"strings"
	"testing"
	"time"
)

func TestOffsets(t *testing.T) {
	winter := time.Date(2026, 1, 30, 12, 0, 0, 0, time.UTC).UnixMicro()
	summer := time.Date(2026, 7, 30, 12, 0, 0, 0, time.UTC).UnixMicro()
	var o offsets
	for _, test := range []struct {
		kind kind
		text string
		unit string
		at   int64
		want string
	}{
		{text, "+02:00", "", winter, "+02:00"},
		{text, "-03:30", "", winter, "-03:30"},
		{text, "+0200", "", winter, "+02:00"},
		{text, "+02", "", winter, "+02:00"},
		{text, "UTC+2", "", winter, "+02:00"},
		{text, "UTC-02:30", "", winter, "-02:30"},
		{text, "utc+5:45", "", winter, "+05:45"},
		{text, "GMT+0100", "", winter, "+01:00"},
		{text, " UTC ", "", winter, "+00:00"},
		{text, "Z", "", winter, "+00:00"},
		{text, "-00:00", "", winter, "+00:00"},
		{text, "-00:30", "", winter, "-00:30"},
		{text, "+14:00", "", winter, "+14:00"},
		{text, "+14:01", "", winter, ""},
		{text, "+02:60", "", winter, ""},
		{text, "+2", "", winter, ""},
		{text, "02:00", "", winter, ""},
		{text, "+", "", winter, ""},
		{text, "UTC+", "", winter, ""},
		{text, "UTC2", "", winter, ""},
		{text, "+:30", "", winter, ""},
		{text, "+02:00:00", "", winter, ""},

		{number, "3600", "s", winter, "+01:00"},
		{number, "-12600", "s", winter, "-03:30"},
		{number, "0", "s", winter, "+00:00"},
		{number, "3600.0", "s", winter, "+01:00"},
		{text, "3600", "s", winter, "+01:00"},
		{number, "90", "s", winter, ""},
		{number, "3600.5", "s", winter, ""},
		{number, "99999999999999999999", "s", winter, ""},
		{number, "60", "min", winter, "+01:00"},
		{number, "-210", "min", winter, "-03:30"},
		{text, "Europe/Lisbon", "min", summer, "+01:00"},
		{text, "-0600", "min", winter, "-06:00"},
		{text, "+0600", "s", winter, "+06:00"},
		{number, "3600", "", winter, ""},
		{number, "0", "", winter, "+00:00"},
		{text, "0", "", winter, "+00:00"},

		{text, "Europe/Lisbon", "", winter, "+00:00"},
		{text, "Europe/Lisbon", "", summer, "+01:00"},
		{text, "America/New_York", "", winter, "-05:00"},
		{text, "Asia/Kathmandu", "", winter, "+05:45"},
		{text, "Etc/GMT+2", "", winter, "-02:00"},
		{text, "Local", "", winter, ""},
		{text, "localtime", "", winter, ""},
		{text, "../UTC", "", winter, ""},
		{text, "Europe/Atlantis", "", winter, ""},
		{text, "W. Europe Standard Time", "", winter, ""},
		{text, "E" + strings.Repeat("/x", maxZoneName), "", winter, ""},
		{text, "", "", winter, ""},
		{boolean, "true", "", winter, ""},
		{object, `{"h":2}`, "", winter, ""},
	} {
		got := string(o.read(value{kind: test.kind, bytes: []byte(test.text)}, unitMicros(test.unit), test.at))
		if got != test.want {
			t.Errorf("%s %q in %q is %q, want %q", test.kind, test.text, test.unit, got, test.want)
		}
	}
}

// Names of zones are remembered, but not without end: also those that are none.
func TestZonesThatAreRememberedAreBounded(t *testing.T) {
	var o offsets
	for i := range 3 * maxZones {
		o.read(value{kind: text, bytes: []byte("Zone" + strings.Repeat("x", i%37) + string(rune('A'+i%26)) + strings.Repeat("y", i%17))}, 0, 0)
		if len(o.zones) > maxZones {
			t.Fatalf("%d names are remembered, want %d at most", len(o.zones), maxZones)
		}
	}
	o.read(value{kind: text, bytes: []byte("Europe/Lisbon")}, 0, 0)
	if o.zones["Europe/Lisbon"] == nil {
		t.Error("the zone is not remembered")
	}
}

func TestDeviceClasses(t *testing.T) {
	for text, want := range map[string]string{
		"mobile": "phone", "Mobile": "phone", "SMARTPHONE": "phone", " Tablet ": "tablet", "Desktop": "desktop", "Computer": "desktop",
		"smart tv": "tv", "TV": "tv", "Watch": "watch", "Game console": "console",
		"fridge": "fridge", "Fridge": "Fridge", "Unknown": "", "": "",
		strings.Repeat("phone", 10): strings.Repeat("phone", 10),
	} {
		v := value{bytes: []byte(text)}
		if v.classed(); string(v.bytes) != want {
			t.Errorf("%q is %q, want %q", text, v.bytes, want)
		}
	}
}
