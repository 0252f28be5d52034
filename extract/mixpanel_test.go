package extract_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sojourn/extract"
	"sojourn/internal/lake"
)

var mixpanel = extract.Source{Format: "mixpanel"}

const mixpanelRaw = `{"event":"Trip Opened","properties":{"time":1790856000,"distinct_id":"u_1","$user_id":"u_1","$device_id":"d9f1",` +
	`"$insert_id":"k3v9","$mp_api_timestamp_ms":1790856004120,"mp_processing_time_ms":1790856004155,"$os":"Android","$os_version":"14",` +
	`"$app_version_string":"4.12.0","$app_build_number":"41200","$manufacturer":"Google","$model":"Pixel 7a","mp_country_code":"PT",` +
	`"mp_lib":"android","utm_source":"newsletter","utm_campaign":"autumn","screen":"TripList","$screen_height":2400}}`

const mixpanelPiped = `{"device_id":"d9f1","distinct_id":"u_1","event_name":"Trip Opened","insert_id":"k3v9","time":"2026-10-01 12:00:00 UTC",` +
	`"user_id":"u_1","properties":{"$mp_api_timestamp_ms":1790856004120,"$os":"Android","$os_version":"14","$app_version_string":"4.12.0",` +
	`"$model":"Pixel 7a","mp_country_code":"PT","mp_lib":"android","utm_source":"newsletter","utm_campaign":"autumn"}}`

func TestMixpanel(t *testing.T) {
	asText := strings.NewReplacer(`"properties":{`, `"properties":"{`, `}}`, `}"}`)
	_, properties, _ := strings.Cut(mixpanelPiped, `"properties":`)
	embedded := strings.Replace(mixpanelPiped, properties, asText.Replace(fmt.Sprintf("%q}", strings.TrimSuffix(properties, "}"))), 1)
	for name, record := range map[string]string{
		"raw export":                      mixpanelRaw,
		"JSON pipeline":                   mixpanelPiped,
		"JSON pipeline, a text of JSON":   embedded,
		"JSON pipeline, time as a number": strings.Replace(mixpanelPiped, `"2026-10-01 12:00:00 UTC"`, `1790856000`, 1),
	} {
		t.Run(name, func(t *testing.T) {
			got := stagedOne(t, mixpanel, record)
			want := "user=u_1 device=d9f1 id=" + got.ID + " received=1790856004120000 platform=Android os=14 app=4.12.0" +
				" model=Pixel 7a country=PT source=newsletter campaign=autumn"
			if describe(got) != want || got.At != 1790856000000000 || got.Name != "Trip Opened" {
				t.Errorf("got  %s %d %s\nwant %s", got.Name, got.At, describe(got), want)
			}
		})
	}
}

func TestMixpanelEvents(t *testing.T) {
	event := func(name, properties string) string {
		return `{"event":"` + name + `","properties":{"time":1790856000,"$device_id":"d1","$insert_id":"i",` + properties + `}}`
	}
	for _, test := range []struct{ name, record, want string }{
		{"nobody signed in, projects of today", event("open", `"distinct_id":"$device:d1"`), "device=d1 id"},
		{"nobody signed in, older projects", event("open", `"distinct_id":"d1"`), "device=d1 id"},
		{"signed in", event("open", `"distinct_id":"ann","$user_id":"ann"`), "user=ann device=d1 id"},
		{"before somebody signed in, as Mixpanel wrote it again later", event("open", `"distinct_id":"ann"`), "user=ann device=d1 id"},
		{"the user's own id counts, not the one that Mixpanel chose of those merged", event("open", `"distinct_id":"d0","$user_id":"ann"`), "user=ann device=d1 id"},
		{"from a server", `{"event":"open","properties":{"time":1790856000,"distinct_id":"ann","$insert_id":"i"}}`, "user=ann id"},
		{"from a server for a device", `{"event":"open","properties":{"time":1790856000,"distinct_id":"$device:d2","$insert_id":"i"}}`, "device=d2 id"},
		{"an id that is marked twice", event("open", `"distinct_id":"$device:d1","$device_id":"$device:d1"`), "device=d1 id"},
		{"two devices and nobody signed in", event("open", `"distinct_id":"$device:d2"`), "device=d1 id"},
		{"web", event("open", `"distinct_id":"ann","mp_lib":"web","$os":"Windows","$current_url":"https://example.com/trips"`),
			"user=ann device=d1 id screen=https://example.com/trips platform=web"},
		{"processed", event("open", `"distinct_id":"ann","mp_processing_time_ms":1790856004155`), "user=ann device=d1 id received=1790856004155000"},
		{"crash", event("$ae_crashed", `"distinct_id":"ann","$ae_crashed_reason":"null"`), "user=ann device=d1 id crash"},
		{"foreground time", event("$ae_session", `"distinct_id":"ann","$ae_session_length":28.5`), "user=ann device=d1 id engaged=28500"},
		{"foreground time as text", event("$ae_session", `"distinct_id":"ann","$ae_session_length":"28.5"`), "user=ann device=d1 id engaged=28500"},
		{"foreground time as a person writes it", event("$ae_session", `"distinct_id":"ann","$ae_session_length":"1,234.5"`), "user=ann device=d1 id engaged=1234500"},
		{"foreground time of another event", event("open", `"distinct_id":"ann","$ae_session_length":28.5`), "user=ann device=d1 id"},
		{"first open", event("$ae_first_open", `"distinct_id":"ann"`), "user=ann device=d1 id"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := stagedOne(t, mixpanel, test.record)
			if want := strings.Replace(test.want, " id", " id="+got.ID, 1); describe(got) != want {
				t.Errorf("got  %s\nwant %s", describe(got), want)
			}
		})
	}
}

