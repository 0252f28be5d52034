package extract

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"

	"sojourn/internal/bucket"
	"sojourn/internal/calendar"
)

const openLine = `{"event_id":"1","user_id":"ann","event_name":"open","timestamp":"2026-10-01T12:00:00Z"}`

func newReading() *reading {
	b := &batch{options: Options{Now: calendar.UTC.Start(calendar.Date(2026, 10, 10))}}
	return &reading{
		worker: newWorker(b, 1<<30),
		source: Source{Name: "app", Format: "ndjson"},
		object: bucket.Object{Name: "a", Version: "v1"},
	}
}

// A connection that breaks is not the object's fault: what came before counts
// for now, and the object stays pending.
func TestBrokenConnection(t *testing.T) {
	r := newReading()
	broken := io.MultiReader(strings.NewReader(openLine+"\n"+openLine[:20]), iotest.ErrReader(errors.New("connection reset")))
	err := r.read(t.Context(), format{read: func(ctx context.Context, r *reading) error {
		return readNDJSON(ctx, &transport{broken, new(atomic.Int64)}, r)
	}})
	if err != nil {
		t.Fatal(err)
	}
	in := r.input
	if in.Version != "" || in.Events != 1 || in.Quarantined != 1 || !strings.Contains(in.Error, "connection reset") {
		t.Errorf("input %+v: want no version, one event, one record in quarantine and the reason", in)
	}
	if got := r.rejects[0]; got.Reason != unreadableObject || got.Line != 2 || string(got.Raw) != openLine[:20] {
		t.Errorf("in quarantine: line %d %s %q", got.Line, got.Reason, got.Raw)
	}
}

func TestReadAheadGivesTheSameBytes(t *testing.T) {
	content := strings.Repeat("0123456789", blockSize/4)
	for name, r := range map[string]io.Reader{
		"at once":            strings.NewReader(content),
		"one byte a time":    iotest.OneByteReader(strings.NewReader(content)),
		"error with data":    iotest.DataErrReader(strings.NewReader(content)),
		"half of what asked": iotest.HalfReader(strings.NewReader(content)),
	} {
		a := newReadAhead(r)
		got, err := io.ReadAll(a)
		a.Close()
		if err != nil || string(got) != content {
			t.Errorf("%s: %d bytes of %d, %v", name, len(got), len(content), err)
		}
	}
}

func TestReadAheadMayBeClosedEarly(t *testing.T) {
	a := newReadAhead(strings.NewReader(strings.Repeat("x", 10*blockSize)))
	if _, err := a.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	a.Close()
}

