package extract_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sojourn/extract"
)

func TestCSV(t *testing.T) {
	source := extract.Source{Format: "csv", Fields: map[string]extract.Field{
		"event_id": {Path: "id"}, "user_id": {Path: "user.id"}, "event_name": {Path: "name"}, "timestamp": {Path: "time"},
		"crash": {Path: "crash"}, "screen": {Path: "not there"},
	}}
	events, rejects := staged(t, source, strings.Join([]string{
		"\xef\xbb\xbfid,time,user.id,name,crash",
		`1,2026-10-01 12:00:00,ann,open,`,
		`2,2026-10-01 12:01:00,"ann",close,1`,
		`3,2026-10-01 12:01:00,ann,close`,
		`4,soon,ann,close,`,
		`5,2026-10-01 12:01:00,a"nn,close,`,
		``,
		`6,2026-10-01 12:02:00,"bob`,
		`by","more",0`,
		`7,2026-10-01 12:02:00,"bob`,
	}, "\r\n"))
	want := []string{
		"ann/ open 1790856000000000 id=1 in:2",
		"ann/ close 1790856060000000 id=2 in:3",
		"bob\nby/ more 1790856120000000 id=6 in:8",
	}
	if diff := cmp.Diff(want, events); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	want = []string{
		"4 bad_csv: 4 columns, want 5 as in the header",
		`5 bad_timestamp: timestamp (time) is "soon", want a time such as 2026-10-01T12:00:00Z`,
		"6 bad_csv: a quote inside column 3, which does not begin with one",
		"10 bad_csv: a quote is never closed",
	}
	if diff := cmp.Diff(want, rejects); diff != "" {
		t.Errorf("in quarantine (-want +got):\n%s", diff)
	}
}

// Without a header that can be used all records are lost, and counted so.
func TestCSVWithoutHeader(t *testing.T) {
	for _, test := range []struct{ name, header, problem string }{
		{"missing column", "timestamp,event_name", "no column user_id or device_id"},
		{"bad syntax", `timestamp,ev"ent_name,user_id`, "a quote inside column 2, which does not begin with one"},
		{"open quote", `timestamp,event_name,"user_id`, "text after the closing quote of column 3"},
	} {
		t.Run(test.name, func(t *testing.T) {
			events, rejects := staged(t, extract.Source{Format: "csv"}, test.header+"\n1,open,ann\n\n2,\"close,ann\n3,open,ann\n")
			if len(events) > 0 {
				t.Errorf("events %q", events)
			}
			var want []string
			for _, line := range []int{1, 2, 4, 5} {
				want = append(want, fmt.Sprintf("%d unreadable_object: header: %s", line, test.problem))
			}
			if diff := cmp.Diff(want, rejects); diff != "" {
				t.Errorf("in quarantine (-want +got):\n%s", diff)
			}
		})
	}
}

var ga4 = extract.Source{Format: "ga4"}

const ga4View = `{"event_date":"20261001","event_timestamp":"1790856000250000","event_name":"screen_view",` +
	`"event_params":[{"key":"ga_session_id","value":{"int_value":"1790855990"}},{"key":"firebase_screen","value":{"string_value":"TripList"}},` +
	`{"key":"engagement_time_msec","value":{"int_value":"6140"}}],"event_bundle_sequence_id":"412","user_id":"u_1","user_pseudo_id":"5c1d",` +
	`"user_properties":[{"key":"plan","value":{"string_value":"pro"}}],"device":{"operating_system_version":"14","mobile_model_name":"Pixel 7a","language":"pt-pt"},` +
	`"geo":{"country":"Portugal"},"app_info":{"version":"4.12.0"},"traffic_source":{"source":"google","name":"autumn"},"platform":"ANDROID"}`

func TestGA4(t *testing.T) {
	got := stagedOne(t, ga4, ga4View)
	want := "user=u_1 device=5c1d id=" + got.ID + " session=1790855990 screen=TripList platform=ANDROID os=14 app=4.12.0" +
		" model=Pixel 7a country=Portugal language=pt-pt source=google campaign=autumn engaged=6140"
	if describe(got) != want || got.At != 1790856000250000 || got.Name != "screen_view" {
		t.Errorf("got  %s %d %s\nwant %s", got.Name, got.At, describe(got), want)
	}
}

