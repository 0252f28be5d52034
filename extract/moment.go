package extract

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// lastMoment is the last time that a warehouse takes. What is reckoned with times
// up to it does not overflow.
var lastMoment = time.Date(9999, 12, 31, 23, 59, 59, 999_999_000, time.UTC).UnixMicro()

// parseMoment returns a time in microseconds since 1970 UTC: RFC 3339 text if
// unit is 0, else a number of units of that many microseconds. It explains
// what is wrong if it cannot.
func parseMoment(v value, unit int64) (micros int64, problem string) {
	switch {
	case v.kind == moment:
		return v.at, ""
	case v.kind != text && v.kind != number:
		return 0, fmt.Sprintf("is %s, want a time", v.kind)
	case unit != 0:
		micros, ok := scaled(v.bytes, unit)
		if !ok {
			return 0, fmt.Sprintf("is %s, want a number", excerpt(v.bytes))
		}
		return micros, ""
	case v.kind == number:
		return 0, fmt.Sprintf("is the number %s: say in the mapping if its unit is s, ms or us", excerpt(v.bytes))
	}
	micros, ok := parseRFC3339(v.bytes)
	if !ok {
		return 0, fmt.Sprintf("is %s, want a time such as 2026-10-01T12:00:00Z", excerpt(v.bytes))
	}
	return micros, ""
}

// scaled returns a decimal number times unit, cut to an integer.
func scaled(b []byte, unit int64) (int64, bool) {
	digits, negative := b, false
	if len(digits) > 0 && digits[0] == '-' {
		digits, negative = digits[1:], true
	}
	var n int64
	i := 0
	for ; i < len(digits) && digits[i]-'0' <= 9; i++ {
		if n > (math.MaxInt64-9*unit)/10 {
			return 0, false
		}
		n = n*10 + int64(digits[i]-'0')*unit
	}
	if i == 0 {
		return 0, false
	}
	if i < len(digits) && digits[i] == '.' && i+1 < len(digits) {
		// Each decimal is worth a tenth of the one before; what is left
		// below one microsecond is cut off.
		worth := unit
		for i++; i < len(digits) && digits[i]-'0' <= 9; i++ {
			worth /= 10
			n += int64(digits[i]-'0') * worth
		}
	}
	if i < len(digits) {
		return scaledFloat(b, unit)
	}
	if negative {
		n = -n
	}
	return n, true
}

// scaledFloat is scaled for a number with an exponent.
func scaledFloat(b []byte, unit int64) (int64, bool) {
	// ParseFloat also reads NaN, Inf, hexadecimal numbers and underscores.
	for _, c := range b {
		if c-'0' > 9 && c != '.' && c != 'e' && c != 'E' && c != '+' && c != '-' {
			return 0, false
		}
	}
	if last := b[len(b)-1]; last-'0' > 9 {
		return 0, false
	}
	f, err := strconv.ParseFloat(string(b), 64)
	if f *= float64(unit); err != nil || math.Abs(f) > 1<<62 {
		return 0, false
	}
	return int64(f), true
}

// parseRFC3339 reads a date and a time of day, with T or a space between them,
// any number of decimals and Z, UTC or an offset after them; none means UTC.
func parseRFC3339(b []byte) (int64, bool) {
	if len(b) < len("2006-01-02T15:04:05") || b[4] != '-' || b[7] != '-' || b[13] != ':' || b[16] != ':' {
		return 0, false
	}
	if c := b[10]; c != 'T' && c != 't' && c != ' ' {
		return 0, false
	}
	ok := true
	num := func(i, j int) (n int) {
		for _, c := range b[i:j] {
			ok = ok && c-'0' <= 9
			n = n*10 + int(c-'0')
		}
		return n
	}
	year, month, day := num(0, 4), num(5, 7), num(8, 10)
	hour, minute, second := num(11, 13), num(14, 16), num(17, 19)
	// A leap second, :60, is the first of the next minute.
	if !ok || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) || hour > 23 || minute > 59 || second > 60 {
		return 0, false
	}
	micros := (daysSince1970(year, month, day)*86400 + int64(hour*3600+minute*60+second)) * 1e6

	b = b[19:]
	if len(b) > 0 && b[0] == '.' {
		worth := int64(1e5)
		i := 1
		for ; i < len(b) && b[i]-'0' <= 9; i++ {
			micros += int64(b[i]-'0') * worth
			worth /= 10
		}
		if i == 1 {
			return 0, false
		}
		b = b[i:]
	}
	offset, ok := parseOffset(b)
	return micros - offset*1e6, ok
}

// parseOffset reads the offset of a zone from UTC, in seconds.
func parseOffset(b []byte) (int64, bool) {
	switch string(b) {
	case "", "Z", "z", " UTC":
		return 0, true
	}
	var hour, minute []byte
	switch {
	case b[0] != '+' && b[0] != '-':
		return 0, false
	case len(b) == len("+01:00") && b[3] == ':':
		hour, minute = b[1:3], b[4:6]
	case len(b) == len("+0100"):
		hour, minute = b[1:3], b[3:5]
	case len(b) == len("+01"):
		hour, minute = b[1:3], []byte("00")
	default:
		return 0, false
	}
	h, err1 := strconv.ParseUint(string(hour), 10, 8)
	m, err2 := strconv.ParseUint(string(minute), 10, 8)
	if err1 != nil || err2 != nil || h > 23 || m > 59 {
		return 0, false
	}
	offset := int64(h*3600 + m*60)
	if b[0] == '-' {
		offset = -offset
	}
	return offset, true
}

func daysIn(year, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// daysSince1970 counts days in the Gregorian calendar.
func daysSince1970(year, month, day int) int64 {
	// Years that begin in March put the leap day at their end.
	y, m := int64(year), int64(month)
	if m <= 2 {
		y--
		m += 12
	}
	return 365*y + y/4 - y/100 + y/400 + (153*(m-3)+2)/5 + int64(day) - 719469
}

// formatMoment writes a time for a person.
func formatMoment(micros int64) string {
	return time.UnixMicro(micros).UTC().Format("2006-01-02 15:04:05 UTC")
}
