package transform_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"sojourn/internal/calendar"
	"sojourn/transform"
)

// What a session says of itself, apart from where it begins and ends.
func TestMeasures(t *testing.T) {
	none := (*float64)(nil)
	tests := []struct {
		name   string
		events string
		want   func(transform.Session) any // what is looked at, of the first session
		is     any
	}{
		{"a single event has no duration", `
			28 10:00 tap`,
			func(r transform.Session) any { return *r.DurationSeconds }, 0.0},
		{"the duration is exact, without the pause after it", `
			28 10:00 tap
			28 10:10:00.25 tap
			28 10:20 push_received`,
			func(r transform.Session) any { return *r.DurationSeconds }, 600.25},
		{"the duration over the hour that the clocks leave out", `
			29 00:50 tap
			29 02:10 tap`,
			func(r transform.Session) any { return *r.DurationSeconds }, 1200.0},

		{"without markers the foreground is not known", `
			28 10:00 tap
			28 10:10 tap`,
			func(r transform.Session) any { return r.ForegroundSeconds }, none},
		{"the background is not the foreground", `
			28 10:00 app_foreground
			28 10:02 app_background
			28 10:05 app_foreground
			28 10:06 tap`,
			func(r transform.Session) any { return r.ForegroundSeconds }, new(180.0)},
		{"activity shows that the app is back", `
			28 10:00 tap
			28 10:02 app_background
			28 10:05 tap
			28 10:06 tap`,
			func(r transform.Session) any { return r.ForegroundSeconds }, new(180.0)},
		{"background twice is background once", `
			28 10:00 tap
			28 10:02 app_background
			28 10:03 app_background
			28 10:05 tap`,
			func(r transform.Session) any { return r.ForegroundSeconds }, new(120.0)},
		{"a push does not bring the app to the front", `
			28 10:00 tap
			28 10:02 app_background
			28 10:03 push_received
			28 10:05 tap`,
			func(r transform.Session) any { return r.ForegroundSeconds }, new(120.0)},
		{"at one instant the app comes to the front before it goes", `
			28 10:00 app_background
			28 10:00 app_foreground
			28 10:01 tap`,
			func(r transform.Session) any { return r.ForegroundSeconds }, new(0.0)},
		{"a second marker does not bring the app back", `
			28 10:00 app_foreground
			28 10:00:10 app_background
			28 10:05:10 app_background`,
			func(r transform.Session) any { return r.ForegroundSeconds }, new(10.0)},
		{"the background goes on over midnight", `
			27 23:50 tap
			27 23:55 app_background
			28 00:10 app_foreground
			28 00:11 tap`,
			func(r transform.Session) any { return r.ForegroundSeconds }, new(360.0)},

		{"engaged is the duration where nothing better is known", `
			28 10:00 tap
			28 10:10 tap`,
			func(r transform.Session) any { return r.EngagedSeconds }, 600.0},
		{"without the background", `
			28 10:00 tap
			28 10:02 app_background
			28 10:10 tap`,
			func(r transform.Session) any { return r.EngagedSeconds }, 120.0},
		{"and what the source measured where it did", `
			28 10:00 tap engaged=1500
			28 10:02 app_background engaged=250
			28 10:10 tap`,
			func(r transform.Session) any { return r.EngagedSeconds }, 1.75},
		{"also if it measured nothing", `
			28 10:00 tap engaged=0
			28 10:10 tap`,
			func(r transform.Session) any { return r.EngagedSeconds }, 0.0},
		{"what was measured adds up over midnight", `
			27 23:50 tap engaged=1000
			28 00:10 tap engaged=2000`,
			func(r transform.Session) any { return r.EngagedSeconds }, 3.0},

		{"ten seconds make a session engaged", `
			28 10:00 tap
			28 10:00:10 tap`,
			func(r transform.Session) any { return r.IsEngaged }, true},
		{"less do not", `
			28 10:00 tap
			28 10:00:09.999999 tap`,
			func(r transform.Session) any { return r.IsEngaged }, false},
		{"two screen views do", `
			28 10:00 screen_view screen=Home
			28 10:00:01 screen_view screen=Home`,
			func(r transform.Session) any { return r.IsEngaged }, true},
		{"a key event does", `
			28 10:00 purchase`,
			func(r transform.Session) any { return r.IsEngaged }, true},
		{"one event is a bounce, whatever happens in the background", `
			28 10:00 tap
			28 10:01 push_received`,
			func(r transform.Session) any { return r.IsBounce }, true},
		{"two events are none", `
			28 10:00 tap
			28 10:00 tap`,
			func(r transform.Session) any { return r.IsBounce }, false},

		{"a session that ends in a crash lacks a pause of average length", `
			28 10:00 tap
			28 10:01 tap
			28 10:04 app_crash`,
			func(r transform.Session) any { return r.CrashCorrectedSeconds }, new(360.0)},
		{"a crash alone tells no pause", `
			28 10:00 app_crash`,
			func(r transform.Session) any { return r.CrashCorrectedSeconds }, new(0.0)},
		{"a crash after which the session goes on hides nothing", `
			28 10:00 app_crash
			28 10:01 tap`,
			func(r transform.Session) any { return r.CrashCorrectedSeconds }, none},
		{"crashes are counted", `
			28 10:00 app_crash
			28 10:01 tap crash`,
			func(r transform.Session) any { return r.CrashCount }, int64(2)},

		{"also one from the background", `
			28 10:00 tap
			28 10:01 app_crash background`,
			func(r transform.Session) any { return []int64{r.CrashCount, r.BackgroundCount} }, []int64{1, 0}},

		{"screens are entered, left and counted once each", `
			28 10:00 tap
			28 10:01 screen_view screen=Home
			28 10:02 screen_view screen=Map
			28 10:03 tap screen=Home
			28 10:04 tap`,
			func(r transform.Session) any {
				return []any{r.EntryScreen, r.ExitScreen, r.DistinctScreens, r.ScreenViews}
			}, []any{"Home", "Home", int64(2), int64(2)}},
		{"screens are counted once also over midnight", `
			27 23:50 screen_view screen=Home
			27 23:51 screen_view screen=Map
			28 00:01 screen_view screen=Home
			28 00:02 screen_view screen=Trip`,
			func(r transform.Session) any {
				return []any{r.EntryScreen, r.ExitScreen, r.DistinctScreens, r.ScreenViews}
			}, []any{"Home", "Trip", int64(3), int64(4)}},
		{"a push shows no screen", `
			28 10:00 tap screen=Home
			28 10:01 push_received screen=Lock platform=watch`,
			func(r transform.Session) any { return []any{r.ExitScreen, r.DistinctScreens, r.Platform} },
			[]any{"Home", int64(1), ""}},
		{"the first that is named describes the session", `
			28 10:00 tap
			28 10:01 tap platform=ios stamp=s1
			28 10:02 tap platform=android country=PT stamp=s2`,
			func(r transform.Session) any { return []any{r.Platform, r.Country, r.SourceSessionID} },
			[]any{"ios", "PT", "s1"}},
		{"a stamp of the source cuts nothing", `
			28 10:00 tap stamp=s1
			28 10:01 tap stamp=s2`,
			func(r transform.Session) any { return r.EventCount }, int64(2)},
		{"events of the session and in its background are told apart", `
			28 10:00 tap
			28 10:01 push_received
			28 10:02 push_received`,
			func(r transform.Session) any { return []int64{r.EventCount, r.BackgroundCount} }, []int64{3, 2}},
		{"it belongs to the local day on which it began", `
			29 00:30 tap
			29 02:10 tap`,
			func(r transform.Session) any { return r.Date }, date(29)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			rules := app(timeout(30*time.Minute), maximum(0))
			f := foldDays(t, rules, zone(t, "Europe/Lisbon"), told(t, test.events))
			if diff := gocmp.Diff(test.is, test.want(f.sessions[0])); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// A row is provisional on the day it begins, if it can go on, and then final.
func TestRowsBecomeFinal(t *testing.T) {
	f := foldDays(t, app(), zone(t, "Europe/Lisbon"), told(t, `
		27 10:00 tap
		27 23:50 tap
		28 00:05 tap
		28 23:39 tap
		28 23:40 session_end
		29 12:00 tap device=d2`))
	type row struct {
		Began   calendar.Day
		Events  int64
		IsFinal bool
	}
	show := func(rows []transform.Session) (shown []row) {
		for _, r := range rows {
			shown = append(shown, row{r.Date, r.EventCount, r.IsFinal})
		}
		return shown
	}
	want := [][2][]row{
		{{{date(27), 1, true}, {date(27), 1, false}}, nil},
		{{{date(28), 2, true}}, {{date(27), 2, true}}},
		{{{date(29), 1, true}}, nil}, // what ended explicitly is not told again
	}
	for i, d := range f.days {
		if diff := gocmp.Diff(want[i], [2][]row{show(d.began), show(d.earlier)}); diff != "" {
			t.Errorf("rows of %s, begun and earlier (-want +got):\n%s", d.day, diff)
		}
	}
}

// The id of a session is a digest of its own content and does not change.
func TestSessionID(t *testing.T) {
	ids := func(story string) map[string]bool {
		set := map[string]bool{}
		for _, r := range foldDays(t, app(), zone(t, "Europe/Lisbon"), told(t, story)).sessions {
			set[r.SessionID] = true
		}
		return set
	}
	alone := ids("28 10:00 tap id=a")
	for id := range alone {
		if !ids("28 08:00 tap id=z\n28 10:00 tap id=a\n28 10:05 tap id=b")[id] {
			t.Error("the id depends on other sessions, or on later events")
		}
	}
	for what, story := range map[string]string{
		"time": "28 10:01 tap id=a", "device": "28 10:00 tap id=a device=d2", "event": "28 10:00 tap id=b",
	} {
		for id := range ids(story) {
			if alone[id] {
				t.Errorf("another %s has the same id", what)
			}
		}
	}
}

// What is carried over is not changed by folding it, so that a day can be
// folded again.
func TestFoldLeavesTheCarryAlone(t *testing.T) {
	lisbon := zone(t, "Europe/Lisbon")
	s := transform.NewSessionizer(app(), lisbon)
	before := told(t, "27 23:50 screen_view screen=Map")
	after := told(t, "28 00:01 screen_view screen=Home\n28 00:02 tap screen=Zoo")
	carry := s.Fold(nil, before, date(27)).Carry
	carry.Sessions[0].Screens = slices.Grow(carry.Sessions[0].Screens, 4) // as after more screens
	first := kept(s.Fold(carry, after, date(28)))
	second := kept(s.Fold(carry, after, date(28)))
	if diff := gocmp.Diff(first, second); diff != "" {
		t.Errorf("folding again (-first +second):\n%s", diff)
	}
}

// kept is a result of which nothing is the sessionizer's own.
func kept(f transform.Folded) transform.Folded {
	f.Began, f.Days, f.Steps = append([]transform.Session(nil), f.Began...), append([]transform.SessionDay(nil), f.Days...), append([]transform.Step(nil), f.Steps...)
	return f
}

// A sessionizer keeps memory from call to call. Nothing that was in it shows in
// a later result, and no later call changes what was copied of a result.
func TestFoldForgets(t *testing.T) {
	lisbon := zone(t, "Europe/Lisbon")
	of := func(device string, sessions, screens int) (events []transform.Event) {
		at := lisbon.Start(date(27))
		add := func(name, screen string) {
			at += time.Second.Microseconds()
			events = append(events, transform.Event{
				DeviceID: device, ID: fmt.Sprintf("%06d", len(events)), Name: name, Screen: screen, At: at, EngagedMillis: -1,
				Attributes: &transform.Attributes{Country: device},
			})
		}
		for range sessions {
			for i := range screens {
				add("screen_view", fmt.Sprint("screen ", i))
			}
			add("session_end", "")
		}
		at = lisbon.Start(date(28)) - time.Minute.Microseconds()
		add("screen_view", "screen 1")
		return events
	}
	alone := func() *transform.Sessionizer {
		s := transform.NewSessionizer(app(), lisbon)
		s.KeepSteps(nil)
		return s
	}
	human := of("human", 3, 2)
	// Memory that the second bot has made big is let go of, that of the first is emptied.
	for _, bot := range [][]transform.Event{of("bot", 40, 20), of("tireless bot", 4200, 1)} {
		used := alone()
		before := kept(used.Fold(nil, bot, date(27)))
		got := kept(used.Fold(nil, human, date(27)))
		for _, of := range []struct {
			name   string
			folded transform.Folded
			events []transform.Event
		}{{"the bot", before, bot}, {"the human after the bot", got, human}} {
			want := kept(alone().Fold(nil, of.events, date(27)))
			if diff := gocmp.Diff(want, of.folded); diff != "" {
				t.Errorf("%s (-alone +together):\n%s", of.name, diff)
			}
		}
		if len(before.Steps) < 800 || len(got.Steps) == 0 {
			t.Errorf("%d steps of the bot, %d of the human", len(before.Steps), len(got.Steps))
		}
	}
}
