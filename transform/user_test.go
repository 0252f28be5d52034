package transform_test

import (
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"sojourn/internal/calendar"
	"sojourn/transform"
)

// hours is a time so many hours into 2026-03-01, in microseconds.
func hours(h float64) int64 { return calendar.UTC.Start(date(1)) + int64(h*3600e6) }

// visit is a final session of ann that day, from hour to hour of the month.
func visit(id string, from, to float64) transform.Session {
	return transform.Session{
		Date: calendar.UTC.DayOf(hours(from)), SessionID: id, UserID: "ann",
		StartedAt: hours(from), EndedAt: hours(to), DurationSeconds: new((to - from) * 3600), IsCounted: true, IsFinal: true,
	}
}

// begun are the sessions of visit.
func begun(v ...transform.Session) []transform.Session { return v }

func TestNextMeetsAUser(t *testing.T) {
	first, second := visit("s1", 10, 11), visit("s2", 12, 12.5)
	first.Platform, first.Country, first.AppVersion, first.AcquisitionSource, first.Campaign = "ios", "PT", "1.0", "ads", "spring"
	second.Platform, second.Language = "web", "pt"
	sessions := begun(first, second)
	got := transform.User{Date: date(1)}.Next(date(1), sessions, nil, 0, "d")
	want := transform.User{
		Date: date(1), UserID: "ann", FirstSeen: date(1), LastSeen: date(1), ActiveDays: 1,
		SessionsTotal: 2, Sessions1: 2, Sessions7: 2, Sessions28: 2, DailySessions: "2",
		LastSessionID: "s2", LastEndedAt: hours(12.5),
		FirstSessionID: "s1", FirstStartedAt: hours(10), SecondStartedAt: hours(12),
		FirstPlatform: "ios", FirstCountry: "PT", FirstAppVersion: "1.0", FirstAcquisitionSource: "ads", FirstCampaign: "spring",
		Platform: "web", Country: "PT", AppVersion: "1.0", Language: "pt", // the latest known
		DefinitionDigest: "d",
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("user (-want +got):\n%s", diff)
	}
	if !sessions[0].IsFirstSession || sessions[0].SecondsSincePrevious != nil {
		t.Errorf("the first session is %+v", sessions[0])
	}
	if since := sessions[1].SecondsSincePrevious; sessions[1].IsFirstSession || since == nil || *since != 3600 {
		t.Errorf("the second session is %+v", sessions[1])
	}
}

