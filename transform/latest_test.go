package transform

import (
	"maps"
	"net/url"
	"testing"

	"pgregory.net/rapid"
)

// Of two texts of properties the newer value of each name counts.
func TestLatestProperties(t *testing.T) {
	draw := rapid.MapOfN(rapid.SampledFrom([]string{"a", "ab", "a_b", "b", "plan", "z9"}), rapid.SampledFrom([]string{"", "x", "a=b", "&", "é ü"}), 0, 4)
	rapid.Check(t, func(t *rapid.T) {
		older, newer := draw.Draw(t, "older"), draw.Draw(t, "newer")
		text := func(m map[string]string) string {
			v := url.Values{}
			for name, value := range m {
				v.Set(name, value)
			}
			return v.Encode()
		}
		want := maps.Clone(older)
		maps.Copy(want, newer)
		got := latestProperties(text(older), text(newer))
		if got != text(want) {
			t.Fatalf("%q then %q are %q, want %q", text(older), text(newer), got, text(want))
		}
		for name, value := range want {
			if p := property(got, name); p != value {
				t.Errorf("%s is %q, want %q", name, p, value)
			}
		}
	})
}
