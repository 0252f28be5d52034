package extract_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
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

var adobe = extract.Source{Name: "app", Format: "adobe"}

// adobeColumns is column_headers.tsv of the feed of most tests.
const adobeColumns = "hit_time_gmt\tcust_hit_time_gmt\tdate_time\thitid_high\thitid_low\tpost_visid_high\tpost_visid_low\tvisit_num\t" +
	"visit_start_time_gmt\tvisit_page_num\texclude_hit\thit_source\tcustomer_perspective\tpost_page_event\tpost_pagename\tpagename\tpost_mobileappid\tgeo_country\t" +
	"post_campaign\tpost_event_list\tnew_visit\tpost_cust_visid\tpost_mobileosversion\tpost_mobiledevice\tmcvisid"

// adobeRow returns a row: texts by the name of their column.
func adobeRow(columns string, texts map[string]string) string {
	names := strings.Split(columns, "\t")
	row := make([]string, len(names))
	for name, text := range texts {
		row[slices.Index(names, name)] = text
	}
	return strings.Join(row, "\t")
}

// adobeHit is the least that a hit has, at 2026-10-01 12:00:10, with other columns.
func adobeHit(other map[string]string) string {
	texts := map[string]string{
		"hit_time_gmt": "1790856010", "hitid_high": "33", "hitid_low": "46", "post_visid_high": "30", "post_visid_low": "69",
		"exclude_hit": "0", "hit_source": "1", "post_page_event": "0",
	}
	maps.Copy(texts, other)
	return adobeRow(adobeColumns, texts)
}

type packed struct{ name, content string }

