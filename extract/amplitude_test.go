package extract_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sojourn/extract"
)

var amplitude = extract.Source{Format: "amplitude"}

const amplitudeView = `{"$insert_id":"7f2a","uuid":"1d0c6a52-56ab-11f0","amplitude_id":688220441907,"user_id":"u_1","device_id":"d9f1",` +
	`"event_type":"[Amplitude] Screen Viewed","event_id":341,"session_id":1790855923118,"event_time":"2026-10-01 12:00:00.250000",` +
	`"client_event_time":"2026-10-01 11:00:00.250000","client_upload_time":"2026-10-01 11:00:02.001000",` +
	`"server_received_time":"2026-10-01 12:00:02.377000","server_upload_time":"2026-10-01 12:00:03.004000","processed_time":"2026-10-01 12:00:05.611000",` +
	`"platform":"Android","os_name":"android","os_version":"14","version_name":"4.12.0","device_family":"Google Pixel","country":"Portugal",` +
	`"language":"Portuguese","library":"amplitude-analytics-android/1.20.0","event_properties":{"[Amplitude] Screen Name":"TripList"},` +
	`"user_properties":{"utm_source":"newsletter","utm_campaign":"autumn"},"groups":{},"data":{}}`

func TestAmplitude(t *testing.T) {
	iso := strings.NewReplacer("2026-10-01 1", "2026-10-01T1", "000\"", "000Z\"").Replace(amplitudeView)
	quoted := strings.NewReplacer(
		`688220441907`, `"688220441907"`,
		`{"[Amplitude] Screen Name":"TripList"}`, `"{\"[Amplitude] Screen Name\":\"TripList\"}"`,
		`{"utm_source":"newsletter","utm_campaign":"autumn"}`, `"{\"utm_source\":\"newsletter\",\"utm_campaign\":\"autumn\"}"`,
	).Replace(amplitudeView)
	for name, record := range map[string]string{
		"as exported":                        amplitudeView,
		"times with T and Z":                 iso,
		"properties as texts of JSON":        quoted,
		"received unknown, but not uploaded": strings.NewReplacer(`"server_received_time":"2026-10-01 12:00:02.377000"`, `"server_received_time":null`, `12:00:03.004000`, `12:00:02.377000`).Replace(amplitudeView),
	} {
		t.Run(name, func(t *testing.T) {
			got := stagedOne(t, amplitude, record)
			want := "user=688220441907 device=d9f1 id=" + got.ID + " received=1790856002377000 client=1790852400250000 sent=1790852402001000 sequence=341" +
				" session=1790855923118 screen=TripList platform=Android os=14 app=4.12.0 model=Google Pixel country=Portugal language=Portuguese" +
				" source=newsletter campaign=autumn"
			if describe(got) != want || got.At != 1790856000250000 || got.Name != "[Amplitude] Screen Viewed" {
				t.Errorf("got  %s %d %s\nwant %s", got.Name, got.At, describe(got), want)
			}
		})
	}
}

func TestAmplitudeEvents(t *testing.T) {
	event := func(name, more string) string {
		return `{"uuid":"x","event_type":"` + name + `","event_time":"2026-10-01 12:00:00.000000","amplitude_id":9,"device_id":"d1",` + more + `}`
	}
	opened := func(fromBackground string) string {
		return event("[Amplitude] Application Opened", `"session_id":5,"event_properties":{"[Amplitude] From Background":`+fromBackground+`}`)
	}
	for _, test := range []struct{ name, record, want string }{
		{"in no session", event("push_received", `"session_id":-1`), "user=9 device=d1 id=x session=-1"},
		{"no session", event("tap", `"session_id":null`), "user=9 device=d1 id=x"},
		{"a clock that is right", event("tap", `"client_event_time":"2026-10-01 12:00:00.000000"`), "user=9 device=d1 id=x"},
		{"opened anew", opened(`false`), "user=9 device=d1 id=x session=5 launch"},
		{"opened anew, as text", opened(`"False"`), "user=9 device=d1 id=x session=5 launch"},
		{"resumed", opened(`true`), "user=9 device=d1 id=x session=5"},
		{"opened, somehow", opened(`null`), "user=9 device=d1 id=x session=5"},
		{"another event that was not in the background", event("tap", `"event_properties":{"[Amplitude] From Background":false}`), "user=9 device=d1 id=x"},
		{"backgrounded", event("[Amplitude] Application Backgrounded", `"session_id":5`), "user=9 device=d1 id=x session=5"},
		{"page", event("[Amplitude] Page Viewed", `"event_properties":{"[Amplitude] Page URL":"https://example.com/trips","[Amplitude] Page Location":"https://example.com/trips?x=1"}`),
			"user=9 device=d1 id=x screen=https://example.com/trips"},
		{"campaign of the event", event("tap", `"event_properties":{"utm_source":"a","utm_campaign":"b"},"user_properties":{"utm_source":"c","utm_campaign":"d"}`),
			"user=9 device=d1 id=x source=a campaign=b"},
		{"first campaign of the user", event("tap", `"user_properties":{"initial_utm_source":"c","initial_utm_campaign":"d"}`),
			"user=9 device=d1 id=x source=c campaign=d"},
		{"no first campaign", event("tap", `"user_properties":{"initial_utm_source":"EMPTY","initial_utm_campaign":"EMPTY"}`), "user=9 device=d1 id=x"},
		{"no amplitude_id", `{"uuid":"x","event_type":"tap","event_time":"2026-10-01 12:00:00","user_id":"ann"}`, "user=ann id=x"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := stagedOne(t, amplitude, test.record); describe(got) != test.want {
				t.Errorf("got  %s\nwant %s", describe(got), test.want)
			}
		})
	}
}

