package schedules

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"sojourn/internal/calendar"
	"sojourn/transform"
)

// The days on which random events happen; the clocks go forward on the third.
var first, last = date(27), date(31)

// A sent event is a line and the night in which it arrives.
type sent struct {
	line  string
	day   calendar.Day // on which it happened
	night calendar.Day // the first run to see it is on this morning
}

// drawDefinitions draws the rules of an app, under which sessions last for
// minutes or for days, and those to compare them with.
func drawDefinitions(t *rapid.T) (own transform.Definition, compared []transform.Definition) {
	own = drawDefinition(t)
	if rapid.Bool().Draw(t, "compare") {
		other := drawDefinition(t)
		other.Name = "other"
		compared = append(compared, other)
	}
	return own, compared
}

func drawDefinition(t *rapid.T) transform.Definition {
	name := rapid.SampledFrom([]string{"app", "app", "app", "mixpanel", "ga4-stamped", "amplitude-mobile", "adobe-visit", "snowplow-web"}).Draw(t, "preset")
	preset, _ := transform.PresetNamed(name)
	d := preset.Definition
	if rapid.IntRange(0, 3).Draw(t, "stitch") == 0 {
		d.Stitch = 30 * time.Hour
	}
	if name != "app" {
		return d
	}
	d.Timeout = rapid.SampledFrom([]time.Duration{30 * time.Minute, 6 * time.Hour, 20 * time.Hour, 30 * time.Hour}).Draw(t, "timeout")
	d.Boundary = rapid.SampledFrom([]transform.Boundary{transform.Longer, transform.AtLeast}).Draw(t, "boundary")
	d.Cap = rapid.SampledFrom([]time.Duration{0, d.Timeout, 40 * time.Hour}).Draw(t, "cap")
	d.Events[transform.Start] = []string{"login"}
	d.Events[transform.Ignore] = []string{"heartbeat"}
	return d
}

// drawEvents draws what a few devices send: at midnights and near them, and
// some of it days late, early on the day itself, or twice.
func drawEvents(t *rapid.T, zone calendar.Zone) []sent {
	names := []string{
		"tap", "tap", "tap", "screen_view", "push_received", "session_end", "app_crash",
		"app_background", "app_foreground", "login", "heartbeat", "push_open", "first_open",
	}
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) sent {
		day := first + calendar.Day(rapid.IntRange(0, int(last-first)).Draw(t, "day"))
		minutes := rapid.OneOf(
			rapid.SampledFrom([]int{0, 1, 20, 30, 31, 60}),
			rapid.IntRange(0, 22*60),
			rapid.SampledFrom([]int{22*60 + 30, 22*60 + 45, 22*60 + 59}), // the shortest day has 23 hours
		).Draw(t, "minutes")
		at := zone.Start(day) + int64(minutes)*time.Minute.Microseconds()
		id := fmt.Sprintf("%s-%d", day, rapid.IntRange(0, 20).Draw(t, "id"))
		device := rapid.SampledFrom([]string{"d1", "d2", ""}).Draw(t, "device")
		user := rapid.SampledFrom([]string{"ann", "bob", ""}).Draw(t, "user")
		if device == "" && user == "" {
			user = "eve"
		}
		late := calendar.Day(rapid.SampledFrom([]int{0, 0, 0, 0, 1, 3, -1}).Draw(t, "late"))
		return sent{
			line: stampedLine(id, device, user, rapid.SampledFrom(names).Draw(t, "name"), at,
				rapid.SampledFrom([]string{"", "", "s1", "s2", "-1"}).Draw(t, "stamp"), rapid.SampledFrom([]string{"", "Home", "Map"}).Draw(t, "screen")),
			day:   day,
			night: min(max(day+1+late, first+1), last+1),
		}
	}), 1, 14).Draw(t, "events")
}

// ship puts the events of some nights into raw objects, in any order and any
// split.
func ship(t *rapid.T, s *site, events []sent, arrives func(calendar.Day) bool, prefix string) {
	files := rapid.IntRange(1, 3).Draw(t, "files")
	lines := make([][]string, files)
	for _, e := range rapid.Permutation(events).Draw(t, "order") {
		if arrives(e.night) {
			n := rapid.IntRange(0, files-1).Draw(t, "file")
			lines[n] = append(lines[n], e.line)
		}
	}
	for n := range lines {
		if len(lines[n]) > 0 {
			s.put(t, fmt.Sprintf("%s-%d.ndjson", prefix, n), lines[n]...)
		}
	}
}

