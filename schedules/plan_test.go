package schedules

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sojourn/internal/calendar"
	"sojourn/internal/lake"
	"sojourn/load"
	"sojourn/transform"
)

// ledgers is what a lake says: the staged files and the manifests of its days.
type ledgers struct {
	staged map[calendar.Day][]lake.StagedFile
	made   map[calendar.Day]lake.Day
}

func stagedFile(object string, rows int64) lake.StagedFile {
	return lake.StagedFile{File: lake.File{Object: object, Rows: rows, SHA256: "digest of " + object}}
}

// settled is a lake of three days, the 27th, 28th and 30th, all made; the
// 30th may still change.
func settled() ledgers {
	l := ledgers{map[calendar.Day][]lake.StagedFile{}, map[calendar.Day]lake.Day{}}
	var before *lake.StateRef
	for _, day := range []calendar.Day{date(27), date(28), date(30)} {
		l.staged[day] = []lake.StagedFile{stagedFile(day.String(), 10)}
		m := lake.Day{
			Day: day, Definition: "d", Zone: "UTC", Code: transform.Version, Inputs: l.staged[day], Before: before,
			Tables:  map[string]lake.File{"users": {SHA256: "users of " + day.String()}},
			Carry:   lake.File{SHA256: "carry of " + day.String()},
			IsFinal: day != date(30), Run: "r",
		}
		l.made[day] = m
		before = stateAfter(m, load.DailyTables(true))
	}
	return l
}

// change changes the manifest of a day.
func (l ledgers) change(day calendar.Day, to func(*lake.Day)) {
	m := l.made[day]
	to(&m)
	l.made[day] = m
}

func TestPlan(t *testing.T) {
	const quiet = "27 published\n28 published\n29 missing: no events\n30 provisional: sessions may go on after midnight\n"
	tests := []struct {
		name   string
		change func(ledgers)
		want   string
	}{
		{"what is up to date stays", func(ledgers) {}, quiet},
		{"a day that is not over is not looked at", func(l ledgers) {
			l.staged[date(31)] = []lake.StagedFile{stagedFile("31", 1)}
		}, quiet},
		{"a day that never ran is due, and those after it may change", func(l ledgers) { delete(l.made, date(28)) },
			"27 published\n28 due missing: not run yet\n29 missing: no events\n" +
				"30 provisional: may change with an earlier day that is due\n"},
		{"a new last day leaves the others alone", func(l ledgers) { delete(l.made, date(30)) },
			"27 published\n28 published\n29 missing: no events\n30 due missing: not run yet\n"},
		{"late events make their day stale; later ones may change", func(l ledgers) {
			l.staged[date(28)] = append(l.staged[date(28)], stagedFile("late", 3))
		}, "27 published\n28 due stale: 3 events arrived in 1 new staged files\n29 missing: no events\n" +
			"30 provisional: may change with an earlier day that is due\n"},
		{"late events for a day without any fill the gap", func(l ledgers) {
			l.staged[date(29)] = []lake.StagedFile{stagedFile("29", 2)}
		}, "27 published\n28 published\n29 due missing: not run yet\n" +
			"30 due stale: the day with events before it is 2026-03-29 now, not 2026-03-28\n"},
		{"a new earliest day changes what the first one starts from", func(l ledgers) {
			l.staged[date(26)] = []lake.StagedFile{stagedFile("26", 2)}
		}, "26 due missing: not run yet\n27 due stale: 2026-03-26 before it has events now\n28 published: may change with an earlier day that is due\n" +
			"29 missing: no events\n30 provisional: may change with an earlier day that is due\n"},
		{"an object that was replaced makes the days of its events stale", func(l ledgers) {
			l.staged[date(30)] = []lake.StagedFile{{File: l.staged[date(30)][0].File, SupersededSHA256: "other"}}
		}, "27 published\n28 published\n29 missing: no events\n30 due stale: objects read before were replaced or removed (1 staged files)\n"},
		{"a staged file that is gone", func(l ledgers) {
			l.change(date(27), func(m *lake.Day) { m.Inputs = append(m.Inputs, stagedFile("gone", 1)) })
		}, "27 due stale: 1 staged files are gone\n28 published: may change with an earlier day that is due\n" +
			"29 missing: no events\n30 provisional: may change with an earlier day that is due\n"},
		{"a first day that once had one before it", func(l ledgers) {
			l.change(date(27), func(m *lake.Day) { m.Before = &lake.StateRef{Day: date(20)} })
		}, "27 due stale: 2026-03-20 before it has no events any more\n28 published: may change with an earlier day that is due\n" +
			"29 missing: no events\n30 provisional: may change with an earlier day that is due\n"},
		{"a day made from another state of the day before", func(l ledgers) {
			l.change(date(28), func(m *lake.Day) { m.Before = &lake.StateRef{Day: date(27), Users: "others"} })
		}, "27 published\n28 due stale: what is known at the end of 2026-03-27 changed\n29 missing: no events\n" +
			"30 provisional: may change with an earlier day that is due\n"},
		{"another definition", func(l ledgers) { l.change(date(30), func(m *lake.Day) { m.Definition = "c" }) },
			"27 published\n28 published\n29 missing: no events\n30 due stale: the session definition changed from c to d\n"},
		{"another transform", func(l ledgers) { l.change(date(30), func(m *lake.Day) { m.Code = "0" }) },
			"27 published\n28 published\n29 missing: no events\n30 due stale: the transform changed from version 0 to " + transform.Version + "\n"},
		{"another zone", func(l ledgers) { l.change(date(30), func(m *lake.Day) { m.Zone = "Asia/Tokyo" }) },
			"27 published\n28 published\n29 missing: no events\n30 due stale: the time zone changed from Asia/Tokyo to UTC\n"},
		{"another definition beside it", func(l ledgers) {
			l.change(date(30), func(m *lake.Day) { m.Others = map[string]lake.Other{"b": {Definition: "e"}} })
		}, "27 published\n28 published\n29 missing: no events\n30 due stale: the definitions to compare changed\n"},
		{"another identity", func(l ledgers) { l.change(date(30), func(m *lake.Day) { m.Identity = "i" }) },
			"27 published\n28 published\n29 missing: no events\n30 due stale: which id is whose changed\n"},
		{"nothing was ever staged", func(l ledgers) { clear(l.staged) }, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			l := settled()
			test.change(l)
			var got strings.Builder
			for _, d := range plan(l.staged, l.made, rules{definition: "d", zone: "UTC", yesterday: date(30)}, date(30)) {
				fmt.Fprintf(&got, "%d ", d.Day.Time().Day())
				if d.Due {
					got.WriteString("due ")
				}
				got.WriteString(string(d.State))
				if d.Reason != "" {
					got.WriteString(": " + d.Reason)
				}
				got.WriteByte('\n')
			}
			if diff := cmp.Diff(test.want, got.String()); diff != "" {
				t.Errorf("plan (-want +got):\n%s", diff)
			}
		})
	}
}

