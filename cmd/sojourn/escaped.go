package main

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// escaped writes text that others wrote so that a terminal does nothing with
// it: control characters, what turns the direction of text, and bytes that are
// no UTF-8 are escaped.
func escaped(text string) string {
	var out strings.Builder
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&out, `\x%02x`, text[i])
		case strconv.IsPrint(r):
			out.WriteRune(r)
		default:
			quoted := strconv.QuoteRune(r)
			out.WriteString(quoted[1 : len(quoted)-1])
		}
		i += size
	}
	return out.String()
}

// excerpt is escaped for the first bytes of a text.
func excerpt(text string, bytes int) string {
	if len(text) <= bytes {
		return escaped(text)
	}
	return escaped(text[:bytes]) + "…"
}
