package extract_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"sojourn/extract"
)

// minimal is a mapping to short names, for records that fit a line.
var minimal = extract.Source{Format: "ndjson", Fields: map[string]extract.Field{
	"event_id": {Path: "id"}, "user_id": {Path: "u"}, "device_id": {Path: "d"}, "event_name": {Path: "n"},
	"timestamp": {Path: "t", Unit: "s"}, "received_at": {Path: "r", Unit: "s"}, "screen": {Path: `p.a\.b.s`},
	"engaged_ms": {Path: "e"}, "crash": {Path: "c"}, "background": {Path: "b"}, "country": {Path: "p.geo"},
}}

const (
	one = `{"id":"1","u":"ann","n":"open","t":1790856000}`
	two = `{"id":"2","u":"ann","n":"close","t":1790856060}`

	oneStaged = "ann/ open 1790856000000000 id=1 in:1"
	twoStaged = "ann/ close 1790856060000000 id=2 in:2"
)

func gzipped(t testing.TB, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write([]byte(text)) // a buffer takes everything
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func zstandard(t testing.TB, text string) string {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return string(w.EncodeAll([]byte(text), nil))
}

func TestLinesAndCompression(t *testing.T) {
	both := one + "\n" + two + "\n"
	for _, test := range []struct {
		name, content string
		want          []string
	}{
		{"nothing", "", nil},
		{"only blank lines", "\n \r\n\t\n", nil},
		{"lines", both, []string{oneStaged, twoStaged}},
		{"no end of the last line", strings.TrimSuffix(both, "\n"), []string{oneStaged, twoStaged}},
		{"carriage returns", strings.ReplaceAll(both, "\n", "\r\n"), []string{oneStaged, twoStaged}},
		{"byte order mark", "\xef\xbb\xbf" + both, []string{oneStaged, twoStaged}},
		{"blank lines are numbered", one + "\n\n  \n" + two, []string{oneStaged, strings.Replace(twoStaged, ":2", ":4", 1)}},
		{"gzip", gzipped(t, both), []string{oneStaged, twoStaged}},
		{"gzip, two members cut inside a line", gzipped(t, both[:20]) + gzipped(t, both[20:]), []string{oneStaged, twoStaged}},
		{"gzip of nothing", gzipped(t, ""), nil},
		{"gzip before zeros", gzipped(t, both) + strings.Repeat("\x00", 1000), []string{oneStaged, twoStaged}},
		{"gzip, two members with zeros between them", gzipped(t, both[:20]) + "\x00\x00" + gzipped(t, both[20:]), []string{oneStaged, twoStaged}},
		{"zstd", zstandard(t, both), []string{oneStaged, twoStaged}},
		{"zstd after a frame to skip", "\x5e\x2a\x4d\x18\x04\x00\x00\x00skip" + zstandard(t, both), []string{oneStaged, twoStaged}},
		{"zstd, two frames", zstandard(t, both[:20]) + zstandard(t, both[20:]), []string{oneStaged, twoStaged}},
		{"a line longer than a block", strings.Replace(one, `"u"`, `"z":"`+strings.Repeat("z", 1<<20)+`","u"`, 1) + "\n" + two, []string{oneStaged, twoStaged}},
	} {
		t.Run(test.name, func(t *testing.T) {
			events, rejects := staged(t, minimal, test.content)
			if diff := cmp.Diff(test.want, events); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
			if len(rejects) > 0 {
				t.Errorf("in quarantine: %q", rejects)
			}
		})
	}
}

// An object that is cut off gives the complete lines before the cut, and one
// record in quarantine for the rest.
func TestTruncatedObject(t *testing.T) {
	var lines strings.Builder
	for i := range 20_000 {
		lines.WriteString(strings.Replace(one, `"1"`, `"`+strings.Repeat("x", i%7)+string(rune('a'+i%26))+`"`, 1) + "\n")
	}
	for name, compressed := range map[string]string{
		"gzip": gzipped(t, lines.String()),
		"zstd": zstandard(t, lines.String()),
	} {
		t.Run(name, func(t *testing.T) {
			cut := compressed[:len(compressed)*2/3]
			events, rejects := staged(t, minimal, cut)
			if len(events) < 1000 || len(events) >= 20_000 {
				t.Errorf("%d events of the 20000: want those before the cut", len(events))
			}
			if len(rejects) != 1 || !strings.Contains(rejects[0], "truncated_object: the object ends early or is corrupt") {
				t.Errorf("in quarantine: %q, want one truncated_object", rejects)
			}
		})
	}
}

// What follows a gzip member and is none itself is the rest of something.
func TestGarbageAfterGzip(t *testing.T) {
	named := "\x1f\x8b\x08\x08\x00\x00\x00\x00\x00\xffna" // a header up to the middle of a file name
	for name, rest := range map[string]string{"text": "garbage garbage", "text after zeros": "\x00\x00garbage garbage", "half a header": named[:5], "half a name": named} {
		t.Run(name, func(t *testing.T) {
			events, rejects := staged(t, minimal, gzipped(t, one+"\n")+rest)
			if diff := cmp.Diff([]string{oneStaged}, events); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
			if len(rejects) != 1 || !strings.HasPrefix(rejects[0], "2 truncated_object: ") {
				t.Errorf("in quarantine: %q, want one truncated_object", rejects)
			}
		})
	}
}

func TestCorruptHeaderMakesObjectUnreadable(t *testing.T) {
	for name, content := range map[string]string{
		"gzip": "\x1f\x8b\x00garbage that is no gzip header",
		"zstd": "\x28\xb5\x2f\xfdgarbage that is no zstd frame",
	} {
		t.Run(name, func(t *testing.T) {
			events, rejects := staged(t, minimal, content)
			if len(events) != 0 || len(rejects) != 1 {
				t.Errorf("events %q, in quarantine %q: want only one record in quarantine", events, rejects)
			}
		})
	}
}

func TestHugeLineIsPassedOver(t *testing.T) {
	huge := `{"u":"` + strings.Repeat("x", 17<<20) + `"}`
	events, rejects := staged(t, minimal, one+"\n"+huge+"\n"+two+"\n")
	want := []string{oneStaged, strings.Replace(twoStaged, ":2", ":3", 1)}
	if diff := cmp.Diff(want, events); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"2 line_too_long: 17825800 bytes, more than 16 MiB"}, rejects); diff != "" {
		t.Errorf("in quarantine (-want +got):\n%s", diff)
	}
}

