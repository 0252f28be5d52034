package extract_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sojourn/extract"
)

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
		{"fatal as another number", event("app_exception", `[{"key":"fatal","value":{"int_value":"2"}}]`), "crash engaged=0"},
		{"fatal of another event", event("open", `[{"key":"fatal","value":{"int_value":"1"}}]`), "engaged=0"},
		{"push", event("notification_receive", `[]`), "background engaged=0"},
		{"push that extends the session", event("notification_receive", `[{"key":"extend_session","value":{"int_value":"1"}}]`), "engaged=0"},
		{"push that says it does not", event("notification_receive", `[{"key":"extend_session","value":{"int_value":"0"}}]`), "background engaged=0"},
		{"extension as a text", event("app_update", `[{"key":"extend_session","value":{"string_value":"1"}}]`), "engaged=0"},
		{"uninstall", event("app_remove", `[]`), "background engaged=0"},
		{"cleared data", event("app_clear_data", `[]`), "background engaged=0"},
		{"update of the system", event("os_update", `[]`), "background engaged=0"},
		{"renewal by the store", event("app_store_subscription_renew", `[]`), "background engaged=0"},
		{"push that was opened", event("notification_open", `[]`), "engaged=0"},
		{"session id as a text", event("open", `[{"key":"ga_session_id","value":{"string_value":"7"}}]`), "session=7 engaged=0"},
		{"numbers with decimals", event("open", `[{"key":"ga_session_id","value":{"double_value":7.0}},{"key":"engagement_time_msec","value":{"float_value":1.5E3}}]`),
			"session=7 engaged=1500"},
		{"escapes of a dump", event("open", `[{"key":"firebase_screen","value":{"string_value":"a \u003cb\u003e \u0026 c"}}]`), "screen=a <b> & c engaged=0"},
		{"values of other types are null", event("open", `[{"key":"ga_session_id","value":{"string_value":null,"int_value":"7","float_value":null,"double_value":null}}]`),
			"session=7 engaged=0"},
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
			"1 missing_subject: user_id and device_id (user_pseudo_id) are missing or empty: want one of them; a user who gave no consent has neither"},
	} {
		_, rejects := staged(t, ga4, test.record)
		if diff := cmp.Diff([]string{test.want}, rejects); diff != "" {
			t.Errorf("in quarantine (-want +got):\n%s", diff)
		}
	}
}

// Numbers with decimals are written in more ways than one.
func TestGA4IdentityOfDecimals(t *testing.T) {
	event := func(number string) string {
		return `{"event_timestamp":"1790856000250000","event_name":"tap","user_pseudo_id":"5c1d",` +
			`"event_params":[{"key":"price","value":{"double_value":` + number + `}}]}`
	}
	id := stagedOne(t, ga4, event("12.5")).ID
	for _, same := range []string{"12.50", "1.25E1", "0.125e+2"} {
		if got := stagedOne(t, ga4, event(same)).ID; got != id {
			t.Errorf("%s: the id is not that of 12.5", same)
		}
	}
	if stagedOne(t, ga4, event("12.51")).ID == id {
		t.Error("12.51 has the id of 12.5")
	}
}

// Of the tables of a date one counts: the daily one once it is there. Each
// property has its own, and tables of users are no events.
func TestGA4Tables(t *testing.T) {
	raw := openBucket(t, map[string]string{
		"analytics_1/events_20261001/000.json":              ga4View,
		"analytics_1/events_20261001/001.json":              ga4View,
		"analytics_1/events_intraday_20261001/000.json":     ga4View,
		"analytics_1/events_fresh_20261001/000.json":        ga4View,
		"analytics_1/events_intraday_20261002-000.json.gz":  ga4View,
		"analytics_2/events_intraday_20261001/000.json":     ga4View,
		"analytics_1/users_20261001/000.json":               "{}",
		"analytics_1/pseudonymous_users_20261001/000.json":  "{}",
		"pseudonymous_users_20261001-000.json":              "{}",
		"users_20261001_export/events_20261003-000.parquet": ga4View,
		"my_users_20261001.json":                            ga4View,
	})
	source := ga4
	source.Name, source.Bucket = "app", raw
	pending, _, err := extract.ListPending(t.Context(), []extract.Source{source}, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"app analytics_1/events_20261001/000.json",
		"app analytics_1/events_20261001/001.json",
		"app analytics_1/events_intraday_20261002-000.json.gz",
		"app analytics_2/events_intraday_20261001/000.json",
		"app my_users_20261001.json",
		"app users_20261001_export/events_20261003-000.parquet",
	}
	if diff := cmp.Diff(want, names(pending)); diff != "" {
		t.Errorf("pending (-want +got):\n%s", diff)
	}
}