// What Mixpanel takes for one event is one, and nothing else; an event without
// $insert_id is one with another if they are written alike.
func TestMixpanelIdentity(t *testing.T) {
	for _, test := range []struct{ name, event string }{
		{"raw export", mixpanelRaw},
		{"JSON pipeline", mixpanelPiped},
	} {
		id := stagedOne(t, mixpanel, test.event).ID
		for _, change := range [][3]string{
			{"same", `1790856004120`, `1790856009999`},
			{"same", `"14"`, `"15"`},
			{"same", `"d9f1"`, `"d9f2"`},
			{"other", `"k3v9"`, `"k3v8"`},
			{"other", `"distinct_id":"u_1"`, `"distinct_id":"u_2"`},
			{"other", `Trip Opened`, `Trip Closed`},
			{"other", `1790856000,`, `1790856001,`},
			{"other", `12:00:00`, `12:00:01`},
		} {
			changed := strings.Replace(test.event, change[1], change[2], 1)
			if changed == test.event {
				continue
			}
			if got := stagedOne(t, mixpanel, changed).ID; (got == id) != (change[0] == "same") {
				t.Errorf("%s: %s for %s: ids %s and %s, want the %s", test.name, change[2], change[1], id, got, change[0])
			}
		}

		bare := strings.NewReplacer(`"$insert_id":"k3v9",`, ``, `"insert_id":"k3v9"`, `"insert_id":null`).Replace(test.event)
		id = stagedOne(t, mixpanel, bare).ID
		if got := stagedOne(t, mixpanel, bare).ID; got != id {
			t.Errorf("%s: the same event without $insert_id has two ids", test.name)
		}
		if got := stagedOne(t, mixpanel, strings.Replace(bare, `"14"`, `"15"`, 1)).ID; got == id {
			t.Errorf("%s: two events without $insert_id have one id", test.name)
		}
	}
}

func TestMixpanelTimes(t *testing.T) {
	event := func(time string) string {
		return `{"event":"open","properties":{"time":` + time + `,"distinct_id":"ann","$insert_id":"i"}}`
	}
	mapped := func(field extract.Field) extract.Source {
		field.Path = "properties.time"
		return extract.Source{Format: "mixpanel", Fields: map[string]extract.Field{"timestamp": field}}
	}
	for _, test := range []struct {
		name   string
		source extract.Source
		time   string
		want   int64
	}{
		{"seconds", mixpanel, "1790856000", 1790856000000000},
		{"seconds with decimals", mixpanel, "1790856000.602", 1790856000602000},
		{"milliseconds", mapped(extract.Field{Unit: "ms"}), "1790856000602", 1790856000602000},
		{"local time of an old project, in summer", mapped(extract.Field{Unit: "s", Zone: "America/Los_Angeles"}), "1785585600", 1785585600000000 + 7*3600e6},
		{"local time of an old project, in winter", mapped(extract.Field{Unit: "s", Zone: "America/Los_Angeles"}), "1767268800", 1767268800000000 + 8*3600e6},
	} {
		if got := stagedOne(t, test.source, event(test.time)).At; got != test.want {
			t.Errorf("%s: at %d, want %d", test.name, got, test.want)
		}
	}
}

