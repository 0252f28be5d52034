package extract

import (
	"strconv"
	"time"
)

// appendJSON writes a value into a JSON text. A time becomes RFC 3339 text, or
// a number of units of that many microseconds; a number that JSON has not, such
// as NaN, becomes text.
func appendJSON(b []byte, v value, unit int64) []byte {
	switch v.kind {
	case text:
		return appendQuoted(b, v.bytes)
	case number:
		if last := v.bytes[len(v.bytes)-1]; last-'0' > 9 {
			return appendQuoted(b, v.bytes)
		}
		return append(b, v.bytes...)
	case boolean:
		return append(b, v.bytes...)
	case moment:
		if unit == 0 {
			b = append(b, '"')
			b = time.UnixMicro(v.at).UTC().AppendFormat(b, time.RFC3339Nano)
			return append(b, '"')
		}
		return appendUnits(b, v.at, unit)
	}
	return append(b, "null"...)
}

// appendUnits writes a time in microseconds as a number of units, with
// decimals if it is no whole number of them.
func appendUnits(b []byte, micros, unit int64) []byte {
	whole, rest := micros/unit, micros%unit
	if micros < 0 {
		b = append(b, '-')
		whole, rest = -whole, -rest
	}
	b = strconv.AppendUint(b, uint64(whole), 10)
	if rest == 0 {
		return b
	}
	b = append(b, '.')
	for ; rest > 0; rest %= unit {
		unit /= 10
		b = append(b, '0'+byte(rest/unit))
	}
	return b
}

// appendQuoted writes a text in quotes. Bytes that are not UTF-8 stay as they
// are, for the judge to see.
func appendQuoted(b, text []byte) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	start := 0
	for i, c := range text {
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		b = append(b, text[start:i]...)
		start = i + 1
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, `\n`...)
		case '\t':
			b = append(b, `\t`...)
		default:
			b = append(b, `\u00`...)
			b = append(b, hex[c>>4], hex[c&15])
		}
	}
	b = append(b, text[start:]...)
	return append(b, '"')
}