// Which days a user was active on, and how often, as the days go by.
func TestNextCountsDays(t *testing.T) {
	on := func(day calendar.Day, n int) (sessions []transform.Session) {
		for i := range n {
			at := float64(day-date(1))*24 + float64(i)
			sessions = append(sessions, visit("s", at, at))
		}
		return sessions
	}
	days := func(text string, repeat int) string { return strings.TrimSuffix(strings.Repeat(text+",", repeat), ",") }
	type step struct {
		day      int // of March; may be past its end
		sessions int
	}
	every := func(n int) (steps []step) {
		for day := 1; day <= n; day++ {
			steps = append(steps, step{day, 1})
		}
		return steps
	}
	type seen struct {
		Bits                int64
		In7, In28           int // active days
		Sessions1, S7, S28  int64
		Total               int64
		ByDay               string
		First, Last, Latest calendar.Day
	}
	for _, test := range []struct {
		name  string
		steps []step
		want  seen
	}{
		{"a day later", []step{{1, 2}, {2, 3}}, seen{0b11, 2, 2, 3, 5, 5, 5, "3,2", date(1), date(2), date(2)}},
		{"a day without a session", []step{{1, 2}, {2, 0}}, seen{0b10, 1, 1, 0, 2, 2, 2, "0,2", date(1), date(1), date(2)}},
		{"days without data count as inactive", []step{{1, 2}, {4, 1}}, seen{0b1001, 2, 2, 1, 3, 3, 3, "1,0,0,2", date(1), date(4), date(4)}},
		{"six days back is within seven", []step{{1, 1}, {7, 1}}, seen{1<<6 | 1, 2, 2, 1, 2, 2, 2, "1,0,0,0,0,0,1", date(1), date(7), date(7)}},
		{"seven days back is not", []step{{1, 1}, {8, 1}}, seen{1<<7 | 1, 1, 2, 1, 1, 2, 2, "1,0,0,0,0,0,0,1", date(1), date(8), date(8)}},
		{"27 days back is within 28", []step{{1, 4}, {28, 0}}, seen{1 << 27, 0, 1, 0, 0, 4, 4, days("0", 27) + ",4", date(1), date(1), date(28)}},
		{"28 days back is not", []step{{1, 4}, {29, 0}}, seen{1 << 28, 0, 0, 0, 0, 0, 4, "", date(1), date(1), date(29)}},
		{"62 days back is the oldest that is kept", []step{{1, 1}, {63, 1}}, seen{1<<62 | 1, 1, 1, 1, 1, 1, 2, "1", date(1), date(63), date(63)}},
		{"63 days back is forgotten", []step{{1, 1}, {64, 1}}, seen{1, 1, 1, 1, 1, 1, 2, "1", date(1), date(64), date(64)}},
		{"a year back, too", []step{{1, 1}, {366, 0}}, seen{0, 0, 0, 0, 0, 0, 1, "", date(1), date(1), date(366)}},
		{"a session every day", every(70), seen{1<<63 - 1, 7, 28, 1, 7, 28, 70, days("1", 28), date(1), date(70), date(70)}},
		{"the oldest falls out of sight day by day", append(every(27), step{29, 0}),
			seen{1<<29 - 1<<2, 5, 26, 0, 5, 26, 27, "0,0," + days("1", 26), date(1), date(27), date(29)}},
	} {
		t.Run(test.name, func(t *testing.T) {
			u := transform.User{Date: date(test.steps[0].day)}
			for _, s := range test.steps {
				u = u.Next(date(s.day), on(date(s.day), s.sessions), nil, 0, "d")
			}
			got := seen{
				int64(u.ActiveDays), u.ActiveDays.DaysIn(7), u.ActiveDays.DaysIn(28),
				u.Sessions1, u.Sessions7, u.Sessions28, u.SessionsTotal, u.DailySessions, u.FirstSeen, u.LastSeen, u.Date,
			}
			if diff := gocmp.Diff(test.want, got); diff != "" {
				t.Errorf("user (-want +got):\n%s", diff)
			}
		})
	}
}

// How long the user was away, with sessions open at midnight and on two devices.
func TestNextKnowsThePreviousSession(t *testing.T) {
	open := func(s transform.Session) transform.Session {
		s.IsFinal = false
		return s
	}
	type day struct{ began, earlier []transform.Session }
	for _, test := range []struct {
		name  string
		days  []day
		since []float64 // of each session after the first
		last  string    // the session that ended last
		open  bool
	}{
		{"from the end of one to the start of the next",
			[]day{{began: begun(visit("a", 10, 11), visit("b", 13, 14))}}, []float64{7200}, "b", false},
		{"from a session that ended after midnight",
			[]day{{began: begun(open(visit("a", 23, 23.5)))}, {earlier: begun(visit("a", 23, 25)), began: begun(visit("b", 26, 26))}},
			[]float64{3600}, "b", false},
		{"two devices at once are no pause",
			[]day{{began: begun(visit("a", 10, 12), visit("b", 11, 11.5))}}, []float64{0}, "a", false},
		{"and the one that lasts longer is the previous one",
			[]day{{began: begun(visit("a", 10, 12), visit("b", 11, 11.5), visit("c", 13, 13))}}, []float64{0, 3600}, "c", false},
		{"two that end at once: the later one counts",
			[]day{{began: begun(visit("a", 10, 12), visit("b", 11, 12))}}, []float64{0}, "b", false},
		{"what is open at midnight may go on",
			[]day{{began: begun(visit("a", 10, 11), open(visit("b", 23, 23.9)))}}, []float64{12 * 3600}, "b", true},
		{"on either device",
			[]day{{began: begun(open(visit("a", 23, 23.8)), visit("b", 23.2, 23.9))}}, []float64{0}, "b", true},
		{"what is still open a day later, too",
			[]day{{began: begun(open(visit("a", 23, 23.9)))}, {earlier: begun(open(visit("a", 23, 47.9)))}}, nil, "a", true},
		{"and no more once it is over",
			[]day{{began: begun(open(visit("a", 23, 23.9)))}, {earlier: begun(visit("a", 23, 24.5))}}, nil, "a", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			u := transform.User{Date: date(1)}
			var since []float64
			for i, d := range test.days {
				u = u.Next(date(1+i), d.began, d.earlier, 0, "d")
				for _, s := range d.began {
					if s.SecondsSincePrevious != nil {
						since = append(since, *s.SecondsSincePrevious)
					}
				}
			}
			// Hours are not whole in binary.
			if diff := gocmp.Diff(test.since, since, cmpopts.EquateApprox(0, 1e-6)); diff != "" {
				t.Errorf("seconds since the previous session (-want +got):\n%s", diff)
			}
			if u.LastSessionID != test.last || u.HasOpen != test.open {
				t.Errorf("the session that ended last is %s, open %v; want %s, %v", u.LastSessionID, u.HasOpen, test.last, test.open)
			}
		})
	}
}