// Laws 3, 4 and 7. Whatever has been run before, on whichever nights, with
// whatever had arrived by then, from whichever files: the tables are the bytes
// that one run over one file makes. And one more run writes nothing.
func TestHistoryOfRunsDoesNotShow(t *testing.T) {
	root := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		definition, compared := drawDefinitions(t)
		analysis := drawAnalysis(t)
		events := drawEvents(t, lisbon(t))

		once, finished := tempSite(t, root)
		defer finished()
		once.Definition, once.Compare, once.Analysis, once.Workers = definition, compared, analysis, 1
		var all []string
		for _, e := range events {
			all = append(all, e.line)
		}
		slices.Sort(all)
		once.put(t, "all.ndjson", all...)
		once.night(t, last+1, Range{})
		want := once.result(t)

		nightly, finished := tempSite(t, root)
		defer finished()
		nightly.Definition, nightly.Compare, nightly.Analysis = definition, compared, analysis
		seen := first // mornings up to this one have been looked at
		for morning := first + 1; morning <= last+1; morning++ {
			if morning <= last && rapid.IntRange(0, 4).Draw(t, "no run") == 0 {
				continue // a missed night
			}
			ship(t, nightly, events, func(n calendar.Day) bool { return n > seen && n <= morning }, morning.String())
			seen = morning
			nightly.Workers = rapid.IntRange(1, 3).Draw(t, "workers")
			// However little is held at once, down to one user.
			nightly.RowBytes = rapid.SampledFrom([]int64{0, 1, 2_000, 50_000, 1 << 30}).Draw(t, "row bytes")
			nightly.night(t, morning, drawRange(t, morning))
		}
		nightly.night(t, last+1, Range{})
		if diff := cmp.Diff(want, nightly.result(t)); diff != "" {
			t.Fatalf("tables (-at once +by nights):\n%s", diff)
		}

		before := objects(t, nightly.Lake)
		sum := nightly.night(t, last+2, Range{To: new(last)})
		if len(sum.Made) > 0 || sum.Published > 0 || sum.Objects > 0 || !maps.Equal(before, objects(t, nightly.Lake)) {
			t.Fatalf("a run with nothing new made %v and published %d partitions", sum.Made, sum.Published)
		}
	})
}

// drawRange draws what an operator may ask for: mostly all up to yesterday, at
// times some days only, days again, or today, which is not over.
func drawRange(t *rapid.T, morning calendar.Day) Range {
	switch rapid.IntRange(0, 5).Draw(t, "range") {
	case 0:
		day := first + calendar.Day(rapid.IntRange(0, int(morning-1-first)).Draw(t, "to"))
		return Range{To: &day}
	case 1:
		day := first + calendar.Day(rapid.IntRange(0, int(morning-1-first)).Draw(t, "from"))
		return Range{From: &day, To: new(morning - 1), Force: true}
	case 2:
		return Range{To: &morning}
	}
	return Range{}
}

// State is a cache: without the users, the carries and the manifests of the
// days from some day on, the next run makes the same bytes from what is staged.
func TestStateIsACache(t *testing.T) {
	root := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		s, finished := tempSite(t, root)
		defer finished()
		s.Definition, s.Compare = drawDefinitions(t)
		s.Analysis = drawAnalysis(t)
		ship(t, s, drawEvents(t, s.Zone), func(calendar.Day) bool { return true }, "all")
		s.night(t, last+1, Range{})
		want := s.result(t)

		from := first + calendar.Day(rapid.IntRange(0, int(last-first)).Draw(t, "from"))
		for object := range objects(t, s.Lake) {
			folder, _, _ := strings.Cut(object, "/date=")
			state := strings.HasPrefix(folder, "definitions/") || strings.HasPrefix(folder, "user") || folder == "carry" || strings.HasPrefix(object, "runs/days/")
			if state && dayIn(t, object) >= from {
				if err := s.Lake.Delete(t.Context(), object); err != nil {
					t.Fatal(err)
				}
			}
		}
		s.night(t, last+1, Range{})
		if diff := cmp.Diff(want, s.result(t)); diff != "" {
			t.Fatalf("tables (-before +without state from %s on):\n%s", from, diff)
		}
	})
}

// dayIn returns the day in the name of an object.
func dayIn(t testingT, object string) calendar.Day {
	t.Helper()
	at := strings.Index(object, "2026-")
	if at < 0 {
		t.Fatalf("%s names no day", object)
	}
	day, err := calendar.ParseDay(object[at : at+len("2026-03-27")])
	if err != nil {
		t.Fatal(err)
	}
	return day
}

// Files that were lost or spoilt come back when their days are made again.
func TestForceBringsBackLostFiles(t *testing.T) {
	s := newSite(t, t.TempDir(), nil)
	defer s.close()
	tell(t, s, date(30))
	tell(t, s, date(31))
	s.night(t, date(31), Range{})
	want := s.result(t)

	for object := range objects(t, s.Lake) {
		switch folder, _, _ := strings.Cut(object, "/"); folder {
		case "users", "carry":
			if err := s.Lake.Delete(t.Context(), object); err != nil {
				t.Fatal(err)
			}
		case "sessions":
			if err := put(t.Context(), s.Lake, object, []byte("spoilt")); err != nil {
				t.Fatal(err)
			}
		}
	}
	s.night(t, date(31), Range{Force: true})
	if diff := cmp.Diff(want, s.result(t)); diff != "" {
		t.Errorf("tables (-before +brought back):\n%s", diff)
	}
}