// The days that objects had events of are due once the objects are gone or
// replaced, before anything is read; events that did not count take no day along.
func TestPlanForeseesWhatIsTakenAway(t *testing.T) {
	s := newSite(t, t.TempDir(), nil)
	defer s.close()
	s.LateLimit = 10 * 24 * time.Hour
	of := func(id string, day calendar.Day) string { return line(id, "d1", "ann", "tap", s.Zone.Start(day)) }
	s.put(t, "stays.ndjson", of("1", date(20)), of("2", date(29)))
	s.put(t, "gone.ndjson", of("3", date(28)), of("4", date(29)))
	s.put(t, "replaced.ndjson", of("5", date(29)), of("6", date(30)))
	s.night(t, date(31), Range{})
	s.put(t, "late.ndjson", of("7", date(20)))
	s.night(t, date(31), Range{})

	for _, object := range []string{"gone.ndjson", "late.ndjson"} {
		if err := s.raw.Delete(t.Context(), object); err != nil {
			t.Fatal(err)
		}
	}
	s.put(t, "replaced.ndjson", of("5", date(29)), of("6", date(30)), of("8", date(27)))
	s.put(t, "new.ndjson", of("9", date(26)))
	p, err := s.Plan(t.Context(), Range{})
	if err != nil {
		t.Fatal(err)
	}
	key := func(object string) lake.ObjectKey { return lake.ObjectKey{Source: "app", Object: object} }
	want := map[calendar.Day][]lake.Cause{
		date(28): {{ObjectKey: key("gone.ndjson"), Change: lake.Removed, Events: 1}},
		date(29): {{ObjectKey: key("gone.ndjson"), Change: lake.Removed, Events: 1}, {ObjectKey: key("replaced.ndjson"), Change: lake.ToRead, Events: 1}},
		date(30): {{ObjectKey: key("replaced.ndjson"), Change: lake.ToRead, Events: 1}},
	}
	got := map[calendar.Day][]lake.Cause{}
	for _, d := range p.Due() {
		got[d.Day] = d.Causes
		if d.Day == date(29) && d.Events != 3 {
			t.Errorf("%s has %d events before anything is read again, want 3", d.Day, d.Events)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("due (-want +got):\n%s", diff)
	}
	made := s.night(t, date(31), Range{}).Made
	for day := range want {
		if !slices.Contains(made, day) {
			t.Errorf("the run made %v, and not %s", made, day)
		}
	}
}

// A plan says what the run after it does, no more and no less, and writes
// nothing.
func TestRunDoesWhatThePlanSays(t *testing.T) {
	s := newSite(t, t.TempDir(), nil)
	defer s.close()
	for _, morning := range []calendar.Day{date(30), date(31)} {
		tell(t, s, morning)
		// Read what has arrived, so that the plan knows its days.
		s.night(t, morning, Range{To: new(date(20))})
		before := objects(t, s.Lake)
		for _, r := range []Range{{}, {From: new(date(29)), To: new(date(29)), Force: true}} {
			p, err := s.Plan(t.Context(), r)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(before, objects(t, s.Lake)); diff != "" {
				t.Errorf("a plan wrote (-before +after):\n%s", diff)
			}
			var due []calendar.Day
			for _, d := range p.Due() {
				due = append(due, d.Day)
			}
			if sum := s.night(t, morning, r); !cmp.Equal(due, sum.Made) {
				t.Errorf("on %s the plan is %v, and the run made %v", morning, due, sum.Made)
			}
			before = objects(t, s.Lake)
		}
	}
}
