package transform_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"sojourn/internal/calendar"
	"sojourn/transform"
)

// asked is an analysis that asks for all tables about users who come back.
func asked() transform.Analysis {
	return transform.Analysis{
		Cuts:       []string{"platform"},
		Onboarding: transform.Onboarding{Steps: []string{"tour", "sign_up"}, Completed: "sign_up"},
		PushWindow: 30 * time.Minute,
		Incentives: []transform.Incentive{
			{Name: "coupon", Events: []string{"coupon"}, ReturnDays: 2, Holdout: transform.Holdout{Event: "held_out"}},
			{Name: "badge", Events: []string{"badge", "tour"}, ReturnDays: 7},
		},
	}
}

// oClock is a time of today.
func oClock(hour, minute, second int) int64 {
	return calendar.UTC.Start(today) + int64(hour*3600+minute*60+second)*1e6
}

func drawLasting(t *rapid.T) []transform.UserDay {
	var all []transform.UserDay
	for i := range rapid.IntRange(0, 12).Draw(t, "users") {
		u := transform.User{Date: today, UserID: fmt.Sprint("u", i), Platform: rapid.SampledFrom([]string{"", "ios", "web"}).Draw(t, "platform")}
		d := transform.UserDay{User: &u}
		if rapid.IntRange(0, 9).Draw(t, "unknown") > 0 {
			ago := rapid.SampledFrom([]calendar.Day{0, 1, 2, 7, 28}).Draw(t, "first")
			u.FirstSeen, u.SessionsTotal, u.FirstStartedAt = today-ago, 1, oClock(9, 0, 0)
			u.ActiveDays = transform.Activity(rapid.IntRange(0, 1<<10-1).Draw(t, "days"))
			if rapid.Bool().Draw(t, "second") {
				u.SecondStartedAt = oClock(9, rapid.IntRange(1, 50).Draw(t, "minute"), 0)
			}
			if ago == 0 {
				d.Began = append(d.Began, lasting(rapid.Float64Range(0, 100).Draw(t, "length"), func(s *transform.Session) {
					s.SessionID, s.IsFirstSession, s.StartedAt = "s", true, oClock(9, 0, 0)
				}))
			}
		}
		for _, e := range []struct {
			name string
			role transform.Role
		}{{"badge", ""}, {"coupon", ""}, {"first_open", transform.Install}, {"held_out", ""}, {"push", transform.PushReceived}, {"sign_up", ""}, {"tap_push", transform.PushOpen}, {"tour", ""}} {
			if !rapid.Bool().Draw(t, e.name) {
				continue
			}
			at := oClock(8, rapid.IntRange(0, 59).Draw(t, "at"), 0)
			campaign := rapid.SampledFrom([]string{"", "sale", "news"}).Draw(t, "campaign")
			ago := rapid.SampledFrom([]calendar.Day{0, 2, 7}).Draw(t, "ago")
			event := transform.UserEvent{
				Date: today, UserID: u.UserID, Event: e.name, Role: string(e.role), FirstAt: at, FirstDate: today - ago, LastAt: at, LastDate: today - ago,
				Days: 1 << ago, Total: 1, LastCampaign: campaign,
			}
			if e.role == transform.Install {
				u.Installs = 1
				if u.FirstSeen >= today-ago {
					u.InstalledAt, u.InstalledDate = at, today-ago
				}
			}
			if ago == 0 {
				event.Today = 1
				d.Steps = append(d.Steps, transform.Step{Date: today, UserID: u.UserID, SessionID: "s", At: at, Event: e.name, Role: string(e.role), Campaign: campaign})
			} else {
				event.BeforeAt, event.BeforeCampaign = at-rapid.SampledFrom([]int64{0, 86400e6}).Draw(t, "before"), campaign
			}
			d.Events = append(d.Events, event)
		}
		slices.SortFunc(d.Steps, func(a, b transform.Step) int { return a.Compare(&b) })
		all = append(all, d)
	}
	return all
}

func talliedDays(a transform.Analysis, days []transform.UserDay) transform.Tables {
	t := transform.NewTally(today, calendar.UTC, a, "d", true)
	for i := range days {
		t.Add(&days[i])
	}
	return t.Tables()
}

// However users are split over tallies, and in whatever order those are
// merged, the tables are the same, and hold what must hold of them.
func TestLastingTalliesMergeInAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		days := drawLasting(t)
		want := talliedDays(asked(), days)
		tallies := make([]*transform.Tally, rapid.IntRange(1, 4).Draw(t, "tallies"))
		for i := range tallies {
			tallies[i] = transform.NewTally(today, calendar.UTC, asked(), "d", true)
		}
		for _, d := range rapid.Permutation(days).Draw(t, "order") {
			tallies[rapid.IntRange(0, len(tallies)-1).Draw(t, "tally")].Add(&d)
		}
		for len(tallies) > 1 {
			i := rapid.IntRange(1, len(tallies)-1).Draw(t, "from")
			tallies[i-1].Tables() // asking in between changes nothing
			tallies[i-1].Merge(tallies[i])
			tallies = slices.Delete(tallies, i, i+1)
		}
		if diff := gocmp.Diff(want, tallies[0].Tables()); diff != "" {
			t.Fatalf("tables (-one tally +merged):\n%s", diff)
		}
		definition, analysis := transform.App(), asked()
		for _, breach := range want.Breaches(&definition, &analysis) {
			if strings.HasPrefix(breach, "daily_installs") || strings.HasPrefix(breach, "daily_first_sessions") || strings.HasPrefix(breach, "daily_push") {
				t.Error(breach)
			}
		}
	})
}

