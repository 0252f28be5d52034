package extract_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sojourn/extract"
)

var rudderStack = extract.Source{Format: "rudderstack"}

const rudderTrack = `{"type":"track","event":"Trip Opened","messageId":"1790856000250-6d0b","channel":"mobile","userId":"u_1","anonymousId":"5b0d4d8e",` +
	`"rudderId":"c1f7e2aa","originalTimestamp":"2026-10-01T12:00:00.250Z","sentAt":"2026-10-01T12:00:02.001Z","receivedAt":"2026-10-01T12:00:03.377Z",` +
	`"timestamp":"2026-10-01T12:00:01.626Z","request_ip":"203.0.113.24","properties":{"trip_id":"t_77"},"context":{"sessionId":1790855990,"sessionStart":true,` +
	`"app":{"version":"4.12.0"},"os":{"name":"Android","version":"14"},"device":{"id":"d9f1c7","type":"Android","model":"Pixel 7a"},"locale":"pt-PT",` +
	`"library":{"name":"com.rudderstack.android.sdk.core"}}}`

func TestRudderStack(t *testing.T) {
	got := stagedOne(t, rudderStack, rudderTrack)
	want := "user=u_1 device=5b0d4d8e id=1790856000250-6d0b received=1790856003377000 client=1790856000250000 sent=1790856002001000" +
		" session=1790855990 platform=Android os=14 app=4.12.0 model=Pixel 7a language=pt-PT new_session"
	if describe(got) != want || got.At != 1790856001626000 || got.Name != "Trip Opened" {
		t.Errorf("got  %s %d %s\nwant %s", got.Name, got.At, describe(got), want)
	}
}

