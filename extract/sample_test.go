package extract_test

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sojourn/extract"
	"sojourn/internal/bucket"
)

func sampleOf(t testing.TB, source extract.Source, objects map[string]string, look extract.Look) extract.Sample {
	t.Helper()
	source.Name, source.Bucket = "app", openBucket(t, objects)
	look.Now = now
	sample, err := source.Sample(t.Context(), look)
	if err != nil {
		t.Fatal(err)
	}
	return sample
}

// What is said of a sample of everything is what staging does with it.
func TestSampleSaysWhatStagingDoes(t *testing.T) {
	layout := extract.ListLayouts()[0]
	rows := extract.ShredParquet(t, layout, ga4Schema(layout), []map[string]any{
		{"event_name": "open", "event_timestamp": now - 1, "user_id": "ann", "event_params": []any{}}, {"event_name": "open", "event_params": []any{}},
	})
	objects := map[string]string{
		"a.json": one + "\n" + two + "\nnonsense\n\n" + `{"u":"ann","n":"open","t":5}`, "b.json.gz": gzipped(t, one+"\n"+two),
		"c.json.zst": zstandard(t, two), "cut.gz": gzipped(t, strings.Repeat(one+"\n", 50))[:60], "ga4.json": ga4View, "ga4.parquet": rows,
		"posthog.jsonl": postHogScreen, "flat.parquet": parquetFile(t, []flatRow{{EventName: "open", Timestamp: 1790856000_123}}),
		"d.csv": "event_id,user_id,event_name,timestamp\n1,ann,open,2026-10-01T12:00:00Z\n2,ann,open\n3,\"ann", "empty": "",
	}
	for _, source := range []extract.Source{minimal, ga4, postHog, {Format: "csv"}, {Format: "parquet"}, {Format: "ndjson"}, {Format: "mixpanel"}, {Format: "snowplow"}} {
		t.Run(source.Format, func(t *testing.T) {
			sample := sampleOf(t, source, objects, extract.Look{})
			source.Name, source.Bucket = "app", openBucket(t, objects)
			batch := stage(t, openBucket(t, nil), source, extract.Options{Now: now})

			type counts struct{ Records, Used, Rejected int64 }
			want, got := map[string]counts{}, map[string]counts{}
			var records, events, rejected int64
			for _, in := range batch.Inputs {
				want[in.Object] = counts{in.Lines, in.Lines - in.Quarantined, in.Quarantined}
				records += in.Lines
				events += in.Events
				rejected += in.Quarantined
			}
			for _, o := range sample.Objects {
				got[o.Name] = counts{o.Records, o.Used, o.Rejected}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("objects (-staged +sampled):\n%s", diff)
			}
			if sample.Records != records || sample.Events != events || sample.Rejected != rejected {
				t.Errorf("%d records, %d events, %d rejected; staging has %d, %d, %d",
					sample.Records, sample.Events, sample.Rejected, records, events, rejected)
			}
			reasons := map[string]int64{}
			for _, r := range sample.Reasons {
				reasons[r.Reason] = r.Records
			}
			if diff := cmp.Diff(batch.Reasons, reasons); diff != "" {
				t.Errorf("reasons (-staged +sampled):\n%s", diff)
			}
		})
	}
}