func TestGA4Parameters(t *testing.T) {
	event := func(name, params string) string {
		return `{"event_timestamp":1790856000250000,"event_name":"` + name + `","user_pseudo_id":"5c1d","event_params":` + params + `}`
	}
	for _, test := range []struct{ name, record, want string }{
		{"none", event("open", "null"), "engaged=0"},
		{"screen class where no screen is known", event("open", `[{"key":"firebase_screen_class","value":{"string_value":"Main"}},{"key":"firebase_screen","value":{"string_value":null}}]`),
			"screen=Main engaged=0"},
		{"page", event("open", `[{"value":{"string_value":"https://example.com/"},"key":"page_location"}]`), "screen=https://example.com/ engaged=0"},
		{"numbers without quotes", event("open", `[{"key":"ga_session_id","value":{"int_value":7}},{"key":"engagement_time_msec","value":{"int_value":9}}]`),
			"session=7 engaged=9"},
		{"fatal exception", event("app_exception", `[{"key":"fatal","value":{"int_value":"1"}}]`), "crash engaged=0"},
		{"exception that was handled", event("app_exception", `[{"key":"fatal","value":{"int_value":"0"}}]`), "engaged=0"},
		{"fatal of another event", event("open", `[{"key":"fatal","value":{"int_value":"1"}}]`), "engaged=0"},
		{"push", event("notification_receive", `[]`), "background engaged=0"},
		{"campaign of the event", strings.Replace(event("open", "[]"), `{`,
			`{"traffic_source":{"source":"a","name":"b"},"collected_traffic_source":{"manual_source":"c","manual_campaign_name":"d"},`, 1),
			"source=c campaign=d engaged=0"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := stagedOne(t, ga4, test.record)
			if want := "device=5c1d id=" + got.ID + " " + test.want; describe(got) != want {
				t.Errorf("got  %s\nwant %s", describe(got), want)
			}
		})
	}
}

// Two deliveries of an event may differ in the order of parameters and in
// quotes around integers; two events differ in some parameter or number.
func TestGA4Identity(t *testing.T) {
	const event = `{"event_timestamp":"1790856000250000","event_name":"tap","user_pseudo_id":"5c1d","event_bundle_sequence_id":"1",` +
		`"event_params":[{"key":"a","value":{"int_value":"1"}},{"key":"b","value":{"string_value":"2"}}]}`
	id := stagedOne(t, ga4, event).ID
	same := `{"event_name":"tap","event_timestamp":1790856000250000,"user_pseudo_id":"5c1d","event_bundle_sequence_id":1,"platform":"IOS",` +
		`"event_params":[{"value":{"string_value":"2","int_value":null},"key":"b"},{"key":"a","value":{"int_value":1}}]}`
	if got := stagedOne(t, ga4, same).ID; got != id {
		t.Errorf("the same event written otherwise: id %s, want %s", got, id)
	}
	for _, change := range [][2]string{
		{`"int_value":"1"`, `"int_value":"3"`},
		{`"int_value":"1"`, `"string_value":"1"`},
		{`{"key":"a","value":{"int_value":"1"}},`, ``},
		{`"key":"a"`, `"key":"b"`},
		{`"event_bundle_sequence_id":"1"`, `"event_bundle_sequence_id":"2"`},
		{`"event_bundle_sequence_id":"1"`, `"batch_event_index":"1"`},
		{`250000`, `250001`},
		{`"5c1d"`, `"5c1e"`},
	} {
		other := strings.Replace(event, change[0], change[1], 1)
		if got := stagedOne(t, ga4, other).ID; got == id {
			t.Errorf("%s for %s: the id is the same", change[1], change[0])
		}
	}
}

func TestGA4WrongTypes(t *testing.T) {
	for _, test := range []struct{ record, want string }{
		{`{"event_params":{"ga_session_id":1}}`, "1 wrong_type: event_params is an object, want a list"},
		{`{"event_name":"open","user_pseudo_id":"a","event_timestamp":"2026-10-01T12:00:00Z"}`,
			`1 bad_timestamp: timestamp (event_timestamp) is "2026-10-01T12:00:00Z", want a number`},
		{`{"event_name":"open","event_timestamp":1790856000250000}`,
			"1 missing_subject: user_id and device_id (user_pseudo_id) are missing or empty: want one of them"},
	} {
		_, rejects := staged(t, ga4, test.record)
		if diff := cmp.Diff([]string{test.want}, rejects); diff != "" {
			t.Errorf("in quarantine (-want +got):\n%s", diff)
		}
	}
}
