package extract

import "time"

// A field is a canonical field: what we want to know of an event.
type field int

const (
	eventID field = iota
	userID
	deviceID
	eventName
	timestamp
	receivedAt
	clientTimestamp
	sentAt
	sequence
	sessionID
	screen
	viewID
	engagedMillis
	crashed
	background
	launch
	newSession

	// The attributes, in the order of transform.Attributes.
	platform
	osVersion
	appVersion
	deviceModel
	country
	language
	acquisitionSource
	campaign
	deviceClass
	utcOffset

	fieldCount int = iota
)

// fieldNames are the names of the fields, in the order of the constants.
var fieldNames = [fieldCount]string{
	"event_id", "user_id", "device_id", "event_name", "timestamp", "received_at", "client_timestamp", "sent_at", "sequence",
	"session_id", "screen", "view_id", "engaged_ms", "crash", "background", "launch", "new_session",
	"platform", "os_version", "app_version", "device_model", "country", "language", "acquisition_source", "campaign",
	"device_class", "utc_offset",
}

// String returns the name by which mappings know the field.
func (f field) String() string { return fieldNames[f] }

func (f field) isTime() bool {
	return f == timestamp || f == receivedAt || f == clientTimestamp || f == sentAt
}

// isLenient says whether a value that makes no sense is unknown, and no reason
// to refuse the record.
func (f field) isLenient() bool { return f == deviceClass || f == utcOffset }

// hasUnit says whether the number of a field is one of units that its place
// tells.
func (f field) hasUnit() bool { return f.isTime() || f == utcOffset }

// standsAlone says whether a place that is configured is the only one for the
// field: ids of two kinds must not mix, nor numbers of two units.
func (f field) standsAlone() bool {
	return f.hasUnit() || f == userID || f == deviceID
}

// isText says whether the value of the field is taken as it stands.
func (f field) isText() bool {
	switch f {
	case sequence, engagedMillis, crashed, background, launch, newSession:
		return false
	}
	return !f.isTime()
}

func fieldNamed(name string) (field, bool) {
	for i, n := range fieldNames {
		if n == name {
			return field(i), true
		}
	}
	return 0, false
}

// A place is where a source has a field.
type place struct {
	field field
	path  string
	unit  int64          // microseconds in a unit of time; 0 for text
	zone  *time.Location // of times that are written in local time; nil for UTC
}

// places returns where a source has its fields, in the order of the fields.
func (s Source) places() []place {
	var places []place
	for i, name := range fieldNames {
		f, ok := s.Fields[name]
		if len(s.Fields) == 0 {
			f, ok = Field{Path: name}, true
		}
		if ok {
			places = append(places, place{field(i), f.Path, unitMicros(f.Unit), f.location()})
		}
	}
	return places
}

// unitMicros returns the microseconds in a unit of time; 0 for an unknown one.
func unitMicros(unit string) int64 {
	switch unit {
	case "min": // of offsets
		return 60e6
	case "s":
		return 1e6
	case "ms":
		return 1e3
	case "us":
		return 1
	}
	return 0
}
