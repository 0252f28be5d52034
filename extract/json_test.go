package extract

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// wantedPaths are the places that the tests of the scanner look at.
var wantedPaths = [][]string{{"a"}, {"b", "c"}, {"b", "d", "e"}, {"x.y"}, {"b", "c"}}

func scan(t *testing.T, line string) ([]string, *flaw) {
	t.Helper()
	var s scanner
	values := make([]value, len(wantedPaths))
	flaw := s.record([]byte(line), newNode(wantedPaths), values)
	shown := make([]string, len(values))
	for i, v := range values {
		if v.kind != absent {
			shown[i] = fmt.Sprintf("%s %s", v.kind, v.bytes)
		}
	}
	return shown, flaw
}

func TestScanFindsWantedValues(t *testing.T) {
	for _, test := range []struct {
		name, line string
		want       []string
	}{
		{"nothing wanted", `{"z":[1,{"a":2}]}`, []string{"", "", "", "", ""}},
		{"each kind", `{"a":"t","b":{"c":-1.5e3,"d":{"e":true}},"x.y":null}`,
			[]string{"text t", "a number -1.5e3", "true or false true", "null null", "a number -1.5e3"}},
		{"an object where a value is wanted", `{"a":{"b":[1]}}`, []string{`an object {"b":[1]}`, "", "", "", ""}},
		{"a value where an object is wanted", `{"b":"t"}`, []string{"", "text t", "text t", "", "text t"}},
		{"null where an object is wanted", `{"b":null}`, []string{"", "null null", "null null", "", "null null"}},
		{"a dot in a key is no path", `{"b.c":1}`, []string{"", "", "", "", ""}},
		{"the last of equal keys counts", `{"a":1,"b":{"c":1},"a":2,"b":{"d":{"e":3}}}`,
			[]string{"a number 2", "", "a number 3", "", ""}},
		{"escapes", `{"\u0061":"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00 and a longer plain part"}`,
			[]string{"text \"\\/\b\f\n\r\té😀 and a longer plain part", "", "", "", ""}},
		{"half a pair", `{"a":"\ud83d!\ude00\ud83dA"}`, []string{"text \ufffd!\ufffd\ufffdA", "", "", "", ""}},
		{"space", " {\t\"a\" :\r1 , \"b\":{ } } ", []string{"a number 1", "", "", "", ""}},
		{"order of keys may change", `{"x.y":1,"a":2}`, []string{"a number 2", "", "", "a number 1", ""}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, flaw := scan(t, test.line)
			if flaw != nil {
				t.Fatalf("%s: %s", flaw.reason, flaw.detail)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("values (-want +got):\n%s", diff)
			}
		})
	}
}

func TestScanRefuses(t *testing.T) {
	for _, test := range []struct{ name, line, reason, detail string }{
		{"garbage", `hello`, badJSON, "want a value at byte 1"},
		{"cut off in a key", `{"a`, badJSON, "the text ends inside quotes at byte 4"},
		{"cut off after a key", `{"a"`, badJSON, "want a colon after the key at byte 5"},
		{"cut off before a value", `{"z":`, badJSON, "the text ends where a value should be at byte 6"},
		{"cut off in a list that is passed over", `{"z":[1,`, badJSON, "the text ends where a value should be at byte 9"},
		{"two objects", `{"a":1}{"a":2}`, badJSON, "text after the end of the value at byte 8"},
		{"trailing comma", `{"a":1,}`, badJSON, "want a key in quotes at byte 8"},
		{"comma for colon", `{"a",1}`, badJSON, "want a colon after the key at byte 5"},
		{"unquoted key", `{a:1}`, badJSON, "want a key in quotes at byte 2"},
		{"leading zero", `{"z":012}`, badJSON, "want a comma or } after the value at byte 7"},
		{"bare minus", `{"z":-}`, badJSON, "want a value at byte 7"},
		{"no digits after the point", `{"z":1.}`, badJSON, "want digits after the decimal point at byte 8"},
		{"no digits in the exponent", `{"z":1e+}`, badJSON, "want digits in the exponent at byte 9"},
		{"not a number", `{"a":NaN}`, badJSON, "want a value at byte 6"},
		{"half a word", `{"z":tru}`, badJSON, "want a value at byte 6"},
		{"control character", "{\"z\":\"a\tb\"}", badJSON, "control character inside quotes at byte 8"},
		{"unknown escape", `{"z":"\x"}`, badJSON, "unknown escape at byte 8"},
		{"bad hex digits", `{"a":"\u00g0"}`, badJSON, `want four hex digits after \u at byte 9`},
		{"too deep", strings.Repeat(`{"z":`, 600) + "1" + strings.Repeat("}", 600), badJSON, "nested too deep at byte 2561"},
		{"a list", `[{"a":1}]`, notAnObject, `the line begins with "[{\"a\":1}]": want an object in { }`},
		{"a number", `12`, notAnObject, `the line begins with "12": want an object in { }`},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, got := scan(t, test.line)
			if got == nil {
				t.Fatal("accepted")
			}
			if diff := cmp.Diff([]string{test.reason, test.detail}, []string{got.reason, Privacy{}.shown(got.detail)}); diff != "" {
				t.Errorf("flaw (-want +got):\n%s", diff)
			}
		})
	}
}

// Acceptance means that the standard library accepts the line too and finds
// the same values; refusal means that it does not, or that it is too deep.
func FuzzScan(f *testing.F) {
	for _, seed := range []string{
		`{"a":"t","b":{"c":-1.5e3,"d":{"e":true}},"x.y":null}`,
		`{"a":1,"b":{"c":1},"a":"\ud83d\ude00\ud83d\\u12","b":{"d":{"e":[3,{}]}}}`,
		`{"a":{"b":[1]},"b":"t","z":"0123456789\u00e9"}`,
		`[1]`, `{"a":`, "{\"a\":\"\xff\"}",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		var s scanner
		values := make([]value, len(wantedPaths))
		flaw := s.record([]byte(line), newNode(wantedPaths), values)

		decoder := json.NewDecoder(strings.NewReader(line))
		decoder.UseNumber()
		var whole any
		valid := json.Valid([]byte(line)) && decoder.Decode(&whole) == nil
		record, isObject := whole.(map[string]any)
		if flaw != nil {
			if valid && isObject && !strings.Contains(flaw.detail, "too deep") {
				t.Fatalf("refused %q: %s", line, flaw.detail)
			}
			return
		}
		if !valid || !isObject {
			t.Fatalf("accepted %q", line)
		}
		for i, path := range wantedPaths {
			if diff := cmp.Diff(lookUp(record, path), plainly(t, values[i])); diff != "" {
				t.Errorf("%q: value at %v (-want +got):\n%s", line, path, diff)
			}
		}
	})
}

// lookUp returns the value at a path of a decoded object, or what is in the way.
func lookUp(record map[string]any, path []string) any {
	v, ok := record[path[0]]
	if !ok {
		return "absent"
	}
	if inner, ok := v.(map[string]any); ok && len(path) > 1 {
		return lookUp(inner, path[1:])
	}
	return v
}

// plainly returns a value as the standard library would decode it.
func plainly(t *testing.T, v value) any {
	switch v.kind {
	case absent:
		return "absent"
	case text:
		return string([]rune(string(v.bytes))) // a replacement for each invalid byte
	}
	decoder := json.NewDecoder(strings.NewReader(string(v.bytes)))
	decoder.UseNumber()
	var plain any
	if err := decoder.Decode(&plain); err != nil {
		t.Fatalf("value %q: %v", v.bytes, err)
	}
	return plain
}
