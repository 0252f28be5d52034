package extract

import (
	"encoding/json"
	"testing"

	"sojourn/internal/calendar"
	"sojourn/transform"
)

// The constants that name places stand in the order of the paths.
func TestEveryPlaceHasItsPath(t *testing.T) {
	for _, test := range []struct {
		paths  []string
		places int
		last   int
		want   string
	}{
		{ga4Paths(), ga4Places, ga4Offset, "device.time_zone_offset_seconds"},
		{segmentPaths(), segmentPlaces, rudderSessionStart, "context.sessionStart"},
		{postHogPaths(), postHogPlaces, postHogTimezone, "properties.$timezone"},
		{postHogPersonPaths(), personPlaces, personEvent, "event"},
	} {
		if len(test.paths) != test.places || test.paths[test.last] != test.want {
			t.Errorf("%d paths, want %d with %s at %d", len(test.paths), test.places, test.want, test.last)
		}
	}
}

// accepted returns the event of a line that a product accepts, nil for none. The
// line is a JSON object and the event is whole.
func accepted(t *testing.T, p product, line []byte) *transform.Event {
	t.Helper()
	now := calendar.UTC.Start(calendar.Date(2026, 10, 10))
	decode := p.decoder(&reading{worker: &worker{now: now, texts: newTexts()}})
	var e transform.Event
	if decode(line, &e) != nil {
		return nil
	}
	if !json.Valid(line) {
		t.Errorf("accepted %q", line)
	}
	if e.Name == "" || e.Subject() == "" || e.ID == "" || e.Attributes == nil || e.At < earliest {
		t.Errorf("%q: accepted an event that is not whole: %+v", line, e)
	}
	return &e
}

func specSeeds(f *testing.F) {
	for _, seed := range []string{
		`{"type":"screen","name":"Map","anonymousId":"a","timestamp":"2026-10-01T12:00:00Z","context":{"library":{"name":"analytics.js"}}}`,
		`{"type":"track","event":"Application Opened","messageId":"m","userId":7,"originalTimestamp":"2026-10-01T12:00:00Z","sentAt":"2026-10-01T12:00:01Z","receivedAt":"2026-10-01T12:00:01Z","properties":{"from_background":false}}`,
		`{"type":"identify","messageId":"m","rudderId":"r","anonymousId":"a","timestamp":"2026-10-01T12:00:00Z","context":{"sessionId":1790855990,"sessionStart":true}}`,
		`{"type":"alias","messageId":"m","projectId":"p","userId":"u","timestamp":"2026-10-01T12:00:00Z","integrations":{"Actions Amplitude":true},"context":"x"}`,
		`{"type":"page","context":{"page":`, `{"type":["track"]}`,
	} {
		f.Add([]byte(seed))
	}
}

// A record that both formats accept is the same event to both, but for what
// they know of sessions.
func sameButForSessions(t *testing.T, line []byte, a, b *transform.Event) {
	t.Helper()
	if a == nil || b == nil {
		return
	}
	x, y := *a, *b
	x.SourceSession, y.SourceSession = "", ""
	x.NewSession, y.NewSession = false, false
	x.ID, y.ID = "", "" // may be a digest of all
	if x.Compare(&y) != 0 {
		t.Errorf("%q: segment reads %+v, rudderstack %+v", line, a, b)
	}
}

// An accepted line is a JSON object and gives a whole event, the one that
// RudderStack makes of it. Segment never tells of the beginning of a session.
func FuzzSegment(f *testing.F) {
	specSeeds(f)
	f.Fuzz(func(t *testing.T, line []byte) {
		e := accepted(t, segmentProduct(), line)
		if e != nil && e.NewSession {
			t.Errorf("%q: a new session of Segment", line)
		}
		sameButForSessions(t, line, e, accepted(t, rudderStackProduct(), line))
	})
}

// An accepted line is a JSON object and gives a whole event. No record is
// refused by each of the two formats as one of the other.
func FuzzRudderStack(f *testing.F) {
	specSeeds(f)
	f.Fuzz(func(t *testing.T, line []byte) {
		sameButForSessions(t, line, accepted(t, segmentProduct(), line), accepted(t, rudderStackProduct(), line))
		if refused(segmentProduct(), line) == wrongFormat && refused(rudderStackProduct(), line) == wrongFormat {
			if name := guessRecord(line); name == "segment" || name == "rudderstack" {
				t.Errorf("%q: refused by both, but said to be of %s", line, name)
			}
		}
	})
}

// refused is the reason why a product does not accept a line, empty if it does.
func refused(p product, line []byte) string {
	now := calendar.UTC.Start(calendar.Date(2026, 10, 10))
	var e transform.Event
	if flaw := p.decoder(&reading{worker: &worker{now: now, texts: newTexts()}})(line, &e); flaw != nil {
		return flaw.reason
	}
	return ""
}
