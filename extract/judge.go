package extract

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/zeebo/xxh3"

	"sojourn/transform"
)

// maxEngaged is the longest engagement in milliseconds that one event may
// report: more is no time of use, and sums of it would overflow.
const maxEngaged = 24 * 60 * 60 * 1000

// maxText bounds a text of an event, in bytes: users, screens and the like stay
// in memory while a day is made. The longest URLs have a half of it.
const maxText = 16 << 10

var (
	// earliest is the first time that an event may have.
	earliest = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()

	// tolerance is how far a clock may run ahead, in microseconds.
	tolerance = (24 * time.Hour).Microseconds()
)

// A judge makes events of the values of records, or tells their flaws.
type judge struct {
	places  [fieldCount]place // where the source has its fields
	engaged int64             // engagement time of a record that tells none
	clock   Clock
	offsets offsets
	kept    properties // set by the reader before each event
	dropped []field    // optional fields that are not kept

	pseudonyms *pseudonymMaker      // nil keeps ids
	erased     func(id string) bool // nil if nobody is

	now     int64 // bound of all timestamps
	texts   *texts
	scratch []byte
}

// newJudge returns the judge of the records of a source.
func newJudge(s Source, now int64, texts *texts) *judge {
	j := &judge{
		engaged: -1, now: now, texts: texts, clock: s.Clock, kept: newProperties(s),
		dropped: s.Privacy.dropped(), pseudonyms: s.Privacy.Pseudonyms.maker(), erased: s.erased,
	}
	for _, p := range s.places() {
		j.places[p.field] = p
	}
	if _, ok := s.Fields[engagedMillis.String()]; ok {
		j.engaged = 0
	}
	return j
}

// event fills e from the values of a record, but for its origin, or tells why
// it cannot. Values are left changed.
func (j *judge) event(values *[fieldCount]value, e *transform.Event) *flaw {
	j.drop(values)
	for f := range values {
		if f := field(f); f.isText() {
			if flaw := j.text(f, &values[f]); flaw != nil {
				if !f.isLenient() {
					return flaw
				}
				values[f] = value{}
			}
		}
	}
	if flaw := j.subject(values, e); flaw != nil {
		return flaw
	}
	e.Name = j.texts.repeated(values[eventName].bytes)
	e.SourceSession = j.texts.repeated(values[sessionID].bytes)
	e.Screen = j.texts.repeated(values[screen].bytes)
	e.View = j.texts.repeated(values[viewID].bytes)
	if e.Name == "" {
		return &flaw{missingEventName, j.where(eventName) + " is missing or empty"}
	}
	if e.UserID == "" && e.DeviceID == "" {
		return &flaw{missingSubject, fmt.Sprintf("%s and %s are missing or empty: want one of them", j.where(userID), j.where(deviceID))}
	}
	if flaw := j.times(values, e); flaw != nil {
		return flaw
	}
	if flaw := j.measures(values, e); flaw != nil {
		return flaw
	}
	values[deviceClass].classed()
	if v := &values[utcOffset]; v.known() {
		v.bytes = j.offsets.read(*v, j.places[utcOffset].unit, e.At)
	}
	e.Attributes = j.texts.shared(values, j.kept.encode())
	if id := values[eventID].bytes; len(id) > 0 {
		e.ID = j.texts.unique(id)
	} else {
		e.ID = j.digest(e)
	}
	return nil
}

// where names a field and its place, as in user_id (properties.uid).
func (j *judge) where(f field) string {
	if path := j.places[f].path; path != "" && path != f.String() {
		return fmt.Sprintf("%s (%s)", f, path)
	}
	return f.String()
}

