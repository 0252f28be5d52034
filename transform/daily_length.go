package transform

import (
	"slices"

	"sojourn/internal/calendar"
)

// A DailyLength is a row of daily_length: how long the sessions of a day
// lasted, by one measure, of one population.
type DailyLength struct {
	Date       calendar.Day `parquet:"date,date" doc:"Local day on which the sessions count. Partition column."`
	Cut        string       `parquet:"cut" doc:"total: all users; else a segmentation of cuts, by user."`
	Segment    string       `parquet:"segment,optional" doc:"Segment of the cut at the end of date: by attributes of users who are away the latest known, by top_screen and length_tier only of users active on date; null in the total and where unknown."`
	Measure    string       `parquet:"measure" doc:"elapsed: ended_at minus started_at. engaged: engaged_seconds. foreground: foreground_seconds, of sessions that have markers. crash_corrected: crash_corrected_seconds of sessions that end in a crash, elapsed of the others."`
	Population string       `parquet:"population" doc:"all: every session. capped: those that a cap ended (end_reason cap or event_cap). crashed: those with a crash. regular: those that are neither. A session may be both capped and crashed."`

	Sessions  int64   `parquet:"sessions" doc:"Sessions of the population of which the measure is known. There is no row without."`
	Users     int64   `parquet:"users" doc:"Distinct users of those sessions."`
	Zero      int64   `parquet:"zero_length_sessions" doc:"Those of them whose measure is 0."`
	ZeroShare float64 `parquet:"zero_length_share" doc:"zero_length_sessions divided by sessions."`

	SumSeconds  float64 `parquet:"sum_seconds" doc:"Sum of the measure, in seconds."`
	MeanSeconds float64 `parquet:"mean_seconds" doc:"sum_seconds divided by sessions, in seconds."`
	P5Seconds   float64 `parquet:"p5_seconds" doc:"Exact nearest-rank 5th percentile in seconds."`
	P10Seconds  float64 `parquet:"p10_seconds" doc:"Exact nearest-rank 10th percentile in seconds."`
	P25Seconds  float64 `parquet:"p25_seconds" doc:"Exact nearest-rank 25th percentile in seconds."`
	P50Seconds  float64 `parquet:"p50_seconds" doc:"Exact nearest-rank median in seconds."`
	P75Seconds  float64 `parquet:"p75_seconds" doc:"Exact nearest-rank 75th percentile in seconds."`
	P90Seconds  float64 `parquet:"p90_seconds" doc:"Exact nearest-rank 90th percentile in seconds."`
	P95Seconds  float64 `parquet:"p95_seconds" doc:"Exact nearest-rank 95th percentile in seconds."`
	P99Seconds  float64 `parquet:"p99_seconds" doc:"Exact nearest-rank 99th percentile in seconds."`
	MaxSeconds  float64 `parquet:"max_seconds" doc:"The longest, in seconds."`

	IsFinal          bool   `parquet:"is_final" doc:"False until the next day with data has been processed."`
	DefinitionDigest string `parquet:"definition_digest" doc:"Digest of the session definition that made the row."`
}

// A LengthBucket is a row of daily_length_histogram: the sessions of a day
// whose length lies between two fixed edges.
type LengthBucket struct {
	Date    calendar.Day `parquet:"date,date" doc:"Local day on which the sessions count. Partition column."`
	Cut     string       `parquet:"cut" doc:"total: all users; else a segmentation of cuts, by user."`
	Segment string       `parquet:"segment,optional" doc:"Segment of the cut at the end of date: by attributes of users who are away the latest known, by top_screen and length_tier only of users active on date; null in the total and where unknown."`
	Measure string       `parquet:"measure" doc:"As in daily_length."`
	Over    *int64       `parquet:"over_seconds,optional" doc:"Lower edge in seconds, not in the bucket; null for the bucket of sessions of exactly 0 s."`
	UpTo    *int64       `parquet:"up_to_seconds,optional" doc:"Upper edge in seconds, in the bucket: one of 0, 1, 2, 5, 10, 20, 30, 60, 120, 180, 300, 600, 900, 1200, 1800, 2700, 3600, 5400, 7200, 10800, 14400, 21600, 28800, 43200, 86400; null for longer ones."`

	Sessions        int64    `parquet:"sessions" doc:"Sessions in the bucket. There is no row without."`
	Users           int64    `parquet:"users" doc:"Distinct users of those sessions."`
	Share           float64  `parquet:"share" doc:"sessions divided by all sessions of the measure, 0 to 1."`
	CumulativeShare *float64 `parquet:"cumulative_share,optional" doc:"Share of the sessions that lasted at most up_to_seconds, 0 to 1; null in cuts under min_group_users, where it would tell of buckets that are left out."`

	IsFinal          bool   `parquet:"is_final" doc:"False until the next day with data has been processed."`
	DefinitionDigest string `parquet:"definition_digest" doc:"Digest of the session definition that made the row."`
}

// key is what tells the row from others of its cut: the measure and the edge.
func (r *LengthBucket) key() string {
	if r.UpTo == nil {
		return key(r.Measure, "longer")
	}
	return key(r.Measure, *r.UpTo)
}

