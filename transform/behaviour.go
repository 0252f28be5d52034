package transform

import (
	"cmp"
	"math/bits"
	"slices"
)

// recencyFrequency sorts users by two tiers, as docs/metrics.md
// says: how many days ago the active day before today was, and on how many of
// the last 28 days the user was active; "" if on none.
func recencyFrequency(u *User) string {
	var recency, frequency string
	switch days := u.ActiveDays.DaysIn(28); {
	case days >= 14:
		frequency = "f14+"
	case days >= 4:
		frequency = "f4-13"
	case days >= 2:
		frequency = "f2-3"
	case days == 1:
		frequency = "f1"
	default:
		return ""
	}
	switch ago, known := u.PreviousActive(); {
	case !known && u.FirstSeen == u.Date:
		recency = "new"
	case !known || ago > 28:
		recency = "r29+"
	case ago > 7:
		recency = "r8-28"
	case ago > 1:
		recency = "r2-7"
	default:
		recency = "r1"
	}
	return recency + " " + frequency
}

// PreviousActive returns how many days before Date the user was active last,
// Date itself aside; it is not known if that is more than 62 days or never.
func (u *User) PreviousActive() (ago int, known bool) {
	before := u.ActiveDays >> 1
	return 1 + bits.TrailingZeros64(uint64(before)), before != 0
}

// lengthTier sorts users by the median length of their sessions that count on
// the day, as docs/metrics.md says.
func lengthTier(u *UserDay) (string, bool) {
	in := false
	var length spans
	for i := range u.Sessions {
		if u.Sessions[i].IsCounted {
			in = true
			length.add(u.Sessions[i].DurationSeconds)
		}
	}
	median := length.percentile(50)
	switch {
	case median == nil:
		return "", in
	case *median == 0:
		return "zero", true
	case *median < 60:
		return "under_1m", true
	case *median < 300:
		return "1m_to_5m", true
	case *median < 900:
		return "5m_to_15m", true
	}
	return "15m_or_more", true
}

// topScreen is the screen that the user visited most often on the day, of
// equals the first by name.
func topScreen(u *UserDay) (string, bool) {
	type screen struct {
		name   string
		visits int
	}
	var seen []screen // few
	for i := range u.Steps {
		if !u.Steps[i].IsVisit {
			continue
		}
		at := slices.IndexFunc(seen, func(s screen) bool { return s.name == u.Steps[i].Screen })
		if at < 0 {
			at, seen = len(seen), append(seen, screen{name: u.Steps[i].Screen})
		}
		seen[at].visits++
	}
	if len(seen) == 0 {
		return "", false
	}
	return slices.MinFunc(seen, func(a, b screen) int {
		return cmp.Or(cmp.Compare(b.visits, a.visits), cmp.Compare(a.name, b.name))
	}).name, true
}