// An object that is written again counts as it is now, as if what it said
// before had never been.
func TestReplacedObjectCountsAsItIsNow(t *testing.T) {
	zone := lisbon(t)
	at := func(day, hour int) int64 { return zone.Start(date(day)) + int64(hour)*time.Hour.Microseconds() }
	old := []string{line("1", "d1", "ann", "tap", at(28, 10)), line("2", "d1", "ann", "tap", at(29, 10)), line("3", "d2", "bob", "tap", at(29, 11))}
	now := []string{line("2", "d1", "ann", "tap", at(29, 10)), line("4", "d1", "eve", "tap", at(28, 9)), line("5", "d3", "", "tap", at(30, 9))}
	other := []string{line("6", "d1", "ann", "tap", at(28, 23)), line("1", "d1", "ann", "tap", at(28, 12))}

	s := newSite(t, t.TempDir(), nil)
	defer s.close()
	s.put(t, "a.ndjson", old...)
	s.put(t, "b.ndjson", other...)
	s.night(t, date(31), Range{})
	s.put(t, "a.ndjson", now...)
	path, _ := s.raw.LocalPath("a.ndjson")
	if err := os.Chtimes(path, time.Time{}, time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err) // the clock of the file system may be too coarse to tell the two
	}
	s.night(t, date(31), Range{})

	fresh := newSite(t, t.TempDir(), nil)
	defer fresh.close()
	fresh.put(t, "all.ndjson", slices.Concat(now, other)...)
	fresh.night(t, date(31), Range{})
	if diff := cmp.Diff(fresh.result(t), s.result(t)); diff != "" {
		t.Errorf("tables (-as it is now +after the replacement):\n%s", diff)
	}
}

// Late events restate their day and the days that their effect reaches, and no
// others.
func TestOnlyWhatChangedIsMadeAgain(t *testing.T) {
	zone := lisbon(t)
	at := func(day, hour, minute int) int64 {
		return zone.Start(date(day)) + int64(hour*60+minute)*time.Minute.Microseconds()
	}
	for _, test := range []struct {
		name   string
		late   string
		want   []calendar.Day // the days that have other tables than before
		folded int            // one day more is folded to see that its state is what it was
	}{
		{"the day of a new session, and all later days that know the user",
			line("9", "d9", "eve", "tap", at(27, 10, 0)), []calendar.Day{date(27), date(28), date(29), date(30)}, 4},
		{"another event of a session changes its own day only",
			line("9", "d1", "ann", "tap", at(27, 10, 20)), []calendar.Day{date(27)}, 2},
		{"and the end of the user's latest session is remembered",
			line("9", "d1", "ann", "tap", at(27, 10, 40)), []calendar.Day{date(27), date(28), date(29), date(30)}, 4},
		{"an event after midnight changes the day before, too",
			line("9", "d2", "bob", "tap", at(29, 0, 5)), []calendar.Day{date(28), date(29), date(30)}, 2},
		{"the first push on its own changes the ledger, and from then on there is one that sessions may have come without",
			line("9", "d1", "ann", "push_received", at(28, 4, 0)), []calendar.Day{date(28), date(29), date(30)}, 3},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSite(t, t.TempDir(), nil)
			defer s.close()
			s.Analysis = transform.Analysis{} // histories of features and funnels would reach further
			s.put(t, "a.ndjson",
				line("1", "d1", "ann", "tap", at(27, 10, 0)), line("2", "d1", "ann", "tap", at(27, 10, 30)),
				line("3", "d2", "bob", "tap", at(28, 23, 50)), line("4", "d3", "", "tap", at(29, 12, 0)), line("5", "d3", "", "tap", at(30, 12, 0)))
			s.night(t, date(31), Range{})
			before := objects(t, s.Lake)
			s.put(t, "b.ndjson", test.late)
			s.Run = "second"
			folded := 0
			s.Progress = func(p Progress) {
				if p.Stage == "fold" {
					folded++
				}
			}
			s.night(t, date(31), Range{})

			changed := map[calendar.Day]bool{}
			for object, digest := range objects(t, s.Lake) {
				if strings.HasPrefix(object, "daily_") || strings.HasPrefix(object, "users/") || strings.HasPrefix(object, "sessions/") {
					if before[object] != digest {
						changed[dayIn(t, object)] = true
					}
				}
			}
			if diff := cmp.Diff(test.want, slices.Sorted(maps.Keys(changed))); diff != "" {
				t.Errorf("days with other tables (-want +got):\n%s", diff)
			}
			if folded != test.folded {
				t.Errorf("%d days were folded, want %d", folded, test.folded)
			}
		})
	}
}