// lengthMeasures say how long a session lasted in microseconds, where that is
// known, in the order of their names. See docs/length.md.
var lengthMeasures = [...]struct {
	name string
	of   func(*Session) (length int64, known bool)
}{
	{"crash_corrected", func(r *Session) (int64, bool) {
		if r.CrashCorrectedSeconds != nil {
			return micros(*r.CrashCorrectedSeconds), true
		}
		return r.EndedAt - r.StartedAt, true
	}},
	{"elapsed", func(r *Session) (int64, bool) { return r.EndedAt - r.StartedAt, true }},
	{"engaged", func(r *Session) (int64, bool) { return micros(r.EngagedSeconds), true }},
	{"foreground", func(r *Session) (int64, bool) {
		if r.ForegroundSeconds == nil {
			return 0, false
		}
		return micros(*r.ForegroundSeconds), true
	}},
}

// populations say which sessions a row of daily_length is about, in the order
// of their names.
var populations = [...]struct {
	name string
	has  func(*Session) bool
}{
	{"all", func(*Session) bool { return true }},
	{"capped", capped},
	{"crashed", crashed},
	{"regular", func(r *Session) bool { return !capped(r) && !crashed(r) }},
}

func capped(r *Session) bool { return r.EndReason == "cap" || r.EndReason == "event_cap" }

func crashed(r *Session) bool { return r.CrashCount > 0 }

// lengthEdges are the upper edges, in seconds, of the buckets of lengths; one
// bucket more has what is longer.
var lengthEdges = [...]int64{
	0, 1, 2, 5, 10, 20, 30, 60, 120, 180, 300, 600, 900, 1200, 1800, 2700, 3600,
	5400, 7200, 10800, 14400, 21600, 28800, 43200, 86400,
}

// lengthBucket is the bucket of a length in microseconds.
func lengthBucket(length int64) int {
	at, _ := slices.BinarySearchFunc(lengthEdges[:], length, func(edge, length int64) int {
		if edge*1e6 < length {
			return -1
		}
		return 1
	})
	return at
}

// lengthSum collects lengths by measure and population, and by measure and
// bucket.
type lengthSum struct {
	spans   [len(lengthMeasures)][len(populations)]usersSpans
	buckets [len(lengthMeasures)][len(lengthEdges) + 1]bucketSum
}

// usersSpans are durations of so many users.
type usersSpans struct {
	users int64
	spans
}

func (s *lengthSum) add(u *UserDay) {
	var counted [len(lengthMeasures)][len(populations)]bool
	var inBucket [len(lengthMeasures)][len(lengthEdges) + 1]bool
	for i := range u.Sessions {
		r := &u.Sessions[i]
		if !r.IsCounted {
			continue
		}
		for m := range lengthMeasures {
			length, known := lengthMeasures[m].of(r)
			if !known {
				continue
			}
			for p := range populations {
				if !populations[p].has(r) {
					continue
				}
				s.spans[m][p].addMicros(length)
				if !counted[m][p] {
					counted[m][p] = true
					s.spans[m][p].users++
				}
			}
			b := lengthBucket(length)
			s.buckets[m][b].sessions++
			if !inBucket[m][b] {
				inBucket[m][b] = true
				s.buckets[m][b].users++
			}
		}
	}
}

func (s *lengthSum) merge(o *lengthSum) {
	for m := range s.spans {
		for p := range s.spans[m] {
			s.spans[m][p].users += o.spans[m][p].users
			s.spans[m][p].merge(&o.spans[m][p].spans)
		}
		for b := range s.buckets[m] {
			s.buckets[m][b].merge(&o.buckets[m][b])
		}
	}
}

// rows returns the rows of daily_length by measure and population, with the
// date and cut of r.
func (s *lengthSum) rows(r DailyLength) (rows []DailyLength) {
	for m := range lengthMeasures {
		for p := range populations {
			l := &s.spans[m][p]
			n := l.count()
			if n == 0 {
				continue
			}
			r.Measure, r.Population, r.Sessions, r.Users = lengthMeasures[m].name, populations[p].name, int64(n), l.users
			r.Zero = 0
			for length := range l.all() {
				if length == 0 {
					r.Zero++
				}
			}
			r.ZeroShare = float64(r.Zero) / float64(n)
			r.SumSeconds, r.MeanSeconds = seconds(l.sum), *l.mean()
			percentile := func(p int) float64 { return *l.percentile(p) }
			r.P5Seconds, r.P10Seconds, r.P25Seconds = percentile(5), percentile(10), percentile(25)
			r.P50Seconds, r.P75Seconds, r.P90Seconds = percentile(50), percentile(75), percentile(90)
			r.P95Seconds, r.P99Seconds, r.MaxSeconds = percentile(95), percentile(99), percentile(100)
			rows = append(rows, r)
		}
	}
	return rows
}

// histogram returns the rows of daily_length_histogram by measure and bucket,
// with the date and cut of r.
func (s *lengthSum) histogram(r LengthBucket) (rows []LengthBucket) {
	for m := range lengthMeasures {
		var all, soFar int64
		for _, b := range s.buckets[m] {
			all += b.sessions
		}
		for i, b := range s.buckets[m] {
			if b.sessions == 0 {
				continue
			}
			soFar += b.sessions
			r.Measure, r.Sessions, r.Users = lengthMeasures[m].name, b.sessions, b.users
			r.Over, r.UpTo = nil, nil
			if i > 0 {
				r.Over = ptr(lengthEdges[i-1])
			}
			if i < len(lengthEdges) {
				r.UpTo = ptr(lengthEdges[i])
			}
			r.Share, r.CumulativeShare = float64(b.sessions)/float64(all), ratio(float64(soFar), float64(all))
			rows = append(rows, r)
		}
	}
	return rows
}
