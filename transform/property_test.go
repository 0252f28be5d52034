package transform_test

import (
	"testing"

	"sojourn/transform"
)

func TestProperty(t *testing.T) {
	a := transform.Attributes{Properties: "genre=drama+%26+comedy&plan=pro&planned=2"}
	for name, want := range map[string]string{"genre": "drama & comedy", "plan": "pro", "planned": "2", "pl": "", "lan": "", "": ""} {
		if got := a.Property(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if got := transform.NoAttributes.Property("plan"); got != "" {
		t.Errorf("of an event without properties: %q", got)
	}
}

// Two deliveries of one event that differ in what they say of the device or in
// a property are one event, and a conflict.
func TestDeliveriesThatDifferInAProperty(t *testing.T) {
	for name, other := range map[string]*transform.Attributes{
		"nothing":  {DeviceClass: "tv", UTCOffset: "+01:00", Properties: "plan=pro"},
		"class":    {DeviceClass: "phone", UTCOffset: "+01:00", Properties: "plan=pro"},
		"offset":   {DeviceClass: "tv", UTCOffset: "+02:00", Properties: "plan=pro"},
		"property": {DeviceClass: "tv", UTCOffset: "+01:00", Properties: "plan=free"},
	} {
		event := transform.Event{
			UserID: "ann", ID: "1", Name: "tap", At: zone(t, "Europe/Lisbon").Start(date(28)), EngagedMillis: -1,
			Attributes: &transform.Attributes{DeviceClass: "tv", UTCOffset: "+01:00", Properties: "plan=pro"},
		}
		again := event
		again.Attributes = other
		conflicts := int64(1)
		if name == "nothing" {
			conflicts = 0
		}
		f := foldDays(t, app(), zone(t, "Europe/Lisbon"), []transform.Event{event, again})
		if l := f.ledger; l.Duplicates != 1 || l.Conflicts != conflicts || len(f.sessions) != 1 {
			t.Errorf("%s: %d sessions, ledger %+v, want one duplicate and %d conflicts", name, len(f.sessions), l, conflicts)
		}
	}
}
