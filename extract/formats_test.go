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

// Objects of another format are known as such by their first line.
func TestCSVOfAnotherFormat(t *testing.T) {
	for _, test := range []struct{ content, what string }{
		{one + "\n", "a JSON record"}, {ga4View + "\n", "a record of ga4"},
	} {
		events, rejects := staged(t, extract.Source{Format: "csv"}, test.content)
		want := []string{"1 wrong_format: the first line is " + test.what + ", not the names of columns: is the source's format right, and its match?"}
		if diff := cmp.Diff(want, rejects); diff != "" || len(events) > 0 {
			t.Errorf("events %q, in quarantine (-want +got):\n%s", events, diff)
		}
	}
}
