package extract

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"sojourn/internal/bucket"
	"sojourn/internal/calendar"
)

// A Source is a set of raw objects in one format.
type Source struct {
	Name   string
	Bucket *bucket.Bucket
	Format string // one of [Formats]
	Match  string // glob of object names, where ** stands for any folders; empty for all

	// Fields says where in a record each canonical field is. For ndjson, csv
	// and parquet, if empty, fields are looked for under their canonical names.
	// For the formats of products, which know their places, it adds places or
	// comes before theirs: what says nothing here is looked for there, but for
	// times and the ids of users and devices, of which this is the only place.
	// If engaged_ms is mapped here, an event without it has none; otherwise it
	// is unknown.
	Fields map[string]Field

	Clock Clock

	// Properties says which properties of the user's own are kept of events: a
	// name in snake case and where the property is. For ndjson, csv, parquet,
	// snowplow and adobe that is a path as in Fields; for the other products
	// one inside of what holds the event's own properties, or else the user's.
	Properties map[string]string

	// KeepRemoved lets the events of an object count also when it has gone from
	// the bucket, as it does where old objects expire.
	KeepRemoved bool

	Limits Limits // of each object

	Privacy Privacy

	erased func(id string) bool // of ids before they become pseudonyms; nil if nobody is
}

// placed is the source with other places for its fields.
func (s Source) placed(fields map[string]Field) Source {
	s.Fields = fields
	return s
}

// A Field is the place of a canonical field in a record.
type Field struct {
	// Path is the name of a column, or names of nested objects separated by
	// dots; a dot inside a name is written \. (csv and adobe take it as it
	// stands). In snowplow the first name is a column, and one of a column of
	// JSON is followed by a schema and a property.
	Path string

	// Unit is the unit of a time that is a number: s, ms or us; that of an
	// offset from UTC is s or min. Empty for times that are RFC 3339 text. Parquet's own times need none and are
	// UTC, also where isAdjustedToUTC is false.
	Unit string

	// Zone is the IANA name of the zone whose local time a time is, where it
	// says no offset; empty for UTC. An hour that comes twice is the first.
	Zone string
}

// location is the zone of a time that is valid; nil for UTC.
func (f Field) location() *time.Location {
	if f.Zone == "" {
		return nil
	}
	zone, err := time.LoadLocation(f.Zone)
	if err != nil {
		return nil
	}
	return zone
}

// A format is a way to write events into an object.
type format struct {
	name    string
	mapped  bool // fields are where the mapping says, and nowhere else
	read    func(context.Context, *reading) error
	objects func(name string) objectRole // nil if all objects have events

	corrected bool                 // times have been corrected by the product's server
	check     func(Source) []error // what else is wrong with a source; nil if nothing can be
}

func formats() []format {
	list := []format{
		{name: "adobe", read: readAdobe, objects: adobeObjects},
		{name: "csv", mapped: true, read: streamed(readCSV)},
		{name: "ndjson", mapped: true, read: streamed(readNDJSON)},
		{name: "parquet", mapped: true, read: readParquet},
		{name: "snowplow", read: streamed(readSnowplow), corrected: true, check: checkSnowplow},
	}
	for _, p := range products() {
		list = append(list, format{name: p.name, read: p.read, objects: p.objects, corrected: p.corrected})
	}
	slices.SortFunc(list, func(a, b format) int { return strings.Compare(a.name, b.name) })
	return list
}

// reading identifies how objects are read: format, places, clock, what is kept
// and the key of pseudonyms. What was read in another way is read again.
func (s Source) reading() string {
	s = s.admitted()
	text, err := json.Marshal(struct {
		Format string
		Fields map[string]Field
		Clock  Clock

		// Without any the text is that of sources before there were some.
		Properties map[string]string `json:",omitempty"`
		Key        string            `json:",omitempty"`
		Keep       *[]string         `json:",omitempty"`
	}{s.Format, s.Fields, s.Clock, s.Properties, s.Privacy.Pseudonyms.KeyID(), s.Privacy.allowList()})
	if err != nil {
		panic(err) // texts and numbers
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

// roles returns what says what an object of the source is for, by its name.
// Where there are many names it is asked for once: it looks for the format.
func (s Source) roles() func(name string) objectRole {
	if f, ok := formatNamed(s.Format); ok && f.objects != nil {
		return f.objects
	}
	return func(string) objectRole { return objectRole{} }
}

// roleOf says what an object of the source is for.
func (s Source) roleOf(name string) objectRole { return s.roles()(name) }

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
	case len(s.Fields) > 0:
		for _, err := range validateFields(s.Fields, f.mapped) {
			report("fields: %w", err)
		}
	}
	if _, mapped := s.Fields[timestamp.String()]; f.corrected && s.Clock.Correct && !mapped {
		report("clock: correct: the server of %s has corrected timestamp already: leave it out, or name the place of the uncorrected time as that of timestamp", s.Format)
	}
	if f.check != nil {
		for _, err := range f.check(s) {
			report("%w", err)
		}
	}
	for _, err := range validateProperties(s.Properties) {
		report("properties: %w", err)
	}
	for _, err := range s.validateNoIP() {
		report("%w", err)
	}
	for _, err := range s.Privacy.validate(s.Properties) {
		report("privacy: %w", err)
	}
	if s.Clock.DeadZone < 0 || s.Clock.FutureClamp < 0 {
		report("clock: %v and %v: want no negative duration", s.Clock.DeadZone, s.Clock.FutureClamp)
	}
	return errors.Join(errs...)
}

// validateFields reports what is wrong with places. A mapping that is complete
// has all without which no record could be used.
func validateFields(fields map[string]Field, complete bool) []error {
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
		case f.Unit != "" && !id.hasUnit():
			report("%s: has a unit, but is not a time", name)
		case id == utcOffset && f.Unit != "" && f.Unit != "s" && f.Unit != "min":
			report("%s: unknown unit %q: want s or min, or none for text such as +02:00 or Europe/Lisbon", name, f.Unit)
		case id.isTime() && f.Unit != "" && (unitMicros(f.Unit) == 0 || f.Unit == "min"):
			report("%s: unknown unit %q: want s, ms or us, or none for RFC 3339 text", name, f.Unit)
		case f.Zone != "" && !id.isTime():
			report("%s: has a zone, but is not a time", name)
		case f.Zone != "":
			if _, err := calendar.LoadZone(f.Zone); err != nil {
				report("%s: %w", name, err)
			}
		}
	}
	if !complete {
		return errs
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

// mayMatchBelow reports whether a name in a folder can have the shape of a
// pattern.
func mayMatchBelow(pattern, folder string) bool {
	if pattern == "" {
		return true
	}
	parts := strings.Split(pattern, "/")
	for i, name := range strings.Split(folder, "/") {
		if parts[i] == "**" {
			return true
		}
		if ok, _ := path.Match(parts[i], name); !ok || i+1 == len(parts) {
			return false
		}
	}
	return true
}