// text checks the value of a text field and empties it if it is unknown.
func (j *judge) text(f field, v *value) *flaw {
	switch v.kind {
	case text, number:
	case absent, null:
		v.bytes = nil
		return nil
	default:
		return &flaw{wrongType, fmt.Sprintf("%s is %s, want text", j.where(f), v.kind)}
	}
	if len(v.bytes) > maxText {
		return &flaw{invalidText, fmt.Sprintf("%s has %d bytes, more than %d KiB: it begins with %s", j.where(f), len(v.bytes), maxText>>10, excerpt(v.bytes))}
	}
	if !utf8.Valid(v.bytes) {
		return &flaw{invalidText, fmt.Sprintf("%s is %s, which is not UTF-8", j.where(f), excerpt(v.bytes))}
	}
	if bytes.IndexByte(v.bytes, 0) >= 0 {
		return &flaw{invalidText, fmt.Sprintf("%s is %s, which has a NUL character", j.where(f), excerpt(v.bytes))}
	}
	return nil
}

func (j *judge) times(values *[fieldCount]value, e *transform.Event) *flaw {
	if !values[timestamp].known() {
		return &flaw{missingTimestamp, j.where(timestamp) + " is missing or empty"}
	}
	var problem, beyond *flaw
	if e.At, problem = j.moment(timestamp, values); problem != nil {
		return problem
	}
	for _, other := range [...]struct {
		field field
		to    *int64
	}{{receivedAt, &e.ReceivedAt}, {sentAt, &e.SentAt}, {clientTimestamp, &e.ClientAt}} {
		*other.to = 0
		if !values[other.field].known() {
			continue
		}
		if *other.to, problem = j.moment(other.field, values); problem != nil {
			return problem
		}
		if *other.to > lastMoment {
			beyond = &flaw{badTimestamp, fmt.Sprintf("%s is %s, after the year 9999: is the unit right?", j.where(other.field), formatMoment(*other.to))}
			*other.to = lastMoment
		}
		if *other.to < earliest {
			*other.to = 0 // year 1 and 1970 are how programs write a time that was never set
		}
	}
	claimed := e.At
	if j.clock.correct(e) {
		e.ClientAt = claimed
	}
	if e.ClientAt == e.At {
		e.ClientAt = 0
	}
	if e.At < earliest {
		return &flaw{timestampTooEarly, fmt.Sprintf("%s is %s, before 2000: is the unit right?%s", j.where(timestamp), inMarks(formatMoment(e.At)), j.otherUnit(values[timestamp], claimed))}
	}
	switch {
	case e.ReceivedAt != 0 && beyond == nil && e.At > e.ReceivedAt+tolerance:
		problem := fmt.Sprintf("%s is %s, more than 24 h after %s, %s", j.where(timestamp), inMarks(formatMoment(e.At)), j.where(receivedAt), inMarks(formatMoment(e.ReceivedAt)))
		if other := j.otherUnit(values[timestamp], claimed); other != "" {
			problem += ": is the unit right?" + other
		}
		return &flaw{timestampInFuture, problem}
	case e.At > j.now+tolerance:
		return &flaw{timestampInFuture, fmt.Sprintf("%s is %s, more than 24 h in the future: is the unit right?%s", j.where(timestamp), inMarks(formatMoment(e.At)), j.otherUnit(values[timestamp], claimed))}
	}
	return beyond
}

// otherUnit tells in which unit the number of an impossible time would be a
// time of an event, and how to say so; it is empty if in none.
func (j *judge) otherUnit(v value, claimed int64) string {
	p := &j.places[timestamp]
	if p.unit == 0 || v.kind == moment {
		return ""
	}
	for _, unit := range [...]string{"s", "ms", "us"} {
		micros := unitMicros(unit)
		at := claimed / p.unit * micros
		if micros != p.unit && at/micros == claimed/p.unit && at >= earliest && at <= j.now+tolerance {
			path, _, _ := strings.Cut(p.path, ", ") // the first of several places
			return fmt.Sprintf(" In %s it would be %s: timestamp: {path: %s, unit: %s}", unit, inMarks(formatMoment(at)), path, unit)
		}
	}
	return ""
}

