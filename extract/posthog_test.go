package extract_test

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/google/go-cmp/cmp"

	"sojourn/extract"
	"sojourn/internal/lake"
	"sojourn/transform"
)

var postHog = extract.Source{Format: "posthog"}

const postHogScreen = `{"uuid":"0197c74b-e8ca","event":"$screen","distinct_id":"u_1","person_id":"3f0a6c1e","timestamp":"2026-10-01T12:00:00.250000Z",` +
	`"created_at":"2026-10-01T12:00:02.377000Z","_inserted_at":"2026-10-01T12:00:09Z","elements_chain":"","properties":{"$session_id":"0197c74b-ccee","$screen_name":"TripList",` +
	`"$device_id":"0197aaaa","$is_identified":true,"$os_name":"Android","$os_version":"14","$app_version":"4.12.0","$device_type":"Mobile","$device_model":"Pixel 7a",` +
	`"$locale":"pt-PT","$lib":"posthog-android","utm_source":"newsletter","utm_campaign":"autumn","$geoip_country_code":"PT"},"person_properties":{"plan":"pro"}}`

const postHogScreenWant = "user=u_1 device=0197aaaa id=0197c74b-e8ca received=1790856002377000 session=0197c74b-ccee screen=TripList" +
	" platform=Android os=14 app=4.12.0 model=Pixel 7a language=pt-PT source=newsletter campaign=autumn class=phone"

func TestPostHog(t *testing.T) {
	got := stagedOne(t, postHog, postHogScreen)
	if describe(got) != postHogScreenWant || got.At != 1790856000250000 || got.Name != "$screen" {
		t.Errorf("got  %s %d %s\nwant %s", got.Name, got.At, describe(got), postHogScreenWant)
	}
}

// asText is a record whose properties are a text that holds the object, as the
// rows of Parquet have them.
func asText(record string) string {
	before, rest, _ := strings.Cut(record, `"properties":`)
	object, after, _ := strings.Cut(rest, "}")
	return before + `"properties":` + strconv.Quote(object+"}") + after
}

func TestPostHogPropertiesInAText(t *testing.T) {
	got := stagedOne(t, postHog, asText(postHogScreen))
	if describe(got) != postHogScreenWant || got.At != 1790856000250000 {
		t.Errorf("got  %d %s\nwant %s", got.At, describe(got), postHogScreenWant)
	}
	// Quotes and braces inside of the text are not its end.
	got = stagedOne(t, postHog, asText(postHogRecord("$screen", `"$screen_name":"{\"a\"\\\":"`)))
	if want := `{"a"\":`; got.Screen != want {
		t.Errorf("screen %s, want %s", got.Screen, want)
	}
}

// postHogRecord is an event of u_1 with only what it must have and the given
// properties.
func postHogRecord(event, properties string) string {
	return fmt.Sprintf(`{"uuid":"e","event":%q,"distinct_id":"u_1","person_id":"p","timestamp":"2026-10-01T12:00:00Z","properties":{%s}}`, event, properties)
}

