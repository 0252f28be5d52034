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
	zone     calendar.Zone
	digest   string
	final    bool // the next day has been folded
	minUsers int64

	analysis      Analysis
	segmentations []segmentation
	cuts          []segmentation

	sums       map[Cut]*sums
	versions   map[versionKey]*sessionsSum
	cohorts    map[cohortKey]*retentionSum
	retentions map[string]declaredRetention
	cells      map[retentionCell]*retentionSum
	lifecycles map[Cut]*lifecycleSum
	written    map[string][]Cut         // by segments of user_retention, which repeat
	segments   []map[string]*segmentSum // of each of segmentations, by segment
	stability  map[Cut]*stabilitySum    // by attributes of sessions
	lasting    map[Cut]*lastingSums     // cohorts by the segments of their day, the rest by those of the tally's
}

// sums are the metrics of one cut of the day.
type sums struct {
	sessions    sessionsSum
	frequency   frequencySum
	screens     screensSum
	transitions transitionsSum
	depth       depthSum
	features    featuresSum
	funnels     funnelsSum
	length      lengthSum
	intervals   intervalSum
	hours       hoursSum
	stability   stabilitySum
}

func newSums(zone calendar.Zone) *sums {
	return &sums{
		frequency: newFrequencySum(), screens: newScreensSum(), transitions: newTransitionsSum(), features: newFeaturesSum(), funnels: newFunnelsSum(),
		hours: newHoursSum(zone),
	}
}

func (s *sums) add(u *UserDay) {
	s.sessions.addUser(u.Sessions)
	s.frequency.add(u)
	s.screens.add(u)
	s.transitions.add(u)
	s.depth.add(u)
	s.features.add(u)
	s.funnels.add(u)
	s.length.add(u)
	s.intervals.add(u)
	s.hours.add(u)
	s.stability.add(u, everySession)
}

func (s *sums) merge(o *sums) {
	s.sessions.merge(&o.sessions)
	s.frequency.merge(&o.frequency)
	s.screens.merge(&o.screens)
	s.transitions.merge(&o.transitions)
	s.depth.merge(&o.depth)
	s.features.merge(&o.features)
	s.funnels.merge(&o.funnels)
	s.length.merge(&o.length)
	s.intervals.merge(&o.intervals)
	s.hours.merge(&o.hours)
	s.stability.merge(&o.stability)
}

// NewTally returns the empty tally of a day of a zone. Final says that the sessions of
// the day are final and whether users returned the next day is known.
func NewTally(day calendar.Day, zone calendar.Zone, a Analysis, digest string, final bool) *Tally {
	t := &Tally{
		day: day, zone: zone, digest: digest, final: final, minUsers: a.MinUsers,
		segmentations: a.segmentations(), cuts: a.cuts(), analysis: a,
		sums:       map[Cut]*sums{{Name: total}: newSums(zone)},
		versions:   map[versionKey]*sessionsSum{},
		cohorts:    map[cohortKey]*retentionSum{},
		retentions: declaredRetentions(&a),
		cells:      map[retentionCell]*retentionSum{},
		lifecycles: map[Cut]*lifecycleSum{{Name: total}: {}},
		written:    map[string][]Cut{},
		stability:  map[Cut]*stabilitySum{},
		lasting:    map[Cut]*lastingSums{},
	}
	for range t.segmentations {
		t.segments = append(t.segments, map[string]*segmentSum{})
	}
	return t
}

// Add counts a user. A user must not be added twice.
func (t *Tally) Add(u *UserDay) {
	u.attempts = t.attemptsOf(u)
	t.sums[Cut{Name: total}].add(u)
	t.addLasting(u)
	t.addCohorts(u)
	if u.FirstSeen == 0 {
		return // nobody who has used the app
	}
	for _, cut := range t.cuts {
		segment, in := cut.whenever(u)
		if !in {
			continue
		}
		key := Cut{cut.name, segment}
		if t.sums[key] == nil {
			t.sums[key] = newSums(t.zone)
		}
		t.sums[key].add(u)
		t.lastingOf(key).addToday(&t.analysis, u)
	}
	t.addVersions(u.Sessions)
	t.addRetention(u)
	t.addSegments(u)
	t.addLifecycle(u)
	t.addStability(u)
}

