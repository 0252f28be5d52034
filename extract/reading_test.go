package extract

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
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
		return readNDJSON(ctx, &transport{broken}, r)
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
	flat := `{"event_id":"6f1c9a52e0b84d7793aa10c2f5be4d01","user_id":"u_4182","device_id":"5c1d0f7a9b3e","event_name":"view",` +
		`"timestamp":"2026-10-01T12:00:00.250Z","received_at":"2026-10-01T12:00:01Z","session_id":"1790855990","screen":"TripList",` +
		`"platform":"android","os_version":"14","app_version":"4.12.0","device_model":"Pixel 7a","country":"PT","language":"pt",` +
		`"properties":{"item":{"id":417,"price":12.5,"tags":["a","b"]},"referrer":"https://example.com/list?page=4"}}`
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
