package extract

import (
	"strings"
	"testing"
)

// A text is kept in a table if it is short: as many long ones as there are
// entries would be no bounded memory.
func TestTablesHoldShortTexts(t *testing.T) {
	texts := newTexts()
	attributesOf := func(s string) string {
		values := [fieldCount]value{campaign: {kind: text, bytes: []byte(s)}}
		return texts.shared(&values, nil).Campaign
	}
	short, long := strings.Repeat("s", 200), strings.Repeat("l", 257)
	for range 2 {
		for _, want := range []string{short, long} {
			if got := texts.repeated([]byte(want)); got != want {
				t.Errorf("text is %q, want %q", got, want)
			}
			if got := attributesOf(want); got != want {
				t.Errorf("campaign is %q, want %q", got, want)
			}
		}
	}
	if _, ok := texts.interned[short]; !ok || len(texts.interned) != 1 {
		t.Errorf("%d texts in the table, want the short one", len(texts.interned))
	}
	if len(texts.attributes) != 1 {
		t.Errorf("%d attributes in the table, want those of the short campaign", len(texts.attributes))
	}
}
