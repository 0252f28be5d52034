package main

import (
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A terminal obeys some characters instead of showing them: they move the
// cursor, set the title, or type for the user. Names of events, screens and
// objects are other people's, so what is written to a terminal goes through a
// visibleWriter, and names in tables and messages through oneLine. What is
// written to files and programs, as csv and json, is exact.

// A visibleWriter writes text for a person: what a terminal would obey it
// writes as Go would in quotes, such as \x1b, but for tabs and ends of lines.
type visibleWriter struct {
	w    io.Writer
	rest []byte // the beginning of a character whose end has not come yet
}

func (v *visibleWriter) Write(p []byte) (int, error) {
	text := append(v.rest, p...)
	v.rest = nil
	out := make([]byte, 0, len(text))
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		if r == utf8.RuneError && size == 1 && !utf8.FullRune(text) {
			v.rest = append(v.rest, text...)
			break
		}
		if r == '\n' || r == '\t' {
			out = append(out, text[0])
		} else {
			out = appendVisible(out, text[:size], r)
		}
		text = text[size:]
	}
	if _, err := v.w.Write(out); err != nil {
		return 0, err
	}
	return len(p), nil
}

// oneLine shows a text of the data within a line.
func oneLine(text string) string {
	if !strings.ContainsFunc(text, isObeyed) && utf8.ValidString(text) {
		return text
	}
	var out []byte
	for len(text) > 0 {
		r, size := utf8.DecodeRuneInString(text)
		out = appendVisible(out, []byte(text[:size]), r)
		text = text[size:]
	}
	return string(out)
}

func appendVisible(out, char []byte, r rune) []byte {
	switch {
	case r == utf8.RuneError && len(char) == 1:
		return fmt.Appendf(out, `\x%02x`, char[0])
	case !isObeyed(r):
		return append(out, char...)
	case r == '\n':
		return append(out, `\n`...)
	case r == '\t':
		return append(out, `\t`...)
	case r == '\r':
		return append(out, `\r`...)
	case r < 0x80:
		return fmt.Appendf(out, `\x%02x`, r)
	}
	return fmt.Appendf(out, `\u%04x`, r)
}

// isObeyed says whether a terminal would obey a character: control characters,
// and those that turn the direction of what follows.
func isObeyed(r rune) bool {
	return unicode.IsControl(r) || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0x200e || r == 0x200f || r == 0x2028 || r == 0x2029
}