func BenchmarkDecode(b *testing.B) {
	ga4Line := `{"event_date":"20261001","event_timestamp":"1790856000250000","event_name":"screen_view","event_params":[` +
		`{"key":"ga_session_id","value":{"int_value":"1790855990"}},{"key":"ga_session_number","value":{"int_value":"12"}},` +
		`{"key":"firebase_screen","value":{"string_value":"TripList"}},{"key":"engagement_time_msec","value":{"int_value":"6140"}}],` +
		`"event_bundle_sequence_id":"412","user_id":"u_4182","user_pseudo_id":"5c1d0f7a9b3e4c6d","user_properties":[{"key":"plan",` +
		`"value":{"string_value":"pro","set_timestamp_micros":"1750000000000000"}}],"device":{"category":"mobile","operating_system":"ANDROID",` +
		`"operating_system_version":"14","mobile_model_name":"Pixel 7a"},"geo":{"country":"Portugal"},"app_info":{"version":"4.12.0"},"platform":"ANDROID"}`
	mixpanelLine := `{"event":"Trip Opened","properties":{"time":1790856000,"distinct_id":"u_4182","$app_build_number":"41200","$app_version_string":"4.12.0",` +
		`"$bluetooth_enabled":false,"$brand":"google","$carrier":"MEO","$city":"Lisbon","$device_id":"5c1d0f7a9b3e4c6d","$has_nfc":true,"$insert_id":"k3v9q0x2m8t1",` +
		`"$lib_version":"7.4.1","$manufacturer":"Google","$model":"Pixel 7a","$mp_api_endpoint":"api.mixpanel.com","$mp_api_timestamp_ms":1790856004120,"$os":"Android",` +
		`"$os_version":"14","$region":"Lisbon","$screen_dpi":420,"$screen_height":2400,"$screen_width":1080,"$user_id":"u_4182","$wifi":true,"mp_country_code":"PT",` +
		`"mp_lib":"android","mp_processing_time_ms":1790856004155,"screen":"TripList"}}`
	amplitudeLine := `{"$insert_id":"7f2a9c10-30d1-4d55-8a51-0c4be1f0aa21","uuid":"1d0c6a52-56ab-11f0-9c2e-0242ac120002","amplitude_id":688220441907,"user_id":"u_4182",` +
		`"device_id":"5c1d0f7a9b3e4c6d","event_type":"[Amplitude] Screen Viewed","event_id":341,"session_id":1790855990118,"event_time":"2026-10-01 12:00:00.250000",` +
		`"client_event_time":"2026-10-01 12:00:00.250000","client_upload_time":"2026-10-01 12:00:02.001000","server_received_time":"2026-10-01 12:00:02.377000",` +
		`"server_upload_time":"2026-10-01 12:00:03.004000","processed_time":"2026-10-01 12:00:05.611000","platform":"Android","os_name":"android","os_version":"14",` +
		`"version_name":"4.12.0","device_family":"Google Pixel","country":"Portugal","language":"Portuguese","library":"amplitude-analytics-android/1.20.0",` +
		`"event_properties":{"[Amplitude] Screen Name":"TripList"},"user_properties":{"plan":"pro","initial_utm_source":"EMPTY"},"groups":{},"data":{}}`
	flat := `{"event_id":"6f1c9a52e0b84d7793aa10c2f5be4d01","user_id":"u_4182","device_id":"5c1d0f7a9b3e","event_name":"view",` +
		`"timestamp":"2026-10-01T12:00:00.250Z","received_at":"2026-10-01T12:00:01Z","session_id":"1790855990","screen":"TripList",` +
		`"platform":"android","os_version":"14","app_version":"4.12.0","device_model":"Pixel 7a","country":"PT","language":"pt",` +
		`"properties":{"item":{"id":417,"price":12.5,"tags":["a","b"]},"referrer":"https://example.com/list?page=4"}}`
	const specified = `"userId":"u_4182","anonymousId":"5b0d4d8e-51d0-4a37-9a39-3c8f2e1d0b7a","originalTimestamp":"2026-10-01T12:00:00.250Z",` +
		`"sentAt":"2026-10-01T12:00:02.001Z","receivedAt":"2026-10-01T12:00:03.377Z","timestamp":"2026-10-01T12:00:01.626Z",` +
		`"properties":{"trip_id":"t_77","price":12.5,"tags":["a","b"]},"context":{%s"app":{"name":"TrailNotes","version":"4.12.0","build":"41200"},` +
		`"device":{"id":"d9f1c7","type":"android","model":"Pixel 7a"},"os":{"name":"Android","version":"14"},"locale":"pt-PT","timezone":"Europe/Lisbon",` +
		`"network":{"cellular":false,"wifi":true},"screen":{"width":412,"height":915},"library":{"name":"analytics-kotlin","version":"1.19.0"}},"integrations":{}}`
	segmentLine := `{"type":"track","event":"Trip Opened","messageId":"a1f0d2c4-9c1b-4f8e-8e55-0f7a1b2c3d4e","channel":"server",` +
		fmt.Sprintf(specified, "")
	rudderLine := `{"type":"track","event":"Trip Opened","messageId":"1790856000250-6d0b8b0e","channel":"mobile","rudderId":"c1f7e2aa","request_ip":"203.0.113.24",` +
		fmt.Sprintf(specified, `"sessionId":1790855990,`)
	postHogLine := `{"uuid":"0197c74b-e8ca-7c11-9d3e-5b7f0a1c2d3e","event":"$screen","distinct_id":"u_4182","person_id":"3f0a6c1e-0b57-5d3f-a1d7-0c9e8b7a6f51",` +
		`"timestamp":"2026-10-01T12:00:00.250000Z","created_at":"2026-10-01T12:00:02.377000Z","properties":{"$session_id":"0197c74b-ccee-7a09-8c44-1d2e3f405162",` +
		`"$screen_name":"TripList","$device_id":"0197aaaa-ccee-7a09-8c44-1d2e3f405162","$is_identified":true,"$os_name":"Android","$os_version":"14",` +
		`"$app_version":"4.12.0","$app_build":"41200","$device_type":"Mobile","$device_model":"Pixel 7a","$lib":"posthog-android","$locale":"pt-PT"},` +
		`"person_properties":{"plan":"pro","first_seen":"2026-09-01"}}`
	snowplowLine := func() string {
		columns := make([]string, snowplowWidth)
		for name, text := range map[string]string{
			"app_id": "trailnotes", "platform": "mob", "etl_tstamp": "2026-10-01 12:00:04.902", "collector_tstamp": "2026-10-01 12:00:03.377",
			"dvce_created_tstamp": "2026-10-01 12:00:00.250", "event": "unstruct", "event_id": "0b9e6c1e-5a54-4c0b-9a43-2f6f2f3f7d10",
			"name_tracker": "trail", "v_tracker": "andr-6.2.0", "user_id": "u_4182", "network_userid": "7d1b2c55-91b1-4b7e-8a90-0f3a1d2c4e66", "geo_country": "PT",
			"contexts": `{"schema":"iglu:com.snowplowanalytics.snowplow/contexts/jsonschema/1-0-1","data":[` +
				`{"schema":"iglu:com.snowplowanalytics.snowplow/client_session/jsonschema/1-0-2","data":{"userId":"c4a1e6d0-3b7f-4a52-9d18-6e0f5b2a7c31",` +
				`"sessionId":"6f0e2d9b-84c1-4f67-b0a3-19d5c7e8f204","sessionIndex":12,"eventIndex":3,"storageMechanism":"LOCAL_STORAGE",` +
				`"firstEventId":"f2c70a14-6d3e-4b95-a8f1-0e9b5c2d7a63","firstEventTimestamp":"2026-10-01T11:58:03.118Z"}},` +
				`{"schema":"iglu:com.snowplowanalytics.snowplow/mobile_context/jsonschema/1-0-3","data":{"osType":"android","osVersion":"14",` +
				`"deviceManufacturer":"Google","deviceModel":"Pixel 7a","language":"pt","batteryLevel":81}},` +
				`{"schema":"iglu:com.snowplowanalytics.mobile/application/jsonschema/1-0-0","data":{"version":"4.12.0","build":"41200"}}]}`,
			"unstruct_event": `{"schema":"iglu:com.snowplowanalytics.snowplow/unstruct_event/jsonschema/1-0-0","data":` +
				`{"schema":"iglu:com.snowplowanalytics.mobile/screen_view/jsonschema/1-0-0","data":{"name":"TripList","id":"a91f4c02-7b6d-4e38-9c05-d2f8e1a3b794"}}}`,
			"dvce_sent_tstamp": "2026-10-01 12:00:02.001", "derived_tstamp": "2026-10-01 12:00:01.626", "event_vendor": "com.snowplowanalytics.mobile",
			"event_name": "screen_view", "event_format": "jsonschema", "event_version": "1-0-0", "event_fingerprint": "3e1b0c44a7d2f9e8",
		} {
			columns[slices.Index(snowplowColumns(), name)] = text
		}
		return strings.Join(columns, "\t")
	}
	adobeHeader := &adobeHeader{columns: strings.Split("hit_time_gmt\tcust_hit_time_gmt\thitid_high\thitid_low\tpost_visid_high\tpost_visid_low\tvisit_num\t"+
		"visit_start_time_gmt\tvisit_page_num\texclude_hit\thit_source\tcustomer_perspective\tpost_page_event\tpost_pagename\tpost_mobileappid\tgeo_country\tpost_campaign"+
		strings.Repeat("\tpost_evar", 250), "\t")}
	adobeLine := "1790856010\t1790856000\t3381726401112233445\t4611687193342112233\t3098811204455667788\t6917530991122334455\t12\t1790855990\t3\t0\t2\t0\t0\t" +
		"TripList\tTrailNotes 4.12.0 (41200)\tprt\tspring_push" + strings.Repeat("\tlisbon:trips", 50) + strings.Repeat("\t", 200)
	for _, test := range []struct {
		name string
		line string
		read func(context.Context, io.Reader, *reading) error
	}{
		{"ndjson", flat, readNDJSON},
		{"ga4", ga4Line, ga4Product().readLines},
		{"mixpanel", mixpanelLine, mixpanelProduct().readLines},
		{"amplitude", amplitudeLine, amplitudeProduct().readLines},
		{"segment", segmentLine, segmentProduct().readLines},
		{"rudderstack", rudderLine, rudderStackProduct().readLines},
		{"posthog", postHogLine, postHogProduct().readLines},
		{"snowplow", snowplowLine(), readSnowplow},
		{"adobe", adobeLine, func(ctx context.Context, data io.Reader, r *reading) error {
			a, err := newAdobe(r, adobeHeader)
			if err != nil {
				return err
			}
			return a.read(ctx, data, r)
		}},
		{"csv", "1,u_4182,5c1d0f7a9b3e,view,2026-10-01T12:00:00Z,TripList,android,4.12.0", readCSV},
	} {
		b.Run(test.name, func(b *testing.B) {
			content := strings.Repeat(test.line+"\n", 10_000)
			if test.name == "csv" {
				content = "event_id,user_id,device_id,event_name,timestamp,screen,platform,app_version\n" + content
			}
			b.SetBytes(int64(len(content)))
			b.ReportAllocs()
			for b.Loop() {
				r := newReading()
				if err := test.read(b.Context(), strings.NewReader(content), r); err != nil || r.input.Events != 10_000 {
					b.Fatalf("%d events, %v", r.input.Events, err)
				}
			}
		})
	}
}