func TestPostHogEvents(t *testing.T) {
	for _, test := range []struct{ name, record, want string }{
		{"page of a browser", postHogRecord("$pageview", `"$lib":"web","$os":"Android","$current_url":"https://example.com/prices","$pageview_id":"v1","$browser_language":"pt","$device_id":"d"`),
			"$pageview: user=u_1 device=d id=e screen=https://example.com/prices view=v1 platform=web language=pt"},
		{"system by its other name", postHogRecord("tap", `"$os":"iOS","$lib":"posthog-ios"`), "tap: user=u_1 id=e platform=iOS"},
		{"campaign by its other name", postHogRecord("tap", `"$utm_source":"s","$utm_campaign":"c"`), "tap: user=u_1 id=e source=s campaign=c"},
		{"no session, as in the background", postHogRecord("tap", `"$session_id":null`), "tap: user=u_1 id=e"},
		{"started anew", postHogRecord("Application Opened", `"from_background":false`), "Application Opened: user=u_1 id=e launch"},
		{"resumed", postHogRecord("Application Opened", `"from_background":true`), "Application Opened: user=u_1 id=e"},
		{"fatal exception", postHogRecord("$exception", `"$exception_level":"fatal"`), "$exception: user=u_1 id=e crash"},
		{"exception that was handled", postHogRecord("$exception", `"$exception_level":"error"`), "$exception: user=u_1 id=e"},
		{"fatal level of another event", postHogRecord("tap", `"$exception_level":"fatal"`), "tap: user=u_1 id=e"},
		{"push opened", postHogRecord("$push_notification_opened", ``), "$push_notification_opened: user=u_1 id=e"},
		{"no properties", `{"uuid":"e","event":"tap","distinct_id":"u_1","timestamp":"2026-10-01 12:00:00.000000","properties":null}`, "tap: user=u_1 id=e"},
		{"empty text for properties", `{"uuid":"e","event":"tap","distinct_id":"u_1","timestamp":"2026-10-01T12:00:00Z","properties":""}`, "tap: user=u_1 id=e"},

		{"anonymous in a browser", postHogRecord("tap", `"$is_identified":false,"$device_id":"d"`), "tap: device=d id=e"},
		{"anonymous in a browser of an older library", postHogRecord("tap", `"$device_id":"u_1"`), "tap: device=u_1 id=e"},
		{"signed in under the id of the device", postHogRecord("tap", `"$is_identified":true,"$device_id":"u_1"`), "tap: user=u_1 device=u_1 id=e"},
		{"anonymous on a phone", postHogRecord("tap", `"$is_identified":false`), "tap: device=u_1 id=e"},
		{"signing in on a phone", postHogRecord("$identify", `"$is_identified":true,"$anon_distinct_id":"a"`), "$identify: user=u_1 device=a id=e"},
		{"signing in in a browser", postHogRecord("$identify", `"$is_identified":true,"$anon_distinct_id":"a","$device_id":"d"`), "$identify: user=u_1 device=d id=e"},
		{"signed in on a phone", postHogRecord("tap", `"$is_identified":true,"$anon_distinct_id":"a"`), "tap: user=u_1 id=e"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := named(stagedOne(t, postHog, test.record)); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

// The configuration may take the person at the time of receipt for the user,
// and the country from where it may be, also inside a text.
func TestPostHogOtherPlaces(t *testing.T) {
	source := postHog
	source.Fields = map[string]extract.Field{"user_id": {Path: "person_id"}, "country": {Path: "properties.$geoip_country_code"}}
	for _, record := range []string{postHogScreen, asText(postHogScreen)} {
		if got := stagedOne(t, source, record); got.UserID != "3f0a6c1e" || got.Country != "PT" {
			t.Errorf("user %s, country %s, want 3f0a6c1e, PT", got.UserID, got.Country)
		}
	}
}

func TestPostHogFlaws(t *testing.T) {
	for _, test := range []struct{ name, record, want string }{
		{"a text that holds no object", strings.Replace(postHogRecord("tap", ""), `{}`, `"null"`, 1), `1 wrong_type: properties is "null", want an object, or a text that holds one`},
		{"a list of properties", strings.Replace(postHogRecord("tap", ""), `{}`, `[{"$session_id":"s"}]`, 1), `1 wrong_type: properties is "[{\"$session_id\":\"s\"}]", want an object, or a text that holds one`},
		{"a text that is cut off", strings.Replace(postHogRecord("tap", ""), `{}`, `"{\"$session_id\":"`, 1), "1 bad_json: in the object inside the text: the text ends where a value should be at byte "},
		{"a person", `{"team_id":2,"distinct_id":"u_1","person_id":"p","properties":{},"person_version":3,"created_at":"2026-10-01T12:00:00Z","is_deleted":false}`,
			"1 wrong_format: this is a row of the model persons, which is read from objects with the word persons in their name"},
		{"nobody", strings.Replace(postHogRecord("tap", ""), `"u_1"`, `""`, 1), "1 missing_subject: user_id (distinct_id) and device_id (properties.$device_id) are missing or empty: want one of them"},
		{"no time", strings.Replace(postHogRecord("tap", ""), `"timestamp"`, `"time"`, 1), "1 missing_timestamp: timestamp is missing or empty"},
		{"session that is an object", postHogRecord("tap", `"$session_id":{}`), "1 wrong_type: session_id (properties.$session_id) is an object, want text"},
		{"of GA4", ga4View, "1 wrong_format: this is a record of ga4, not of posthog: is the source's format right, and its match?"},
		{"of Segment", segmentScreen, "1 wrong_format: this is a record of segment, not of posthog: is the source's format right, and its match?"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, rejects := staged(t, postHog, test.record)
			if len(rejects) != 1 || !strings.HasPrefix(rejects[0], test.want) {
				t.Errorf("in quarantine: %q\nwant %q", rejects, test.want)
			}
		})
	}
}

func brotlied(t testing.TB, content string) string {
	t.Helper()
	var b bytes.Buffer
	w := brotli.NewWriter(&b)
	if _, err := w.Write([]byte(content)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// postHogExport stages objects of an export and returns ids of events, which
// ids are whose, and what is in quarantine.
func postHogExport(t *testing.T, objects map[string]string) (ids []string, aliases []transform.Alias, rejects []string) {
	t.Helper()
	source := postHog
	source.Name = "app"
	source.Bucket = openBucket(t, objects)
	lakeBucket := openBucket(t, nil)
	batch := stage(t, lakeBucket, source, extract.Options{Now: now, Workers: 1})
	for _, files := range lake.Staged([]lake.Batch{batch}) {
		for events, err := range extract.ReadDay(t.Context(), lakeBucket, files) {
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range events {
				ids = append(ids, e.ID)
			}
		}
	}
	for _, r := range quarantine(t, lakeBucket, batch) {
		rejects = append(rejects, fmt.Sprintf("%s:%d %s: %s", r.Object, r.Line, r.Reason, r.Detail))
	}
	aliases, err := extract.ReadIdentity(t.Context(), lakeBucket, lake.Identity([]lake.Batch{batch}))
	if err != nil {
		t.Fatal(err)
	}
	return ids, aliases, rejects
}

// The content tells gzip, the name tells brotli, and what is neither is one
// record in quarantine that says so.
func TestPostHogCompression(t *testing.T) {
	record := func(id string) string { return strings.Replace(postHogScreen, "0197c74b-e8ca", id, 1) + "\n" }
	ids, _, rejects := postHogExport(t, map[string]string{
		"events/a.jsonl":    record("plain"),
		"events/b.jsonl.gz": gzipped(t, record("gzip")),
		"events/c.jsonl.br": brotlied(t, record("brotli")),
		"events/d.jsonl.br": record("brotli-undone-on-the-way"),
		"events/e.jsonl.br": gzipped(t, record("gzip-by-another-name")),
		"events/f.jsonl":    brotlied(t, strings.Repeat(record("brotli-by-another-name"), 1000)),
		"events/g.jsonl.br": brotlied(t, strings.Repeat(record("cut-off"), 1000))[:100],
		"events/h.jsonl.br": "no brotli at all",
		"events/i.jsonl":    "\xef\xbb\xbf\n \n" + record("after-blank-lines"),
		"events/j.jsonl":    "",
		"events/k.jsonl.br": "",
	})
	if diff := cmp.Diff([]string{"after-blank-lines", "brotli", "brotli-undone-on-the-way", "gzip", "gzip-by-another-name", "plain"}, ids); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	want := []string{
		`events/f.jsonl:1 unreadable_object: not text: it begins with `,
		`events/g.jsonl.br:1 truncated_object: the object ends early or is corrupt in line 1: `,
		`events/h.jsonl.br:1 truncated_object: the object ends early or is corrupt in line 1: brotli: `,
	}
	if len(rejects) != len(want) {
		t.Fatalf("in quarantine: %q, want %q", rejects, want)
	}
	for i := range want {
		if !strings.HasPrefix(rejects[i], want[i]) {
			t.Errorf("in quarantine: %q, want %q…", rejects[i], want[i])
		}
	}
	if !strings.HasSuffix(rejects[0], "gzip and zstd are told by their first bytes, brotli by a name that ends in .br") {
		t.Errorf("in quarantine: %q does not say how compression is told", rejects[0])
	}
}

// The word events or persons that comes last in a name says what an object
// holds; without one it holds events. The manifest is no data.
func TestPostHogObjects(t *testing.T) {
	person := `{"team_id":2,"distinct_id":"u_1","person_id":"%s","is_deleted":false}` + "\n"
	ids, aliases, rejects := postHogExport(t, map[string]string{
		"manifest.json": `{"files":["a","b"]}`,
		"2026-10-01/2026-10-01T00:00:00+00:00-2026-10-02T00:00:00+00:00_manifest.json": `{"files":["a","b"]}`,
		"2026-10-01/a.jsonl":                      strings.Replace(postHogScreen, "0197c74b-e8ca", "no-word", 1),
		"persons-app/2026-10-01_events/a.jsonl":   strings.Replace(postHogScreen, "0197c74b-e8ca", "last-word", 1),
		"salespersons/persons2/a.jsonl":           strings.Replace(postHogScreen, "0197c74b-e8ca", "part-of-a-word", 1),
		"2026-10-01_persons/a.jsonl.gz":           gzipped(t, fmt.Sprintf(person, "p1")),
		"events-and-persons/persons/b.jsonl.br":   brotlied(t, fmt.Sprintf(person, "p2")),
		"persons/2026-10-02T00:00:00+00:00.jsonl": fmt.Sprintf(person, "p3"),
	})
	if len(rejects) > 0 {
		t.Errorf("in quarantine: %q", rejects)
	}
	if diff := cmp.Diff([]string{"last-word", "no-word", "part-of-a-word"}, ids); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	if len(aliases) != 3 {
		t.Errorf("which id is whose: %v, want three", aliases)
	}
}

func TestPostHogPersons(t *testing.T) {
	_, aliases, rejects := postHogExport(t, map[string]string{"persons/a.jsonl": strings.Join([]string{
		`{"team_id":2,"distinct_id":"u_1","person_id":"p1","properties":{"event":"no event"},"person_distinct_id_version":1,"created_at":"2026-09-01T00:00:00Z","_inserted_at":"2026-10-01T12:00:00Z","is_deleted":false}`,
		`{"team_id":2,"distinct_id":"u_2","person_id":"p1","properties":"{}"}`,
		`{"team_id":2,"distinct_id":"u_3","person_id":"p3","is_deleted":true}`,
		`{"team_id":2,"distinct_id":"","person_id":"p3"}`,
		`{"team_id":2,"distinct_id":"u_4"}`,
		`{"team_id":2,"distinct_id":"u_5","person_id":5}`,
		`{"team_id":2,"distinct_id":"u_6\u0000","person_id":"p6"}`,
		`{"team_id":2,"distinct_id":"u_7","person_id":"p7","_inserted_at":"soon"}`,
		postHogScreen,
	}, "\n")})
	named := []transform.Alias{}
	for _, a := range aliases {
		if a.From != "" {
			named = append(named, a)
		}
	}
	want := []transform.Alias{{From: "u_1", To: "p1", At: 1790856000000000}, {From: "u_2", To: "p1"}}
	if diff := cmp.Diff(want, named); diff != "" {
		t.Errorf("which id is whose (-want +got):\n%s", diff)
	}
	wantRejects := []string{
		"persons/a.jsonl:4 missing_subject: distinct_id is missing or empty: want distinct_id and person_id",
		"persons/a.jsonl:5 missing_subject: person_id is missing or empty: want distinct_id and person_id",
		"persons/a.jsonl:6 wrong_type: person_id is a number, want text",
		`persons/a.jsonl:7 invalid_text: distinct_id is "u_6\x00", want UTF-8 without NUL characters`,
		`persons/a.jsonl:8 bad_timestamp: _inserted_at is "soon", want a time such as 2026-10-01T12:00:00Z`,
		"persons/a.jsonl:9 wrong_format: this is an event, but the object has the word persons in its name, as those have that say which id is whose",
	}
	if diff := cmp.Diff(wantRejects, rejects); diff != "" {
		t.Errorf("in quarantine (-want +got):\n%s", diff)
	}
}