// With the customer's own ids for users an anonymous event has none: an
// amplitude_id among them would look like another user.
func TestAmplitudeUserOfTheConfiguration(t *testing.T) {
	source := extract.Source{Format: "amplitude", Fields: map[string]extract.Field{"user_id": {Path: "user_id"}}}
	for _, test := range [][2]string{{`"ann"`, "user=ann device=d1 id=x"}, {`null`, "device=d1 id=x"}} {
		got := stagedOne(t, source, `{"uuid":"x","event_type":"tap","event_time":"2026-10-01 12:00:00","amplitude_id":9,"device_id":"d1","user_id":`+test[0]+`}`)
		if describe(got) != test[1] {
			t.Errorf("got  %s\nwant %s", describe(got), test[1])
		}
	}
}

func TestAmplitudeIdentity(t *testing.T) {
	id := stagedOne(t, amplitude, amplitudeView).ID
	for _, change := range [][3]string{
		{"same", `"1d0c6a52-56ab-11f0"`, `"2d0c6a52-56ab-11f0"`},
		{"same", `12:00:05.611000`, `12:09:05.611000`},
		{"other", `"7f2a"`, `"7f2b"`},
		{"other", `"d9f1"`, `"d9f2"`},
	} {
		got := stagedOne(t, amplitude, strings.Replace(amplitudeView, change[1], change[2], 1)).ID
		if (got == id) != (change[0] == "same") {
			t.Errorf("%s for %s: ids %s and %s, want the %s", change[2], change[1], id, got, change[0])
		}
	}
}

func TestAmplitudeFlaws(t *testing.T) {
	for _, test := range []struct{ name, record, want string }{
		{"a number for a time", strings.Replace(amplitudeView, `"2026-10-01 12:00:00.250000"`, `1790856000250`, 1),
			`bad_timestamp: timestamp (event_time) is the number "1790856000250": say in the mapping if its unit is s, ms or us`},
		{"no time", strings.Replace(amplitudeView, `"2026-10-01 12:00:00.250000"`, `""`, 1), "missing_timestamp: timestamp (event_time) is missing or empty"},
		{"no subject", `{"event_type":"tap","event_time":"2026-10-01 12:00:00","amplitude_id":null,"user_id":null,"device_id":""}`,
			"missing_subject: user_id (amplitude_id) and device_id are missing or empty: want one of them"},
		{"neither from the background nor not", `{"event_type":"[Amplitude] Application Opened","event_time":"2026-10-01 12:00:00","amplitude_id":9,"event_properties":{"[Amplitude] From Background":"perhaps"}}`,
			`wrong_type: event_properties.[Amplitude] From Background is "perhaps", want true or false`},
		{"a merge", `{"scope":1,"merge_time":1790856000250,"merge_server_time":1790856000250,"amplitude_id":9,"merged_amplitude_id":8}`,
			"wrong_format: the record says which users were merged and is no event: its object must be named as Amplitude does, -ORGANISATION_yyyy-MM-dd_H.json.gz"},
		{"a record of Mixpanel", mixpanelRaw, "wrong_format: this is a record of mixpanel, not of amplitude: is the source's format right, and its match?"},
	} {
		t.Run(test.name, func(t *testing.T) {
			events, rejects := staged(t, amplitude, test.record)
			if diff := cmp.Diff([]string{"1 " + test.want}, rejects); diff != "" || len(events) > 0 {
				t.Errorf("events %q; in quarantine (-want +got):\n%s", events, diff)
			}
		})
	}
	_, rejects := staged(t, ga4, amplitudeView)
	want := "1 wrong_format: this is a record of amplitude, not of ga4: is the source's format right, and its match?"
	if diff := cmp.Diff([]string{want}, rejects); diff != "" {
		t.Errorf("read as ga4: in quarantine (-want +got):\n%s", diff)
	}
}

