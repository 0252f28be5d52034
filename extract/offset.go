package extract

import (
	"bytes"
	"strconv"
	"time"
)

// maxOffset is the greatest difference from UTC, in minutes, that the clock of
// a place has.
const maxOffset = 14 * 60

// offsets reads offsets from UTC. The zero value is ready to use; it is not
// safe for concurrent use.
type offsets struct {
	zones map[string]*time.Location // by name; nil for what is none
	text  [len("+00:00")]byte
}

const (
	maxZones    = 1024 // names that are remembered: there are some 600 zones
	maxZoneName = 64   // bytes
)

// read returns the offset that a value says as +hh:mm or -hh:mm, valid until
// the next call; nil if it says none that a clock may have. The value is a
// number of units of so many microseconds, if unit is not 0; or else such a
// text, also with UTC before it, or the IANA name of a zone, whose offset is
// that of the time at, in microseconds since 1970 UTC.
func (o *offsets) read(v value, unit, at int64) []byte {
	if v.kind != text && v.kind != number {
		return nil
	}
	b := bytes.TrimSpace(v.bytes)
	minutes, ok := offsetNumber(b, unit)
	if !ok && v.kind == text {
		minutes, ok = offsetText(b)
		if !ok {
			minutes, ok = o.zoned(b, at)
		}
	}
	if !ok || max(minutes, -minutes) > maxOffset {
		return nil
	}
	sign := byte('+')
	if minutes < 0 {
		sign, minutes = '-', -minutes
	}
	h, m := byte(minutes/60), byte(minutes%60)
	o.text = [...]byte{sign, '0' + h/10, '0' + h%10, ':', '0' + m/10, '0' + m%10}
	return o.text[:]
}

// offsetNumber reads a whole number of units, which must come to whole
// minutes. Without a unit only 0 is an offset.
func offsetNumber(b []byte, unit int64) (minutes int64, ok bool) {
	if len(b) == 0 || len(b) > len("-50400.000000") {
		return 0, false
	}
	b = wholeNumber(b)
	if unsigned := bytes.TrimPrefix(b, []byte("-")); len(unsigned) == 0 || unsigned[0]-'0' > 9 || unsigned[0] == '0' && len(unsigned) > 1 {
		return 0, false // +0600 and -0600 are six hours in any unit
	}
	n, err := strconv.ParseInt(string(b), 10, 32)
	if err != nil {
		return 0, false
	}
	if unit == 0 {
		return 0, n == 0
	}
	micros := n * unit
	return micros / 60e6, micros%60e6 == 0
}

// wholeNumber returns a number without decimals that are all 0, as programs
// write them that know only one kind of number.
func wholeNumber(b []byte) []byte {
	whole, decimals, ok := bytes.Cut(b, []byte("."))
	if ok && len(decimals) > 0 && len(bytes.Trim(decimals, "0")) == 0 {
		return whole
	}
	return b
}

// offsetText reads Z, UTC or GMT, and an offset that may follow the latter
// two: hours, or hours and minutes with or without a colon.
func offsetText(b []byte) (minutes int64, ok bool) {
	if len(b) > len("UTC+02:00") {
		return 0, false
	}
	switch string(b) {
	case "Z", "z":
		return 0, true
	}
	named := false
	if len(b) >= 3 && (bytes.EqualFold(b[:3], []byte("UTC")) || bytes.EqualFold(b[:3], []byte("GMT"))) {
		if b, named = b[3:], true; len(b) == 0 {
			return 0, true
		}
	}
	if len(b) < 2 || b[0] != '+' && b[0] != '-' {
		return 0, false
	}
	negative, b := b[0] == '-', b[1:]
	hours, rest, colon := bytes.Cut(b, []byte(":"))
	switch {
	case colon && len(rest) == 2:
	case !colon && len(b) == 4:
		hours, rest = b[:2], b[2:]
	case colon, len(b) == 1 && !named:
		return 0, false
	}
	if len(hours) == 0 || len(hours) > 2 {
		return 0, false
	}
	h, ok1 := digits(hours)
	m, ok2 := digits(rest)
	if !ok1 || !ok2 || m > 59 {
		return 0, false
	}
	if minutes = h*60 + m; negative {
		minutes = -minutes
	}
	return minutes, true
}

// digits reads a few digits; none are 0.
func digits(b []byte) (n int64, ok bool) {
	for _, c := range b {
		if c-'0' > 9 {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, true
}

// zoned returns the offset of a zone at a time.
func (o *offsets) zoned(name []byte, at int64) (minutes int64, ok bool) {
	if len(name) == 0 || len(name) > maxZoneName {
		return 0, false
	}
	zone, known := o.zones[string(name)]
	if !known {
		if o.zones == nil || len(o.zones) >= maxZones {
			o.zones = map[string]*time.Location{}
		}
		zone = loadZone(string(name))
		o.zones[string(name)] = zone
	}
	if zone == nil {
		return 0, false
	}
	_, seconds := time.UnixMicro(at).In(zone).Zone()
	return int64(seconds / 60), seconds%60 == 0
}

// loadZone returns the zone of an IANA name, nil if there is none.
func loadZone(name string) *time.Location {
	if name[0]-'A' >= 26 || name == "Local" {
		return nil // names of machines' own, such as localtime, are no zones of a device
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil
	}
	return zone
}
