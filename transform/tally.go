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
	day      calendar.Day
	digest   string
	final    bool // the next day has been folded
	minUsers int64

	analysis      Analysis
	segmentations []segmentation
	cuts          []segmentation

	sums     map[Cut]*sums
	versions map[versionKey]*sessionsSum
	cohorts  map[cohortKey]*retentionSum
	segments map[segmentKey]*segmentSum
	lasting  map[Cut]*lastingSums
}

// sums are the metrics of one cut of the day.
type sums struct {
	sessions  sessionsSum
	frequency frequencySum
}

func newSums() *sums { return &sums{frequency: newFrequencySum()} }

func (s *sums) add(u *UserDay) {
	s.sessions.addUser(u.Sessions)
	s.frequency.add(u)
}

func (s *sums) merge(o *sums) {
	s.sessions.merge(&o.sessions)
	s.frequency.merge(&o.frequency)
}

// NewTally returns the empty tally of a day. Final says that the sessions of
// the day are final and whether users returned the next day is known.
func NewTally(day calendar.Day, a Analysis, digest string, final bool) *Tally {
	return &Tally{
		day: day, digest: digest, final: final, minUsers: a.MinUsers,
		analysis: a, segmentations: a.segmentations(), cuts: a.cuts(),
		sums:     map[Cut]*sums{{Name: total}: newSums()},
		versions: map[versionKey]*sessionsSum{},
		cohorts:  map[cohortKey]*retentionSum{},
		segments: map[segmentKey]*segmentSum{},
		lasting:  map[Cut]*lastingSums{},
	}
}

// Add counts a user. A user must not be added twice.
func (t *Tally) Add(u *UserDay) {
	t.sums[Cut{Name: total}].add(u)
	t.addLasting(u)
	if u.FirstSeen == 0 {
		return // nobody who has used the app
	}
	for _, cut := range t.cuts {
		segment, in := cut.of(u)
		if !in {
			continue
		}
		key := Cut{cut.name, segment}
		if t.sums[key] == nil {
			t.sums[key] = newSums()
		}
		t.sums[key].add(u)
	}
	t.addVersions(u.Sessions)
	t.addRetention(u)
	t.addSegments(u)
}

// Merge adds what another tally of the same day has collected. The other must
// not be used afterwards.
func (t *Tally) Merge(o *Tally) {
	mergeMaps(t.sums, o.sums, (*sums).merge)
	mergeMaps(t.versions, o.versions, (*sessionsSum).merge)
	mergeMaps(t.cohorts, o.cohorts, (*retentionSum).merge)
	mergeMaps(t.segments, o.segments, (*segmentSum).merge)
	mergeMaps(t.lasting, o.lasting, (*lastingSums).merge)
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

// Tables returns the daily tables, without those that are not sums.
func (t *Tally) Tables() Tables {
	tables := Tables{Day: t.day, DailyRetention: t.retentionRows(), DailySegments: t.segmentRows()}
	for _, cut := range slices.SortedFunc(maps.Keys(t.sums), Cut.compare) {
		of := t.sums[cut]
		tables.DailySessions = append(tables.DailySessions, t.sessionsRow(sessionsKey{Cut: cut}, &of.sessions))
		tables.DailyFrequency = append(tables.DailyFrequency, of.frequency.rows(cut, t.day, t.digest)...)
	}
	t.lastingRows(&tables)
	tables.DailySessions = append(tables.DailySessions, t.versionRows()...)
	slices.SortStableFunc(tables.DailySessions, func(a, b DailySessions) int { return strings.Compare(a.Cut, b.Cut) })
	t.suppress(&tables)
	return tables
}

// suppress leaves out rows of cuts that are about too few users.
func (t *Tally) suppress(tables *Tables) {
	if t.minUsers <= 1 {
		return
	}
	suppress(&tables.DailySessions, t.minUsers, func(r *DailySessions) cell {
		return cell{r.Cut, r.Segment, "", r.Users}
	})
	suppress(&tables.DailyFrequency, t.minUsers, func(r *DailyFrequency) cell {
		bucket := int64(-1)
		if r.Bucket != nil {
			bucket = *r.Bucket
		}
		return cell{r.Cut, r.Segment, key(r.Measure, r.WindowDays, bucket), r.Users}
	})
	suppress(&tables.DailyRetention, t.minUsers, func(r *DailyRetention) cell {
		return cell{r.Cut, r.Segment, key(r.Cohort), r.Cohorts}
	})
	suppress(&tables.DailySegments, t.minUsers, func(r *DailySegment) cell {
		return cell{r.Segmentation, r.Segment, "", r.Users}
	})
	t.suppressLasting(tables)
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
