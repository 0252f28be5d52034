package extract_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What is no text is one record in quarantine; a text, good or bad, is as many
// as it has lines.
func TestObjectThatIsNoText(t *testing.T) {
	const noText = "1 unreadable_object: not text"
	for _, test := range []struct {
		name, content string
		want          []string // beginnings
	}{
		{"compressed in a way that cannot be told", "\x1b\x05\x00\x01\n\x02\n", []string{noText}},
		{"not UTF-8", "caf\xe9\ncaf\xe9\n", []string{noText}},
		{"two bytes a character", "\xff\xfe{\x00\"\x00", []string{noText}},
		{"a text of another kind", "a\tb\r\n1\t2\r\n", []string{"1 bad_json", "2 bad_json"}},
		{"a text whose character ends after what is looked at", strings.Repeat("x", 511) + "é\n", []string{"1 bad_json"}},
		{"a text whose character is broken there", strings.Repeat("x", 511) + "\xff\n", []string{noText}},
		{"a record of bad bytes", "{\"type\":\"\xff\x00\"}\n{\n", []string{"1 bad_json", "2 bad_json"}},
		{"a list", "[\n]\n", []string{"1 bad_json", "2 bad_json"}},
		{"nothing", "", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, rejects := staged(t, segment, test.content)
			for i := range rejects {
				if i < len(test.want) && strings.HasPrefix(rejects[i], test.want[i]) {
					rejects[i] = test.want[i]
				}
			}
			if diff := cmp.Diff(test.want, rejects); diff != "" {
				t.Errorf("in quarantine (-want +got):\n%s", diff)
			}
		})
	}
}