func TestRudderStackCalls(t *testing.T) {
	for _, test := range []struct{ name, record, want string }{
		{"session of a browser, in milliseconds", specRecord("page", `"name":"Home","channel":"web","context":{"sessionId":1790855990123,"sessionStart":true,"device":null,"os":{"name":"","version":""}}`),
			"page: device=a id=m session=1790855990123 screen=Home platform=web new_session"},
		{"session that goes on", specRecord("page", `"name":"Home","channel":"web","context":{"sessionId":1790855990123}`),
			"page: device=a id=m session=1790855990123 screen=Home platform=web"},
		{"session that has begun before", specRecord("track", `"event":"tap","context":{"sessionId":1790855990,"sessionStart":false}`), "tap: device=a id=m session=1790855990"},
		{"after the end of the session", specRecord("track", `"event":"tap","context":{}`), "tap: device=a id=m"},
		{"screen of a phone", specRecord("screen", `"event":"Map","properties":{"automatic":true},"channel":"mobile"`), "screen: device=a id=m screen=Map"},
		{"of a server", specRecord("track", `"event":"Paid","channel":"server","userId":"u_1","context":{"library":{"name":"rudder-analytics-python"}}`), "Paid: user=u_1 device=a id=m background"},
		{"of a cloud source", specRecord("track", `"event":"Paid","channel":"sources","userId":"u_1"`), "Paid: user=u_1 device=a id=m background"},
		{"started anew", specRecord("track", `"event":"Application Opened","channel":"mobile","properties":{"from_background":false}`), "Application Opened: device=a id=m launch"},
		{"crash", specRecord("track", `"event":"Application Crashed","channel":"mobile"`), "Application Crashed: device=a id=m crash"},
		{"Amplitude plugin of nobody's", specRecord("track", `"event":"tap","rudderId":"r","integrations":{"Actions Amplitude":{"session_id":1}}`), "tap: device=a id=m"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := named(stagedOne(t, rudderStack, test.record)); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

// A record that only one of the two can have written is refused by the other;
// one that both may have written is read by both, all but the session alike.
func TestSegmentIsToldFromRudderStack(t *testing.T) {
	for _, test := range []struct{ name, record, only string }{
		{"rudderId", specRecord("identify", `"rudderId":"r"`), "rudderstack"},
		{"rudderId of a message without an id", `{"type":"identify","userId":"u","timestamp":"2026-10-01T12:00:00Z","rudderId":"r"}`, "rudderstack"},
		{"request_ip, also if it is empty", specRecord("identify", `"request_ip":""`), "rudderstack"},
		{"library", specRecord("identify", `"context":{"library":{"name":"RudderLabs JavaScript SDK"}}`), "rudderstack"},
		{"session of a browser", specRecord("identify", `"channel":"web","context":{"sessionId":1790855990123}`), "rudderstack"},
		{"session of a cloud source", specRecord("identify", `"channel":"sources","context":{"sessionId":1}`), "rudderstack"},
		{"both marks: what went through RudderStack is RudderStack's", specRecord("identify", `"rudderId":"r","projectId":"p"`), "rudderstack"},
		{"projectId", specRecord("identify", `"projectId":"p"`), "segment"},
		{"Amplitude plugin", specRecord("identify", `"integrations":{"Actions Amplitude":{"session_id":1}}`), "segment"},
		{"nothing that tells", specRecord("identify", `"userId":"u"`), ""},
		{"a session of one's own making", specRecord("identify", `"channel":"mobile","context":{"sessionId":"s"}`), ""},
		{"a session in a context that is no object", specRecord("identify", `"channel":"web","context":"s"`), ""},
		{"Amplitude switched on", specRecord("identify", `"integrations":{"Actions Amplitude":true}`), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, source := range []extract.Source{segment, rudderStack} {
				events, rejects := staged(t, source, test.record)
				if test.only == "" || test.only == source.Format {
					if len(events) != 1 {
						t.Errorf("%s: in quarantine: %q, want an event", source.Format, rejects)
					}
					continue
				}
				want := "1 wrong_format: this is a record of " + test.only + ", not of " + source.Format + ": is the source's format right, and its match?"
				if diff := cmp.Diff([]string{want}, rejects); diff != "" {
					t.Errorf("%s: in quarantine (-want +got):\n%s", source.Format, diff)
				}
			}
		})
	}
}

func TestRudderStackFlaws(t *testing.T) {
	for _, test := range []struct{ name, record, want string }{
		{"of Segment", segmentScreen, "1 wrong_format: this is a record of segment, not of rudderstack: is the source's format right, and its match?"},
		{"of GA4", ga4View, "1 wrong_format: this is a record of ga4, not of rudderstack: is the source's format right, and its match?"},
		{"session that is a list", specRecord("track", `"event":"tap","context":{"sessionId":[1]}`), "1 wrong_type: session_id (context.sessionId) is a list, want text"},
		{"a start that is neither", specRecord("track", `"event":"tap","context":{"sessionStart":"perhaps"}`), `1 wrong_type: new_session (context.sessionStart) is "perhaps", want true or false`},
		{"a row of a warehouse", specRecord("record", `"channel":"sources"`), `1 wrong_type: type is "record", want one of track, screen, page, identify, group, alias`},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, rejects := staged(t, rudderStack, test.record)
			if diff := cmp.Diff([]string{test.want}, rejects); diff != "" {
				t.Errorf("in quarantine (-want +got):\n%s", diff)
			}
		})
	}
}

// Both ways to write the day of upload are read, and what goes to warehouses
// by way of the same bucket is not.
func TestRudderStackObjects(t *testing.T) {
	record := func(id string) string { return strings.Replace(rudderTrack, "1790856000250-6d0b", id, 1) + "\n" }
	source := rudderStack
	source.Name = "app"
	source.Bucket = openBucket(t, map[string]string{
		"rudder-logs/2CE/2026-10-01/1790856060.2CE.a.json.gz":                   gzipped(t, record("1")),
		"rudder-logs/2CE/10-02-2026/1790942460.2CE.b.json.gz":                   gzipped(t, record("2")),
		"rudder-warehouse-staging-logs/2CE/2026-10-01/1790856060.2CE.c.json.gz": gzipped(t, `{"metadata":{"table":"tracks"},"data":{}}`),
	})
	lakeBucket := openBucket(t, nil)
	batch := stage(t, lakeBucket, source, extract.Options{Now: now})
	for _, r := range quarantine(t, lakeBucket, batch) {
		t.Errorf("in quarantine: %s: %s: %s", r.Object, r.Reason, r.Detail)
	}
	want := []string{
		"u_1/5b0d4d8e Trip Opened 1790856001626000 id=1 rudder-logs/2CE/2026-10-01/1790856060.2CE.a.json.gz:1",
		"u_1/5b0d4d8e Trip Opened 1790856001626000 id=2 rudder-logs/2CE/10-02-2026/1790942460.2CE.b.json.gz:1",
	}
	if diff := cmp.Diff(map[string][]string{"2026-10-01": want}, days(t, lakeBucket)); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}
