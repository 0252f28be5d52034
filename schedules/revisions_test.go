package schedules

import (
	"errors"
	"fmt"
	"os"
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

// restated returns what the table of restatements says of a day: revision,
// table, metric, from what to what, and because of which objects.
func restated(t *testing.T, s *site, day calendar.Day, tables ...string) []string {
	t.Helper()
	made, err := lake.Days(t.Context(), s.Lake)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, r := range rows[load.Restatement](t, s.Lake, made[day].Restatements) {
		if !slices.Contains(tables, r.Table) || r.Before != nil && *r.Before == r.After {
			continue
		}
		before := "-"
		if r.Before != nil {
			before = fmt.Sprint(*r.Before)
		}
		lines = append(lines, fmt.Sprintf("r%d %s %s: %s -> %v because of %q", r.Revision, r.Table, r.Metric, before, r.After, r.Objects))
	}
	return lines
}

// Three objects tell of two sessions that a late one makes one; then it goes
// away again. Each revision says what moved, by how much and because of which
// object; the day after is another only as far as it is.
func TestRestatementsSayWhatMoved(t *testing.T) {
	s := newSite(t, t.TempDir(), nil)
	defer s.close()
	at := func(day, hour, minute int) int64 {
		return s.Zone.Start(date(day)) + int64(hour*60+minute)*time.Minute.Microseconds()
	}
	s.put(t, "a.ndjson", line("1", "d1", "ann", "tap", at(27, 10, 0)), line("2", "d1", "ann", "tap", at(27, 10, 50)))
	s.put(t, "b.ndjson", line("3", "d1", "ann", "tap", at(28, 12, 0)))
	s.put(t, "c.ndjson", line("4", "d2", "bob", "tap", at(29, 12, 0)))
	s.night(t, date(30), Range{})
	s.put(t, "late.ndjson", line("9", "d1", "ann", "tap", at(27, 10, 25)))
	s.Run = "second"
	s.night(t, date(31), Range{To: new(date(29))})
	if err := s.raw.Delete(t.Context(), "late.ndjson"); err != nil {
		t.Fatal(err)
	}
	s.Run = "third"
	s.night(t, date(31), Range{To: new(date(29))})

	want := []string{
		`r1 headline crashed_sessions: - -> 0 because of ""`,
		`r1 headline duration_seconds: - -> 0 because of ""`,
		`r1 headline events_staged: - -> 2 because of ""`,
		`r1 headline new_users: - -> 1 because of ""`,
		`r1 headline sessions: - -> 2 because of ""`,
		`r1 headline users_with_sessions: - -> 1 because of ""`,
		`r2 headline duration_seconds: 0 -> 3000 because of "app late.ndjson (new, 1 events)"`,
		`r2 headline events_staged: 2 -> 3 because of "app late.ndjson (new, 1 events)"`,
		`r2 headline sessions: 2 -> 1 because of "app late.ndjson (new, 1 events)"`,
		`r2 sessions rows: 2 -> 1 because of "app late.ndjson (new, 1 events)"`,
		`r3 headline duration_seconds: 3000 -> 0 because of "app late.ndjson (removed, 1 events)"`,
		`r3 headline events_staged: 3 -> 2 because of "app late.ndjson (removed, 1 events)"`,
		`r3 headline sessions: 1 -> 2 because of "app late.ndjson (removed, 1 events)"`,
		`r3 sessions rows: 1 -> 2 because of "app late.ndjson (removed, 1 events)"`,
	}
	if diff := cmp.Diff(want, restated(t, s, date(27), "headline", "sessions")); diff != "" {
		t.Errorf("restatements (-want +got):\n%s", diff)
	}

	// What was known then can be had until it is pruned.
	manifests, err := lake.Revisions(t.Context(), s.Lake, date(27))
	if err != nil {
		t.Fatal(err)
	}
	made, err := lake.Days(t.Context(), s.Lake)
	if err != nil {
		t.Fatal(err)
	}
	manifests = append(manifests, made[date(27)])
	for i, want := range []int64{2, 1, 2} {
		f, ok := lake.TableAsOf("sessions", manifests[i:])
		if !ok || manifests[i].Revision != int64(i+1) {
			t.Fatalf("revision %d is %d, and has sessions: %v", i+1, manifests[i].Revision, ok)
		}
		data, err := s.Lake.Read(t.Context(), f.Object)
		if err != nil || digest(data) != f.SHA256 || f.Rows != want {
			t.Errorf("revision %d: %s has %d rows (%v)", i+1, f.Object, f.Rows, err)
		}
	}
	if made[date(27)].Fingerprint == manifests[0].Fingerprint {
		t.Error("a day made from other files has the same fingerprint")
	}

	s.KeepRevisions = time.Hour
	s.at(date(31))
	later := s.Now().Add(2 * time.Hour)
	s.Now = func() time.Time { return later }
	if _, err := s.Night(t.Context(), Range{To: new(date(29))}); err != nil {
		t.Fatal(err)
	}
	kept, err := lake.KeptRevisions(t.Context(), s.Lake)
	if err != nil || len(kept) > 0 {
		t.Errorf("kept after their time: %v (%v)", kept, err)
	}
}

// An object that is gone counts no more, as if it had never been; one of a
// source that keeps them counts on.
func TestRemovedObjectCountsNoMore(t *testing.T) {
	for _, keep := range []bool{false, true} {
		s := newSite(t, t.TempDir(), nil)
		defer s.close()
		s.Sources[0].KeepRemoved = keep
		at := s.Zone.Start(date(28))
		s.put(t, "a.ndjson", line("1", "d1", "ann", "tap", at), line("2", "d1", "ann", "tap", at+86_400_000_000))
		s.put(t, "b.ndjson", line("3", "d2", "bob", "tap", at), line("4", "d1", "ann", "tap", at+60_000_000))
		s.night(t, date(31), Range{})
		both := s.result(t)
		if err := s.raw.Delete(t.Context(), "b.ndjson"); err != nil {
			t.Fatal(err)
		}
		sum := s.night(t, date(31), Range{})

		want := both
		if !keep {
			fresh := newSite(t, t.TempDir(), nil)
			defer fresh.close()
			fresh.put(t, "all.ndjson", line("1", "d1", "ann", "tap", at), line("2", "d1", "ann", "tap", at+86_400_000_000))
			fresh.night(t, date(31), Range{})
			want = fresh.result(t)
			if sum.Removed != 1 {
				t.Errorf("%d objects are said to be gone", sum.Removed)
			}
		}
		if diff := cmp.Diff(want, s.result(t)); diff != "" {
			t.Errorf("kept %v: tables (-want +got):\n%s", keep, diff)
		}
		status, err := s.Status(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range status.Days {
			if counted := status.Made[d.Day].Ledger.Events; d.Events != counted {
				t.Errorf("kept %v: %s is said to have %d events, and has %d", keep, d.Day, d.Events, counted)
			}
		}
		if again := s.night(t, date(31), Range{}); !again.Idle() {
			t.Errorf("kept %v: one more run did %+v", keep, again)
		}

		// It comes back, and counts again.
		s.put(t, "b.ndjson", line("3", "d2", "bob", "tap", at), line("4", "d1", "ann", "tap", at+60_000_000))
		path, _ := s.raw.LocalPath("b.ndjson")
		if err := os.Chtimes(path, time.Time{}, time.Unix(1_800_000_000, 0)); err != nil {
			t.Fatal(err)
		}
		s.night(t, date(31), Range{})
		if diff := cmp.Diff(both, s.result(t)); diff != "" {
			t.Errorf("kept %v: tables (-before +back again):\n%s", keep, diff)
		}
	}
}

// A source that has lost all its objects is more likely not where it was: its
// events stay, unless an operator says that they shall not.
func TestSourceThatLostAllKeepsItsEvents(t *testing.T) {
	s := newSite(t, t.TempDir(), nil)
	defer s.close()
	s.put(t, "a.ndjson", line("1", "d1", "ann", "tap", s.Zone.Start(date(28))))
	s.night(t, date(31), Range{})
	if err := s.raw.Delete(t.Context(), "a.ndjson"); err != nil {
		t.Fatal(err)
	}
	plan, err := s.Plan(t.Context(), Range{})
	if err != nil || len(plan.Removed) > 0 || len(plan.Lost) != 1 || !strings.Contains(plan.Lost[0].String(), "when_removed: keep") {
		t.Errorf("plan %+v (%v)", plan, err)
	}
	if sum := s.night(t, date(31), Range{}); !sum.Idle() {
		t.Errorf("the run did %+v", sum)
	}
	s.Accept = "the bot was taken out" // which is about checks
	if sum := s.night(t, date(31), Range{}); !sum.Idle() {
		t.Errorf("the run did %+v", sum)
	}
	s.AcceptLost = []string{"app"}
	s.night(t, date(31), Range{})
	made, err := lake.Days(t.Context(), s.Lake)
	if err != nil || made[date(28)].Ledger.Events != 0 {
		t.Errorf("the day has %d events after it was accepted (%v)", made[date(28)].Ledger.Events, err)
	}
}

// Events that arrive after the late limit wait, are counted, and come to the
// same as if they had been in time once they are applied.
func TestLateEventsWait(t *testing.T) {
	s := newSite(t, t.TempDir(), nil)
	defer s.close()
	s.LateLimit = 48 * time.Hour
	at := func(day, hour int) int64 { return s.Zone.Start(date(day)) + int64(hour)*time.Hour.Microseconds() }
	onTime := []string{line("1", "d1", "ann", "tap", at(25, 9)), line("2", "d1", "ann", "tap", at(29, 9))}
	tooLate := []string{line("3", "d2", "bob", "tap", at(26, 9)), line("4", "d1", "ann", "tap", at(25, 12)), line("5", "d1", "ann", "tap", at(29, 10))}
	s.put(t, "a.ndjson", onTime...) // the first run is never late
	s.night(t, date(30), Range{})
	s.put(t, "b.ndjson", tooLate...)
	sum := s.night(t, date(31), Range{To: new(date(30))})
	if sum.Late != 2 || !slices.Equal(sum.Made, []calendar.Day{date(29)}) {
		t.Errorf("%d events are late, and the days %v were made", sum.Late, sum.Made)
	}
	plan, err := s.Plan(t.Context(), Range{Affected: true})
	if err != nil || plan.Late.Events != 0 || len(plan.Due()) == 0 {
		t.Errorf("plan of applying them: %+v (%v)", plan, err)
	}
	if plan, err = s.Plan(t.Context(), Range{}); err != nil || plan.Late != (LateEvents{2, date(25), date(26)}) || len(plan.Due()) > 0 {
		t.Errorf("plan: %+v (%v)", plan, err)
	}
	batches, err := lake.Batches(t.Context(), s.Lake)
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	arrivals, err := s.lateArrivals(t.Context(), batches)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range arrivals {
		told = append(told, fmt.Sprintf("%s %s %d events %d days late %v", r.Object, r.Date, r.Events, r.AgeDays, r.IsApplied))
	}
	if diff := cmp.Diff([]string{"b.ndjson 2026-03-25 1 events 6 days late false", "b.ndjson 2026-03-26 1 events 5 days late false"}, told); diff != "" {
		t.Errorf("late (-want +got):\n%s", diff)
	}

	sum = s.night(t, date(31), Range{To: new(date(30)), Affected: true})
	if sum.Applied != 2 {
		t.Errorf("%d events were applied", sum.Applied)
	}
	fresh := newSite(t, t.TempDir(), nil)
	defer fresh.close()
	fresh.put(t, "all.ndjson", slices.Concat(onTime, tooLate)...)
	fresh.night(t, date(31), Range{To: new(date(30))})
	if diff := cmp.Diff(fresh.result(t), s.result(t)); diff != "" {
		t.Errorf("tables (-in time +applied):\n%s", diff)
	}
	if again := s.night(t, date(31), Range{To: new(date(30)), Affected: true}); !again.Idle() {
		t.Errorf("applying them again did %+v", again)
	}

	// An object that was read in time is not late when it is read again.
	s.put(t, "a.ndjson", append(onTime, line("6", "d1", "ann", "tap", at(25, 20)))...)
	path, _ := s.raw.LocalPath("a.ndjson")
	if err := os.Chtimes(path, time.Time{}, time.Unix(1_800_000_000, 0)); err != nil {
		t.Fatal(err)
	}
	if sum := s.night(t, date(31), Range{To: new(date(30))}); sum.Late != 0 || !slices.Contains(sum.Made, date(25)) {
		t.Errorf("read again, %d events are late, and the days %v were made", sum.Late, sum.Made)
	}
}

// A night that is caught up with long after is as it would have been in time:
// what it finds is late against its own day.
func TestNightCaughtUpWithIsNotLate(t *testing.T) {
	night := func(now calendar.Day) int64 {
		s := newSite(t, t.TempDir(), nil)
		defer s.close()
		s.LateLimit = 48 * time.Hour
		at := func(day int) int64 { return s.Zone.Start(date(day)) }
		s.put(t, "a.ndjson", line("1", "d1", "ann", "tap", at(22)), line("2", "d1", "ann", "tap", at(24)))
		s.night(t, now, Range{To: new(date(24))})
		s.put(t, "b.ndjson", line("3", "d1", "ann", "tap", at(25)), line("4", "d1", "ann", "tap", at(24)), line("5", "d1", "ann", "tap", at(22)))
		return s.night(t, now, Range{To: new(date(25))}).Late
	}
	if inTime, later := night(date(26)), night(date(90)); inTime != 1 || later != 1 {
		t.Errorf("%d events are late in time, and %d when it is caught up with; want 1", inTime, later)
	}
}

// A good day is not replaced by an emptier one unasked, and what it was told
// to accept is written down.
func TestShrunkenDayIsBlocked(t *testing.T) {
	s := newSite(t, t.TempDir(), nil)
	defer s.close()
	s.Checks.Shrink = Limit{0.5, Block}
	at := s.Zone.Start(date(29))
	var many []string
	for i := range 10 {
		many = append(many, line(fmt.Sprint(i), "d1", "ann", "tap", at+int64(i)*60_000_000))
	}
	s.put(t, "a.ndjson", many...)
	s.put(t, "b.ndjson", line("z", "d2", "bob", "tap", s.Zone.Start(date(28))), line("y", "d1", "ann", "tap", at+86_400_000_000))
	s.night(t, date(31), Range{})
	want := s.result(t)

	s.put(t, "a.ndjson", many[:4]...)
	path, _ := s.raw.LocalPath("a.ndjson")
	if err := os.Chtimes(path, time.Time{}, time.Unix(1_800_000_000, 0)); err != nil {
		t.Fatal(err)
	}
	for range 2 { // it stays blocked
		_, err := s.Night(t.Context(), Range{})
		var check *CheckError
		if !errors.As(err, &check) || !strings.Contains(err.Error(), "4 events, where the revision before had 10") || !strings.Contains(err.Error(), "--accept") {
			t.Fatalf("error %v", err)
		}
		if diff := cmp.Diff(want, s.result(t)); diff != "" {
			t.Fatalf("tables (-before +blocked):\n%s", diff)
		}
	}
	s.Accept = "the bot was taken out"
	sum := s.night(t, date(31), Range{})
	if len(sum.Warnings) != 1 || sum.Warnings[0].Accepted != s.Accept {
		t.Errorf("warnings %+v", sum.Warnings)
	}
	made, err := lake.Days(t.Context(), s.Lake)
	if err != nil || made[date(29)].Accepted != s.Accept || made[date(29)].Ledger.Events != 4 {
		t.Errorf("manifest %+v (%v)", made[date(29)], err)
	}
	s.Accept = ""
	if again := s.night(t, date(31), Range{}); !again.Idle() {
		t.Errorf("one more run did %+v", again)
	}

	s.Checks.MinEvents = 5 // and the day has 4
	s.put(t, "a.ndjson", many[:1]...)
	if err := os.Chtimes(path, time.Time{}, time.Unix(1_900_000_000, 0)); err != nil {
		t.Fatal(err)
	}
	if sum := s.night(t, date(31), Range{}); len(sum.Warnings) != 1 || sum.Warnings[0].Accepted != "" {
		t.Errorf("a small day that shrinks: warnings %+v", sum.Warnings)
	}
}

// A day that is to be made again by force and cannot be keeps its tables, and
// so do the days after it. Those that could not be made are not told as made.
func TestForcedDayKeepsItsTablesUntilItIsMade(t *testing.T) {
	s := newSite(t, t.TempDir(), nil)
	defer s.close()
	for n := range calendar.Day(3) {
		s.put(t, fmt.Sprintf("%d.ndjson", n), line(fmt.Sprint(n), "d1", "ann", "tap", s.Zone.Start(date(28)+n)))
	}
	s.night(t, date(31), Range{})
	want := s.result(t)
	made, err := lake.Days(t.Context(), s.Lake)
	if err != nil {
		t.Fatal(err)
	}
	staged := made[date(29)].Inputs[0].Object
	good, err := s.Lake.Read(t.Context(), staged)
	if err != nil {
		t.Fatal(err)
	}
	write := func(data []byte) {
		if err := put(t.Context(), s.Lake, staged, data); err != nil {
			t.Fatal(err)
		}
	}
	write(good[:len(good)/2])
	for _, from := range []calendar.Day{date(28), date(29)} {
		if sum, err := s.Night(t.Context(), Range{From: &from, Force: true}); err == nil || len(sum.Made) > 0 {
			t.Errorf("from %s on made %v with half a staged file: %v", from, sum.Made, err)
		}
	}
	write(good)
	if diff := cmp.Diff(want, s.result(t)); diff != "" {
		t.Errorf("tables (-before +forced):\n%s", diff)
	}
	if sum := s.night(t, date(31), Range{Force: true}); len(sum.Made) != 3 {
		t.Errorf("made %v", sum.Made)
	}
}

// State whose file is not what its manifest says is not gone on from: later
// days would be wrong, and nobody would see it.
func TestDamagedStateIsNotUsed(t *testing.T) {
	for _, table := range []string{"carry", "users", "sessions"} {
		s := newSite(t, t.TempDir(), nil)
		defer s.close()
		s.put(t, "a.ndjson", line("1", "d1", "ann", "tap", s.Zone.Start(date(29)-1)), line("2", "d1", "ann", "tap", s.Zone.Start(date(29))-1))
		s.night(t, date(29), Range{})
		made, err := lake.Days(t.Context(), s.Lake)
		if err != nil {
			t.Fatal(err)
		}
		file := made[date(28)].Carry
		if table != "carry" {
			file = made[date(28)].Tables[table]
		}
		data, err := s.Lake.Read(t.Context(), file.Object)
		if err != nil {
			t.Fatal(err)
		}
		data[len(data)/2] ^= 1
		if err := put(t.Context(), s.Lake, file.Object, data); err != nil {
			t.Fatal(err)
		}
		s.put(t, "b.ndjson", line("3", "d1", "ann", "tap", s.Zone.Start(date(29))+60e6))
		s.at(date(30))
		if _, err := s.Night(t.Context(), Range{}); err == nil || !strings.Contains(err.Error(), file.Object) || !strings.Contains(err.Error(), "sojourn verify") {
			t.Errorf("%s: %v", table, err)
		}
	}
}

// A day with far fewer events than its weekday usually has waits for the rest
// of its files, and the days before it do not show it; a day that grows is not
// asked again.
func TestIncompleteDayWaits(t *testing.T) {
	s := newSite(t, t.TempDir(), nil)
	defer s.close()
	s.Checks.Volume = Limit{0.5, Block}
	put := func(name string, day calendar.Day, events int) {
		var lines []string
		for i := range events {
			lines = append(lines, line(fmt.Sprint(name, i), "d1", "ann", "tap", s.Zone.Start(day)+int64(i)*60_000_000))
		}
		s.put(t, name, lines...)
	}
	for week := range calendar.Day(3) {
		put(fmt.Sprintf("%d.ndjson", week), date(8)+7*week, 10)
	}
	put("before.ndjson", date(28), 1)
	s.night(t, date(29), Range{})

	put("part1.ndjson", date(29), 4)
	_, err := s.Night(t.Context(), Range{To: new(date(29))})
	if err != nil {
		t.Fatalf("a day that is not over is not judged: %v", err)
	}
	s.at(date(30))
	_, err = s.Night(t.Context(), Range{})
	var check *CheckError
	if !errors.As(err, &check) || !strings.Contains(err.Error(), "40.0 % of the 10 that are usual") {
		t.Fatalf("error %v", err)
	}
	if made, err := lake.Days(t.Context(), s.Lake); err != nil || made[date(28)].IsFinal || !made[date(29)].IsPartial {
		t.Errorf("the day before shows what is blocked: %+v (%v)", made[date(28)], err)
	}
	put("part2.ndjson", date(29), 3)
	if sum := s.night(t, date(30), Range{}); !slices.Contains(sum.Made, date(29)) {
		t.Errorf("made %v", sum.Made)
	}
	s.Checks.Volume.Share = 0.9
	put("part3.ndjson", date(29), 1)
	s.night(t, date(30), Range{})

	put("few.ndjson", date(36), 1)
	s.at(date(37))
	if _, err = s.Night(t.Context(), Range{}); !errors.As(err, &check) {
		t.Fatalf("error %v", err)
	}
	s.Checks.MinEvents = 11 // few events come and go by chance
	s.night(t, date(37), Range{})
}

// A new version of the program that changes nothing makes every day again and
// comes to the same bytes: nothing is published, and no day has a new revision.
func TestNewVersionThatChangesNothing(t *testing.T) {
	s := newSite(t, t.TempDir(), nil)
	defer s.close()
	tell(t, s, date(30))
	s.night(t, date(30), Range{})
	tell(t, s, date(31))
	s.night(t, date(31), Range{})
	want := s.result(t)
	made, err := lake.Days(t.Context(), s.Lake)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range made {
		m.Code = "the version before"
		if err := lake.WriteDay(t.Context(), s.Lake, m); err != nil {
			t.Fatal(err)
		}
	}
	sum := s.night(t, date(31), Range{})
	if len(sum.Made) != len(made) || sum.Published != 0 {
		t.Errorf("%d of %d days made, %d partitions published", len(sum.Made), len(made), sum.Published)
	}
	if diff := cmp.Diff(want, s.result(t)); diff != "" {
		t.Errorf("tables (-before +after):\n%s", diff)
	}
	now, err := lake.Days(t.Context(), s.Lake)
	if err != nil {
		t.Fatal(err)
	}
	for day, m := range now {
		if m.Code != transform.Version || m.Revision != made[day].Revision {
			t.Errorf("%s is made by version %s, revision %d; it was %d", day, m.Code, m.Revision, made[day].Revision)
		}
	}
}
