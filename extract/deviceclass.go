package extract

import (
	"bytes"
	"unsafe"
)

// maxClass is the length in bytes of the longest word for a kind of device
// that is looked for.
const maxClass = 32

// deviceClassOf returns the kind of device that a text names in one of the
// usual spellings, those of user agents' parsers and of the products' own SDKs;
// "" if it is none of them.
func deviceClassOf(b []byte) string {
	b = bytes.TrimSpace(b)
	if len(b) == 0 || len(b) > maxClass {
		return ""
	}
	var lower [maxClass]byte
	for i, c := range b {
		if c-'A' < 26 {
			c += 'a' - 'A'
		}
		lower[i] = c
	}
	switch string(lower[:len(b)]) {
	case "phone", "mobile", "mobile phone", "smartphone", "smart phone", "handset":
		return "phone"
	case "tablet":
		return "tablet"
	case "desktop", "computer", "pc", "laptop":
		return "desktop"
	case "tv", "television", "smart tv", "smart-tv", "smarttv", "connected tv":
		return "tv"
	case "watch", "smartwatch", "smart watch":
		return "watch"
	case "console", "game console":
		return "console"
	}
	return ""
}

// classOnly returns a value that names a kind of device in one of the usual
// spellings; another says something else, such as the maker or the system.
func classOnly(v value) value {
	if v.kind == text && deviceClassOf(v.bytes) != "" {
		return v
	}
	return value{}
}

// classed writes the kind of device in the usual spelling. The word unknown
// says nothing; other words stay as they are.
func (v *value) classed() {
	if class := deviceClassOf(v.bytes); class != "" {
		v.bytes = unsafe.Slice(unsafe.StringData(class), len(class)) // nobody changes the bytes of a value
	} else if bytes.EqualFold(v.bytes, []byte("unknown")) {
		v.bytes = nil
	}
}
