package extract

import (
	"unsafe"

	"sojourn/transform"
)

const (
	maxInterned = 1 << 17 // entries of a table; beyond it, it is begun anew
	arenaSize   = 64 << 10
)

// texts makes strings of bytes that will be overwritten: one string for equal
// bytes where they are expected to repeat, else a place in a shared block.
// It is not safe for concurrent use.
type texts struct {
	interned   map[string]string
	attributes map[string]*transform.Attributes
	scratch    []byte
	arena      []byte
	allocated  int64 // bytes of texts made, about
}

func newTexts() *texts {
	return &texts{interned: map[string]string{}, attributes: map[string]*transform.Attributes{}}
}

// maxRepeated is the length in bytes of the longest text, and of the longest
// attributes together, that are looked for among those seen before: longer
// ones, such as URLs with a query, seldom repeat, and a table of them would be
// no bounded memory.
const maxRepeated = 256

// repeated returns a text that other records probably have too.
func (t *texts) repeated(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	if len(b) > maxRepeated {
		return t.unique(b)
	}
	if s, ok := t.interned[string(b)]; ok {
		return s
	}
	if len(t.interned) >= maxInterned {
		t.interned = map[string]string{}
	}
	s := string(b)
	t.interned[s] = s
	t.allocated += int64(len(s)) + 48
	return s
}

// unique returns a text that probably no other record has.
func (t *texts) unique(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	t.allocated += int64(len(b))
	if len(b) > arenaSize/4 {
		return string(b)
	}
	if len(t.arena)+len(b) > cap(t.arena) {
		t.arena = make([]byte, 0, arenaSize)
	}
	start := len(t.arena)
	t.arena = append(t.arena, b...)
	// Bytes of an arena are written once, before their string is made.
	return unsafe.String(&t.arena[start], len(b))
}

// shared returns attributes with the values of the attribute fields and with
// properties.
func (t *texts) shared(values *[fieldCount]value, properties []byte) *transform.Attributes {
	key := append(t.scratch[:0], properties...)
	key = append(key, 0)
	known := len(properties) > 0
	for f := platform; f <= utcOffset; f++ {
		b := values[f].bytes
		known = known || len(b) > 0
		// Texts never contain NUL, so that the key is unambiguous.
		key = append(append(key, b...), 0)
	}
	t.scratch = key
	if !known {
		return transform.NoAttributes
	}
	if a, ok := t.attributes[string(key)]; ok {
		return a
	}
	if len(t.attributes) >= maxInterned {
		t.attributes = map[string]*transform.Attributes{}
	}
	a := &transform.Attributes{
		Platform:          t.repeated(values[platform].bytes),
		OSVersion:         t.repeated(values[osVersion].bytes),
		AppVersion:        t.repeated(values[appVersion].bytes),
		DeviceModel:       t.repeated(values[deviceModel].bytes),
		Country:           t.repeated(values[country].bytes),
		Language:          t.repeated(values[language].bytes),
		AcquisitionSource: t.repeated(values[acquisitionSource].bytes),
		Campaign:          t.repeated(values[campaign].bytes),
		DeviceClass:       t.repeated(values[deviceClass].bytes),
		UTCOffset:         t.repeated(values[utcOffset].bytes),
		Properties:        t.repeated(properties),
	}
	t.allocated += int64(unsafe.Sizeof(*a))
	if len(key) <= maxRepeated {
		t.attributes[string(key)] = a
		t.allocated += int64(len(key)) + 48
	}
	return a
}
