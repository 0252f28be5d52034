package extract_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
	"pgregory.net/rapid"

	"sojourn/extract"
	"sojourn/internal/lake"
	"sojourn/transform"
)

// ga4Schema is the schema of a GA4 export, as far as it is read, with columns
// that are not.
func ga4Schema(layout extract.ListLayout) parquet.Group {
	text, number, double := parquet.Optional(parquet.String()), parquet.Optional(parquet.Int(64)), parquet.Optional(parquet.Leaf(parquet.DoubleType))
	parameters := layout.Node(parquet.Group{"key": text, "value": parquet.Optional(parquet.Group{
		"string_value": text, "int_value": number, "float_value": double, "double_value": double,
	})})
	return parquet.Group{
		"event_date": text, "event_timestamp": number, "event_name": text, "event_params": parameters,
		"event_bundle_sequence_id": number, "user_id": text, "user_pseudo_id": text, "user_properties": parameters,
		"device":   parquet.Optional(parquet.Group{"category": text, "operating_system_version": text, "mobile_model_name": text, "language": text}),
		"geo":      parquet.Optional(parquet.Group{"country": text, "city": text}),
		"app_info": parquet.Optional(parquet.Group{"id": text, "version": text}),
		"traffic_source": parquet.Optional(parquet.Group{
			"name": text, "medium": text, "source": text,
		}),
		"stream_id": text, "platform": text,
		"items": layout.Node(parquet.Group{"item_id": text, "item_params": parameters}),
	}
}

func drawGA4Row(t *rapid.T, name string) map[string]any {
	maybe := func(label string, values ...any) any {
		return rapid.SampledFrom(append(values, nil)).Draw(t, label)
	}
	object := func(label string, fields ...string) any {
		if rapid.IntRange(0, 4).Draw(t, label) == 0 {
			return nil
		}
		o := map[string]any{}
		for _, f := range fields {
			o[f] = maybe(label+"."+f, "x", "", "ü\"\\\n")
		}
		return o
	}
	parameters := func(label string) any {
		list := make([]any, rapid.IntRange(0, 4).Draw(t, label))
		for i := range list {
			key := rapid.SampledFrom([]string{
				"ga_session_id", "firebase_screen", "firebase_screen_class", "page_location", "engagement_time_msec",
				"fatal", "extend_session", "plan",
			}).Draw(t, "key")
			value := map[string]any{}
			switch rapid.IntRange(0, 4).Draw(t, "type") {
			case 0:
				value["string_value"] = rapid.SampledFrom([]string{"", "1", "Home <b> & é", "{}"}).Draw(t, "text")
			case 1:
				value["int_value"] = rapid.SampledFrom([]int64{0, 1, 6140, 1790855990, -5}).Draw(t, "int")
			case 2:
				value["double_value"] = rapid.SampledFrom([]float64{0, 1, 12.5, 1e21, 1e-7}).Draw(t, "double")
			case 3:
				value["float_value"] = rapid.SampledFrom([]float64{0.1, -3}).Draw(t, "float")
			default:
				value = nil
			}
			list[i] = map[string]any{"key": key, "value": nil}
			if value != nil {
				list[i].(map[string]any)["value"] = value
			}
		}
		return list
	}
	return map[string]any{
		"event_date":      "20261001",
		"event_timestamp": maybe("time", now-rapid.Int64Range(0, 3*86400e6).Draw(t, "age"), int64(5)),
		"event_name":      maybe("name", name, name, name, "app_exception", "app_remove"),
		"event_params":    parameters("event_params"), "user_properties": parameters("user_properties"),
		"event_bundle_sequence_id": maybe("bundle", int64(412), int64(413)),
		"user_id":                  maybe("user", "u_1", "u_2"), "user_pseudo_id": maybe("device", "5c1d", "77aa"),
		"device": object("device", "category", "operating_system_version", "mobile_model_name", "language"),
		"geo":    object("geo", "country", "city"), "app_info": object("app_info", "id", "version"),
		"traffic_source": object("traffic_source", "name", "medium", "source"),
		"stream_id":      "1", "platform": maybe("platform", "ANDROID", "WEB"),
		"items": []any{map[string]any{"item_id": "i", "item_params": parameters("item_params")}},
	}
}

