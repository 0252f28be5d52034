package extract_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sojourn/extract"
	"sojourn/transform"
)

var segment = extract.Source{Format: "segment"}

const segmentScreen = `{"type":"screen","name":"TripList","messageId":"a1f0d2c4","userId":"u_1","anonymousId":"5b0d4d8e","channel":"server",` +
	`"originalTimestamp":"2026-10-01T12:00:00.250Z","sentAt":"2026-10-01T12:00:02.001Z","receivedAt":"2026-10-01T12:00:03.377Z",` +
	`"timestamp":"2026-10-01T12:00:01.626Z","properties":{"tab":2},"context":{"app":{"name":"TrailNotes","version":"4.12.0","build":"41200"},` +
	`"device":{"id":"d9f1c7","type":"android","model":"Pixel 7a"},"os":{"name":"Android","version":"14"},"locale":"pt-PT","timezone":"Europe/Lisbon",` +
	`"screen":{"width":412,"height":915},"location":{"country":"Portugal"},"campaign":{"name":"autumn","source":"newsletter"},` +
	`"library":{"name":"analytics-kotlin","version":"1.19.0"}},"integrations":{"All":true},"projectId":"8xTrails"}`

// The phone's clock is 1.376 s slow: the time is Segment's, what the phone
// claims is kept beside it. The phone's screen size is no screen.
func TestSegment(t *testing.T) {
	got := stagedOne(t, segment, segmentScreen)
	want := "user=u_1 device=5b0d4d8e id=a1f0d2c4 received=1790856003377000 client=1790856000250000 sent=1790856002001000" +
		" screen=TripList platform=android os=14 app=4.12.0 model=Pixel 7a country=Portugal language=pt-PT source=newsletter campaign=autumn offset=+01:00"
	if describe(got) != want || got.At != 1790856001626000 || got.Name != "screen" {
		t.Errorf("got  %s %d %s\nwant %s", got.Name, got.At, describe(got), want)
	}
}

// specRecord is a record of the specification with only what it must have and
// what is given here.
func specRecord(call, more string) string {
	return fmt.Sprintf(`{"type":%q,"messageId":"m","anonymousId":"a","timestamp":"2026-10-01T12:00:00Z",%s}`, call, more)
}

// named writes the content of an event, with its name before.
func named(e transform.Event) string { return e.Name + ": " + describe(e) }

