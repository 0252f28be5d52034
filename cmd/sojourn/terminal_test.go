package main

import (
	"bytes"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

const obeyed = "a\x1b[31mred\x1b]0;title\a\b\r\x7f\u009b2J\u202eabc\xff\x9bé日\n\tb"

func TestVisibleWriter(t *testing.T) {
	const want = `a\x1b[31mred\x1b]0;title\x07\x08\r\x7f\u009b2J\u202eabc\xff\x9bé日` + "\n\tb"
	for _, size := range []int{1, 2, 3, len(obeyed)} { // characters may come in parts
		var out bytes.Buffer
		w := &visibleWriter{w: &out}
		for text := obeyed; text != ""; {
			n, err := w.Write([]byte(text[:min(size, len(text))]))
			if err != nil {
				t.Fatal(err)
			}
			text = text[n:]
		}
		if out.String() != want {
			t.Errorf("in parts of %d: %q, want %q", size, out.String(), want)
		}
	}
}

// Whatever the text, what comes out is one line that a terminal only shows, and
// a text that it would only show stays as it is.
func FuzzOneLine(f *testing.F) {
	f.Add(obeyed)
	f.Add("Home")
	f.Fuzz(func(t *testing.T, text string) {
		got := oneLine(text)
		if !utf8.ValidString(got) || strings.ContainsFunc(got, unicode.IsControl) {
			t.Errorf("%q became %q", text, got)
		}
		if got != text && utf8.ValidString(text) && !strings.ContainsFunc(text, isObeyed) {
			t.Errorf("%q became %q", text, got)
		}
	})
}