// Merge adds what another tally of the same day has collected. The other must
// not be used afterwards.
func (t *Tally) Merge(o *Tally) {
	mergeMaps(t.sums, o.sums, (*sums).merge)
	mergeMaps(t.versions, o.versions, (*sessionsSum).merge)
	mergeMaps(t.cohorts, o.cohorts, (*retentionSum).merge)
	mergeMaps(t.cells, o.cells, (*retentionSum).merge)
	mergeMaps(t.lifecycles, o.lifecycles, (*lifecycleSum).merge)
	for i := range t.segments {
		mergeMaps(t.segments[i], o.segments[i], (*segmentSum).merge)
	}
	mergeMaps(t.stability, o.stability, (*stabilitySum).merge)
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
	tables.CohortRetention, tables.DailyLifecycle = t.cohortRows(), t.lifecycleRows()
	tables.DailyStability = t.stabilityRows()
	for _, cut := range slices.SortedFunc(maps.Keys(t.sums), Cut.compare) {
		of := t.sums[cut]
		tables.DailySessions = append(tables.DailySessions, t.sessionsRow(sessionsKey{Cut: cut}, &of.sessions))
		tables.DailyFrequency = append(tables.DailyFrequency, of.frequency.rows(cut, t.day, t.digest)...)
		tables.DailyScreens = append(tables.DailyScreens, of.screens.rows(cut, t)...)
		tables.DailyTransitions = append(tables.DailyTransitions, of.transitions.rows(cut, t, &of.screens)...)
		tables.DailyDepth = append(tables.DailyDepth, of.depth.rows(cut, t)...)
		tables.DailyFeatures = append(tables.DailyFeatures, of.features.rows(cut, t)...)
		tables.DailyFunnels = append(tables.DailyFunnels, of.funnels.rows(cut, t)...)
		tables.DailyLength = append(tables.DailyLength, of.length.rows(DailyLength{
			Date: t.day, Cut: cut.Name, Segment: cut.Segment, IsFinal: t.final, DefinitionDigest: t.digest,
		})...)
		tables.LengthHistogram = append(tables.LengthHistogram, of.length.histogram(LengthBucket{
			Date: t.day, Cut: cut.Name, Segment: cut.Segment, IsFinal: t.final, DefinitionDigest: t.digest,
		})...)
		tables.DailyInterval = append(tables.DailyInterval, of.intervals.rows(DailyInterval{
			Date: t.day, Cut: cut.Name, Segment: cut.Segment, DefinitionDigest: t.digest,
		})...)
		tables.DailyHours = append(tables.DailyHours, of.hours.rows(DailyHour{
			Date: t.day, Cut: cut.Name, Segment: cut.Segment, IsFinal: t.final, DefinitionDigest: t.digest,
		})...)
	}
	for _, cut := range slices.SortedFunc(maps.Keys(t.lasting), Cut.compare) {
		t.lastingRows(&tables, cut, t.lasting[cut])
	}
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
	suppress(&tables.DailyScreens, t.minUsers, func(r *DailyScreen) cell {
		return cell{r.Cut, r.Segment, r.Screen, r.Users}
	})
	suppress(&tables.DailyTransitions, t.minUsers, func(r *DailyTransition) cell {
		return cell{r.Cut, r.Segment, key(len(r.From), r.From, r.To), r.Users}
	})
	suppress(&tables.DailyDepth, t.minUsers, func(r *DailyDepth) cell {
		return cell{r.Cut, r.Segment, key(r.Screens), r.Users}
	})
	suppressAmong(&tables.DailyFeatures, t.minUsers, func(r *DailyFeature) cell {
		return cell{r.Cut, r.Segment, r.Feature, cmp.Or(r.Users, r.Users7, r.Users28)}
	}, func(r *DailyFeature) int64 { return r.ActiveUsers })
	suppressAmong(&tables.DailyFunnels, t.minUsers, func(r *DailyFunnel) cell {
		return cell{r.Cut, r.Segment, key(r.Funnel, "\x00", r.Number), r.Users}
	}, usersOfFirstStep(tables.DailyFunnels))
	suppress(&tables.DailyFrequency, t.minUsers, frequencyCell, within[DailyFrequency]{frequencyLine, frequencyTells})
	suppress(&tables.DailyLength, t.minUsers, func(r *DailyLength) cell {
		return cell{r.Cut, r.Segment, key(r.Measure, r.Population), r.Users}
	})
	suppress(&tables.LengthHistogram, t.minUsers, func(r *LengthBucket) cell {
		return cell{r.Cut, r.Segment, r.key(), r.Users}
	})
	suppress(&tables.DailyInterval, t.minUsers, func(r *DailyInterval) cell {
		return cell{r.Cut, r.Segment, "", r.Users}
	})
	suppress(&tables.DailyHours, t.minUsers, func(r *DailyHour) cell {
		return cell{r.Cut, r.Segment, key(r.Clock, r.Weekday, r.Hour), r.Users}
	})
	suppress(&tables.DailyStability, t.minUsers, func(r *DailyStability) cell {
		return cell{r.Cut, r.Segment, "", r.Users}
	})
	withoutRunningSums(tables)
	suppress(&tables.DailyRetention, t.minUsers, func(r *DailyRetention) cell {
		return cell{r.Cut, r.Segment, key(r.Cohort), r.Cohorts}
	})
	suppress(&tables.CohortRetention, t.minUsers, func(r *CohortRetention) cell {
		return cell{r.Cut, r.Segment, r.key(), r.Users}
	})
	suppress(&tables.DailyLifecycle, t.minUsers, func(r *DailyLifecycle) cell {
		return cell{r.Cut, r.Segment, key(r.Lapse), r.Users}
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

// Compare orders sessions by user, start and id: the order of the table.
func (s *Session) Compare(o *Session) int {
	if c := strings.Compare(s.UserID, o.UserID); c != 0 {
		return c
	}
	return cmp.Or(cmp.Compare(s.StartedAt, o.StartedAt), strings.Compare(s.SessionID, o.SessionID))
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
