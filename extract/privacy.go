package extract

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Privacy says what of a source's records does not get into the lake.
type Privacy struct {
	// Pseudonyms take the place of all ids; nil keeps ids as they are.
	Pseudonyms *Pseudonyms

	// Keep names the optional fields and the properties that are kept; nil
	// keeps all that the source has. What sessions are made of is always kept.
	Keep []string

	// HideRecords keeps the bytes of records that cannot be used, and values
	// found in them, out of the quarantine and of messages.
	HideRecords bool
}

// isOptional says whether a field is one that sessions can be made without:
// the allow-list is about these. Ids, times, names of events and what is
// measured are always kept.
func (f field) isOptional() bool {
	return f == screen || f == viewID || f >= platform && f <= utcOffset
}

// OptionalFields returns the canonical fields that an allow-list is about.
func OptionalFields() []string {
	var names []string
	for f := range field(fieldCount) {
		if f.isOptional() {
			names = append(names, f.String())
		}
	}
	return names
}

// IsField says whether there is a canonical field of that name.
func IsField(name string) bool {
	_, ok := fieldNamed(name)
	return ok
}

// allowList is Keep for comparisons; nil if there is none.
func (p Privacy) allowList() *[]string {
	if p.Keep == nil {
		return nil
	}
	sorted := slices.Clone(p.Keep)
	slices.Sort(sorted)
	sorted = slices.Compact(sorted)
	return &sorted
}

// keeps says whether the allow-list admits an optional field or a property.
func (p Privacy) keeps(name string) bool { return p.Keep == nil || slices.Contains(p.Keep, name) }

// admitted is the source without the properties that are not kept.
func (s Source) admitted() Source {
	if s.Privacy.Keep != nil {
		s.Properties = maps.Clone(s.Properties)
		maps.DeleteFunc(s.Properties, func(name, _ string) bool { return !s.Privacy.keeps(name) })
	}
	return s
}

// drop empties the fields that are not kept.
func (j *judge) drop(values *[fieldCount]value) {
	for _, f := range j.dropped {
		values[f] = value{}
	}
}

// dropped are the fields of a source that are not kept.
func (p Privacy) dropped() []field {
	var fields []field
	for f := range field(fieldCount) {
		if f.isOptional() && !p.keeps(f.String()) {
			fields = append(fields, f)
		}
	}
	return fields
}

// The marks of a value of a record inside a message: nothing else has them,
// as values are quoted. They never get out: see [Privacy.shown].
const (
	valueBegins = '\x02'
	valueEnds   = '\x03'
)

// hidden is what stands in a message for a value of a record.
const hidden = "(a value that is not shown)"

// shown is a message about a record for people: with the values that were
// found in it, or without.
func (p Privacy) shown(message string) string {
	if !strings.ContainsAny(message, string(valueBegins)+string(valueEnds)) {
		return message
	}
	var b strings.Builder
	for message != "" {
		before, rest, found := strings.Cut(message, string(valueBegins))
		b.WriteString(before)
		if !found {
			break
		}
		value, after, _ := strings.Cut(rest, string(valueEnds))
		if p.HideRecords {
			value = hidden
		}
		b.WriteString(value)
		message = after
	}
	return b.String()
}

// reduce leaves of a rejected record what may be kept.
func (p Privacy) reduce(r *rejected) {
	r.Detail = p.shown(r.Detail)
	if p.HideRecords {
		r.Raw = nil
		return
	}
	r.Raw = append([]byte{}, r.Raw...) // not null, also of a record without a byte
}

// validate reports what is wrong with what is said of privacy.
func (p Privacy) validate(properties map[string]string) []error {
	var errs []error
	for _, name := range p.Keep {
		if _, own := properties[name]; !own && !IsField(name) && !propertyName.MatchString(name) {
			errs = append(errs, fmt.Errorf("keep: %q is neither a field nor a property", name))
		}
	}
	return errs
}
