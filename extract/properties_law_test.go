package extract

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"testing"

	"pgregory.net/rapid"

	"sojourn/transform"
)

// Properties are written as the standard library writes them, and an event
// gives each of them back.
func TestPropertiesAreWrittenAsURLValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		said := rapid.MapOfN(rapid.StringMatching(`[a-z][a-z0-9_]{0,5}`), rapid.StringN(1, 20, -1).Filter(func(s string) bool {
			return (&value{kind: text, bytes: []byte(s)}).isPlain()
		}), 0, 8).Draw(t, "properties")
		places, want := map[string]string{"never_said": "x"}, url.Values{}
		for name, text := range said {
			places[name] = name
			want.Set(name, text)
		}
		p := newProperties(Source{Properties: places})
		for i, name := range p.names {
			if s, ok := said[name]; ok {
				p.values[i] = value{kind: text, bytes: []byte(s)}
			}
		}
		a := transform.Attributes{Properties: string(p.encode())}
		if a.Properties != want.Encode() {
			t.Fatalf("written as %q, want %q", a.Properties, want.Encode())
		}
		for name := range places {
			if got := a.Property(name); got != said[name] {
				t.Fatalf("%s is %q, want %q", name, got, said[name])
			}
		}
	})
}

// What was read by a version that knew no properties is not read again.
func TestSourcesWithoutPropertiesReadAsBefore(t *testing.T) {
	sum := sha256.Sum256([]byte(`{"Format":"ndjson","Fields":{"screen":{"Path":"s","Unit":"","Zone":""}},"Clock":{"Correct":false,"DeadZone":0,"FutureClamp":0}}`))
	source := Source{Format: "ndjson", Fields: map[string]Field{"screen": {Path: "s"}}}
	if got, want := source.reading(), hex.EncodeToString(sum[:8]); got != want {
		t.Errorf("the reading is %s, want %s", got, want)
	}
}
