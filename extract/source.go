package extract

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"sojourn/internal/bucket"
)

// A Source is a set of raw objects in one format.
type Source struct {
	Name   string
	Bucket *bucket.Bucket
	Format string // one of [Formats]
	Match  string // glob of object names, where ** stands for any folders; empty for all

	// Fields says where in a record each canonical field is. If empty, fields
	// are looked for under their canonical names. Not for ga4, whose places
	// are fixed. If engaged_ms is mapped here, an event without it has none;
	// otherwise it is unknown.
	Fields map[string]Field
}

// A Field is the place of a canonical field in a record.
type Field struct {
	// Path is the name of a column, or names of nested objects separated by
	// dots; a dot inside a name is written \. (csv takes it as it stands).
	Path string

	// Unit is the unit of a time that is a number: s, ms or us. Empty for
	// times that are RFC 3339 text. Parquet's own times need none and are
	// UTC, also where isAdjustedToUTC is false.
	Unit string
}

// A format is a way to write events into an object.
type format struct {
	name   string
	mapped bool // fields are where the mapping says
	read   reader
}

func formats() []format {
	return []format{
		{"csv", true, streamed(readCSV)},
		{"ga4", false, streamed(readGA4)},
		{"ndjson", true, streamed(readNDJSON)},
		{"parquet", true, readParquet},
	}
}

// Formats returns the names of the formats that can be read, sorted.
func Formats() []string {
	var names []string
	for _, f := range formats() {
		names = append(names, f.name)
	}
	return names
}

func formatNamed(name string) (format, bool) {
	all := formats()
	i := slices.IndexFunc(all, func(f format) bool { return f.name == name })
	if i < 0 {
		return format{}, false
	}
	return all[i], true
}

// Validate reports all that is wrong with the description of the source.
func (s Source) Validate() error {
	var errs []error
	report := func(message string, args ...any) {
		errs = append(errs, fmt.Errorf("source %q: "+message, append([]any{s.Name}, args...)...))
	}
	if s.Name == "" {
		report("no name")
	}
	if !validGlob(s.Match) {
		report("match: %q is not a pattern", s.Match)
	}
	f, ok := formatNamed(s.Format)
	switch {
	case !ok:
		report("format: unknown %q: want one of %s", s.Format, strings.Join(Formats(), ", "))
	case !f.mapped && len(s.Fields) > 0:
		report("fields: format %s has its fields in fixed places", s.Format)
	case f.mapped && len(s.Fields) > 0:
		for _, err := range validateFields(s.Fields) {
			report("fields: %w", err)
		}
	}
	return errors.Join(errs...)
}

func validateFields(fields map[string]Field) []error {
	var errs []error
	report := func(message string, args ...any) { errs = append(errs, fmt.Errorf(message, args...)) }
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		f := fields[name]
		id, ok := fieldNamed(name)
		if !ok {
			report("unknown field %q: want one of %s", name, strings.Join(fieldNames[:], ", "))
			continue
		}
		if f.Path == "" || slices.Contains(splitPath(f.Path), "") {
			report("%s: path %q has an empty name", name, f.Path)
		}
		switch {
		case f.Unit != "" && !id.isTime():
			report("%s: has a unit, but is not a time", name)
		case f.Unit != "" && unitMicros(f.Unit) == 0:
			report("%s: unknown unit %q: want s, ms or us, or none for RFC 3339 text", name, f.Unit)
		}
	}
	for _, id := range []field{timestamp, eventName} {
		if _, ok := fields[id.String()]; !ok {
			report("%s is not mapped", id)
		}
	}
	_, user := fields[userID.String()]
	_, device := fields[deviceID.String()]
	if !user && !device {
		report("neither %s nor %s is mapped", userID, deviceID)
	}
	return errs
}

// splitPath cuts a path at its dots; a backslash keeps the dot after it.
func splitPath(path string) []string {
	var names []string
	var name strings.Builder
	for i := 0; i < len(path); i++ {
		switch {
		case path[i] == '\\' && i+1 < len(path) && (path[i+1] == '.' || path[i+1] == '\\'):
			i++
			name.WriteByte(path[i])
		case path[i] == '.':
			names = append(names, name.String())
			name.Reset()
		default:
			name.WriteByte(path[i])
		}
	}
	return append(names, name.String())
}

func validGlob(pattern string) bool {
	_, err := path.Match(pattern, "")
	return err == nil
}

// matchGlob reports whether a name has the shape of a pattern: ** stands for
// any number of folders, everything else is as in [path.Match].
func matchGlob(pattern, name string) bool {
	if pattern == "" {
		return true
	}
	return matchFolders(strings.Split(pattern, "/"), strings.Split(name, "/"))
}

func matchFolders(pattern, name []string) bool {
	for ; len(pattern) > 0; pattern = pattern[1:] {
		if pattern[0] == "**" {
			if len(pattern) == 1 {
				return true
			}
			for i := range name {
				if matchFolders(pattern[1:], name[i:]) {
					return true
				}
			}
			return false
		}
		if len(name) == 0 {
			return false
		}
		if ok, _ := path.Match(pattern[0], name[0]); !ok {
			return false
		}
		name = name[1:]
	}
	return len(name) == 0
}
