package transform

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"sojourn/internal/calendar"
)

// A Tally collects the daily tables of one day, user by user. However users
// are split over tallies, and in whatever order those are merged, Tables is
// the same; that is what lets a day be computed on many cores or machines.
type Tally struct {
	day    calendar.Day
	digest string
	final  bool // the next day has been folded

	sessions  map[sessionsKey]*sessionsSum
	frequency frequencySum
	retention map[retentionKey]*retentionSum
	segments  map[segmentKey]*segmentSum
}

// NewTally returns the empty tally of a day. Final says that the sessions of
// the day are final and whether users returned the next day is known.
func NewTally(day calendar.Day, digest string, final bool) *Tally {
	return &Tally{
		day: day, digest: digest, final: final,
		sessions:  map[sessionsKey]*sessionsSum{{cut: total}: {}},
		frequency: newFrequencySum(),
		retention: map[retentionKey]*retentionSum{},
		segments:  map[segmentKey]*segmentSum{},
	}
}

// Return says whether a user began a session on the day after the tally's.
type Return int8

// What is known of the next day. Unknown is right also when that day has no
// data at all: nobody can be seen returning then.
const (
	Unknown Return = iota
	Stayed         // no session on the next day
	Returned
)

// Add counts a user by the history at the end of the day and the sessions
// begun on it.
func (t *Tally) Add(u *User, sessions []Session, next Return) {
	t.addSessions(sessions)
	t.frequency.add(u, sessions)
	t.addRetention(u)
	t.addSegments(u, sessions, next)
}

// Merge adds what another tally of the same day has collected. The other must
// not be used afterwards.
func (t *Tally) Merge(o *Tally) {
	mergeMaps(t.sessions, o.sessions, (*sessionsSum).merge)
	t.frequency.merge(&o.frequency)
	mergeMaps(t.retention, o.retention, (*retentionSum).merge)
	mergeMaps(t.segments, o.segments, (*segmentSum).merge)
}

func mergeMaps[K comparable, V any](into, from map[K]*V, merge func(*V, *V)) {
	for k, v := range from {
		if have, ok := into[k]; ok {
			merge(have, v)
		} else {
			into[k] = v
		}
	}
}

// Tables returns the daily tables, without sessions, users and ledger, which
// are not sums.
func (t *Tally) Tables() Tables {
	return Tables{
		Day:            t.day,
		DailySessions:  t.sessionsRows(),
		DailyFrequency: t.frequency.rows(t.day, t.digest),
		DailyRetention: t.retentionRows(),
		DailySegments:  t.segmentRows(),
	}
}

// LedgerRow returns the row of daily_ledger for a day's counts.
func LedgerRow(day calendar.Day, l Ledger, digest string) DailyLedger {
	return DailyLedger{
		Date: day, Events: l.Events, InSessions: l.InSessions, Duplicates: l.Duplicates,
		Conflicts: l.Conflicts, Outside: l.Outside, Ignored: l.Ignored, BeyondCap: l.BeyondCap, Late: l.UploadedLate, DefinitionDigest: digest,
	}
}

// CompareSessions orders sessions by user, start and id: the order of the table.
func CompareSessions(a, b Session) int {
	return cmp.Or(
		strings.Compare(a.UserID, b.UserID),
		cmp.Compare(a.StartedAt, b.StartedAt),
		strings.Compare(a.SessionID, b.SessionID),
	)
}

// total is the cut without any segment.
const total = "total"

// sortedRows turns sums into rows in the order of their keys.
func sortedRows[K comparable, V, R any](sums map[K]V, compare func(a, b K) int, row func(K, V) R) []R {
	rows := make([]R, 0, len(sums))
	for _, k := range slices.SortedFunc(maps.Keys(sums), compare) {
		rows = append(rows, row(k, sums[k]))
	}
	return rows
}

// at returns the sum under a key, making it if need be.
func at[K comparable, V any](sums map[K]*V, k K) *V {
	v, ok := sums[k]
	if !ok {
		v = new(V)
		sums[k] = v
	}
	return v
}

// ratio is a divided by b, nil if b is 0.
func ratio(a, b float64) *float64 {
	if b == 0 {
		return nil
	}
	return ptr(a / b)
}
