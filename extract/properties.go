package extract

import (
	"bytes"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"time"
	"unicode/utf8"
)

// maxProperties is how many properties of the user's own a source may keep.
const maxProperties = 32

var propertyName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)

// properties are the properties of the user's own that a source keeps: the
// reader of a format sets their values, record by record.
type properties struct {
	names  []string // sorted
	values []value  // of the record, in the order of names
	text   []byte
}

func newProperties(s Source) properties {
	names := slices.Sorted(maps.Keys(s.Properties))
	return properties{names: names, values: make([]value, len(names))}
}

// propertyPaths returns the places of the properties, in the order of their
// names.
func (s Source) propertyPaths() []string {
	var paths []string
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		paths = append(paths, s.Properties[name])
	}
	return paths
}

// encode writes what is known of the properties as url.Values.Encode does. The
// text is valid until the next call.
func (p *properties) encode() []byte {
	p.text = p.text[:0]
	for i, name := range p.names {
		v := &p.values[i]
		if !v.isPlain() {
			continue
		}
		if len(p.text) > 0 {
			p.text = append(p.text, '&')
		}
		p.text = append(append(p.text, name...), '=')
		if v.kind == moment {
			var at [len(time.RFC3339Nano)]byte
			p.text = appendEscaped(p.text, time.UnixMicro(v.at).UTC().AppendFormat(at[:0], time.RFC3339Nano))
		} else {
			p.text = appendEscaped(p.text, v.bytes)
		}
	}
	return p.text
}

// isPlain says whether a value is one that is kept: a text, a number, true or
// false, or a time. Objects and lists are none, nor are texts that are no text
// or too long.
func (v *value) isPlain() bool {
	switch v.kind {
	case boolean, moment:
		return true
	case number:
		return len(v.bytes) <= maxText && v.bytes[len(v.bytes)-1]-'0' <= 9 // not NaN, which JSON has not
	case text:
		return len(v.bytes) > 0 && len(v.bytes) <= maxText && utf8.Valid(v.bytes) && bytes.IndexByte(v.bytes, 0) < 0
	}
	return false
}

// firstPlain returns the first value that is kept.
func firstPlain(values ...value) value {
	for _, v := range values {
		if v.isPlain() {
			return v
		}
	}
	return value{}
}

// appendEscaped escapes a text as url.QueryEscape does.
func appendEscaped(b, text []byte) []byte {
	const hex = "0123456789ABCDEF"
	for _, c := range text {
		switch {
		case c-'a' < 26, c-'A' < 26, c-'0' < 10, c == '-', c == '_', c == '.', c == '~':
			b = append(b, c)
		case c == ' ':
			b = append(b, '+')
		default:
			b = append(b, '%', hex[c>>4], hex[c&15])
		}
	}
	return b
}

// validateProperties reports what is wrong with the properties of a source.
func validateProperties(properties map[string]string) []error {
	var errs []error
	if len(properties) > maxProperties {
		errs = append(errs, fmt.Errorf("%d of them: want %d at most", len(properties), maxProperties))
	}
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		path := properties[name]
		if !propertyName.MatchString(name) {
			errs = append(errs, fmt.Errorf("name %q: want lower-case letters, digits and underscores, a letter first, 64 at most", name))
		}
		if path == "" || slices.Contains(splitPath(path), "") {
			errs = append(errs, fmt.Errorf("%s: path %q has an empty name", name, path))
		}
	}
	return errs
}
