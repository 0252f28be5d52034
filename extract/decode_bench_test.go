package extract

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"sojourn/internal/bucket"
)

// benchEvents is how many events an object of the benchmarks has.
const benchEvents = 10_000

// flatLine is an event as an app's own tracker would write it.
const flatLine = `{"event_id":"6f1c9a52e0b84d7793aa10c2f5be4d01","user_id":"u_4182","device_id":"5c1d0f7a9b3e","event_name":"view",` +
	`"timestamp":"2026-10-01T12:00:00.250Z","received_at":"2026-10-01T12:00:01Z","session_id":"1790855990","screen":"TripList",` +
	`"platform":"android","os_version":"14","app_version":"4.12.0","device_model":"Pixel 7a","country":"PT","language":"pt",` +
	`"properties":{"item":{"id":417,"price":12.5,"tags":["a","b"]},"referrer":"https://example.com/list?page=4"}}`

// likeIt returns records like one, each with an id of its own and a time within
// the hour, of two thousand subjects. What is put in place of something is as
// long as it was.
func likeIt(record, id string) []string {
	subjects := []string{"u_4182", "5c1d0f7a", "5b0d4d8e", "0197aaaa", "c4a1e6d0", "688220441907", "3098811204455667788"}
	records := make([]string, benchEvents)
	for i := range records {
		at := i % 3600
		changes := []string{
			id, fmt.Sprintf("%s%08d", id[:len(id)-8], i*40_503_057%100_000_000),
			"1790856000", strconv.Itoa(1790856000 + at), "12:00:00.", fmt.Sprintf("12:%02d:%02d.", at/60, at%60),
		}
		for _, s := range subjects {
			changes = append(changes, s, fmt.Sprintf("%s%04d", s[:len(s)-4], i*7919%2000))
		}
		records[i] = strings.NewReplacer(changes...).Replace(record)
	}
	return records
}

// benchmarkDecode reads objects of some content, and refuses any that is not
// all events.
func benchmarkDecode(b *testing.B, content string, read func(context.Context, *reading) error) {
	b.SetBytes(int64(len(content)))
	b.ReportAllocs()
	for b.Loop() {
		r := newReading()
		if err := read(b.Context(), r); err != nil || r.input.Events != benchEvents || r.input.Lines != benchEvents {
			b.Fatalf("%d records, %d events, %v", r.input.Lines, r.input.Events, err)
		}
	}
	b.ReportMetric(float64(benchEvents*b.N)/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkDecode reads an object of each format from memory, Parquet from a
// file, of which MB/s counts the bytes as they are packed.
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
		name, line, id string
		read           func(context.Context, io.Reader, *reading) error
	}{
		{"ndjson", flatLine, "6f1c9a52e0b84d7793aa10c2f5be4d01", readNDJSON},
		{"csv", "6f1c9a52e0b84d77,u_4182,5c1d0f7a9b3e,view,2026-10-01T12:00:00.250Z,TripList,android,4.12.0", "6f1c9a52e0b84d77", readCSV},
		{"ga4", ga4Line, "1790856000250000", ga4Product().readLines},
		{"mixpanel", mixpanelLine, "k3v9q0x2m8t1", mixpanelProduct().readLines},
		{"amplitude", amplitudeLine, "1d0c6a52-56ab-11f0-9c2e-0242ac120002", amplitudeProduct().readLines},
		{"segment", segmentLine, "a1f0d2c4-9c1b-4f8e-8e55-0f7a1b2c3d4e", segmentProduct().readLines},
		{"rudderstack", rudderLine, "1790856000250-6d0b8b0e", rudderStackProduct().readLines},
		{"snowplow", snowplowLine(), "0b9e6c1e-5a54-4c0b-9a43-2f6f2f3f7d10", readSnowplow},
		{"posthog", postHogLine, "0197c74b-e8ca-7c11-9d3e-5b7f0a1c2d3e", postHogProduct().readLines},
		{"adobe", adobeLine, "4611687193342112233", func(ctx context.Context, data io.Reader, r *reading) error {
			a, err := newAdobe(r, adobeHeader)
			if err != nil {
				return err
			}
			return a.read(ctx, data, r)
		}},
	} {
		b.Run(test.name, func(b *testing.B) {
			content := strings.Join(likeIt(test.line, test.id), "\n")
			if test.name == "csv" {
				content = "event_id,user_id,device_id,event_name,timestamp,screen,platform,app_version\n" + content
			}
			benchmarkDecode(b, content, func(ctx context.Context, r *reading) error { return test.read(ctx, strings.NewReader(content), r) })
		})
	}

	text, number := parquet.Optional(parquet.String()), parquet.Optional(parquet.Int(64))
	layout := ListLayouts()[0]
	parameters := layout.Node(parquet.Group{"key": text, "value": parquet.Optional(parquet.Group{"string_value": text, "int_value": number})})
	for _, test := range []struct {
		name, record, id string
		schema           parquet.Group
		read             reader
	}{
		{"parquet", flatLine, "6f1c9a52e0b84d7793aa10c2f5be4d01", parquet.Group{
			"event_id": text, "user_id": text, "device_id": text, "event_name": text, "timestamp": text, "received_at": text, "session_id": text,
			"screen": text, "platform": text, "os_version": text, "app_version": text, "device_model": text, "country": text, "language": text,
		}, readParquet},
		{"ga4-parquet", ga4Line, "1790856000250000", parquet.Group{
			"event_date": text, "event_timestamp": number, "event_name": text, "event_params": parameters, "event_bundle_sequence_id": number,
			"user_id": text, "user_pseudo_id": text, "user_properties": parameters, "platform": text,
			"device": parquet.Optional(parquet.Group{"category": text, "operating_system_version": text, "mobile_model_name": text}),
			"geo":    parquet.Optional(parquet.Group{"country": text}), "app_info": parquet.Optional(parquet.Group{"version": text}),
		}, ga4Product().readParquet},
		{"posthog-parquet", postHogLine, "0197c74b-e8ca-7c11-9d3e-5b7f0a1c2d3e", parquet.Group{
			"uuid": text, "event": text, "distinct_id": text, "person_id": text, "timestamp": text, "created_at": text,
			"properties": text, "person_properties": text,
		}, postHogProduct().readParquet},
	} {
		b.Run(test.name, func(b *testing.B) {
			rows := make([]map[string]any, benchEvents)
			for i, record := range likeIt(test.record, test.id) {
				if err := json.Unmarshal([]byte(record), &rows[i]); err != nil {
					b.Fatal(err)
				}
				asColumns(test.schema, rows[i])
			}
			dir := b.TempDir()
			content := ShredParquet(b, layout, test.schema, rows, parquet.Compression(&parquet.Snappy))
			spooledFile(b, dir, content).Close() // for its file
			files, err := bucket.Open(b.Context(), dir, false, nil)
			if err != nil {
				b.Fatal(err)
			}
			defer files.Close()
			benchmarkDecode(b, content, func(ctx context.Context, r *reading) error {
				r.source.Bucket, r.source.Format, r.object.Name = files, strings.TrimSuffix(test.name, "-parquet"), "in.parquet"
				return test.read(ctx, r)
			})
		})
	}
}

