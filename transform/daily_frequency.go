package transform

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"sojourn/internal/calendar"
)

// The windows of frequency measures, in days, today included: they make DAU,
// WAU and MAU.
var windows = [...]int64{1, 7, 28}

// intervalEdges are the lower edges, in hours, of the buckets of the time
// since the previous session.
var intervalEdges = [...]int64{0, 1, 3, 6, 12, 24, 48, 72, 168, 336, 672}

type bucketKey struct {
	measure string
	window  int64
	bucket  int64
}

type bucketSum struct{ users, sessions int64 }

func (s *bucketSum) merge(o *bucketSum) {
	s.users += o.users
	s.sessions += o.sessions
}

type frequencySum struct {
	active    [len(windows)]bucketSum // users active in each window
	buckets   map[bucketKey]*bucketSum
	intervals int64 // sessions with a previous one
}

func newFrequencySum() frequencySum {
	return frequencySum{buckets: map[bucketKey]*bucketSum{}}
}

func (f *frequencySum) merge(o *frequencySum) {
	for i := range f.active {
		f.active[i].merge(&o.active[i])
	}
	mergeMaps(f.buckets, o.buckets, (*bucketSum).merge)
	f.intervals += o.intervals
}

func (f *frequencySum) add(u *UserDay) {
	for i, window := range windows {
		n := [...]int64{u.Sessions1, u.Sessions7, u.Sessions28}[i]
		if n == 0 {
			continue
		}
		one := &bucketSum{1, n}
		f.active[i].merge(one)
		at(f.buckets, bucketKey{"sessions", window, n}).merge(one)
		if window > 1 {
			at(f.buckets, bucketKey{"active_days", window, int64(u.ActiveDays.DaysIn(int(window)))}).merge(one)
		}
	}
	f.addIntervals(u.Sessions)
}

func (f *frequencySum) addIntervals(sessions []Session) {
	var counted [len(intervalEdges)]bool
	for i := range sessions {
		since := sessions[i].SecondsSincePrevious
		if since == nil {
			continue
		}
		f.intervals++
		e := len(intervalEdges) - 1
		for *since < float64(intervalEdges[e]*3600) {
			e--
		}
		sum := at(f.buckets, bucketKey{"hours_since_previous", 0, intervalEdges[e]})
		sum.sessions++
		if !counted[e] {
			counted[e] = true
			sum.users++
		}
	}
}

func (f *frequencySum) rows(cut Cut, day calendar.Day, digest string) []DailyFrequency {
	base := DailyFrequency{Date: day, Cut: cut.Name, Segment: cut.Segment, DefinitionDigest: digest}
	activeIn := map[int64]bucketSum{}
	rows := make([]DailyFrequency, 0, len(f.buckets)+2*len(windows))
	for i, window := range windows {
		activeIn[window] = f.active[i]
		r := base
		r.Measure, r.WindowDays, r.Users, r.Sessions = "active_users", window, f.active[i].users, f.active[i].sessions
		rows = append(rows, r)
	}
	atLeast := f.atLeast()
	rows = append(rows, sortedRows(f.buckets, bucketKey.compare, func(k bucketKey, s *bucketSum) DailyFrequency {
		r := base
		r.Measure, r.WindowDays, r.Bucket, r.Users, r.Sessions = k.measure, k.window, ptr(k.bucket), s.users, s.sessions
		if k.window > 0 {
			r.UsersAtLeast = ptr(atLeast[k])
			r.ShareAtLeast = ratio(float64(atLeast[k]), float64(activeIn[k.window].users))
			r.Value = ratio(float64(s.users), float64(activeIn[k.window].users))
		} else {
			r.Value = ratio(float64(s.sessions), float64(f.intervals))
		}
		return r
	})...)
	for i, window := range windows {
		r := base
		r.Measure, r.WindowDays, r.Users, r.Sessions = "sessions_per_user", window, f.active[i].users, f.active[i].sessions
		r.Value = ratio(float64(f.active[i].sessions), float64(f.active[i].users))
		rows = append(rows, r)
	}
	for _, window := range windows[1:] {
		r := base
		r.Measure, r.WindowDays, r.Users, r.Sessions = "stickiness", window, f.active[0].users, f.active[0].sessions
		r.Value = ratio(float64(f.active[0].users), float64(activeIn[window].users))
		rows = append(rows, r)
	}
	r := base
	r.Measure, r.WindowDays, r.Users, r.Sessions = "weekly_stickiness", 28, activeIn[7].users, activeIn[7].sessions
	r.Value = ratio(float64(activeIn[7].users), float64(activeIn[28].users))
	rows = append(rows, r)
	slices.SortStableFunc(rows, func(a, b DailyFrequency) int {
		return cmp.Or(strings.Compare(a.Measure, b.Measure), cmp.Compare(a.WindowDays, b.WindowDays))
	})
	return rows
}

// atLeast counts, for each number of sessions or of active days, the users who
// have reached it.
func (f *frequencySum) atLeast() map[bucketKey]int64 {
	users := map[bucketKey]int64{}
	var last bucketKey
	for _, k := range slices.Backward(slices.SortedFunc(maps.Keys(f.buckets), bucketKey.compare)) {
		users[k] = f.buckets[k].users
		if k.measure == last.measure && k.window == last.window {
			users[k] += users[last]
		}
		last = k
	}
	return users
}

func (k bucketKey) compare(o bucketKey) int {
	return cmp.Or(strings.Compare(k.measure, o.measure), cmp.Compare(k.window, o.window), cmp.Compare(k.bucket, o.bucket))
}

// What is hidden of too few users: see [suppress].

func frequencyCell(r *DailyFrequency) cell {
	bucket := int64(-1)
	if r.Bucket != nil {
		bucket = *r.Bucket
	}
	return cell{r.Cut, r.Segment, key(r.Measure, r.WindowDays, bucket), r.Users}
}

// frequencyLine: buckets add up to the active users of their window, and those
// of the time since the previous session to what their shares are of.
func frequencyLine(r *DailyFrequency) string {
	if r.Bucket == nil {
		return ""
	}
	return key(r.Measure, r.WindowDays)
}

// frequencyTells: a share says what it is of, and stickiness both.
func frequencyTells(r *DailyFrequency) []string {
	active := func(window int64) string { return key("active_users", window, int64(-1)) }
	switch r.Measure {
	case "sessions", "active_days", "sessions_per_user":
		return []string{active(r.WindowDays)}
	case "weekly_stickiness":
		return []string{active(7), active(r.WindowDays)}
	case "stickiness":
		return []string{active(1), active(r.WindowDays)}
	}
	return nil
}