// moment reads a time in the unit and zone of its place.
func (j *judge) moment(f field, values *[fieldCount]value) (int64, *flaw) {
	p := &j.places[f]
	at, problem := parseMoment(values[f], p.unit)
	if problem != "" {
		return 0, &flaw{badTimestamp, j.where(f) + " " + problem}
	}
	if p.zone != nil {
		t := time.UnixMicro(at).UTC()
		at = time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), p.zone).UnixMicro()
	}
	return at, nil
}

func (j *judge) measures(values *[fieldCount]value, e *transform.Event) *flaw {
	e.EngagedMillis = j.engaged
	if v := &values[engagedMillis]; v.known() {
		millis, ok := scaled(v.bytes, 1)
		if v.kind != text && v.kind != number || !ok || millis < 0 || millis > maxEngaged {
			return &flaw{wrongType, fmt.Sprintf("%s is %s, want milliseconds, at most those of a day", j.where(engagedMillis), excerpt(v.bytes))}
		}
		e.EngagedMillis = millis
	}
	var problem *flaw
	for _, is := range [...]struct {
		field field
		to    *bool
	}{{crashed, &e.Crash}, {background, &e.Background}, {launch, &e.Launch}, {newSession, &e.NewSession}} {
		if *is.to, problem = j.truth(is.field, values); problem != nil {
			return problem
		}
	}
	e.Sequence = 0
	if v := &values[sequence]; v.known() {
		n, ok := scaled(v.bytes, 1)
		if v.kind != text && v.kind != number || !ok || n < 0 {
			return &flaw{wrongType, fmt.Sprintf("%s is %s, want a whole number", j.where(sequence), excerpt(v.bytes))}
		}
		e.Sequence = n
	}
	return nil
}

// truth reads a field that is true or false; unknown is false.
func (j *judge) truth(f field, values *[fieldCount]value) (bool, *flaw) {
	v := &values[f]
	if !v.known() {
		return false, nil
	}
	switch v.kind {
	case boolean:
		return v.bytes[0] == 't', nil
	case number:
		n, ok := scaled(v.bytes, 1e6)
		if ok {
			return n != 0, nil
		}
	case text:
		switch string(bytes.ToLower(v.bytes)) {
		case "true", "1":
			return true, nil
		case "false", "0":
			return false, nil
		}
	}
	return false, &flaw{wrongType, fmt.Sprintf("%s is %s, want true or false", j.where(f), excerpt(v.bytes))}
}

// digest identifies an event of a source without event ids by all it says.
// When it was received does not count, so that a second delivery is known as
// one; nor do the kind of device, the offset from UTC and the properties that
// are kept, so that ids stay the same whether or not the source has them.
func (j *judge) digest(e *transform.Event) string {
	b := j.scratch[:0]
	put := func(s string) { b = append(append(b, s...), 0) } // no text has a NUL
	put(e.UserID)
	put(e.DeviceID)
	put(e.Name)
	put(e.SourceSession)
	put(e.Screen)
	put(e.View)
	put(e.Platform)
	put(e.OSVersion)
	put(e.AppVersion)
	put(e.DeviceModel)
	put(e.Country)
	put(e.Language)
	put(e.AcquisitionSource)
	put(e.Campaign)
	// The time that the device claims is the same in every delivery.
	b = binary.LittleEndian.AppendUint64(b, uint64(cmp.Or(e.ClientAt, e.At)))
	b = binary.LittleEndian.AppendUint64(b, uint64(e.Sequence))
	b = binary.LittleEndian.AppendUint64(b, uint64(e.EngagedMillis))
	b = append(b, truthByte(e.Crash), truthByte(e.Background), truthByte(e.Launch), truthByte(e.NewSession))
	sum := xxh3.Hash128(b).Bytes()
	b = hex.AppendEncode(b[:0], sum[:])
	j.scratch = b
	return j.texts.unique(b)
}

func truthByte(b bool) byte {
	if b {
		return 1
	}
	return 0
}