// ga4Line writes a row as a dump of JSON lines does: integers are quoted, and
// what is null is left out.
func ga4Line(t testing.TB, row map[string]any) string {
	t.Helper()
	var plain func(v any) any
	plain = func(v any) any {
		switch v := v.(type) {
		case map[string]any:
			o := map[string]any{}
			for k, inner := range v {
				if inner != nil {
					o[k] = plain(inner)
				}
			}
			return o
		case []any:
			list := make([]any, len(v))
			for i := range v {
				list[i] = plain(v[i])
			}
			return list
		case int64:
			return fmt.Sprint(v)
		}
		return v
	}
	text, err := json.Marshal(plain(row))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// stagedWhole returns the staged events of an object, whole, and what is in
// quarantine.
func stagedWhole(t testing.TB, source extract.Source, content string) (events []transform.Event, rejects []string) {
	t.Helper()
	source.Name = "app"
	source.Bucket = openBucket(t, map[string]string{"in": content})
	lakeBucket := openBucket(t, nil)
	batch := stage(t, lakeBucket, source, extract.Options{Now: now})
	staged := lake.Staged([]lake.Batch{batch})
	for _, day := range slices.Sorted(maps.Keys(staged)) {
		for list, err := range extract.ReadDay(t.Context(), lakeBucket, staged[day]) {
			if err != nil {
				t.Fatal(err)
			}
			events = append(events, slices.Clone(list)...)
		}
	}
	for _, r := range quarantine(t, lakeBucket, batch) {
		rejects = append(rejects, fmt.Sprintf("%d %s: %s", r.Line, r.Reason, r.Detail))
	}
	return events, rejects
}

// A dump as Parquet gives the same events as one of JSON lines, however its
// lists are laid out.
func TestGA4ParquetSaysWhatLinesSay(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		rows := make([]map[string]any, rapid.IntRange(1, 6).Draw(rt, "rows"))
		var lines strings.Builder
		for i := range rows {
			rows[i] = drawGA4Row(rt, fmt.Sprint("event", i))
			lines.WriteString(ga4Line(t, rows[i]) + "\n")
		}
		wantEvents, wantRejects := stagedWhole(t, ga4, lines.String())
		layout := rapid.SampledFrom(extract.ListLayouts()).Draw(rt, "layout")
		events, rejects := stagedWhole(t, ga4, extract.ShredParquet(t, layout, ga4Schema(layout), rows, parquet.PageBufferSize(200)))
		if diff := cmp.Diff(wantEvents, events); diff != "" {
			rt.Errorf("%s: events (-lines +Parquet):\n%s", layout.Name, diff)
		}
		if diff := cmp.Diff(wantRejects, rejects); diff != "" {
			rt.Errorf("%s: in quarantine (-lines +Parquet):\n%s", layout.Name, diff)
		}
	})
}

// A row in quarantine is kept as the record it stands for, under its number.
func TestParquetRowInQuarantine(t *testing.T) {
	layout := extract.ListLayouts()[0]
	good := map[string]any{"event_name": "open", "event_timestamp": now - 1, "user_id": "ann", "event_params": []any{}}
	bad := map[string]any{"event_name": "open", "user_id": "ann", "geo": map[string]any{"city": "Porto"}, "event_params": []any{
		map[string]any{"key": "fatal", "value": map[string]any{"int_value": int64(1)}},
	}}
	source := ga4
	source.Name = "app"
	content := extract.ShredParquet(t, layout, ga4Schema(layout), []map[string]any{good, bad, good})
	source.Bucket = openBucket(t, map[string]string{"in.parquet": content})
	lakeBucket := openBucket(t, nil)
	got := quarantine(t, lakeBucket, stage(t, lakeBucket, source, extract.Options{Now: now}))
	raw := `{"app_info":null,"device":null,"event_bundle_sequence_id":null,"event_name":"open",` +
		`"event_params":[{"key":"fatal","value":{"double_value":null,"float_value":null,"int_value":1,"string_value":null}}],` +
		`"event_timestamp":null,"geo":{"country":null},"platform":null,"stream_id":null,"traffic_source":null,"user_id":"ann","user_pseudo_id":null}`
	want := []rejectedRow{{"app", "in.parquet", 2, "missing_timestamp", "timestamp (event_timestamp) is missing or empty", []byte(raw), int64(len(raw))}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("quarantine (-want +got):\n%s", diff)
	}
}

