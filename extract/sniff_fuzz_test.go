package extract

import (
	"slices"
	"testing"
	"unicode/utf8"
)

// Whatever a text begins with, what is said of it is a text for a person and
// names a format that there is.
func FuzzSniff(f *testing.F) {
	for _, seed := range []string{
		openLine, "id,name\n1,a", "[{}]", "{\n", "1\t2\t3", "Obj\x01", "\xef\xbb\xbf\n\n", "{\"a\xff\":1,\"b\":[{}]}\n{\"a", "a;b\nc;d", "\x00",
	} {
		f.Add([]byte(seed), true)
	}
	formats := append(Formats(), "")
	f.Fuzz(func(t *testing.T, begin []byte, cut bool) {
		format, found := sniffText(begin, cut)
		if !slices.Contains(formats, format) || found == "" || !utf8.ValidString(found) {
			t.Errorf("%q: format %q, found %q", begin, format, found)
		}
	})
}