func TestMixpanelFlaws(t *testing.T) {
	for _, test := range []struct{ name, record, want string }{
		{"milliseconds without saying so", `{"event":"open","properties":{"time":1790856000602,"distinct_id":"ann"}}`,
			"timestamp_in_future: timestamp (properties.time) is 58719-12-21 00:10:02 UTC, more than 24 h in the future: is the unit right?" +
				" In ms it would be 2026-10-01 12:00:00 UTC: timestamp: {path: properties.time, unit: ms}"},
		{"and with a time of receipt", `{"event":"open","properties":{"time":1790856000602,"distinct_id":"ann","mp_processing_time_ms":1790856004155}}`,
			"timestamp_in_future: timestamp (properties.time) is 58719-12-21 00:10:02 UTC, more than 24 h after received_at (properties.mp_processing_time_ms), 2026-10-01 12:00:04 UTC: is the unit right?" +
				" In ms it would be 2026-10-01 12:00:00 UTC: timestamp: {path: properties.time, unit: ms}"},
		{"foreground time of more than a day", `{"event":"$ae_session","properties":{"time":1790856000,"distinct_id":"ann","$ae_session_length":86400.1}}`,
			`wrong_type: engaged_ms (properties.$ae_session_length) is "86400.1", want seconds, at most those of a day`},
		{"foreground time that is no number", `{"event":"$ae_session","properties":{"time":1790856000,"distinct_id":"ann","$ae_session_length":"long"}}`,
			`wrong_type: engaged_ms (properties.$ae_session_length) is "long", want seconds, at most those of a day`},
		{"no subject", `{"event":"open","properties":{"time":1790856000,"distinct_id":""}}`,
			"missing_subject: user_id (properties.$user_id) and device_id (properties.$device_id) are missing or empty: want one of them"},
		{"properties that are none", `{"event_name":"open","time":1790856000,"distinct_id":"ann","insert_id":"i","properties":"none"}`,
			"wrong_type: properties is text, want an object"},
		{"a mapping of ids", `{"distinct_id":"$device:d1","resolved_distinct_id":"ann"}`,
			"wrong_format: the record maps an id to another and is no event: its object must be in a folder mp_identity_mappings_data"},
		{"a record of Amplitude", amplitudeView,
			"wrong_format: this is a record of amplitude, not of mixpanel: is the source's format right, and its match?"},
		{"a record of GA4", ga4View,
			"wrong_format: this is a record of ga4, not of mixpanel: is the source's format right, and its match?"},
	} {
		t.Run(test.name, func(t *testing.T) {
			events, rejects := staged(t, mixpanel, test.record)
			if diff := cmp.Diff([]string{"1 " + test.want}, rejects); diff != "" || len(events) > 0 {
				t.Errorf("events %q; in quarantine (-want +got):\n%s", events, diff)
			}
		})
	}
	for name, record := range map[string]string{"raw export": mixpanelRaw, "JSON pipeline": mixpanelPiped} {
		_, rejects := staged(t, ga4, record)
		want := "1 wrong_format: this is a record of mixpanel, not of ga4: is the source's format right, and its match?"
		if diff := cmp.Diff([]string{want}, rejects); diff != "" {
			t.Errorf("%s read as ga4: in quarantine (-want +got):\n%s", name, diff)
		}
	}
}

// Records with an event and properties are Mixpanel's only if nothing in them
// is another product's.
func TestMixpanelIsNotTakenForOthers(t *testing.T) {
	for _, record := range []string{
		`{"messageId":"m","type":"track","event":"open","properties":{"time":1790856000},"timestamp":"2026-10-01T12:00:00Z"}`,
		`{"uuid":"u","event":"open","distinct_id":"ann","properties":{"time":1790856000,"distinct_id":"ann"},"timestamp":"2026-10-01T12:00:00Z"}`,
	} {
		_, rejects := staged(t, ga4, record)
		if len(rejects) != 1 || strings.Contains(rejects[0], "mixpanel") {
			t.Errorf("%s: in quarantine %q", record, rejects)
		}
	}
}

// A place that is configured for a user, a device or a time is the only one:
// where it is empty nothing is known, whatever Mixpanel's own place says.
func TestMixpanelPlacesOfTheConfiguration(t *testing.T) {
	source := extract.Source{Format: "mixpanel", Fields: map[string]extract.Field{
		"user_id": {Path: "properties.account"}, "device_id": {Path: "properties.install"}, "screen": {Path: "properties.screen"},
		"received_at": {Path: "properties.sent", Unit: "s"},
	}}
	for _, test := range [][2]string{
		{`"account":7,"install":"x","screen":"Map","sent":1790856001`, "user=7 device=x id received=1790856001000000 screen=Map"},
		{`"account":7,"mp_processing_time_ms":1790856000155`, "user=7 id"},
		{`"$user_id":"ann","install":"x"`, "device=x id"},
		{`"account":7,"$current_url":"https://example.com/"`, "user=7 id screen=https://example.com/"},
	} {
		got := stagedOne(t, source, `{"event":"open","properties":{"time":1790856000,"distinct_id":"ann","$device_id":"d1",`+test[0]+`}}`)
		if want := strings.Replace(test[1], " id", " id="+got.ID, 1); describe(got) != want {
			t.Errorf("got  %s\nwant %s", describe(got), want)
		}
	}
}

