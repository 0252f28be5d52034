package transform

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"sojourn/internal/calendar"
)

// A DailyHour is a row of daily_hours: the sessions of a day that began within
// an hour of a clock.
type DailyHour struct {
	Date    calendar.Day `parquet:"date,date" doc:"Local day, in the reporting zone, on which the sessions count. Partition column."`
	Cut     string       `parquet:"cut" doc:"total: all users; else a segmentation of cuts, by user."`
	Segment string       `parquet:"segment,optional" doc:"Segment of the cut at the end of date: by attributes of users who are away the latest known, by top_screen and length_tier only of users active on date; null in the total and where unknown."`
	Clock   string       `parquet:"clock" doc:"reporting: the clock of the reporting zone. local: that of the device, by utc_offset of the session, for sessions that have one."`
	Weekday int64        `parquet:"weekday" doc:"Day of the week by that clock, 1 Monday to 7 Sunday. By the local clock it may be that of the day before or after date."`
	Hour    int64        `parquet:"hour" doc:"Hour of the day by that clock, 0 to 23. On a day of 25 hours one hour has what began in both of that name; on a day of 23 one is missing."`

	Sessions       int64   `parquet:"sessions" doc:"Sessions that began in the hour. There is no row without."`
	Users          int64   `parquet:"users" doc:"Distinct users of those sessions."`
	EngagedSeconds float64 `parquet:"engaged_seconds" doc:"Sum of engaged_seconds of those sessions, also where it falls into later hours."`

	IsFinal          bool   `parquet:"is_final" doc:"False until the next day with data has been processed."`
	DefinitionDigest string `parquet:"definition_digest" doc:"Digest of the session definition that made the row."`
}

type hourKey struct {
	clock   string
	weekday int64
	hour    int64
}

func (k hourKey) compare(o hourKey) int {
	return cmp.Or(strings.Compare(k.clock, o.clock), cmp.Compare(k.weekday, o.weekday), cmp.Compare(k.hour, o.hour))
}

// reportingHour is the hour at which something happens by the clock of a zone.
func reportingHour(zone calendar.Zone, at int64) hourKey {
	return hourKey{"reporting", isoWeekday(zone.DayOf(at).Weekday()), int64(zone.HourOf(at))}
}

// localHour is the same by the clock of a device that is so far from UTC, as
// in utc_offset; known is false if that is not known.
func localHour(offset string, at int64) (hour hourKey, known bool) {
	if offset == "" {
		return hourKey{}, false
	}
	clock, err := time.Parse("-07:00", offset)
	if err != nil {
		return hourKey{}, false
	}
	_, ahead := clock.Zone()
	local := time.UnixMicro(at).UTC().Add(time.Duration(ahead) * time.Second)
	return hourKey{"local", isoWeekday(local.Weekday()), int64(local.Hour())}, true
}

// isoWeekday numbers the days of the week from 1, Monday, to 7, Sunday.
func isoWeekday(d time.Weekday) int64 { return (int64(d)+6)%7 + 1 }

type hourSum struct{ users, sessions, engaged int64 }

func (s *hourSum) merge(o *hourSum) {
	s.users += o.users
	s.sessions += o.sessions
	s.engaged += o.engaged
}

// hoursSum collects sessions by the hour at which they began. See
// docs/length.md, "At what time".
type hoursSum struct {
	zone  calendar.Zone // of the reporting clock
	hours map[hourKey]*hourSum
}

func newHoursSum(zone calendar.Zone) hoursSum { return hoursSum{zone, map[hourKey]*hourSum{}} }

func (s *hoursSum) add(u *UserDay) {
	var counted []hourKey // in which the user is counted already: few
	for i := range u.Sessions {
		r := &u.Sessions[i]
		if !r.IsCounted {
			continue
		}
		hours := [2]hourKey{reportingHour(s.zone, r.StartedAt)}
		n := 1
		if local, known := localHour(r.UTCOffset, r.StartedAt); known {
			hours[1], n = local, 2
		}
		for _, hour := range hours[:n] {
			sum := at(s.hours, hour)
			sum.sessions++
			sum.engaged += micros(r.EngagedSeconds)
			if !slices.Contains(counted, hour) {
				counted = append(counted, hour)
				sum.users++
			}
		}
	}
}

func (s *hoursSum) merge(o *hoursSum) { mergeMaps(s.hours, o.hours, (*hourSum).merge) }

// rows returns the rows by clock, weekday and hour, with the date and cut of r.
func (s *hoursSum) rows(r DailyHour) []DailyHour {
	return sortedRows(s.hours, hourKey.compare, func(k hourKey, s *hourSum) DailyHour {
		r.Clock, r.Weekday, r.Hour = k.clock, k.weekday, k.hour
		r.Sessions, r.Users, r.EngagedSeconds = s.sessions, s.users, seconds(s.engaged)
		return r
	})
}
