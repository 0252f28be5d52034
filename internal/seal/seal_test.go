package seal_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sojourn/internal/seal"
)

type note struct {
	Text   string            `json:"text"`
	Counts map[string]int64  `json:"counts,omitempty"`
	Below  []map[string]bool `json:"below,omitempty"`
}

var notes = []note{
	{},
	{Text: "a \"quoted\" text, <b>ä</b>"},
	{Text: "x", Counts: map[string]int64{"a": 1, "b": -2}, Below: []map[string]bool{{"c": true}}},
}

// A sealed document says what was written; with any bit of it changed it is an
// error.
func TestEveryBitCounts(t *testing.T) {
	for _, want := range notes {
		data, err := seal.Encode(want)
		if err != nil {
			t.Fatal(err)
		}
		var got note
		if sealed, err := seal.Decode(data, &got); err != nil || !sealed || !cmp.Equal(got, want) {
			t.Fatalf("%s is %+v, sealed %v: %v", data, got, sealed, err)
		}
		for i := range data {
			for bit := range 8 {
				data[i] ^= 1 << bit
				if _, err := seal.Decode(data, new(note)); err == nil {
					t.Errorf("bit %d of byte %d of this was changed, and nothing was found:\n%s", bit, i, data)
				}
				data[i] ^= 1 << bit
			}
		}
		for end := range data {
			if _, err := seal.Decode(data[:end], new(note)); err == nil {
				t.Errorf("cut after %d bytes, and nothing was found", end)
			}
		}
	}
}

// A document without a seal is read, one with another's seal is not.
func TestSeals(t *testing.T) {
	var got note
	if sealed, err := seal.Decode([]byte(`{"text": "old"}`), &got); err != nil || sealed || got.Text != "old" {
		t.Errorf("an old document is %+v, sealed %v: %v", got, sealed, err)
	}
	one, err := seal.Encode(note{Text: "one"})
	if err != nil {
		t.Fatal(err)
	}
	copy(one[len("{\n  \"text\": \""):], "two")
	if _, err := seal.Decode(one, &got); !errors.Is(err, seal.ErrBroken) {
		t.Errorf("a changed document: %v", err)
	}
	for _, bad := range []string{`{"text": "old"} {}`, `{"text": "old"}x`, `{"other": 1}`, `{`, ``} {
		if _, err := seal.Decode([]byte(bad), &got); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}
