package extract

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// isBrotli says whether an object, whose first bytes are none that are known,
// is compressed with brotli. Nothing in the content tells, so the name must;
// some storage decompresses what it delivers, and then a record begins.
func isBrotli(name string, head []byte) bool {
	return strings.HasSuffix(name, ".br") && len(head) > 0 && !bytes.HasPrefix(head, []byte("{"))
}

// ofRecords returns the contents of an object of JSON records, or says that it
// cannot have any: what is no text is compressed in a way that could not be
// told, or something else. It would be in quarantine as thousands of lines.
func ofRecords(data io.Reader) (io.Reader, error) {
	b := bufio.NewReaderSize(data, 512)
	head, err := b.Peek(512)
	if err != nil && err != io.EOF {
		return b, nil // the reader of lines comes to it
	}
	first := bytes.TrimLeft(bytes.TrimPrefix(head, byteOrderMark), " \t\r\n")
	if len(first) > 0 && first[0] != '{' && !isText(head) {
		return nil, fmt.Errorf("not text: it begins with %s; gzip and zstd are told by their first bytes, brotli by a name that ends in .br",
			excerpt(head[:min(len(head), 8)]))
	}
	return b, nil
}

// isText says whether the beginning of an object may be that of a text.
func isText(head []byte) bool {
	for len(head) > 0 {
		r, size := utf8.DecodeRune(head)
		if r == utf8.RuneError && size == 1 && utf8.FullRune(head) { // else it is cut off
			return false
		}
		if r < ' ' && r != '\t' && r != '\r' && r != '\n' {
			return false
		}
		head = head[size:]
	}
	return true
}