func TestSegmentCalls(t *testing.T) {
	for _, test := range []struct{ name, record, want string }{
		{"track", specRecord("track", `"event":"Trip Opened","name":"no screen"`), "Trip Opened: device=a id=m"},
		{"screen", specRecord("screen", `"name":"Map"`), "screen: device=a id=m screen=Map"},
		{"screen, named among its properties", specRecord("screen", `"name":null,"properties":{"name":"Map"}`), "screen: device=a id=m screen=Map"},
		{"screen without a name", specRecord("screen", `"properties":{}`), "screen: device=a id=m"},
		{"page", specRecord("page", `"name":"Prices","properties":{"path":"/prices"}`), "page: device=a id=m screen=Prices"},
		{"page without a name", specRecord("page", `"properties":{"path":"/prices","url":"https://example.com/prices"}`), "page: device=a id=m screen=/prices"},
		{"page with only an address", specRecord("page", `"properties":{"url":"https://example.com/prices"}`), "page: device=a id=m screen=https://example.com/prices"},
		{"page whose path is in the context", specRecord("page", `"context":{"page":{"path":"/prices"}}`), "page: device=a id=m screen=/prices"},
		{"identify", specRecord("identify", `"userId":"u_1","traits":{"plan":"pro"}`), "identify: user=u_1 device=a id=m"},
		{"group", specRecord("group", `"groupId":"g"`), "group: device=a id=m"},
		{"alias is under the new id", specRecord("alias", `"previousId":"a","userId":"u_1"`), "alias: user=u_1 device=a id=m"},

		{"started anew", specRecord("track", `"event":"Application Opened","properties":{"from_background":false}`), "Application Opened: device=a id=m launch"},
		{"started anew, as a text", specRecord("track", `"event":"Application Opened","properties":{"from_background":"false"}`), "Application Opened: device=a id=m launch"},
		{"resumed", specRecord("track", `"event":"Application Opened","properties":{"from_background":true}`), "Application Opened: device=a id=m"},
		{"opened, it does not say how", specRecord("track", `"event":"Application Opened","properties":{"version":"4"}`), "Application Opened: device=a id=m"},
		{"from_background of another event", specRecord("track", `"event":"Trip Opened","properties":{"from_background":false}`), "Trip Opened: device=a id=m"},
		{"crash", specRecord("track", `"event":"Application Crashed"`), "Application Crashed: device=a id=m crash"},
		{"screen named like a crash", specRecord("screen", `"name":"Application Crashed"`), "screen: device=a id=m screen=Application Crashed"},
		{"push received", specRecord("track", `"event":"Push Notification Received"`), "Push Notification Received: device=a id=m background"},
		{"push bounced", specRecord("track", `"event":"Push Notification Bounced"`), "Push Notification Bounced: device=a id=m background"},
		{"push tapped", specRecord("track", `"event":"Push Notification Tapped"`), "Push Notification Tapped: device=a id=m"},
		{"uninstalled", specRecord("track", `"event":"Application Uninstalled"`), "Application Uninstalled: device=a id=m background"},

		{"of a server", specRecord("track", `"event":"Paid","channel":"server","context":{"library":{"name":"analytics-python"}}`), "Paid: device=a id=m background"},
		{"of a phone, by the channel of servers", specRecord("track", `"event":"Paid","channel":"server","context":{"device":{"type":"ios"},"library":{"name":"analytics-ios"}}`),
			"Paid: device=a id=m platform=ios"},
		{"of a browser", specRecord("track", `"event":"Paid","channel":"client","context":{"library":{"name":"analytics.js"},"os":{"name":"Mac OS"}}`), "Paid: device=a id=m platform=web"},
		{"of a system without a device", specRecord("track", `"event":"Paid","context":{"os":{"name":"tvOS","version":"19"}}`), "Paid: device=a id=m platform=tvOS os=19"},

		{"device where nobody is anonymous", strings.Replace(specRecord("track", `"event":"Paid","userId":"u_1","context":{"device":{"id":"d"}}`), `"anonymousId":"a"`, `"anonymousId":null`, 1),
			"Paid: user=u_1 device=d id=m"},
		{"user id that is a number", specRecord("track", `"event":"Paid","userId":4182`), "Paid: user=4182 device=a id=m"},
		{"session of the Amplitude plugin", specRecord("track", `"event":"Paid","integrations":{"Actions Amplitude":{"session_id":1790855990000}}`), "Paid: device=a id=m session=1790855990000"},
		{"Amplitude switched on", specRecord("track", `"event":"Paid","integrations":{"All":true,"Actions Amplitude":true}`), "Paid: device=a id=m"},
		{"context.sessionId is not of the specification", specRecord("track", `"event":"Paid","context":{"sessionId":"s"}`), "Paid: device=a id=m"},
		{"text where objects should be", specRecord("page", `"properties":"p","context":{"campaign":"autumn","page":"/prices","device":"Pixel","app":true}`), "page: device=a id=m"},
		{"a context that is no object", specRecord("page", `"context":"c"`), "page: device=a id=m"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := named(stagedOne(t, segment, test.record)); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestSegmentTimes(t *testing.T) {
	const record = `{"type":"track","event":"tap","messageId":"m","anonymousId":"a",%s}`
	clocks := func(original, sent, received string) string {
		return `"originalTimestamp":"` + original + `","sentAt":"` + sent + `","receivedAt":"` + received + `"`
	}
	for _, test := range []struct {
		name, times string
		fields      map[string]extract.Field
		at          int64
		want        string
	}{
		{"not corrected by the server: by its rule here", clocks("2026-10-01T12:00:00Z", "2026-10-01T12:10:00Z", "2026-10-01T12:30:00Z"), nil,
			1790856000000000 + 20*60e6, "device=a id=m received=1790857800000000 client=1790856000000000 sent=1790856600000000"},
		{"a clock ten years ahead", clocks("2036-10-01T12:00:00Z", "2036-10-01T12:00:05Z", "2026-10-01T12:00:05Z") + `,"timestamp":"2026-10-01T12:00:00Z"`, nil,
			1790856000000000, "device=a id=m received=1790856005000000 client=2106475200000000 sent=2106475205000000"},
		{"a clock that is right", clocks("2026-10-01T12:00:00Z", "2026-10-01T12:00:05Z", "2026-10-01T12:00:05Z") + `,"timestamp":"2026-10-01T12:00:00Z"`, nil,
			1790856000000000, "device=a id=m received=1790856005000000 sent=1790856005000000"},
		{"uploaded a week later", clocks("2026-10-01T12:00:00Z", "2026-10-08T12:00:05Z", "2026-10-08T12:00:05Z") + `,"timestamp":"2026-10-01T12:00:00Z"`, nil,
			1790856000000000, "device=a id=m received=1791460805000000 sent=1791460805000000"},
		{"only a timestamp", `"timestamp":"2026-10-01T13:00:00+01:00"`, nil, 1790856000000000, "device=a id=m"},
		{"the claim of the device, if so configured", clocks("2026-10-01T12:00:00Z", "2026-10-01T12:10:00Z", "2026-10-01T12:30:00Z") + `,"timestamp":"2026-10-01T12:20:00Z"`,
			map[string]extract.Field{"timestamp": {Path: "originalTimestamp"}},
			1790856000000000, "device=a id=m received=1790857800000000 sent=1790856600000000"},
	} {
		t.Run(test.name, func(t *testing.T) {
			source := segment
			source.Fields = test.fields
			got := stagedOne(t, source, fmt.Sprintf(record, test.times))
			if got.At != test.at || describe(got) != test.want {
				t.Errorf("got  %d %s\nwant %d %s", got.At, describe(got), test.at, test.want)
			}
		})
	}
}

// Two deliveries of a record without a messageId are one event, whenever they
// were sent; two taps are two.
func TestSegmentWithoutMessageID(t *testing.T) {
	delivered := func(claimed, sent, timestamp string) string {
		return `{"type":"track","event":"tap","anonymousId":"a","originalTimestamp":"2026-10-01T12:00:` + claimed + `Z","sentAt":"2026-10-01T12:` + sent +
			`Z","receivedAt":"2026-10-01T12:` + sent + `Z","timestamp":"2026-10-01T12:00:` + timestamp + `Z"}`
	}
	id := stagedOne(t, segment, delivered("10", "01:00", "10")).ID
	if got := stagedOne(t, segment, delivered("10", "02:00", "11")).ID; got != id {
		t.Errorf("the same tap, sent again: id %s, want %s", got, id)
	}
	if got := stagedOne(t, segment, delivered("11", "01:00", "11")).ID; got == id {
		t.Error("another tap: the id is the same")
	}
}

func TestSegmentFlaws(t *testing.T) {
	for _, test := range []struct{ name, record, want string }{
		{"no type", `{"event":"tap","messageId":"m","anonymousId":"a","timestamp":"2026-10-01T12:00:00Z"}`,
			"1 wrong_type: type is missing, want one of track, screen, page, identify, group, alias"},
		{"a type of another kind", specRecord("delete", `"userId":"u"`), `1 wrong_type: type is "delete", want one of track, screen, page, identify, group, alias`},
		{"a type that is a number", `{"type":5,"anonymousId":"a","timestamp":"2026-10-01T12:00:00Z"}`, `1 wrong_type: type is "5", want one of track, screen, page, identify, group, alias`},
		{"track of nothing", specRecord("track", `"event":""`), "1 missing_event_name: event_name (event) is missing or empty"},
		{"nobody", `{"type":"track","event":"tap","messageId":"m","timestamp":"2026-10-01T12:00:00Z"}`,
			"1 missing_subject: user_id (userId) and device_id (anonymousId) are missing or empty: want one of them"},
		{"no time of its own, and none that it was sent", `{"type":"track","event":"tap","anonymousId":"a","originalTimestamp":"2026-10-01T12:00:00Z","receivedAt":"2026-10-01T12:00:01Z"}`,
			"1 missing_timestamp: timestamp is missing or empty"},
		{"time in words", `{"type":"track","event":"tap","anonymousId":"a","timestamp":"soon"}`,
			`1 bad_timestamp: timestamp is "soon", want a time such as 2026-10-01T12:00:00Z`},
		{"time of another calendar of numbers", `{"type":"track","event":"tap","anonymousId":"a","timestamp":1790856000}`,
			`1 bad_timestamp: timestamp is the number "1790856000": say in the mapping if its unit is s, ms or us`},
		{"of RudderStack", rudderTrack, "1 wrong_format: this is a record of rudderstack, not of segment: is the source's format right, and its match?"},
		{"of GA4", ga4View, "1 wrong_format: this is a record of ga4, not of segment: is the source's format right, and its match?"},
		{"of PostHog", postHogScreen, "1 wrong_format: this is a record of posthog, not of segment: is the source's format right, and its match?"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, rejects := staged(t, segment, test.record)
			if diff := cmp.Diff([]string{test.want}, rejects); diff != "" {
				t.Errorf("in quarantine (-want +got):\n%s", diff)
			}
		})
	}
}

// Some clients decompress what is stored with a Content-Encoding, others do
// not: the name of an object says nothing, its content does. What Segment
// leaves to try out the bucket is not read.
func TestSegmentObjects(t *testing.T) {
	record := func(id string) string { return strings.Replace(segmentScreen, "a1f0d2c4", id, 1) + "\n" }
	source := segment
	source.Name = "app"
	source.Bucket = openBucket(t, map[string]string{
		"segment-logs/dummy-object.txt":            "this is a test",
		"segment-logs/kLTd/1790812800000/first.gz": gzipped(t, record("1")),
		"segment-logs/kLTd/1790812800000/next.gz":  record("2"),
	})
	lakeBucket := openBucket(t, nil)
	batch := stage(t, lakeBucket, source, extract.Options{Now: now})
	for _, r := range quarantine(t, lakeBucket, batch) {
		t.Errorf("in quarantine: %s: %s: %s", r.Object, r.Reason, r.Detail)
	}
	want := []string{
		"u_1/5b0d4d8e screen 1790856001626000 id=1 segment-logs/kLTd/1790812800000/first.gz:1",
		"u_1/5b0d4d8e screen 1790856001626000 id=2 segment-logs/kLTd/1790812800000/next.gz:1",
	}
	if diff := cmp.Diff(map[string][]string{"2026-10-01": want}, days(t, lakeBucket)); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

// The server has corrected the clock: a second correction would be wrong.
func TestCorrectedClockIsNotCorrectedAgain(t *testing.T) {
	for _, format := range []string{"segment", "rudderstack", "posthog", "ga4"} {
		source := extract.Source{Name: "app", Format: format, Clock: extract.Clock{Correct: true}}
		err := source.Validate()
		if corrected := format != "ga4"; corrected != (err != nil) {
			t.Errorf("%s: %v", format, err)
		} else if corrected && !strings.Contains(err.Error(), "the server of "+format+" has corrected timestamp already") {
			t.Errorf("%s: %v", format, err)
		}
		source.Fields = map[string]extract.Field{"timestamp": {Path: "originalTimestamp"}}
		if err := source.Validate(); err != nil {
			t.Errorf("%s, with the device's own time: %v", format, err)
		}
	}
}