// asColumns makes the members of a record what the columns of that name hold:
// numbers of GA4 are texts in JSON, and objects are texts in PostHog's columns.
func asColumns(schema parquet.Group, record map[string]any) {
	for name, value := range record {
		switch v := value.(type) {
		case string:
			if n, err := strconv.ParseInt(v, 10, 64); err == nil && (name == "int_value" || schema[name] != nil && schema[name].Type().Kind() == parquet.Int64) {
				record[name] = n
			}
		case []any:
			for _, element := range v {
				if object, ok := element.(map[string]any); ok {
					asColumns(nil, object)
				}
			}
		case map[string]any:
			if schema[name] != nil && schema[name].Leaf() {
				text, _ := json.Marshal(v) // it was JSON before
				record[name] = string(text)
				continue
			}
			asColumns(nil, v)
		}
	}
}

// BenchmarkLines is the floor of all formats of lines: what decompressing and
// splitting takes. MB/s counts the bytes of the lines.
func BenchmarkLines(b *testing.B) {
	content := FlatRecords(2*benchEvents, 2000)
	packed := compressions(b, content)
	for _, ending := range []string{"", ".gz", ".zst", ".br"} {
		b.Run("in"+ending, func(b *testing.B) {
			b.SetBytes(int64(len(content)))
			b.ReportAllocs()
			for b.Loop() {
				data, err := decompress(strings.NewReader(packed[ending]), "in"+ending)
				if err != nil {
					b.Fatal(err)
				}
				lines, n := newLines(data), 0
				for ; err == nil; n++ {
					_, err = lines.next()
				}
				if err != io.EOF || n-1 != 2*benchEvents {
					b.Fatalf("%d lines, %v", n-1, err)
				}
				data.Close() // read-only: nothing to lose
			}
		})
	}
}

// BenchmarkEncodeStaged writes the events of a day, which are in order, as a
// staged file in memory; BenchmarkReadDay reads such files.
func BenchmarkEncodeStaged(b *testing.B) {
	r := newReading()
	r.source = FlatSource()
	if err := readNDJSON(b.Context(), strings.NewReader(FlatRecords(10*benchEvents, 5000)), r); err != nil {
		b.Fatal(err)
	}
	events := r.current.all()
	sortEvents(events)
	b.ReportAllocs()
	for b.Loop() {
		var file bytes.Buffer
		if err := encodeStaged(&file, events); err != nil || len(events) != 10*benchEvents {
			b.Fatalf("%d events, %v", len(events), err)
		}
		b.ReportMetric(float64(file.Len())/float64(len(events)), "B/event")
	}
	b.ReportMetric(float64(len(events)*b.N)/b.Elapsed().Seconds(), "events/s")
}