func TestFlaws(t *testing.T) {
	for _, test := range []struct{ name, record, want string }{
		{"bad syntax", `{"u":"ann"`, `bad_json: want a comma or } after the value at byte 11`},
		{"no object", `["ann"]`, `not_an_object: the line begins with "[\"ann\"]": want an object in { }`},
		{"no time", `{"u":"ann","n":"open"}`, `missing_timestamp: timestamp (t) is missing or empty`},
		{"null time", `{"u":"ann","n":"open","t":null}`, `missing_timestamp: timestamp (t) is missing or empty`},
		{"bad time", `{"u":"ann","n":"open","t":"noon"}`, `bad_timestamp: timestamp (t) is "noon", want a number`},
		{"time of a wrong type", `{"u":"ann","n":"open","t":[1]}`, `bad_timestamp: timestamp (t) is a list, want a time`},
		{"bad time of receipt", `{"u":"ann","n":"open","t":1790856000,"r":"x"}`, `bad_timestamp: received_at (r) is "x", want a number`},
		{"too early", `{"u":"ann","n":"open","t":1790856}`,
			`timestamp_too_early: timestamp (t) is 1970-01-21 17:27:36 UTC, before 2000: is the unit right?`},
		{"in the future", `{"u":"ann","n":"open","t":1791676801}`,
			`timestamp_in_future: timestamp (t) is 2026-10-11 00:00:01 UTC, more than 24 h in the future: is the unit right?`},
		{"later than received", `{"u":"ann","n":"open","t":1790856000,"r":1790769599}`,
			`timestamp_in_future: timestamp (t) is 2026-10-01 12:00:00 UTC, more than 24 h after received_at (r), 2026-09-30 11:59:59 UTC`},
		{"no name", `{"u":"ann","n":"","t":1790856000}`, `missing_event_name: event_name (n) is missing or empty`},
		{"no subject", `{"u":null,"d":"","n":"open","t":1790856000}`,
			`missing_subject: user_id (u) and device_id (d) are missing or empty: want one of them`},
		{"text of a wrong type", `{"u":{"id":1},"n":"open","t":1790856000}`, `wrong_type: user_id (u) is an object, want text`},
		{"truth for text", `{"u":true,"n":"open","t":1790856000}`, `wrong_type: user_id (u) is true or false, want text`},
		{"path through a list", `{"u":"ann","n":"open","t":1790856000,"p":["x"]}`, `wrong_type: screen (p.a\.b.s) is a list, want text`},
		{"bad crash", `{"u":"ann","n":"open","t":1790856000,"c":"maybe"}`, `wrong_type: crash (c) is "maybe", want true or false`},
		{"bad engagement", `{"u":"ann","n":"open","t":1790856000,"e":-1}`, `wrong_type: engaged_ms (e) is "-1", want milliseconds, at most those of a day`},
		{"engagement of more than a day", `{"u":"ann","n":"open","t":1790856000,"e":86400001}`, `wrong_type: engaged_ms (e) is "86400001", want milliseconds, at most those of a day`},
		{"not UTF-8", "{\"u\":\"a\xff\",\"n\":\"open\",\"t\":1790856000}", `invalid_text: user_id (u) is "a\xff", which is not UTF-8`},
		{"NUL", `{"u":"a\u0000","n":"open","t":1790856000}`, `invalid_text: user_id (u) is "a\x00", which has a NUL character`},
	} {
		t.Run(test.name, func(t *testing.T) {
			events, rejects := staged(t, minimal, one+"\n"+test.record+"\n")
			if diff := cmp.Diff([]string{"2 " + test.want}, rejects); diff != "" {
				t.Errorf("in quarantine (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff([]string{oneStaged}, events); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEventValues(t *testing.T) {
	base := `"n":"open","t":1790856000`
	for _, test := range []struct{ name, record, want string }{
		{"a number is an id", `{"id":7,"u":12345678901234567890,` + base + `}`,
			"user=12345678901234567890 id=7 engaged=0"},
		{"nested, with a dot in a name", `{"id":"7","u":"ann",` + base + `,"p":{"a.b":{"s":"Home"},"geo":"PT"}}`,
			"user=ann id=7 screen=Home country=PT engaged=0"},
		{"truths", `{"id":"7","u":"ann",` + base + `,"c":"TRUE","b":1}`, "user=ann id=7 crash background engaged=0"},
		{"falsehoods", `{"id":"7","u":"ann",` + base + `,"c":"0","b":false}`, "user=ann id=7 engaged=0"},
		{"engagement", `{"id":"7","u":"ann",` + base + `,"e":"1500"}`, "user=ann id=7 engaged=1500"},
		{"received", `{"id":"7","u":"ann",` + base + `,"r":1790856001}`, "user=ann id=7 received=1790856001000000 engaged=0"},
		{"null is unknown", `{"id":"7","u":"ann",` + base + `,"p":null,"c":null,"e":null,"r":null}`, "user=ann id=7 engaged=0"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := stagedOne(t, minimal, test.record); describe(got) != test.want {
				t.Errorf("got  %s\nwant %s", describe(got), test.want)
			}
		})
	}
}

// A record that is delivered twice has one identity, whenever it was received
// and however it is written; any other difference makes it another event.
func TestIdentityWithoutEventID(t *testing.T) {
	first := `{"u":"ann","n":"open","t":1790856000,"r":1790856001,"p":{"geo":"PT"}}`
	id := stagedOne(t, minimal, first).ID
	for _, same := range []string{
		`{"u":"ann","n":"open","t":1790856000,"r":1790859999,"p":{"geo":"PT"}}`,
		`{"p":{"geo":"PT"},"n":"open","t":"1790856000.0","u":"\u0061nn","more":1}`,
	} {
		if got := stagedOne(t, minimal, same).ID; got != id {
			t.Errorf("%s: id %s, want %s", same, got, id)
		}
	}
	for _, other := range []string{
		`{"d":"ann","n":"open","t":1790856000,"p":{"geo":"PT"}}`,
		`{"u":"ann","n":"open","t":1790856000.000001,"p":{"geo":"PT"}}`,
		`{"u":"ann","n":"open","t":1790856000,"p":{"a.b":{"s":"PT"}}}`,
		`{"u":"ann","n":"open","t":1790856000,"p":{"geo":"PT"},"c":true}`,
		`{"u":"ann","n":"open","t":1790856000,"p":{"geo":"PT"},"e":1}`,
	} {
		if got := stagedOne(t, minimal, other).ID; got == id {
			t.Errorf("%s: has the id of %s", other, first)
		}
	}
}

func TestQuarantineKeepsTheRecord(t *testing.T) {
	long := `{"u":"` + strings.Repeat("x", 100_000) + `"`
	source := minimal
	source.Name = "app"
	source.Bucket = openBucket(t, map[string]string{"x/in.json": "nonsense\n" + long + "\n"})
	lakeBucket := openBucket(t, nil)
	batch := stage(t, lakeBucket, source, extract.Options{Now: now})
	want := []rejectedRow{
		{"app", "x/in.json", 1, "bad_json", "want a value at byte 1", []byte("nonsense"), 8},
		{"app", "x/in.json", 2, "bad_json", "want a comma or } after the value at byte 100008", []byte(long[:64<<10]), 100_007},
	}
	if diff := cmp.Diff(want, quarantine(t, lakeBucket, batch)); diff != "" {
		t.Errorf("quarantine (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]int64{"bad_json": 2}, batch.Reasons); diff != "" {
		t.Errorf("reasons (-want +got):\n%s", diff)
	}
}

// Year 1 and 1970 are how programs write a time that was never set: the event
// did not happen in the future of its receipt.
func TestTimeOfReceiptThatWasNeverSet(t *testing.T) {
	for _, receipt := range []string{"-62135596800", "0"} {
		events, rejects := staged(t, minimal, `{"u":"ann","n":"open","t":1790856000,"r":`+receipt+`}`)
		if len(events) != 1 || len(rejects) != 0 {
			t.Errorf("received at %s: events %q, in quarantine %q", receipt, events, rejects)
		}
	}
}

// The mapping decides what a record is; whose it looks like is a hint.
func TestRecordOfAProductUnderNDJSON(t *testing.T) {
	events, rejects := staged(t, extract.Source{Format: "ndjson"}, ga4View)
	want := []string{"1 missing_timestamp: timestamp is missing or empty; the record looks like one of ga4"}
	if diff := cmp.Diff(want, rejects); diff != "" || len(events) > 0 {
		t.Errorf("events %q, in quarantine (-want +got):\n%s", events, diff)
	}
	mapped := extract.Source{Format: "ndjson", Fields: map[string]extract.Field{
		"user_id": {Path: "user_id"}, "event_name": {Path: "event_name"}, "timestamp": {Path: "event_timestamp", Unit: "us"},
	}}
	if events, rejects := staged(t, mapped, ga4View); len(events) != 1 || len(rejects) > 0 {
		t.Errorf("events %q, in quarantine %q", events, rejects)
	}
}
