package main

import (
	"encoding/json"
	"time"

	"sojourn/internal/calendar"
	"sojourn/internal/lake"
	"sojourn/schedules"
)

// A statusReport is sojourn status in JSON. Fields may be added; those that are
// there keep their names and meanings.
type statusReport struct {
	Yesterday calendar.Day        `json:"yesterday"` // in the reporting zone
	Freshness schedules.Freshness `json:"freshness"` // whether yesterday is published
	Days      []dayReport         `json:"days"`
	Lock      lockReport          `json:"lock"`
	Late      lateReport          `json:"late_events"`        // read too late to count
	Backfills []lake.Backfill     `json:"backfills"`          // staged, and not ended
	Blocked   *lake.Blocked       `json:"blocked"`            // the run that a check has ended; null if the latest was not
	Foreign   int                 `json:"foreign_partitions"` // that the warehouse has and the lake has not
	IsInUse   bool                `json:"warehouse_in_use"`   // by another program: what it has got is not known
}

// A dayReport is how a day stands.
type dayReport struct {
	Day      calendar.Day    `json:"date"`
	State    schedules.State `json:"state"`
	Reason   string          `json:"reason"` // why it is in that state, or will be made again
	IsDue    bool            `json:"is_due"` // the next run makes it
	Events   int64           `json:"events"` // staged, and counting
	Sessions int64           `json:"sessions"`
	Revision *int64          `json:"revision"` // this and the rest are null for a day without tables
	AsOf     *time.Time      `json:"as_of"`    // when the revision was made
	Why      *string         `json:"revision_reason"`
	Made     *time.Time      `json:"made"` // when a run made the day last
	Run      *string         `json:"run"`  // which
}

type lateReport struct {
	Events int64         `json:"events"`
	First  *calendar.Day `json:"first_day"`
	Last   *calendar.Day `json:"last_day"`
}

func reportOf(s schedules.Status, fresh schedules.Freshness, r schedules.Range) statusReport {
	report := statusReport{
		Yesterday: s.Yesterday, Freshness: fresh, Days: []dayReport{}, Lock: lockReport{s.Standing, s.Lease},
		Late: lateReport{Events: s.Late.Events}, Backfills: append([]lake.Backfill{}, s.Backfills...), Blocked: s.Blocked, Foreign: s.Foreign, IsInUse: s.InUse != nil,
	}
	if s.Late.Events > 0 {
		report.Late.First, report.Late.Last = &s.Late.First, &s.Late.Last
	}
	for _, d := range s.Days {
		if !r.Includes(d.Day) {
			continue
		}
		day := dayReport{Day: d.Day, State: d.State, Reason: d.Reason, IsDue: d.Due, Events: d.Events}
		if m, ok := s.Made[d.Day]; ok {
			day.Sessions = m.Tables["sessions"].Rows
			day.Revision, day.AsOf, day.Why, day.Made, day.Run = &m.Revision, &m.AsOf, &m.Reason, &m.Made, &m.Run
		}
		report.Days = append(report.Days, day)
	}
	return report
}

// printJSON prints a value for programs.
func (a *app) printJSON(v any) error {
	encoder := json.NewEncoder(a.stdout)
	encoder.SetIndent("", "  ")
	return encoder.Encode(v)
}
