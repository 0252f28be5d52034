// Package calendar counts local days. A [Day] is a calendar date, stored the
// way Parquet and BigQuery store a DATE: the number of days since 1970-01-01.
// A [Zone] says when each date begins and ends in a place, so that a day may
// last 23, 24 or 25 hours (or 24½ on Lord Howe Island).
package calendar

import (
	"fmt"
	"iter"
	"time"
)

// A Day is a calendar date. The zero Day is 1970-01-01.
//
// Days are ordinary integers: d+1 is the next date and d < e compares them.
// Which instants belong to a date is for a [Zone] to say.
type Day int32

// ParseDay reads a date written as YYYY-MM-DD.
func ParseDay(text string) (Day, error) {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return 0, fmt.Errorf("%q is not a date: want YYYY-MM-DD", text)
	}
	return Date(t.Year(), t.Month(), t.Day()), nil
}

// Date returns the day of a year, month and day of the month.
func Date(year int, month time.Month, day int) Day {
	return Day(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

// Time returns midnight UTC of the date, for formatting and date arithmetic;
// it is not the instant at which the day begins anywhere else.
func (d Day) Time() time.Time { return time.Unix(int64(d)*86400, 0).UTC() }

// String writes the date as YYYY-MM-DD.
func (d Day) String() string { return d.Time().Format(time.DateOnly) }

// Weekday returns the day of the week.
func (d Day) Weekday() time.Weekday { return d.Time().Weekday() }

// MarshalText writes the date as YYYY-MM-DD.
func (d Day) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what [ParseDay] reads.
func (d *Day) UnmarshalText(text []byte) error {
	day, err := ParseDay(string(text))
	if err == nil {
		*d = day
	}
	return err
}

// Days yields the dates from first to last, both included; none when last is
// before first.
func Days(first, last Day) iter.Seq[Day] {
	return func(yield func(Day) bool) {
		for d := first; d <= last; d++ {
			if !yield(d) {
				return
			}
		}
	}
}

// A Zone is a place whose dates we report in. It is safe for concurrent use.
type Zone struct {
	location *time.Location
}

// UTC is the zone in which every day has 24 hours.
var UTC = Zone{time.UTC}

// LoadZone returns the zone of an IANA name such as Europe/Lisbon. "Local" is
// refused: a report must not depend on the machine that made it.
func LoadZone(name string) (Zone, error) {
	if name == "" || name == "Local" {
		return Zone{}, fmt.Errorf("%q is not a time zone: want an IANA name such as Europe/Lisbon or UTC", name)
	}
	location, err := time.LoadLocation(name)
	if err != nil {
		return Zone{}, fmt.Errorf("%q is not a time zone: want an IANA name such as Europe/Lisbon or UTC", name)
	}
	return Zone{location}, nil
}

// String returns the IANA name. The zero Zone is UTC.
func (z Zone) String() string { return z.loc().String() }

func (z Zone) loc() *time.Location {
	if z.location == nil {
		return time.UTC
	}
	return z.location
}

// DayOf returns the local date of an instant in microseconds since 1970 UTC.
func (z Zone) DayOf(micros int64) Day {
	y, m, d := time.UnixMicro(micros).In(z.loc()).Date()
	return Date(y, m, d)
}

// Start returns the first instant of a local date, in microseconds since 1970
// UTC. Where the clocks skip midnight it is the first instant that exists,
// where they pass it twice the first of the two.
func (z Zone) Start(d Day) int64 {
	t := d.Time()
	start := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, z.loc())
	if start.Day() != t.Day() {
		// Midnight does not exist: time.Date chose an instant before the
		// gap. The date begins where the gap ends.
		_, start = start.ZoneBounds()
		return start.UnixMicro()
	}
	if turned, _ := start.ZoneBounds(); !turned.IsZero() && z.DayOf(turned.UnixMicro()-1) == d {
		// The clocks were set back over midnight: it was midnight before.
		_, offset := turned.Add(-1).Zone()
		return t.UnixMicro() - int64(offset)*1e6
	}
	return start.UnixMicro()
}

// Clock writes an instant in microseconds as local date and time, with as many
// decimals as it has.
func (z Zone) Clock(micros int64) string {
	return time.UnixMicro(micros).In(z.loc()).Format("2006-01-02 15:04:05.999999")
}

// HourOf returns the local hour of day, 0 to 23, of an instant in microseconds.
func (z Zone) HourOf(micros int64) int { return time.UnixMicro(micros).In(z.loc()).Hour() }
