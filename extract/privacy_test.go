package extract

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sojourn/internal/lake"
	"sojourn/transform"
)

// Values of records are in messages, or are not, and the marks around them
// never are.
func TestShown(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := "canary" + rapid.StringN(0, 30, -1).Draw(t, "value")
		message := "timestamp is " + excerpt([]byte(value)) + ", want a number, or " + inMarks("canary")
		open, closed := Privacy{}.shown(message), Privacy{HideRecords: true}.shown(message)
		for _, text := range []string{open, closed} {
			if strings.ContainsAny(text, "\x02\x03") || !strings.Contains(text, ", want a number, or ") {
				t.Fatalf("%q", text)
			}
		}
		if !strings.Contains(open, "canary") || strings.Contains(closed, "canary") {
			t.Fatalf("%q and %q", open, closed)
		}
	})
}

// What is said of privacy is part of how an object was read, but for what is
// not in events; a source that says nothing of it is read as ever.
func TestReadingTellsPrivacy(t *testing.T) {
	plain := Source{Format: "ndjson", Properties: map[string]string{"plan": "plan"}}
	with := func(p Privacy) string { s := plain; s.Privacy = p; return s.reading() }
	a, b := testPseudonyms(t, testKey), testPseudonyms(t, otherKey)
	seen := map[string]string{}
	for name, reading := range map[string]string{
		"nothing": plain.reading(), "one key": with(Privacy{Pseudonyms: a}), "another key": with(Privacy{Pseudonyms: b}),
		"nothing kept": with(Privacy{Keep: []string{}}), "some kept": with(Privacy{Keep: []string{"plan", "country"}}),
	} {
		if other, ok := seen[reading]; ok {
			t.Errorf("%s is read as %s is", name, other)
		}
		seen[reading] = name
	}
	if with(Privacy{Keep: []string{"plan", "country"}}) != with(Privacy{Keep: []string{"country", "plan", "plan"}}) {
		t.Error("the order of what is kept counts")
	}
	if with(Privacy{HideRecords: true}) != plain.reading() {
		t.Error("objects are read again for what is in quarantine")
	}
}

// Tombstones hold whatever the key is.
func TestErasedIDsAreKnownBeforeTheyArePseudonyms(t *testing.T) {
	for _, test := range []struct{ user, device, reason string }{
		{"ann", "phone", lake.SkippedErased}, {"", "ann", lake.SkippedErased}, {"ben", "phone", ""},
	} {
		s := Source{Privacy: Privacy{Pseudonyms: testPseudonyms(t, testKey)}, erased: func(id string) bool { return id == "ann" }}
		j := newJudge(s, earliest+1e15, newTexts())
		var values [fieldCount]value
		set := func(f field, to string) { values[f] = value{kind: text, bytes: []byte(to)} }
		set(userID, test.user)
		set(deviceID, test.device)
		set(eventName, "open")
		set(timestamp, "2026-10-01T12:00:00Z")
		reason := ""
		if flaw := j.event(&values, new(transform.Event)); flaw != nil {
			reason = flaw.reason
		}
		if reason != test.reason {
			t.Errorf("%s on %s: %q, want %q", test.user, test.device, reason, test.reason)
		}
	}
}
