package extract

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func testPseudonyms(t testing.TB, key string) *Pseudonyms {
	t.Helper()
	p, err := NewPseudonyms([]byte(key))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

const (
	testKey  = "a key of which nobody knows but us"
	otherKey = "another key of which nobody knows it"
)

func TestPseudonyms(t *testing.T) {
	form := regexp.MustCompile(`^[a-z2-7]{26}$`)
	p, again, other := testPseudonyms(t, testKey), testPseudonyms(t, testKey), testPseudonyms(t, otherKey)
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.StringN(1, -1, 600).Draw(t, "id"), rapid.StringN(1, -1, 600).Draw(t, "other id")
		got := p.Of(a)
		if !form.MatchString(got) {
			t.Fatalf("%q: the pseudonym is %q", a, got)
		}
		if again.Of(a) != got {
			t.Fatalf("%q: two pseudonyms under one key", a)
		}
		if other.Of(a) == got {
			t.Fatalf("%q: one pseudonym under two keys", a)
		}
		if (a == b) != (p.Of(b) == got) {
			t.Fatalf("%q and %q: %q and %q", a, b, got, p.Of(b))
		}
		// Whether it was made before makes no difference.
		m := p.maker()
		if m.of([]byte(a)); string(m.of([]byte(b))) != p.Of(b) || string(m.of([]byte(a))) != got {
			t.Fatalf("%q: another pseudonym the second time", a)
		}
	})
	if got := p.Of(""); got != "" {
		t.Errorf("of nothing: %q", got)
	}
	if got := (*Pseudonyms)(nil).Of("ann"); got != "ann" {
		t.Errorf("without pseudonyms: %q", got)
	}
}

// A published value: HMAC-SHA-256 of the id, its first 128 bits in base 32.
func TestPseudonymIsStable(t *testing.T) {
	p := testPseudonyms(t, testKey)
	if got, want := p.Of("ann"), "y2smzbwaox5ccdp4eyxpzrb5b4"; got != want {
		t.Errorf("pseudonym %q, want %q: it must never change, as users would be others from then on", got, want)
	}
	if got, want := p.KeyID(), "4310c943"; got != want {
		t.Errorf("key id %q, want %q", got, want)
	}
}

func TestKeyIsNeverPrinted(t *testing.T) {
	p := testPseudonyms(t, testKey)
	source := Source{Name: "app", Privacy: Privacy{Pseudonyms: p}}
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, of := range []any{p, source, source.Privacy} {
			text := fmt.Sprintf(format, of)
			for _, secret := range []string{testKey, fmt.Sprint([]byte(testKey)[:4]), fmt.Sprintf("%x", testKey)} {
				if strings.Contains(text, strings.Trim(secret, "[]")) {
					t.Errorf("%s of %T shows the key: %s", format, of, text)
				}
			}
		}
	}
}

func TestShortKeys(t *testing.T) {
	if _, err := NewPseudonyms([]byte(strings.Repeat("k", MinKeyBytes-1))); err == nil {
		t.Error("31 bytes are enough of a key")
	} else if strings.Contains(err.Error(), "kkk") {
		t.Errorf("the error shows the key: %v", err)
	}
}