// Whether the previous session crashed, with sessions that crash after midnight
// and on two devices.
func TestNextKnowsACrash(t *testing.T) {
	crashed := func(s transform.Session) transform.Session {
		s.CrashCount = 2
		return s
	}
	open := func(s transform.Session) transform.Session {
		s.IsFinal = false
		return s
	}
	type day struct{ began, earlier []transform.Session }
	for _, test := range []struct {
		name  string
		days  []day
		after string // the sessions after a crash, by id
		last  bool   // the one that ended last crashed
	}{
		{"the session after a crash, and no other",
			[]day{{began: begun(crashed(visit("a", 10, 11)), visit("b", 12, 13), visit("c", 14, 15))}}, "b", false},
		{"not the crashed one itself",
			[]day{{began: begun(crashed(visit("a", 10, 11)))}}, "", true},
		{"days later",
			[]day{{began: begun(crashed(visit("a", 10, 11)))}, {}, {began: begun(visit("b", 60, 61))}}, "b", false},
		{"of a crash after midnight, in a session that began before",
			[]day{{began: begun(open(visit("a", 23, 23.5)))}, {earlier: begun(crashed(visit("a", 23, 24.5))), began: begun(visit("b", 26, 27))}}, "b", false},
		{"not of one that still goes on elsewhere",
			[]day{{began: begun(crashed(visit("a", 10, 13)), visit("b", 11, 12))}}, "", true},
		{"and then of the one that lasted longer",
			[]day{{began: begun(crashed(visit("a", 10, 13)), visit("b", 11, 12), visit("c", 14, 15))}}, "c", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			u := transform.User{Date: date(1)}
			after := ""
			for i, d := range test.days {
				u = u.Next(date(1+i), d.began, d.earlier, 0, "d")
				for _, s := range d.began {
					if s.IsAfterCrash {
						after += s.SessionID
					}
				}
			}
			if after != test.after || u.LastCrashed != test.last {
				t.Errorf("after a crash: %q, the last crashed: %v; want %q, %v", after, u.LastCrashed, test.after, test.last)
			}
		})
	}
}

func TestActivity(t *testing.T) {
	a := transform.Activity(1<<62 | 1<<27 | 1)
	for n, want := range map[int]int{1: 1, 27: 1, 28: 2, 62: 2, 63: 3} {
		if got := a.DaysIn(n); got != want {
			t.Errorf("active on %d of the last %d days, want %d", got, n, want)
		}
	}
	for n, want := range map[int]bool{0: true, 1: false, 27: true, 28: false, 62: true} {
		if got := a.On(n); got != want {
			t.Errorf("active %d days before: %v, want %v", n, got, want)
		}
	}
}