func TestSampleCountsWhatIsFilled(t *testing.T) {
	sample := sampleOf(t, extract.Source{Format: "ndjson"}, map[string]string{"a": strings.Join([]string{
		`{"event_id":"1","user_id":"ann","event_name":"tap","timestamp":"2026-10-01T12:00:00Z","crash":true,"country":"PT"}`,
		`{"user_id":"ann","event_name":"tap","timestamp":"2026-10-01T11:00:00Z","crash":false,"country":""}`,
		`{"user_id":"bob","event_name":"open","timestamp":"2026-10-02T12:00:00Z"}`,
	}, "\n")}, extract.Look{})
	want := map[string]int64{"event_id": 1, "user_id": 3, "event_name": 3, "timestamp": 3, "crash": 1, "country": 1}
	if diff := cmp.Diff(want, sample.Filled); diff != "" {
		t.Errorf("filled (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]extract.SampledName{{Name: "tap", Events: 2}, {Name: "open", Events: 1}}, sample.Names); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	if sample.First != 1790852400_000000 || sample.Last != 1790942400_000000 {
		t.Errorf("from %d to %d", sample.First, sample.Last)
	}
	// GA4 has no ids: what tells its events apart is no id of theirs.
	if got := sampleOf(t, ga4, map[string]string{"a": ga4View}, extract.Look{}).Filled["event_id"]; got != 0 {
		t.Errorf("%d events of GA4 have an id", got)
	}
}

// Of a great object only the beginning is read, and where it is cut off
// nothing is anybody's fault.
func TestSampleIsBounded(t *testing.T) {
	const rows = 100_000
	lines := strings.Repeat(one+"\n", rows)
	quoted := "user_id,event_name,timestamp,screen\n" + strings.Repeat("ann,tap,2026-10-01T12:00:00Z,\"a\nb\"\n", rows)
	var flat []flatRow
	seven := int64(7)
	for range rows {
		flat = append(flat, flatRow{UserID: &seven, EventName: "open", Timestamp: 1790856000_123})
	}
	for _, test := range []struct {
		name, format, content string
		look                  extract.Look
		least, most           int64
	}{
		{"so many records", "ndjson", lines, extract.Look{}, 2000, 2000},
		{"so many bytes", "ndjson", lines, extract.Look{Records: rows, Bytes: 10_000}, 200, 250},
		{"gzip", "ndjson", gzipped(t, lines), extract.Look{Records: rows, Bytes: 10_000}, 200, 250},
		{"csv", "csv", quoted, extract.Look{Records: 10, Bytes: 10_000}, 10, 10},
		{"rows of Parquet", "parquet", parquetFile(t, flat), extract.Look{Records: 100}, 100, 100},
	} {
		t.Run(test.name, func(t *testing.T) {
			source := extract.Source{Format: test.format}
			if test.format == "ndjson" {
				source = minimal
			}
			sample := sampleOf(t, source, map[string]string{"a": test.content}, test.look)
			if sample.Records < test.least || sample.Records > test.most || sample.Rejected != 0 || sample.Objects[0].Error != "" {
				t.Errorf("%d records, %d rejected %v: want %d to %d, none rejected", sample.Records, sample.Rejected, sample.Reasons, test.least, test.most)
			}
		})
	}
	// An object that cannot be read is one record, as many as were asked for.
	sample := sampleOf(t, extract.Source{Format: "parquet"}, map[string]string{"a": "no Parquet", "b": parquetFile(t, flat)}, extract.Look{Records: 1})
	if sample.Records != 2 || sample.Rejected != 1 {
		t.Errorf("%d records, %d rejected: want 2, 1", sample.Records, sample.Rejected)
	}

	// Wherever in a record of several lines the cut is.
	for cut := range int64(80) {
		sample := sampleOf(t, extract.Source{Format: "csv"}, map[string]string{"a": quoted}, extract.Look{Bytes: 200 + cut})
		if sample.Rejected != 0 || sample.Records != sample.Events {
			t.Errorf("%d bytes: %d records, %d events, rejected %v", 200+cut, sample.Records, sample.Events, sample.Reasons)
		}
	}
}

// Objects that look different are looked at, and so are the first, the last
// and the biggest of many.
func TestSampleChooses(t *testing.T) {
	objects := map[string]string{"other/notes.txt": "hello", "other/of-interest.txt": "hello", "other/yet-another.txt": "hello"}
	for day := range 28 {
		for part := range 4 {
			objects[fmt.Sprintf("events/2026-02-%02d/%d.json", day+1, part)] = one
		}
	}
	objects["events/2026-02-15/2.json"] = one + "\n" + two
	objects["events/2026-02-15/2.csv"] = "a,b\n1,2\n"
	objects["events/_SUCCESS"] = ""
	sample := sampleOf(t, minimal, objects, extract.Look{Objects: 7})
	var got []string
	for _, o := range sample.Objects {
		got = append(got, o.Name)
	}
	want := []string{
		"events/2026-02-01/0.json", "events/2026-02-15/2.csv", "events/2026-02-15/2.json", "events/2026-02-28/3.json",
		"other/notes.txt", "other/yet-another.txt",
	}
	for _, name := range want {
		if !strings.Contains(strings.Join(got, " "), name) {
			t.Errorf("%s is not looked at, but %q", name, got)
		}
	}
	if len(got) != 7 || sample.Listed != 116 || sample.LeftOut != 1 {
		t.Errorf("looked at %d of %d objects, %d left out", len(got), sample.Listed, sample.LeftOut)
	}

	source := minimal
	source.Match = "events/**/*.json"
	if got := sampleOf(t, source, objects, extract.Look{}); got.NotMatch != 5 || got.Listed != 112 {
		t.Errorf("%d match, %d do not", got.Listed, got.NotMatch)
	}
}

func TestSampleTellsContents(t *testing.T) {
	layout := extract.ListLayouts()[0]
	ga4Rows := extract.ShredParquet(t, layout, ga4Schema(layout), []map[string]any{
		{"event_name": "open", "event_timestamp": now - 1, "user_id": "ann", "event_params": []any{}},
	})
	for _, test := range []struct{ name, content, format, want string }{
		{"a.json", ga4View, "ga4", "JSON records of ga4"},
		{"a.json", gzipped(t, postHogScreen), "posthog", "JSON records of posthog (gzip)"},
		{"a.json", zstandard(t, one+"\n"+two), "ndjson", "JSON records with the keys id, u, n, t (zstd)"},
		{"a.jsonl.br", brotlied(t, one), "ndjson", "JSON records with the keys id, u, n, t (brotli)"},
		{"a.json", "\xef\xbb\xbf\n" + one, "ndjson", "JSON records with the keys id, u, n, t"},
		{"a.json", one + "\n" + two + "\n" + ga4View + "\nnonsense", "ndjson", "JSON records with the keys id, u, n, t, and lines that are no records, records of ga4"},
		{"a.json", "[" + one + "]", "", "a JSON list: want one record a line, as jq -c '.[]' writes them"},
		{"a.json", "{\n  \"id\": 1\n}", "", "JSON records over several lines: want one a line, as jq -c . writes them"},
		{"a.json", one[:20], "ndjson", "lines that are no whole JSON records"},
		{"a.csv", "\"user id\",event,ts\nann,tap,5", "csv", "CSV with the columns user id, event, ts"},
		{"a.csv", "user;event;ts\nann;tap;5", "", "columns separated by semicolons: want commas"},
		{"a.tsv", "1\t2\t3\n", "", "3 columns separated by tabs"},
		{"a.txt", "for people, who read", "csv", "CSV with the columns for people, who read"},
		{"a.txt", "nothing here: move on, please", "", `text that begins with "nothing here: move on, please"`},
		{"a.parquet", ga4Rows, "ga4", "Parquet, rows of ga4"},
		{"a.parquet", parquetFile(t, []nestedRow{{}}), "parquet", "Parquet with the columns name, time, actor, tags"},
		{"a.parquet", ga4Rows[:len(ga4Rows)-9], "", "Parquet that cannot be read: not a Parquet file: it ends with "},
		{"a.parquet.gz", gzipped(t, ga4Rows), "", "Parquet inside of another compression, which is not read: decompress it (gzip)"},
		{"a.gz", gzipped(t, gzipped(t, one)), "", "gzip twice, which is not read: decompress it once (gzip)"},
		{"a.gz", "\x1f\x8b\x00nonsense", "", "gzip that cannot be read: gzip: invalid header (gzip)"},
		{"a.avro", "Obj\x01\x04\x14avro.codec", "", "Avro, which is not read: export JSON or Parquet"},
		{"a.bin", "\x00\x01\x02\x03\x04\x05\x06\x07\x08", "", `no text: it begins with "\x00\x01\x02\x03\x04\x05\x06\a"`},
		{"a.json", strings.Repeat(`{"long":"`+strings.Repeat("x", 30_000)+"\"}\n", 3), "ndjson", "JSON records with the keys long"},
		{"a.json", "\n \n", "", "blank lines"},
		{"a.json", "", "", "nothing"},
	} {
		sample := sampleOf(t, extract.Source{}, map[string]string{test.name: test.content}, extract.Look{})
		got := sample.Objects[0].Content
		if prefix := strings.HasSuffix(test.want, " "); got.Format != test.format || !prefix && got.String() != test.want || !strings.HasPrefix(got.String(), test.want) {
			t.Errorf("%s of %.20q: %q, %s; want %q, %s", test.name, test.content, got.Format, got, test.format, test.want)
		}
		if sample.Records != 0 {
			t.Errorf("%s: %d records without a format", test.name, sample.Records)
		}
	}
}

// Of a Parquet file that is not in a directory only parts are fetched.
func TestSampleOfARemoteParquetFile(t *testing.T) {
	raw, err := bucket.Open(t.Context(), "mem://", true, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	seven := int64(7)
	rows := make([]flatRow, 3000)
	for i := range rows {
		rows[i] = flatRow{UserID: &seven, EventName: "open", Timestamp: 1790856000_123 + int64(i)}
	}
	err = raw.Put(t.Context(), "a.parquet", func(w io.Writer) error {
		_, err := io.WriteString(w, parquetFile(t, rows))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "none")) // no copy can be made
	source := extract.Source{Name: "app", Bucket: raw, Format: "parquet"}
	sample, err := source.Sample(t.Context(), extract.Look{Now: now})
	if err != nil || sample.Events != 2000 || sample.Objects[0].Content.Format != "parquet" {
		t.Errorf("%d events, %v, %v", sample.Events, sample.Objects, err)
	}
}

func TestSampleOfABucketThatFails(t *testing.T) {
	source := minimal
	source.Name, source.Bucket = "app", openBucket(t, map[string]string{"a": one})
	source.Bucket.Close()
	if _, err := source.Sample(t.Context(), extract.Look{Now: now}); err == nil || !strings.Contains(err.Error(), "source app") {
		t.Errorf("error %v, want one with the name of the source", err)
	}
}