// Places of the configuration are read too, their times in their units or as
// the times that they are.
func TestProductParquetWithMappedFields(t *testing.T) {
	type row struct {
		Name     string  `parquet:"event_name"`
		At       int64   `parquet:"event_timestamp,timestamp(millisecond)"`
		User     string  `parquet:"user_id"`
		Received *int64  `parquet:"received,timestamp(nanosecond)"`
		Sent     float64 `parquet:"sent"`
	}
	received := now * 1000
	content := parquetFile(t, []row{{Name: "open", At: 1790856000_250, User: "ann", Received: &received, Sent: 1790856001.5}})
	source := ga4
	source.Fields = map[string]extract.Field{"received_at": {Path: "received"}, "sent_at": {Path: "sent", Unit: "s"}}
	got := stagedOne(t, source, content)
	if got.At != 1790856000_250000 || got.ReceivedAt != now || got.SentAt != 1790856001_500000 {
		t.Errorf("at %d, received %d, sent %d", got.At, got.ReceivedAt, got.SentAt)
	}
}

func TestParquetOfAnotherFormat(t *testing.T) {
	layout := extract.ListLayouts()[0]
	export := extract.ShredParquet(t, layout, ga4Schema(layout), []map[string]any{
		{"event_name": "open", "event_timestamp": now - 1, "user_id": "ann", "event_params": []any{}},
	})
	const ask = ": is the source's format right, and its match?"
	for _, test := range []struct{ name, format, content, want string }{
		{"a Parquet file where lines are wanted", "ndjson", export, "1 wrong_format: this is a Parquet file, not lines of text" + ask},
		{"a Parquet file where csv is wanted", "csv", export, "1 wrong_format: this is a Parquet file, not lines of text" + ask},
		{"an export under parquet", "parquet", export, "1 wrong_format: no column timestamp; these are records of ga4" + ask},
		{"other rows under a product", "ga4", parquetFile(t, []nestedRow{{}}),
			"1 wrong_format: this Parquet file has no column of ga4, but name, time, actor, tags" + ask},
	} {
		t.Run(test.name, func(t *testing.T) {
			events, rejects := staged(t, extract.Source{Format: test.format}, test.content)
			if diff := cmp.Diff([]string{test.want}, rejects); diff != "" || len(events) > 0 {
				t.Errorf("events %q, in quarantine (-want +got):\n%s", events, diff)
			}
		})
	}
}

func TestProductParquetUnreadable(t *testing.T) {
	layout := extract.ListLayouts()[0]
	rows := slices.Repeat([]map[string]any{{"event_name": "open", "event_timestamp": now - 1, "user_id": "ann", "event_params": []any{}}}, 10)
	good := extract.ShredParquet(t, layout, ga4Schema(layout), rows)
	events, rejects := staged(t, ga4, good[:len(good)-20])
	if len(events) > 0 || len(rejects) != 1 || !strings.HasPrefix(rejects[0], "1 unreadable_object: not a Parquet file: it ends with ") {
		t.Errorf("cut off: events %q, in quarantine %q", events, rejects)
	}

	// A page of the second half is damaged: the rows before it count.
	halves := extract.ShredParquet(t, layout, ga4Schema(layout), rows, parquet.MaxRowsPerRowGroup(5))
	f, err := parquet.OpenFile(strings.NewReader(halves), int64(len(halves)))
	if err != nil {
		t.Fatal(err)
	}
	names, _ := f.Schema().Lookup("event_name")
	at := f.Metadata().RowGroups[1].Columns[names.ColumnIndex].MetaData.DataPageOffset
	events, rejects = staged(t, ga4, halves[:at]+"\xff\xff\xff"+halves[at+3:])
	want := []string{"6 truncated_object: the object ends early or is corrupt in line 6: column event_name: the header of a page is damaged"}
	if diff := cmp.Diff(want, rejects); diff != "" || len(events) != 5 {
		t.Errorf("%d events, want 5; in quarantine (-want +got):\n%s", len(events), diff)
	}
}