// tarred returns a tar archive, compressed.
func tarred(t testing.TB, files ...packed) string {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, f := range files {
		if err := w.WriteHeader(&tar.Header{Name: f.name, Mode: 0o644, Size: int64(len(f.content))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(f.content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return gzipped(t, out.String())
}

// zipped returns a zip archive.
func zipped(t testing.TB, files ...packed) string {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, f := range files {
		file, err := w.Create(f.name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := file.Write([]byte(f.content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// adobeStaged reads a bucket and returns events and what is in quarantine, as
// lines of text.
func adobeStaged(t testing.TB, objects map[string]string) (events, rejects []string, batch lake.Batch) {
	t.Helper()
	raw, lakeBucket := openBucket(t, objects), openBucket(t, nil)
	return adobeStage(t, raw, lakeBucket)
}

func adobeStage(t testing.TB, raw, lakeBucket *bucket.Bucket) (events, rejects []string, batch lake.Batch) {
	t.Helper()
	source := adobe
	source.Bucket = raw
	batch = stage(t, lakeBucket, source, extract.Options{Now: now})
	for _, list := range days(t, lakeBucket) {
		events = append(events, list...)
	}
	slices.Sort(events)
	for _, r := range quarantine(t, lakeBucket, batch) {
		rejects = append(rejects, fmt.Sprintf("%s:%d %s: %s", r.Object, r.Line, r.Reason, r.Detail))
	}
	for _, in := range batch.Inputs {
		if in.Lines != in.Events+in.Quarantined+in.Skipped {
			t.Errorf("input %+v: lines are not events, quarantined and skipped", in)
		}
	}
	return events, rejects, batch
}

// adobeOne returns the only event of a row.
func adobeOne(t testing.TB, row string) transform.Event {
	t.Helper()
	return stagedOne(t, adobe, tarred(t, packed{"column_headers.tsv", adobeColumns + "\n"}, packed{"hit_data.tsv", row + "\n"}))
}

func TestAdobe(t *testing.T) {
	got := adobeOne(t, adobeHit(map[string]string{
		"cust_hit_time_gmt": "1790856000", "date_time": "2026-10-01 14:00:00", "hitid_high": "3381726401112233445", "hitid_low": "4611687193342112233",
		"post_visid_high": "3098811204455667788", "post_visid_low": "6917530991122334455", "visit_num": "12", "visit_start_time_gmt": "1790855990",
		"visit_page_num": "3", "customer_perspective": "0", "post_pagename": "TripList", "pagename": "triplist", "post_mobileappid": "TrailNotes 4.12.0 (41200)",
		"geo_country": "prt", "post_campaign": "spring_push", "post_event_list": "204,221", "new_visit": "0", "post_cust_visid": "u_4182",
		"post_mobileosversion": "Android 14", "post_mobiledevice": "Pixel 7a", "mcvisid": "33817264011122334454611687193342112233",
	}))
	want := "user=u_4182 device=3098811204455667788-6917530991122334455 id=3381726401112233445-4611687193342112233 received=1790856010000000 sequence=3" +
		" session=12-1790855990 screen=TripList os=Android 14 app=TrailNotes 4.12.0 (41200) model=Pixel 7a country=prt campaign=spring_push"
	if describe(got) != want || got.At != 1790856000000000 || got.Name != "page_view" {
		t.Errorf("got  %s %d %s\nwant %s", got.Name, got.At, describe(got), want)
	}
}

func TestAdobePlaces(t *testing.T) {
	for _, test := range []struct {
		name   string
		change map[string]string
		event  string // its name
		want   string
	}{
		{"the least", nil, "page_view", "device=30-69"},
		{"no time of the device's", map[string]string{"cust_hit_time_gmt": "0"}, "page_view", "device=30-69"},
		{"no visitor but a custom one", map[string]string{"post_visid_high": "0", "post_visid_low": "0", "post_cust_visid": "u"}, "page_view", "user=u"},
		{"a visitor whose first half is 0", map[string]string{"post_visid_high": "0"}, "page_view", "device=0-69"},
		{"the id of another product is no user", map[string]string{"mcvisid": "338"}, "page_view", "device=30-69"},
		{"in the background, outside any visit", map[string]string{"customer_perspective": "1", "visit_num": "0", "visit_start_time_gmt": "1790855990"},
			"page_view", "device=30-69 background"},
		{"first hit of a visit", map[string]string{"new_visit": "1", "visit_num": "1", "visit_start_time_gmt": "1790856010"},
			"page_view", "device=30-69 session=1-1790856010 new_session"},
		{"link on a page", map[string]string{"post_page_event": "100", "pagename": "Trip"}, "custom_link", "device=30-69 screen=Trip"},
		{"download", map[string]string{"post_page_event": "101"}, "download_link", "device=30-69"},
		{"exit", map[string]string{"post_page_event": "102"}, "exit_link", "device=30-69"},
		{"start of a medium", map[string]string{"post_page_event": "76"}, "page_event_76", "device=30-69"},
		{"kind of hit unknown, with a page", map[string]string{"post_page_event": "", "post_pagename": "Trip"}, "page_view", "device=30-69 screen=Trip"},
		{"kind of hit unknown, without a page", map[string]string{"post_page_event": ""}, "hit", "device=30-69"},
		{"escapes", map[string]string{"post_pagename": `a\` + "\t" + `b\\` + `\` + "\n" + `c\td\ne\x`}, "page_view", "device=30-69 screen=a\tb\\\nc\td\ne\\x"},
		{"a backslash at the end", map[string]string{"post_pagename": `a\\`}, "page_view", `device=30-69 screen=a\`},
		{"ISO-8859-1", map[string]string{"post_pagename": "Stra\xdfe nach S\xe3o Tom\xe9", "post_campaign": "\xfcber"}, "page_view", "device=30-69 screen=Straße nach São Tomé campaign=über"},
		{"UTF-8 all the same", map[string]string{"post_pagename": "東京"}, "page_view", "device=30-69 screen=東京"},
		{"ISO-8859-1 with escapes", map[string]string{"post_pagename": `S\` + "\t" + "\xe3o"}, "page_view", "device=30-69 screen=S\tão"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := adobeOne(t, adobeHit(test.change))
			text := strings.NewReplacer(" id=33-46", "", " received=1790856010000000", "").Replace(describe(got))
			if text != test.want || got.Name != test.event || got.At != 1790856010000000 {
				t.Errorf("got  %s %d %q\nwant %s %q", got.Name, got.At, text, test.event, test.want)
			}
		})
	}
}

// Hits that Adobe counts nowhere are skipped and counted, and nothing is wrong
// with them.
func TestAdobeSkips(t *testing.T) {
	row := func(id, exclude, source string) string {
		return adobeHit(map[string]string{"hitid_low": id, "exclude_hit": exclude, "hit_source": source})
	}
	events, rejects, batch := adobeStaged(t, map[string]string{"suite_2026-10-01.tar.gz": tarred(t,
		packed{"column_headers.tsv", adobeColumns},
		packed{"hit_data.tsv", strings.Join([]string{row("1", "0", "1"), row("2", "4", "1"), row("3", "", "2"), row("4", "0", "5"), row("5", "0", "7"),
			row("6", "0", "8"), row("7", "0", "9"), row("8", "0", "10"), "", row("9", "11", "5"), ""}, "\n")},
	)})
	want := []string{
		"/30-69 page_view 1790856010000000 id=33-1 suite_2026-10-01.tar.gz:1",
		"/30-69 page_view 1790856010000000 id=33-3 suite_2026-10-01.tar.gz:3",
		"/30-69 page_view 1790856010000000 id=33-8 suite_2026-10-01.tar.gz:8",
	}
	if diff := cmp.Diff(want, events); diff != "" || len(rejects) > 0 {
		t.Errorf("in quarantine: %q; events (-want +got):\n%s", rejects, diff)
	}
	if diff := cmp.Diff(map[string]int64{"excluded_hit": 2, "uploaded_rows": 4}, batch.Skips); diff != "" {
		t.Errorf("skipped (-want +got):\n%s", diff)
	}
	if in := batch.Inputs[0]; in.Lines != 9 || in.Events != 3 || in.Skipped != 6 {
		t.Errorf("input %+v: want 9 lines, 3 events, 6 skipped", in)
	}
}

// The header is looked for where Adobe puts it: wherever hits come in.
func TestAdobeHeader(t *testing.T) {
	const header = adobeColumns + "\n"
	other := strings.Replace(adobeColumns, "hitid_low", "prop1", 1) + "\n" // its hits have no id
	hits := adobeHit(map[string]string{"post_pagename": "Trip"}) + "\n"
	lookups := tarred(t, packed{"browser.tsv", "497\tInternet Explorer 8\n"}, packed{"column_headers.tsv", header}, packed{"event.tsv", "1\tPurchase\n"})
	otherLookups := tarred(t, packed{"column_headers.tsv", other})
	for _, test := range []struct {
		name    string
		objects map[string]string // of which one has a hit
	}{
		{"in the archive, before the hits", map[string]string{"a/suite_2026-10-01.tar.gz": tarred(t, packed{"column_headers.tsv", header}, packed{"hit_data.tsv", hits})}},
		{"in the archive, after the hits", map[string]string{"a/suite_2026-10-01.tar.gz": tarred(t, packed{"./hit_data.tsv", hits}, packed{"./column_headers.tsv", header})}},
		{"in a zip archive", map[string]string{"a/suite_2026-10-01.zip": zipped(t, packed{"hit_data.tsv", hits}, packed{"column_headers.tsv", header})}},
		{"in the lookup archive inside the archive", map[string]string{"a/suite_2026-10-01.tar.gz": tarred(t, packed{"hit_data.tsv", hits}, packed{"suite_2026-10-01-lookup_data.tar.gz", lookups})}},
		{"in the lookup archive of the date", map[string]string{
			"a/01-suite_2026-10-01.tsv.gz": gzipped(t, hits), "a/suite_2026-10-01-lookup_data.tar.gz": lookups,
			"a/suite_2026-09-30-lookup_data.tar.gz": otherLookups, "a/other_2026-10-01-lookup_data.tar.gz": otherLookups,
			"a/b/suite_2026-10-01-lookup_data.tar.gz": otherLookups, "a/column_headers.tsv": other}},
		{"in a lookup archive that is a zip archive", map[string]string{
			"a/01-suite_2026-10-01.tsv.gz": gzipped(t, hits), "a/suite_2026-10-01-lookup_data.zip": zipped(t, packed{"column_headers.tsv", header})}},
		{"in the latest lookup archive before the hour", map[string]string{
			"a/01-suite_20261001-140000.tsv.gz": gzipped(t, hits), "a/suite_20261001-120000-lookup_data.tar.gz": lookups,
			"a/suite_20261001-000000-lookup_data.tar.gz": otherLookups, "a/suite_20261001-150000-lookup_data.tar.gz": otherLookups}},
		{"beside the hits", map[string]string{"a/2026-10-01/hit_data.tsv": hits, "a/2026-10-01/column_headers.tsv": header, "a/column_headers.tsv": other}},
		{"in the archive of the first hour", map[string]string{
			"a/suite_20261001-000000.tar.gz": tarred(t, packed{"column_headers.tsv", header}, packed{"hit_data.tsv", ""}),
			"a/suite_20261001-010000.tar.gz": tarred(t, packed{"hit_data.tsv", hits})}},
	} {
		t.Run(test.name, func(t *testing.T) {
			events, rejects, _ := adobeStaged(t, test.objects)
			if len(events) != 1 || len(rejects) > 0 || !strings.Contains(events[0], "/30-69 page_view 1790856010000000 id=33-46") {
				t.Errorf("events %q, in quarantine %q", events, rejects)
			}
		})
	}
}

// Hits that come before their header are read when it has come.
func TestAdobeWaitsForItsHeader(t *testing.T) {
	raw, lakeBucket := openBucket(t, map[string]string{
		"01-suite_2026-10-01.tsv.gz": gzipped(t, adobeHit(nil)+"\n"),
		"suite_2026-10-01.txt":       "Datafeed-Manifest-Version: 1.0\n", "suite_2026-10-01.fin": "",
	}), openBucket(t, nil)
	events, rejects, _ := adobeStage(t, raw, lakeBucket)
	want := []string{"01-suite_2026-10-01.tsv.gz:1 unreadable_object: no column_headers.tsv for it: " +
		"want it in the archive, in the lookup archive of the same report suite and date, or beside the object"}
	if diff := cmp.Diff(want, rejects); diff != "" || len(events) > 0 {
		t.Errorf("events %q; in quarantine (-want +got):\n%s", events, diff)
	}
	put(t, raw, "suite_2026-10-01-lookup_data.tar.gz", tarred(t, packed{"column_headers.tsv", strings.Replace(adobeColumns, "hit_source", "prop1", 1)}))
	_, rejects, _ = adobeStage(t, raw, lakeBucket)
	want = []string{"01-suite_2026-10-01.tsv.gz:1 unreadable_object: no column hit_source among the 25 of column_headers.tsv in suite_2026-10-01-lookup_data.tar.gz: add it to the data feed"}
	if diff := cmp.Diff(want, rejects); diff != "" {
		t.Errorf("with a header that lacks a column: in quarantine (-want +got):\n%s", diff)
	}
	put(t, raw, "suite_2026-10-01-lookup_data.tar.gz", tarred(t, packed{"column_headers.tsv", adobeColumns}))
	events, rejects, _ = adobeStage(t, raw, lakeBucket)
	if len(events) != 1 || len(rejects) > 0 {
		t.Errorf("with its header: events %q, in quarantine %q", events, rejects)
	}
	if _, _, batch := adobeStage(t, raw, lakeBucket); len(batch.Inputs) > 0 {
		t.Errorf("read again: %+v", batch.Inputs)
	}
}

func TestAdobeRejects(t *testing.T) {
	archive := func(hits string) string {
		return tarred(t, packed{"column_headers.tsv", adobeColumns}, packed{"hit_data.tsv", hits})
	}
	without := func(column string) string {
		return tarred(t, packed{"column_headers.tsv", strings.Replace(adobeColumns, column, "prop1", 1)}, packed{"hit_data.tsv", adobeHit(nil)})
	}
	const name = "suite_2026-10-01.tar.gz"
	for _, test := range []struct{ name, object, want string }{
		{"a column too few", archive(strings.TrimSuffix(adobeHit(nil), "\t")), "1 bad_tsv: want the 25 columns of column_headers.tsv in " + name + ", found 24"},
		{"a column too many", archive(adobeHit(nil) + "\t"), "1 bad_tsv: want the 25 columns of column_headers.tsv in " + name + ", found 26"},
		{"an escaped tab too many", archive(adobeHit(map[string]string{"pagename": `a\`})), "1 bad_tsv: want the 25 columns of column_headers.tsv in " + name + ", found 24"},
		{"no visitor", archive(adobeHit(map[string]string{"post_visid_high": ""})),
			"1 missing_subject: user_id (post_cust_visid, cust_visid) and device_id (post_visid_high, post_visid_low) are missing or empty: want one of them"},
		{"bad time", archive(adobeHit(map[string]string{"hit_time_gmt": "2026-10-01 12:00:00"})),
			`1 bad_timestamp: timestamp (cust_hit_time_gmt, post_cust_hit_time_gmt, hit_time_gmt) is "2026-10-01 12:00:00", want a number`},
		{"milliseconds", archive(adobeHit(map[string]string{"hit_time_gmt": "1790856010000"})),
			"1 timestamp_in_future: timestamp (cust_hit_time_gmt, post_cust_hit_time_gmt, hit_time_gmt) is 58719-12-21 02:46:40 UTC, more than 24 h in the future: is the unit right? In ms it would be 2026-10-01 12:00:10 UTC: timestamp: {path: cust_hit_time_gmt, unit: ms}"},
		{"no time", archive(adobeHit(map[string]string{"hit_time_gmt": "0"})),
			"1 missing_timestamp: timestamp (cust_hit_time_gmt, post_cust_hit_time_gmt, hit_time_gmt) is missing or empty"},
		{"another product's records", archive(ga4View), "1 wrong_format: this is a record of ga4, not of adobe: is the source's format right, and its match?"},
		{"another product's object", ga4View, "1 wrong_format: this is a record of ga4, not of adobe: is the source's format right, and its match?"},
		{"no flag of excluded hits", without("exclude_hit"), "1 unreadable_object: no column exclude_hit among the 25 of column_headers.tsv in " + name + ": add it to the data feed"},
		{"no visitors", without("post_visid_low"), "1 unreadable_object: no column post_visid_low among the 25 of column_headers.tsv in " + name + ": add it to the data feed"},
		{"no hits", tarred(t, packed{"column_headers.tsv", adobeColumns}, packed{"event.tsv", ""}), `1 unreadable_object: no hit_data.tsv in the archive, but files such as "event.tsv"`},
		{"an endless header", tarred(t, packed{"column_headers.tsv", strings.Repeat("a\t", 1<<20)}), "1 unreadable_object: column_headers.tsv: more than 1024 KiB: it should be one row of names"},
		{"a zip archive that is none", "PK\x03\x04 and so on", "1 unreadable_object: zip archive: zip: not a valid zip file"},
	} {
		t.Run(test.name, func(t *testing.T) {
			events, rejects, _ := adobeStaged(t, map[string]string{name: test.object})
			if diff := cmp.Diff([]string{name + ":" + test.want}, rejects); diff != "" || len(events) > 0 {
				t.Errorf("events %q; in quarantine (-want +got):\n%s", events, diff)
			}
		})
	}
}

// A row that ends with a backslash takes the next one along, and no more: what
// was cut off costs a row, not the object.
func TestAdobeRowsAfterABackslash(t *testing.T) {
	cut := adobeHit(nil)[:20] + `\`
	hit := func(id string) string { return adobeHit(map[string]string{"hitid_low": id, "mcvisid": `\\`}) }
	events, rejects, _ := adobeStaged(t, map[string]string{"suite_2026-10-01.tar.gz": tarred(t,
		packed{"column_headers.tsv", adobeColumns},
		packed{"hit_data.tsv", strings.Join([]string{hit("1"), cut, hit("2"), hit("3"), strings.Repeat(strings.Repeat("x", 40<<10)+"\\\n", 3) + hit("4")}, "\n")})})
	want := []string{
		"/30-69 page_view 1790856010000000 id=33-1 suite_2026-10-01.tar.gz:1",
		"/30-69 page_view 1790856010000000 id=33-3 suite_2026-10-01.tar.gz:4",
		"/30-69 page_view 1790856010000000 id=33-4 suite_2026-10-01.tar.gz:8",
	}
	if diff := cmp.Diff(want, events); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	if len(rejects) != 2 || !strings.Contains(rejects[0], ":2 bad_tsv") || !strings.Contains(rejects[1], ":5 bad_tsv") {
		t.Errorf("in quarantine: %q", rejects)
	}
}

// Of an object that breaks off what came before counts.
func TestAdobeTruncated(t *testing.T) {
	hits := ""
	for i := range 2000 {
		hits += adobeHit(map[string]string{"hitid_low": fmt.Sprint(i * 7919 % 10007), "post_pagename": fmt.Sprint(i * i)}) + "\n"
	}
	whole := tarred(t, packed{"column_headers.tsv", adobeColumns}, packed{"hit_data.tsv", hits})
	events, rejects, batch := adobeStaged(t, map[string]string{"suite_2026-10-01.tar.gz": whole[:len(whole)/2]})
	if len(events) == 0 || len(events) >= 2000 || len(rejects) != 1 || !strings.Contains(rejects[0], "truncated_object: the object ends early or is corrupt") {
		t.Errorf("%d events, in quarantine %q", len(events), rejects)
	}
	if in := batch.Inputs[0]; in.Error == "" || in.Version == "" {
		t.Errorf("input %+v: want an error, and a version: to read it again would not help", in)
	}
}

// Lines are counted through all files of an archive: one line is one hit.
func TestAdobeFilesOfHits(t *testing.T) {
	events, _, _ := adobeStaged(t, map[string]string{"suite_2026-10-01.zip": zipped(t, packed{"column_headers.tsv", adobeColumns},
		packed{"01/hit_data.tsv", adobeHit(map[string]string{"hitid_low": "1"})}, packed{"02/hit_data.tsv", adobeHit(map[string]string{"hitid_low": "2"})})})
	want := []string{
		"/30-69 page_view 1790856010000000 id=33-1 suite_2026-10-01.zip:1",
		"/30-69 page_view 1790856010000000 id=33-2 suite_2026-10-01.zip:2",
	}
	if diff := cmp.Diff(want, events); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

// Manifests and lookup files are no events; all else is.
func TestAdobeObjects(t *testing.T) {
	source := adobe
	source.Bucket = openBucket(t, map[string]string{
		"d/suite_2026-10-01.tar.gz": "", "d/01-suite_2026-10-01.tsv.gz": "", "d/suite_20261001-130000.zip": "", "d/hit_data.tsv": "",
		"d/suite_2026-10-01.txt": "", "d/suite_2026-10-01.fin": "", "d/suite_2026-10-01-lookup_data.tar.gz": "", "d/suite_20261001-130000-lookup_data.zip": "",
		"d/column_headers.tsv": "", "d/event.tsv": "", "d/browser.tsv.gz": "",
	})
	pending, _, err := extract.ListPending(t.Context(), []extract.Source{source}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range pending {
		got = append(got, p.Object.Name)
	}
	want := []string{"d/01-suite_2026-10-01.tsv.gz", "d/hit_data.tsv", "d/suite_2026-10-01.tar.gz", "d/suite_20261001-130000.zip"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("pending (-want +got):\n%s", diff)
	}
}

func TestAdobeFields(t *testing.T) {
	source := extract.Source{Format: "adobe", Fields: map[string]extract.Field{
		"user_id": {Path: "mcvisid"}, "timestamp": {Path: "date_time", Zone: "Europe/Lisbon"}, "event_name": {Path: "pagename"}, "screen": {Path: "prop75"},
	}}
	row := adobeHit(map[string]string{"mcvisid": "338", "date_time": "2026-10-01 13:00:05", "pagename": "save", "post_pagename": "Trip", "post_cust_visid": "u"})
	got := stagedOne(t, source, tarred(t, packed{"column_headers.tsv", adobeColumns}, packed{"hit_data.tsv", row}))
	want := "user=338 device=30-69 id=33-46 received=1790856010000000 screen=Trip"
	if describe(got) != want || got.At != 1790856005000000 || got.Name != "save" {
		t.Errorf("got  %s %d %s\nwant %s", got.Name, got.At, describe(got), want)
	}
	// A time in the zone of the suite has no stand-in that is in another.
	_, rejects := staged(t, source, tarred(t, packed{"column_headers.tsv", adobeColumns}, packed{"hit_data.tsv", adobeHit(nil)}))
	if diff := cmp.Diff([]string{"1 missing_timestamp: timestamp (date_time) is missing or empty"}, rejects); diff != "" {
		t.Errorf("in quarantine (-want +got):\n%s", diff)
	}
}