func TestBreachesOfReturningAreNoticed(t *testing.T) {
	user := transform.User{Date: today, UserID: "ann", FirstSeen: today, SessionsTotal: 1, InstalledAt: 1, InstalledDate: today, Installs: 1}
	for want, spoil := range map[string]func(*transform.Tables){
		"daily_installs: total , day 0: of 1 installs by 1 users 1 are opened and 1 are not": func(t *transform.Tables) { t.DailyInstalls[0].Opened++ },
		"daily_first_sessions: total , day 0: 2 of 1 users have a second session":            func(t *transform.Tables) { t.DailyFirstSessions[0].Second = 2 },
		"daily_push: total : 1 pushes, 0 opens and 0 sessions, by campaign 2, 0 and 0":       func(t *transform.Tables) { t.DailyPush[1].Received++ },
	} {
		a := asked()
		a.Cuts = nil
		tables := talliedDays(a, []transform.UserDay{{
			User:   &user,
			Steps:  []transform.Step{{Role: "push_received", At: 1}},
			Events: []transform.UserEvent{{Event: "first_open", Role: "install", Today: 1, Total: 1}, {Event: "push", Role: "push_received", Total: 1}},
		}})
		spoil(&tables)
		if got := breaches(tables, transform.App(), a); !strings.Contains(got, want) {
			t.Errorf("breaches are\n%s\nwant %q", got, want)
		}
	}
}

// Which push a session is put down to.
func TestSessionsAfterPushes(t *testing.T) {
	received, opened := string(transform.PushReceived), string(transform.PushOpen)
	step := func(role string, at int64, campaign string) transform.Step {
		return transform.Step{Role: role, At: at, Campaign: campaign}
	}
	start := oClock(12, 0, 0)
	for _, test := range []struct {
		name  string
		steps []transform.Step
		want  string
	}{
		{"none before", []transform.Step{step(received, start+1, "a")}, "none"},
		{"received exactly the window before", []transform.Step{step(received, oClock(11, 30, 0), "a")}, "received a"},
		{"received a microsecond earlier than that", []transform.Step{step(received, oClock(11, 30, 0)-1, "a")}, "none"},
		{"the push that begins the session by being opened", []transform.Step{step(received, oClock(11, 0, 0), "a"), step(opened, start, "a")}, "open a"},
		{"opened exactly the window before", []transform.Step{step(opened, oClock(11, 30, 0), "a")}, "open a"},
		{"the last one received counts", []transform.Step{step(received, oClock(11, 40, 0), "a"), step(received, oClock(11, 50, 0), "b")}, "received b"},
		{"one that is opened counts before one received after it", []transform.Step{step(opened, oClock(11, 40, 0), "a"), step(received, oClock(11, 50, 0), "b")}, "open a"},
		{"opened a second into the session", []transform.Step{step(received, oClock(11, 50, 0), "a"), step(opened, oClock(12, 0, 1), "a")}, "open a"},
		{"opened at the end of its first minute", []transform.Step{step(received, oClock(11, 50, 0), "a"), step(opened, oClock(12, 1, 0)-1, "a")}, "open a"},
		{"opened in its second minute", []transform.Step{step(received, oClock(11, 50, 0), "a"), step(opened, oClock(12, 1, 0), "a")}, "received a"},
		{"opened a second later, but in no session", []transform.Step{{Role: opened, At: oClock(12, 0, 1), Campaign: "a", SessionID: "other"}}, "none"},
		{"the one that opens it counts before one opened earlier", []transform.Step{step(opened, oClock(11, 50, 0), "a"), step(opened, oClock(12, 0, 1), "b"), step(opened, oClock(12, 0, 2), "c")}, "open b"},
		{"without a campaign", []transform.Step{step(opened, start, "")}, "open "},
	} {
		t.Run(test.name, func(t *testing.T) {
			tables := talliedDays(asked(), []transform.UserDay{{
				User:   &transform.User{Date: today, UserID: "ann", FirstSeen: today - 3, SessionsTotal: 2},
				Began:  []transform.Session{{StartedAt: start, IsCounted: true}, {StartedAt: start, Exclusion: "too_short"}},
				Steps:  test.steps,
				Events: []transform.UserEvent{{Event: "push", Role: received, Total: 1}},
			}})
			var got []string
			for _, r := range tables.DailyPush {
				switch {
				case r.Cut != "total":
				case r.Scope == "all" && *r.Unpushed == 1:
					got = append(got, "none")
				case r.Scope == "campaign" && r.AfterOpen == 1 && r.AfterOpenBy == 1:
					got = append(got, "open "+r.Campaign)
				case r.Scope == "campaign" && r.AfterReceived == 1 && r.AfterReceivedBy == 1:
					got = append(got, "received "+r.Campaign)
				}
			}
			if strings.Join(got, ", ") != test.want {
				t.Errorf("the session comes after %q, want %q", got, test.want)
			}
		})
	}
}