// The Export API answers with an archive of files.
func TestZipIsNamedAsSuch(t *testing.T) {
	for _, source := range []extract.Source{amplitude, {Format: "ndjson"}, {Format: "csv"}} {
		_, rejects := staged(t, source, "PK\x03\x04\x14\x00\x08\x08187520/187520_2026-01-30_9#1.json.gz")
		want := "1 unreadable_object: the object is a zip archive: unpack it and give the files that are in it"
		if diff := cmp.Diff([]string{want}, rejects); diff != "" {
			t.Errorf("%s: in quarantine (-want +got):\n%s", source.Format, diff)
		}
	}
}

func TestAmplitudeObjects(t *testing.T) {
	merge := `{"scope":1,"merge_time":1790856000250,"merge_server_time":1790856000260,"amplitude_id":9,"merged_amplitude_id":8}`
	objects := map[string]string{
		"187520/187520_2026-10-01_9#1.json":             amplitudeView,
		"187520/187520_2026-10-01_17#10.json.gz":        amplitudeView,
		"187520/187520_2026-10-01_18%231.json":          amplitudeView,
		"187520/187520_2026-10-01_19_1.json":            amplitudeView,
		"events/complete_history.json":                  amplitudeView,
		"187520/187520_2026-10-01_9_complete":           "",
		"187520/187520_2026-10-01_10.complete":          "",
		"187520/187520_2026-10-01_11#complete.json.gz":  "",
		"187520/complete":                               "",
		"merged/-189524/-189524_2026-10-01_17.json.gz":  merge,
		"merged/-189524/-189524_2026-10-01_9.json":      merge,
		"merged-legacy/187520/187520_2026-10-01_9.json": merge,
	}
	source := amplitude
	source.Name, source.Bucket = "app", openBucket(t, objects)
	batch := stage(t, openBucket(t, nil), source, extract.Options{Now: now})
	var got []string
	for _, in := range batch.Inputs {
		got = append(got, fmt.Sprintf("%s: %d events, %d aliases, %d in quarantine", in.Object, in.Events, in.Aliases, in.Quarantined))
	}
	want := []string{
		"187520/187520_2026-10-01_17#10.json.gz: 1 events, 0 aliases, 0 in quarantine",
		"187520/187520_2026-10-01_18%231.json: 1 events, 0 aliases, 0 in quarantine",
		"187520/187520_2026-10-01_19_1.json: 1 events, 0 aliases, 0 in quarantine",
		"187520/187520_2026-10-01_9#1.json: 1 events, 0 aliases, 0 in quarantine",
		"events/complete_history.json: 1 events, 0 aliases, 0 in quarantine",
		"merged-legacy/187520/187520_2026-10-01_9.json: 0 events, 1 aliases, 0 in quarantine",
		"merged/-189524/-189524_2026-10-01_17.json.gz: 0 events, 1 aliases, 0 in quarantine",
		"merged/-189524/-189524_2026-10-01_9.json: 0 events, 1 aliases, 0 in quarantine",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("objects read (-want +got):\n%s", diff)
	}
}

// The id that a user got first stays: it is merged_amplitude_id.
func TestAmplitudeMerges(t *testing.T) {
	aliases, rejects := stagedMappings(t, amplitude, "-189524/-189524_2026-10-01_9.json", strings.Join([]string{
		`{"scope":1,"merge_time":1790856000250,"merge_server_time":1790856000260,"amplitude_id":9,"merged_amplitude_id":8}`,
		`{"merge_time":1790856000,"amplitude_id":"19","merged_amplitude_id":"8"}`,
		`{"merge_server_time":1790856000000261,"amplitude_id":29,"merged_amplitude_id":8}`,
		`{"merge_server_time":"2026-10-01 12:00:00.000262","amplitude_id":39,"merged_amplitude_id":8}`,
		`{"amplitude_id":49,"merged_amplitude_id":8}`,
		`{"amplitude_id":8,"merged_amplitude_id":8}`,
		`{"amplitude_id":59}`,
		`{"merge_time":17,"amplitude_id":9,"merged_amplitude_id":8}`,
		amplitudeView,
	}, "\n"))
	if diff := cmp.Diff([]string{
		"19 is 8 since 1790856000000000",
		"29 is 8 since 1790856000000261",
		"39 is 8 since 1790856000000262",
		"49 is 8",
		"9 is 8 since 1790856000260000",
	}, aliases); diff != "" {
		t.Errorf("aliases (-want +got):\n%s", diff)
	}
	want := []string{
		"7 wrong_format: merged_amplitude_id is missing or empty: want a record of which id is whose",
		`8 bad_timestamp: merge_server_time or merge_time is "17", want a number of 10, 13 or 16 digits`,
		"9 wrong_format: the record is an event, but its object is named as Amplitude names merged users: those of events have a part, as in 187520_2026-01-30_9#1.json.gz",
	}
	if diff := cmp.Diff(want, rejects); diff != "" {
		t.Errorf("in quarantine (-want +got):\n%s", diff)
	}
}
