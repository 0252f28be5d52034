package calendar_test

import (
	"testing"
	"time"

	"sojourn/internal/calendar"
)

// Days of a zone follow on each other without gap or overlap, whatever its
// clocks do: the instant before a day begins is of the day before.
func TestDaysOfAZoneFollowOnEachOther(t *testing.T) {
	for _, test := range []struct {
		zone, day string
		hours     float64 // that the day lasts
	}{
		{"UTC", "2026-03-29", 24},
		{"Europe/Lisbon", "2026-03-29", 23},
		{"Europe/Lisbon", "2026-10-25", 25},
		{"Australia/Lord_Howe", "2026-04-05", 24.5},
		{"Australia/Lord_Howe", "2026-10-04", 23.5},
		{"America/Sao_Paulo", "2018-11-04", 23}, // midnight is skipped
		{"America/Sao_Paulo", "2018-02-17", 25}, // 23:00 comes twice
		{"Asia/Beirut", "2022-03-27", 23},       // midnight is skipped
		{"Asia/Beirut", "2022-10-29", 25},       // set back at midnight, to 23:00
		{"Asia/Chita", "2014-10-26", 26},        // two hours back
		{"Pacific/Apia", "2011-12-29", 24},      // the next date does not exist
	} {
		zone, err := calendar.LoadZone(test.zone)
		if err != nil {
			t.Fatal(err)
		}
		day, err := calendar.ParseDay(test.day)
		if err != nil {
			t.Fatal(err)
		}
		for d := day - 2; d <= day+3; d++ {
			if test.zone == "Pacific/Apia" && d == day+1 {
				continue
			}
			start := zone.Start(d)
			if got := zone.DayOf(start); got != d {
				t.Errorf("%s: %s begins at %v, which is of %s", test.zone, d, time.UnixMicro(start).UTC(), got)
			}
			if got := zone.DayOf(start - 1); got >= d {
				t.Errorf("%s: the instant before %s begins, %v, is of %s", test.zone, d, time.UnixMicro(start-1).UTC(), got)
			}
		}
		next := day + 1
		if test.zone == "Pacific/Apia" {
			next++
		}
		if got := float64(zone.Start(next)-zone.Start(day)) / 3.6e9; got != test.hours {
			t.Errorf("%s: %s lasts %v hours, want %v", test.zone, day, got, test.hours)
		}
	}
}

func TestParseDay(t *testing.T) {
	for text, ok := range map[string]bool{
		"2024-02-29": true, "2026-02-29": false, "2026-2-1": false, "20260201": false, "": false, "2026-02-01T00:00:00Z": false,
	} {
		day, err := calendar.ParseDay(text)
		if (err == nil) != ok {
			t.Errorf("%q: %v", text, err)
		}
		if ok && day.String() != text {
			t.Errorf("%q is read as %s", text, day)
		}
	}
}

func TestLoadZone(t *testing.T) {
	for _, name := range []string{"", "Local", "Lisbon", "../etc/passwd"} {
		if _, err := calendar.LoadZone(name); err == nil {
			t.Errorf("%q was taken for a zone", name)
		}
	}
}