// Which install is a user's first.
func TestNoteInstalls(t *testing.T) {
	user := transform.User{Date: today, UserID: "ann", FirstSeen: today, FirstSessionID: "s", SessionsTotal: 1}
	event := func(at int64, date calendar.Day) []transform.UserEvent {
		return []transform.UserEvent{
			{UserID: "a-device", Event: "first_open", Role: "install", FirstAt: 1, FirstDate: today, Total: 1},
			{UserID: "ann", Event: "first_open", Role: "install", FirstAt: at, FirstDate: date, Total: 2},
		}
	}
	for _, test := range []struct {
		name  string
		first calendar.Day // of the user
		at    int64
		date  calendar.Day // of the install
		in    string       // session of the install
		want  int64
	}{
		{"on the day of the first session", today, 7, today, "", 7},
		{"days before it", today, 7, today - 3, "", 7},
		{"after it, in a later session", today - 1, 7, today, "other", 0},
		{"after midnight, in the first session", today - 1, 7, today, "s", 7},
	} {
		t.Run(test.name, func(t *testing.T) {
			u := user
			u.FirstSeen = test.first
			users := []transform.User{u}
			steps := []transform.Step{{UserID: "a-device", Role: "install", At: 7, SessionID: "s"}, {UserID: "ann", Role: "install", At: test.at, SessionID: test.in}}
			transform.NoteInstalls(users, event(test.at, test.date), steps)
			if users[0].InstalledAt != test.want || users[0].Installs != 2 {
				t.Errorf("installed at %d, %d installs, want at %d, 2", users[0].InstalledAt, users[0].Installs, test.want)
			}
		})
	}
}

// groups are users of the coupon: treated and held out, and how many of each
// came back.
func groups(treated, treatedBack, heldOut, heldOutBack int) []transform.UserDay {
	var days []transform.UserDay
	for i := range treated + heldOut {
		u := &transform.User{Date: today, UserID: fmt.Sprint("u", i), FirstSeen: today - 9, SessionsTotal: 1, ActiveDays: active(2), Platform: "ios"}
		d := transform.UserDay{User: u}
		if back := i < treatedBack || i >= treated && i < treated+heldOutBack; back {
			u.ActiveDays |= 1
		}
		if i >= treated {
			u.Platform = "web"
			d.Events = []transform.UserEvent{{Event: "held_out", FirstDate: today - 2, Days: active(2)}}
		}
		days = append(days, d)
	}
	return days
}

// The intervals that Newcombe (1998) publishes for his method 10.
func TestIntervalOfADifferenceIsNewcombes(t *testing.T) {
	for _, test := range []struct {
		back, of, otherBack, ofOther int
		want                         string
	}{
		{56, 70, 48, 80, "0.0524 to 0.3339"},
		{9, 10, 3, 10, "0.1705 to 0.8090"},
		{6, 7, 2, 7, "0.0582 to 0.8062"},
		{5, 56, 0, 29, "-0.0381 to 0.1926"},
		{0, 10, 0, 20, "-0.1611 to 0.2775"},
		{0, 10, 0, 10, "-0.2775 to 0.2775"},
		{10, 10, 0, 20, "0.6791 to 1.0000"},
		{10, 10, 0, 10, "0.6075 to 1.0000"},
	} {
		for _, r := range talliedDays(asked(), groups(test.of, test.back, test.ofOther, test.otherBack)).DailyIncentives {
			if r.Cut != "total" || r.Group != "treatment" {
				continue
			}
			if got := fmt.Sprintf("%.4f to %.4f", *r.Low, *r.High); got != test.want {
				t.Errorf("%d of %d beside %d of %d: %s, want %s", test.back, test.of, test.otherBack, test.ofOther, got, test.want)
			}
		}
	}
}

// A group that is too small to be shown cannot be had from the difference to it.
func TestDifferencesToHiddenGroupsAreHidden(t *testing.T) {
	a := asked()
	a.Cuts, a.MinUsers = []string{"activity_tier"}, 3
	for _, r := range talliedDays(a, groups(5, 2, 2, 1)).DailyIncentives {
		if r.Cut == "total" && r.Group == "treatment" && r.Difference == nil {
			t.Error("the total has no difference")
		}
		if r.Cut != "total" && (r.Group == "control" || r.Group == "treatment") && (r.Difference != nil || r.Low != nil || r.Method != "") {
			t.Errorf("row %+v", r)
		}
	}
}