func TestMixpanelObjects(t *testing.T) {
	objects := map[string]string{
		"2195193/mp_master_event/2026/10/01/part-0.json":           mixpanelPiped,
		"raw/2195193/2026/10/01/full_day/part-0.json":              mixpanelRaw,
		"raw/2195193/2026/10/01/full_day/complete":                 "",
		"raw/2195193/2026/10/01/12/complete":                       "done",
		"2195193/mp_people_data/part-0.json":                       `{"distinct_id":"ann","properties":{"$name":"x"}}`,
		"2195193/mp_identity_mappings_data/part-0.json":            `{"distinct_id":"$device:d1","resolved_distinct_id":"ann"}`,
		"2195193/2026/10/01/mp_identity_mappings_data/part-0.json": `{"distinct_id":"ann","resolved_distinct_id":"d0"}`,
	}
	source := mixpanel
	source.Name, source.Bucket = "app", openBucket(t, objects)
	lakeBucket := openBucket(t, nil)
	batch := stage(t, lakeBucket, source, extract.Options{Now: now})
	var got []string
	for _, in := range batch.Inputs {
		got = append(got, fmt.Sprintf("%s: %d events, %d aliases, %d in quarantine", in.Object, in.Events, in.Aliases, in.Quarantined))
	}
	want := []string{
		"2195193/2026/10/01/mp_identity_mappings_data/part-0.json: 0 events, 1 aliases, 0 in quarantine",
		"2195193/mp_identity_mappings_data/part-0.json: 0 events, 1 aliases, 0 in quarantine",
		"2195193/mp_master_event/2026/10/01/part-0.json: 1 events, 0 aliases, 0 in quarantine",
		"raw/2195193/2026/10/01/full_day/part-0.json: 1 events, 0 aliases, 0 in quarantine",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("objects read (-want +got):\n%s", diff)
	}
}

// Ids of mappings are written as those of events are.
func TestMixpanelMappings(t *testing.T) {
	aliases, rejects := stagedMappings(t, mixpanel, "1/mp_identity_mappings_data/part-0.json", strings.Join([]string{
		`{"distinct_id":"$device:d1","resolved_distinct_id":"ann"}`,
		`{"distinct_id":"ann","resolved_distinct_id":"ann"}`,
		`{"distinct_id":"bob","resolved_distinct_id":"$device:d2"}`,
		`{"distinct_id":7,"resolved_distinct_id":"ann"}`,
		`{"distinct_id":"eve"}`,
		`{"distinct_id":["eve"],"resolved_distinct_id":"ann"}`,
		`{"distinct_id":"e\u0000","resolved_distinct_id":"ann"}`,
		"{\"distinct_id\":\"e\xff\",\"resolved_distinct_id\":\"ann\"}",
		mixpanelPiped,
	}, "\n"))
	if diff := cmp.Diff([]string{"7 is ann", "bob is d2", "d1 is ann"}, aliases); diff != "" {
		t.Errorf("aliases (-want +got):\n%s", diff)
	}
	want := []string{
		"5 wrong_format: resolved_distinct_id is missing or empty: want a record of which id is whose",
		"6 wrong_type: distinct_id is a list, want text",
		`7 invalid_text: distinct_id is "e\x00", which is not UTF-8 or has a NUL character`,
		`8 invalid_text: distinct_id is "e\xff", which is not UTF-8 or has a NUL character`,
		"9 wrong_format: resolved_distinct_id is missing or empty: want a record of which id is whose",
	}
	if diff := cmp.Diff(want, rejects); diff != "" {
		t.Errorf("in quarantine (-want +got):\n%s", diff)
	}
}

// stagedMappings reads one object of a source and returns the ids that stand
// for others and what is in quarantine, each as one line of text.
func stagedMappings(t *testing.T, source extract.Source, name, content string) (aliases, rejects []string) {
	t.Helper()
	source.Name = "app"
	source.Bucket = openBucket(t, map[string]string{name: content})
	lakeBucket := openBucket(t, nil)
	batch := stage(t, lakeBucket, source, extract.Options{Now: now})
	all, err := extract.ReadIdentity(t.Context(), lakeBucket, lake.Identity([]lake.Batch{batch}))
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range all {
		if a.From == "" {
			continue
		}
		line := a.From + " is " + a.To
		if a.At != 0 {
			line += fmt.Sprint(" since ", a.At)
		}
		aliases = append(aliases, line)
	}
	for _, r := range quarantine(t, lakeBucket, batch) {
		rejects = append(rejects, fmt.Sprintf("%d %s: %s", r.Line, r.Reason, r.Detail))
	}
	if in := batch.Inputs[0]; in.Lines != in.Events+in.Aliases+in.Quarantined || in.Quarantined != int64(len(rejects)) || in.Events != 0 {
		t.Errorf("input %+v, but %d in quarantine", in, len(rejects))
	}
	return aliases, rejects
}
