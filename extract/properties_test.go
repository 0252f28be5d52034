package extract_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sojourn/extract"
	"sojourn/internal/bucket"
	"sojourn/internal/lake"
	"sojourn/transform"
)

// found writes what an event says of the device and of the user's own.
func found(e transform.Event) string {
	return fmt.Sprintf("%s %s %s", e.DeviceClass, e.UTCOffset, e.Properties)
}

// What each export tells of the kind of device, the offset of its clock and
// properties of the user's own.
func TestProductsTellDeviceAndProperties(t *testing.T) {
	properties := map[string]string{"plan": "plan", "genre": "genre", "price": "price", "trial": "trial", "tags": "tags"}
	ga4Event := func(more string) string {
		return `{"event_timestamp":1790856000250000,"event_name":"play","user_pseudo_id":"5c1d","event_params":[` +
			`{"key":"genre","value":{"string_value":"drama & comedy"}},{"key":"price","value":{"double_value":12.5}},{"key":"plan","value":{}}]` + more + `}`
	}
	amplitudeEvent := func(deviceType string) string {
		return `{"uuid":"1","amplitude_id":1,"session_id":-1,"event_type":"play","event_time":"2026-10-01 12:00:00","device_type":` + deviceType + `,` +
			`"event_properties":{"genre":"drama","tags":["a"],"trial":true},"user_properties":{"plan":"pro","genre":"news"}}`
	}
	specEvent := func(context string) string {
		return `{"type":"track","event":"play","messageId":"1","userId":"u","timestamp":"2026-10-01T12:00:00Z",` +
			`"properties":{"genre":"drama","price":12.50,"tags":{"a":1}},"context":{"traits":{"plan":"pro"}` + context + `}}`
	}
	withZone := `,"timezone":"Europe/Lisbon","device":{"type":"%s"}`
	phone := spColumns{spCollected: "2026-10-01 12:00:03", spDerived: "2026-10-01 12:00:00", spEventID: "1", spName: "play", spUserID: "u"}
	for _, test := range []struct {
		name       string
		format     string
		properties map[string]string
		record     string
		want       string
	}{
		{"ga4", "ga4", properties, ga4Event(`,"user_properties":[{"key":"plan","value":{"string_value":"pro"}},{"key":"genre","value":{"string_value":"news"}},` +
			`{"key":"trial","value":{"int_value":"1"}}],"device":{"category":"mobile","time_zone_offset_seconds":"3600"}`),
			"phone +01:00 genre=drama+%26+comedy&plan=pro&price=12.5&trial=1"},
		{"ga4, exactly UTC", "ga4", nil, ga4Event(`,"device":{"category":"smart tv","time_zone_offset_seconds":0}`), "tv +00:00 "},
		{"ga4, nothing told", "ga4", properties, ga4Event(`,"user_properties":null,"device":null`), "  genre=drama+%26+comedy&price=12.5"},
		{"ga4, nonsense", "ga4", nil, ga4Event(`,"device":{"category":["mobile"],"time_zone_offset_seconds":true}`), "  "},
		{"mixpanel", "mixpanel", properties, `{"event":"play","properties":{"time":1790856000,"distinct_id":"u","plan":"pro","price":3,"tags":["a"],"trial":false,"genre":""}}`,
			"  plan=pro&price=3&trial=false"},
		{"amplitude", "amplitude", properties, amplitudeEvent(`"Tablet"`), "tablet  genre=drama&plan=pro&trial=true"},
		{"amplitude, a model", "amplitude", nil, amplitudeEvent(`"Apple iPhone"`), "  "},
		{"amplitude, properties that are none", "amplitude", properties,
			`{"uuid":"1","amplitude_id":1,"session_id":-1,"event_type":"play","event_time":"2026-10-01 12:00:00","event_properties":"none","user_properties":7}`, "  "},
		{"segment", "segment", properties, specEvent(fmt.Sprintf(withZone, "ios")), " +01:00 genre=drama&plan=pro&price=12.50"},
		{"segment, a kind of device", "segment", nil, specEvent(fmt.Sprintf(withZone, "Mobile")), "phone +01:00 "},
		{"rudderstack", "rudderstack", properties, specEvent(fmt.Sprintf(withZone, "Android") + `,"sessionId":1`), " +01:00 genre=drama&plan=pro&price=12.50"},
		{"posthog", "posthog", properties, `{"uuid":"1","event":"play","distinct_id":"u","timestamp":"2026-10-01T12:00:00Z","properties":{"$device_type":"Desktop","$timezone":"America/Sao_Paulo",` +
			`"genre":"drama","plan":null},"person_properties":{"plan":"pro"}}`, "desktop -03:00 genre=drama&plan=pro"},
		{"snowplow", "snowplow", map[string]string{"plan": `contexts.com\.acme/user.plan`, "genre": "unstruct_event.play.genre", "app": "app_id"},
			phone.with(spColumns{spAppID: "trail", 100: "Europe/Lisbon", 101: "Mobile",
				spContexts: `{"data":[{"schema":"iglu:com.acme/user/jsonschema/1-0-0","data":{"plan":"pro"}}]}`,
				spUnstruct: `{"data":{"schema":"iglu:com.acme/play/jsonschema/1-0-0","data":{"genre":"drama"}}}`}).line(),
			"phone +01:00 app=trail&genre=drama&plan=pro"},
		{"snowplow, nothing told", "snowplow", nil, phone.with(spColumns{101: "Unknown"}).line(), "  "},
	} {
		t.Run(test.name, func(t *testing.T) {
			source := extract.Source{Format: test.format, Properties: test.properties}
			if got := found(stagedOne(t, source, test.record)); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

// A place that is configured is the only one of an offset: its unit is not that
// of the product's own place.
func TestAConfiguredOffsetStandsAlone(t *testing.T) {
	record := func(minutes string) string {
		return `{"event_timestamp":1790856000250000,"event_name":"play","user_pseudo_id":"5c1d","event_params":[],"mine":` + minutes + `,"device":{"time_zone_offset_seconds":600}}`
	}
	source := extract.Source{Format: "ga4", Fields: map[string]extract.Field{"utc_offset": {Path: "mine", Unit: "min"}}}
	for minutes, want := range map[string]string{"-90": " -01:30 ", "null": "  "} {
		if got := found(stagedOne(t, source, record(minutes))); got != want {
			t.Errorf("%s: got %q, want %q", minutes, got, want)
		}
	}
}

func TestOwnRecordsTellDeviceAndProperties(t *testing.T) {
	fields := map[string]extract.Field{
		"event_name": {Path: "n"}, "user_id": {Path: "u"}, "timestamp": {Path: "t"}, "utc_offset": {Path: "tz"}, "device_class": {Path: "kind"},
	}
	properties := map[string]string{"plan": "user.plan", "price": "price", "city": "user.address.city"}
	record := func(more string) string { return `{"n":"open","u":"ann","t":"2026-10-01T12:00:00Z",` + more + `}` }
	for _, test := range []struct{ name, format, content, want string }{
		{"ndjson", "ndjson", record(`"tz":"+0200","kind":"smartphone","user":{"plan":"pro","address":{"city":"São Paulo"}},"price":1e3`), "phone +02:00 city=S%C3%A3o+Paulo&plan=pro&price=1e3"},
		{"ndjson, nothing told", "ndjson", record(`"tz":null,"kind":"","user":null`), "  "},
		{"ndjson, no text and no number", "ndjson", record(`"tz":{"h":2},"kind":true,"user":{"plan":["pro"],"address":"São Paulo"},"price":{"eur":1}`), "  "},
		{"ndjson, bytes that are no text", "ndjson", record(`"tz":"+02\u0000","kind":"a` + "\xff" + `","user":{"plan":"a` + "\xff" + `"},"price":"\u0000"`), "  "},
		{"csv", "csv", "n,u,t,tz,kind,user.plan,price\nopen,ann,2026-10-01T12:00:00Z,UTC-3,Desktop,pro,12.50\n", "desktop -03:00 plan=pro&price=12.50"},
		{"csv without such columns", "csv", "n,u,t\nopen,ann,2026-10-01T12:00:00Z\n", "  "},
	} {
		t.Run(test.name, func(t *testing.T) {
			source := extract.Source{Format: test.format, Fields: fields, Properties: properties}
			if got := found(stagedOne(t, source, test.content)); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

// Columns that cannot be read are no reason to refuse a file that could be read
// without them.
func TestParquetTellsDeviceAndProperties(t *testing.T) {
	type user struct {
		Plan  string   `parquet:"plan"`
		Since int64    `parquet:"since,timestamp(millisecond)"`
		Tags  []string `parquet:"tags"`
	}
	type row struct {
		Name  string  `parquet:"event_name"`
		User  string  `parquet:"user_id"`
		At    int64   `parquet:"timestamp,timestamp(microsecond)"`
		Zone  string  `parquet:"utc_offset"`
		Price float64 `parquet:"price"`
		Of    user    `parquet:"of"`
	}
	source := extract.Source{Format: "parquet", Properties: map[string]string{
		"plan": "of.plan", "since": "of.since", "price": "price", "tags": "of.tags", "of": "of", "missing": "missing",
	}}
	content := parquetFile(t, []row{{"open", "ann", 1790856000000000, "Europe/Lisbon", 12.5, user{"pro", 1790856000000, []string{"a"}}}})
	if got, want := found(stagedOne(t, source, content)), " +01:00 plan=pro&price=12.5&since=2026-10-01T12%3A00%3A00Z"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	type listed struct {
		Name  string   `parquet:"event_name"`
		User  string   `parquet:"user_id"`
		At    int64    `parquet:"timestamp,timestamp(microsecond)"`
		Zones []string `parquet:"utc_offset"`
	}
	content = parquetFile(t, []listed{{"open", "ann", 1790856000000000, []string{"Z"}}})
	if got := found(stagedOne(t, source, content)); got != "  " {
		t.Errorf("a list of offsets: got %q, want nothing", got)
	}
}

func TestProductsParquetTellsProperties(t *testing.T) {
	properties, person := `{"genre":"drama","$timezone":"Europe/Lisbon"}`, `{"plan":"pro"}`
	source := extract.Source{Format: "posthog", Properties: map[string]string{"genre": "genre", "plan": "plan"}}
	content := parquetFile(t, []postHogRow{{UUID: "1", Event: "play", Distinct: "u", At: 1790856000250000, Created: 1790856002377000, Properties: &properties, OfPerson: &person}})
	if got, want := found(stagedOne(t, source, content)), " +01:00 genre=drama&plan=pro"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestAdobeTellsProperties(t *testing.T) {
	source := adobe
	source.Properties = map[string]string{"page": "post_pagename", "none": "post_evar99"}
	source.Bucket = openBucket(t, map[string]string{"hit_data.tsv": adobeHit(map[string]string{"post_pagename": "Trip List"}), "column_headers.tsv": adobeColumns})
	lakeBucket := openBucket(t, nil)
	stage(t, lakeBucket, source, extract.Options{Now: now})
	if got := propertiesOf(t, lakeBucket); !slices.Equal(got, []string{"page=Trip+List"}) {
		t.Errorf("properties %q", got)
	}
}

// propertiesOf returns the properties of all staged events.
func propertiesOf(t *testing.T, lakeBucket *bucket.Bucket) []string {
	t.Helper()
	done, err := lake.Batches(t.Context(), lakeBucket)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, files := range lake.Staged(done) {
		for events, err := range extract.ReadDay(t.Context(), lakeBucket, files) {
			if err != nil {
				t.Fatal(err)
			}
			for i := range events {
				all = append(all, events[i].Properties)
			}
		}
	}
	return all
}

// What was read with other properties is read again; a source without any is
// read as before there were some.
func TestObjectsAreReadAgainWithOtherProperties(t *testing.T) {
	source := minimal
	source.Name, source.Bucket = "app", openBucket(t, map[string]string{"a": strings.Replace(one, "}", `,"plan":"pro","genre":"drama"}`, 1)})
	lakeBucket := openBucket(t, nil)
	ids := map[string]bool{}
	for _, step := range []struct {
		properties map[string]string
		inputs     int
		want       string
	}{
		{nil, 1, ""},
		{map[string]string{}, 0, ""},
		{map[string]string{"plan": "plan"}, 1, "plan=pro"},
		{map[string]string{"plan": "plan"}, 0, "plan=pro"},
		{map[string]string{"plan": "genre"}, 1, "plan=drama"},
		{nil, 1, ""},
	} {
		source.Properties = step.properties
		if batch := stage(t, lakeBucket, source, extract.Options{Now: now}); len(batch.Inputs) != step.inputs {
			t.Errorf("%v: %d objects read, want %d", step.properties, len(batch.Inputs), step.inputs)
		}
		if got := propertiesOf(t, lakeBucket); !slices.Equal(got, []string{step.want}) {
			t.Errorf("%v: properties %q, want %q", step.properties, got, step.want)
		}
		for _, events := range days(t, lakeBucket) {
			ids[strings.Join(events, "\n")] = true
		}
	}
	if len(ids) != 1 {
		t.Errorf("events change with the properties that are kept: %v", slices.Collect(maps.Keys(ids)))
	}
}

// Events that differ in one property alone do not share it.
func TestEventsDoNotShareOtherProperties(t *testing.T) {
	source := extract.Source{Name: "app", Format: "ndjson", Properties: map[string]string{"plan": "plan"}, Bucket: openBucket(t, map[string]string{"a": strings.Join([]string{
		`{"event_id":"1","event_name":"open","user_id":"ann","timestamp":"2026-10-01T12:00:00Z","platform":"ios","plan":"pro"}`,
		`{"event_id":"2","event_name":"open","user_id":"ann","timestamp":"2026-10-01T12:01:00Z","platform":"ios","plan":"free"}`,
		`{"event_id":"3","event_name":"open","user_id":"ann","timestamp":"2026-10-01T12:02:00Z","platform":"ios"}`,
		`{"event_id":"4","event_name":"open","user_id":"ann","timestamp":"2026-10-01T12:03:00Z","platform":"ios","plan":"` + strings.Repeat("x", 300) + `"}`,
	}, "\n")})}
	lakeBucket := openBucket(t, nil)
	stage(t, lakeBucket, source, extract.Options{Now: now})
	want := []string{"plan=pro", "plan=free", "", "plan=" + strings.Repeat("x", 300)}
	if diff := cmp.Diff(want, propertiesOf(t, lakeBucket)); diff != "" {
		t.Errorf("properties (-want +got):\n%s", diff)
	}
}

// Ids of events without one do not depend on what is kept of them.
func TestDigestsDoNotKnowProperties(t *testing.T) {
	source := extract.Source{Format: "ndjson"}
	record := `{"event_name":"open","user_id":"ann","timestamp":"2026-10-01T12:00:00Z","plan":"pro"}`
	before := stagedOne(t, source, record).ID
	source.Properties = map[string]string{"plan": "plan"}
	if after := stagedOne(t, source, strings.Replace(record, "}", `,"utc_offset":"Z","device_class":"tv"}`, 1)); after.ID != before || after.Properties == "" {
		t.Errorf("id %s with properties %q, want %s", after.ID, after.Properties, before)
	}
}

// Files of staged events from before there were some columns are read, and what
// they lack is unknown.
func TestOlderStagedFiles(t *testing.T) {
	type first struct {
		UserID            string `parquet:"user_id,optional,dict"`
		DeviceID          string `parquet:"device_id,optional,dict"`
		EventID           string `parquet:"event_id"`
		EventName         string `parquet:"event_name,dict"`
		OccurredAt        int64  `parquet:"occurred_at,timestamp(microsecond)"`
		ReceivedAt        int64  `parquet:"received_at,optional,timestamp(microsecond)"`
		Screen            string `parquet:"screen,optional,dict"`
		SessionID         string `parquet:"session_id,optional,dict"`
		EngagedMillis     int64  `parquet:"engaged_ms,optional"`
		Crash             bool   `parquet:"crash"`
		Background        bool   `parquet:"background"`
		Platform          string `parquet:"platform,optional,dict"`
		OSVersion         string `parquet:"os_version,optional,dict"`
		AppVersion        string `parquet:"app_version,optional,dict"`
		DeviceModel       string `parquet:"device_model,optional,dict"`
		Country           string `parquet:"country,optional,dict"`
		Language          string `parquet:"language,optional,dict"`
		AcquisitionSource string `parquet:"acquisition_source,optional,dict"`
		Campaign          string `parquet:"campaign,optional,dict"`
		Source            string `parquet:"source,dict"`
		Object            string `parquet:"object,dict"`
		Line              int64  `parquet:"line"`
	}
	type second struct {
		first
		ClientAt   int64  `parquet:"client_at,optional,timestamp(microsecond)"`
		SentAt     int64  `parquet:"sent_at,optional,timestamp(microsecond)"`
		Sequence   int64  `parquet:"sequence,optional"`
		View       string `parquet:"view_id,optional,dict"`
		Launch     bool   `parquet:"launch"`
		NewSession bool   `parquet:"new_session"`
	}
	old := first{UserID: "ann", EventID: "1", EventName: "open", OccurredAt: 1790856000000000, EngagedMillis: 7, Platform: "ios", Campaign: "autumn", Source: "app", Object: "a", Line: 3}
	lakeBucket := openBucket(t, map[string]string{
		"first": parquetFile(t, []first{old}), "second": parquetFile(t, []second{{first: old, Sequence: 4, NewSession: true}}),
	})
	for name, want := range map[string]string{
		"first":  "user=ann id=1 platform=ios campaign=autumn engaged=7",
		"second": "user=ann id=1 sequence=4 platform=ios campaign=autumn new_session engaged=7",
	} {
		for events, err := range extract.ReadDay(t.Context(), lakeBucket, []lake.StagedFile{{File: lake.File{Object: name}}}) {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			} else if diff := cmp.Diff(want, describe(events[0])); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		}
	}
}
