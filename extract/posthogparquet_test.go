package extract_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"

	"sojourn/extract"
	"sojourn/internal/lake"
	"sojourn/transform"
)

type postHogRow struct {
	UUID       string  `parquet:"uuid"`
	Event      string  `parquet:"event"`
	Distinct   string  `parquet:"distinct_id"`
	Person     string  `parquet:"person_id"`
	At         int64   `parquet:"timestamp,timestamp(microsecond)"`
	Created    int64   `parquet:"created_at,timestamp(microsecond)"`
	Inserted   int64   `parquet:"_inserted_at,timestamp(microsecond)"`
	Elements   string  `parquet:"elements_chain"`
	Properties *string `parquet:"properties"`
	OfPerson   *string `parquet:"person_properties"`
}

// A batch export as Parquet has properties in a text; its name may end in .zst
// although the compression is inside.
func TestPostHogParquet(t *testing.T) {
	properties := `{"$session_id":"0197c74b-ccee","$screen_name":"TripList","$device_id":"0197aaaa","$is_identified":true,"$os_name":"Android",` +
		`"$os_version":"14","$app_version":"4.12.0","$device_type":"Mobile","$device_model":"Pixel 7a","$locale":"pt-PT","$lib":"posthog-android","utm_source":"newsletter","utm_campaign":"autumn"}`
	broken := `{"$session_id":`
	row := postHogRow{
		UUID: "0197c74b-e8ca", Event: "$screen", Distinct: "u_1", Person: "3f0a6c1e",
		At: 1790856000250000, Created: 1790856002377000, Properties: &properties,
	}
	bare, bad := row, row
	bare.UUID, bare.Properties = "0197c74b-e8cb", nil
	bad.UUID, bad.Properties = "0197c74b-e8cc", &broken
	events, rejects := stagedWhole(t, postHog, parquetFile(t, []postHogRow{row, bare, bad}, parquet.Compression(&parquet.Zstd)))
	var got []string
	for _, e := range events {
		got = append(got, describe(e))
	}
	want := []string{postHogScreenWant, "user=u_1 id=0197c74b-e8cb received=1790856002377000"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	want = []string{"3 bad_json: in the object inside the text: the text ends where a value should be at byte 196"}
	if diff := cmp.Diff(want, rejects); diff != "" {
		t.Errorf("in quarantine (-want +got):\n%s", diff)
	}
}

func TestPostHogPersonsParquet(t *testing.T) {
	type row struct {
		Distinct string `parquet:"distinct_id"`
		Person   string `parquet:"person_id"`
		Inserted int64  `parquet:"_inserted_at,timestamp(microsecond)"`
		Deleted  bool   `parquet:"is_deleted"`
	}
	source := postHog
	source.Name = "app"
	source.Bucket = openBucket(t, map[string]string{"persons/1.parquet.zst": parquetFile(t, []row{
		{"anonymous", "p1", 1790856000000000, false}, {"u_2", "p2", 1790856000000000, true}, {"", "p1", 1790856000000000, false},
	})})
	lakeBucket := openBucket(t, nil)
	batch := stage(t, lakeBucket, source, extract.Options{Now: now})
	var reasons []string
	for _, r := range quarantine(t, lakeBucket, batch) {
		reasons = append(reasons, r.Reason)
	}
	if diff := cmp.Diff([]string{"missing_subject"}, reasons); diff != "" {
		t.Errorf("in quarantine (-want +got):\n%s", diff)
	}
	var files []lake.Aliases
	for _, f := range batch.Identity {
		files = append(files, lake.Aliases{File: f})
	}
	got, err := extract.ReadIdentity(t.Context(), lakeBucket, files)
	if err != nil {
		t.Fatal(err)
	}
	want := []transform.Alias{{From: "anonymous", To: "p1", At: 1790856000000000}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("aliases (-want +got):\n%s", diff)
	}
}
