package transform

import (
	"cmp"
	"math/bits"
	"slices"
)

// recencyFrequencies are the names of the segments of recency_frequency, by
// both tiers.
var recencyFrequencies = [5][4]string{
	{"new f1", "new f2-3", "new f4-13", "new f14+"},
	{"r1 f1", "r1 f2-3", "r1 f4-13", "r1 f14+"},
	{"r2-7 f1", "r2-7 f2-3", "r2-7 f4-13", "r2-7 f14+"},
	{"r8-28 f1", "r8-28 f2-3", "r8-28 f4-13", "r8-28 f14+"},
	{"r29+ f1", "r29+ f2-3", "r29+ f4-13", "r29+ f14+"},
}

// recencyFrequency sorts users by how many days ago the active day before today
// was, and on how many of the last 28 days the user was active; "" if on none.
// The tiers are those of docs/metrics.md.
func recencyFrequency(u *User) string {
	recency, frequency := 0, 0
	switch days := u.ActiveDays.DaysIn(28); {
	case days >= 14:
		frequency = 3
	case days >= 4:
		frequency = 2
	case days >= 2:
		frequency = 1
	case days == 0:
		return ""
	}
	switch ago, known := u.PreviousActive(); {
	case !known && u.FirstSeen == u.Date: // new
	case !known || ago > 28:
		recency = 4
	case ago > 7:
		recency = 3
	case ago > 1:
		recency = 2
	default:
		recency = 1
	}
	return recencyFrequencies[recency][frequency]
}

// PreviousActive returns how many days before Date the user was active last,
// Date itself aside; it is not known if that is more than 62 days or never.
func (u *User) PreviousActive() (ago int, known bool) {
	before := u.ActiveDays >> 1
	return 1 + bits.TrailingZeros64(uint64(before)), before != 0
}

// lengthTier sorts users by the median length of their sessions that count on
// the day, in the tiers of docs/metrics.md.
func lengthTier(u *UserDay) (string, bool) {
	in := false
	var few [8]int64 // most users have no more sessions
	length := spans{loose: few[:0]}
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
	var few [8]screen // most users see no more
	seen := few[:0]
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
