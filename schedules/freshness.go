package schedules

import (
	"fmt"
	"time"

	"sojourn/internal/calendar"
)

// Freshness is whether the warehouse has yesterday.
type Freshness struct {
	Day         calendar.Day `json:"day"` // yesterday in the reporting zone
	IsPublished bool         `json:"is_published"`

	// PublishedAt is when the tables of the day were made that the warehouse
	// has; zero if it has not got them as the lake has.
	PublishedAt time.Time `json:"published_at,omitzero"`

	// Latest is the last day that is published; zero for none.
	Latest calendar.Day `json:"latest_day,omitzero"`

	State  State  `json:"state"`  // of the day
	Reason string `json:"reason"` // why it is not published, in words; empty if it is
}

// Freshness says whether yesterday is published. Other days count for nothing:
// that an old one has just been made again does not make anything fresh.
func (s *Status) Freshness() Freshness {
	f := Freshness{Day: s.Yesterday, State: Missing}
	known := false
	for _, d := range s.Days {
		if d.Day > s.Yesterday {
			continue // not over
		}
		isMade := d.State == Published || d.State == Provisional
		isPublished := isMade && s.InUse == nil
		if isPublished {
			f.Latest = max(f.Latest, d.Day)
		}
		if d.Day != s.Yesterday {
			continue
		}
		known = d.State != Missing || d.Due
		f.State, f.Reason, f.IsPublished = d.State, d.Reason, isPublished
		if isPublished {
			f.PublishedAt, f.Reason = s.Made[d.Day].Made, ""
		} else if isMade {
			f.State, f.Reason = Unpublished, "whether the warehouse has it is not known: another program is using it"
		}
	}
	switch {
	case f.IsPublished:
	case !known:
		f.Reason = "no events of it have been read: the source had none, or no run has read them"
	case s.Blocked != nil && s.Blocked.Made.After(s.Made[f.Day].Made):
		f.Reason = fmt.Sprintf("run %s was blocked: %s", s.Blocked.Run, s.Blocked.Text)
	}
	return f
}
