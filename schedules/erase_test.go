package schedules

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"sojourn/extract"
	"sojourn/internal/calendar"
	"sojourn/internal/lake"
	"sojourn/internal/parquetfile"
	"sojourn/load"
	"sojourn/transform"
)

// annLeft is who is erased in these tests: their ids stand in no other text.
var annLeft = Subjects{IDs: []string{"ann"}, Reason: "ticket 7"}

// staged is what a lake holds beside tables: the staged events, who is whose,
// and what is in quarantine, without where a record was found.
func (s *site) staged(t testingT) (events []transform.Event, aliases []transform.Alias, quarantined int64) {
	t.Helper()
	batches, err := lake.Batches(context.Background(), s.Lake)
	if err != nil {
		t.Fatal(err)
	}
	for _, files := range lake.Staged(batches) {
		for list, err := range extract.ReadDay(context.Background(), s.Lake, files) {
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range list {
				e.Object, e.Line = "", 0
				events = append(events, e)
			}
		}
	}
	slices.SortFunc(events, func(a, b transform.Event) int { return a.Compare(&b) })
	aliases, err = extract.ReadIdentity(context.Background(), s.Lake, lake.Identity(batches))
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(aliases, func(a, b transform.Alias) int { return strings.Compare(a.From+" "+a.To, b.From+" "+b.To) })
	for _, b := range batches {
		var lines, accounted, files int64
		for _, in := range b.Inputs {
			lines += in.Lines
			accounted += in.Events + in.Quarantined + in.Aliases + in.Skipped
			quarantined += in.Quarantined
		}
		for _, f := range b.Quarantine {
			files += f.Rows
		}
		var reasons, skips, skipped int64
		for _, n := range b.Reasons {
			reasons += n
		}
		for _, n := range b.Skips {
			skips += n
		}
		for _, in := range b.Inputs {
			skipped += in.Skipped
		}
		if lines != accounted || files != reasons || skips != skipped {
			t.Errorf("batch %s: %d records, %d accounted for; %d rows and %d reasons of quarantine; %d of %d skipped have a reason", b.ID, lines, accounted, files, reasons, skips, skipped)
		}
	}
	return events, aliases, quarantined
}

// mentions says whether a line has an id of one of the people.
func mentions(line string, ids ...string) bool {
	return slices.ContainsFunc(ids, func(id string) bool { return strings.Contains(line, `"`+id+`"`) })
}

// Whoever is erased, after whatever nights: the tables are the bytes of a lake
// that has never seen a record of them, also after their objects are read
// again; and once more erasing changes nothing.
func TestErasedLakeIsThatOfTheOthers(t *testing.T) {
	root := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		definition, compared := drawDefinitions(t)
		analysis := drawAnalysis(t)
		events := drawEvents(t, lisbon(t))
		for i := range rapid.IntRange(0, 3).Draw(t, "unreadable") {
			events = append(events, sent{line: `{"event_id":"x` + string(rune('0'+i)) + `","user_id":"` + rapid.SampledFrom([]string{"ann", "bob", "joann"}).Draw(t, "of") + "\"}\n", day: first, night: first + 1})
		}
		// The product has found some ids to be of one person.
		whose := rapid.MapOf(rapid.SampledFrom([]string{"d1", "d2"}), rapid.SampledFrom([]string{"ann", "bob"})).Draw(t, "whose")
		gone := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"ann", "bob", "eve", "d1", "nobody"}), 1, 3, rapid.ID).Draw(t, "erased")

		theirs := idsOf(gone, whose)

		never, finished := tempSite(t, root)
		defer finished()
		var others []string
		for _, e := range events {
			if !mentions(e.line, theirs...) {
				others = append(others, e.line)
			}
		}
		never.tellWhose(t, whose, theirs, 1)
		never.Definition, never.Compare, never.Analysis = definition, compared, analysis
		never.put(t, "all.ndjson", others...)
		never.night(t, last+1, Range{})
		want := never.result(t)
		wantEvents, wantAliases, wantBad := never.staged(t)

		s, finished := tempSite(t, root)
		defer finished()
		s.Definition, s.Compare, s.Analysis = definition, compared, analysis
		s.tellWhose(t, whose, nil, 1)
		middle := first + 2
		ship(t, s, events, func(n calendar.Day) bool { return n <= middle }, "early")
		s.night(t, middle, Range{})
		ship(t, s, events, func(n calendar.Day) bool { return n > middle }, "late")
		before := rapid.Bool().Draw(t, "erased before the last night")
		if before {
			s.erase(t, middle+1, gone)
		}
		s.night(t, last+1, Range{})
		receipt := s.erase(t, last+1, gone)
		if receipt.Status != lake.ErasureComplete {
			t.Fatalf("status %s", receipt.Status)
		}
		same := func(when string) {
			t.Helper()
			if diff := cmp.Diff(want, s.result(t)); diff != "" {
				t.Fatalf("%s: tables (-of the others +erased):\n%s", when, diff)
			}
			events, aliases, bad := s.staged(t)
			if when == "read again" {
				bad /= 2 // both readings are in quarantine
			}
			if diff := cmp.Diff(wantAliases, slices.Compact(aliases)); diff != "" {
				t.Fatalf("%s: who is whose (-of the others +erased):\n%s", when, diff)
			}
			if found := s.traces(t); len(found) > 0 {
				t.Fatalf("%s: they are still in %v", when, found)
			}
			if diff := cmp.Diff(wantEvents, events); diff != "" || bad != wantBad {
				t.Fatalf("%s: %d records in quarantine, want %d; staged (-of the others +erased):\n%s", when, bad, wantBad, diff)
			}
		}
		same("erased")

		whole := objects(t, s.Lake)
		again := s.erase(t, last+1, gone)
		if diff := cmp.Diff(receipt, again); diff != "" && !before {
			t.Fatalf("receipt (-first +again):\n%s", diff)
		}
		if diff := cmp.Diff(whole, objects(t, s.Lake)); diff != "" {
			t.Fatalf("erased once more (-before +after):\n%s", diff)
		}

		// Another way of reading lets every object be read again, and who is
		// whose is said again.
		s.tellWhose(t, whose, nil, 2)
		s.Sources[0].Properties = map[string]string{"none": "none"}
		s.night(t, last+1, Range{})
		same("read again")
	})
}

// idsOf returns all ids of the people whom some are of.
func idsOf(some []string, whose map[string]string) []string {
	person := func(id string) string {
		if of, ok := whose[id]; ok {
			return of
		}
		return id
	}
	all := slices.Clone(some)
	for _, id := range some {
		all = append(all, person(id))
		for other := range whose {
			if person(other) == person(id) {
				all = append(all, other)
			}
		}
	}
	return all
}

// tellWhose has the product say whose some ids are, but for those left out.
func (s *site) tellWhose(t testingT, whose map[string]string, without []string, time int) {
	t.Helper()
	s.Sources[0].Match = "*.ndjson"
	s.Sources = append(s.Sources[:1], extract.Source{Name: "ids", Bucket: s.raw, Format: "mixpanel", Match: "mp_identity_mappings_data/*"})
	var lines []string
	for from, to := range whose {
		if !slices.Contains(without, from) && !slices.Contains(without, to) {
			lines = append(lines, fmt.Sprintf("{\"distinct_id\":%q,\"resolved_distinct_id\":%q}\n", from, to))
		}
	}
	s.put(t, fmt.Sprintf("mp_identity_mappings_data/%d.json", time), lines...)
}

func (s *site) erase(t testingT, morning calendar.Day, ids []string) lake.Erasure {
	t.Helper()
	s.at(morning)
	receipt, err := s.Erase(context.Background(), Subjects{IDs: ids, Reason: "ticket 7"})
	if err != nil {
		t.Fatal(err)
	}
	return receipt
}

// An erasure that is killed after any of its writes and resumed, by a night or
// none in between, comes to the same end.
func TestKilledErasureIsResumed(t *testing.T) {
	dir := t.TempDir()
	b, m := openMortal(t, nil, immortal)
	s := newSite(t, dir, b)
	s.Definition = longSessions()
	tell(t, s, date(30))
	s.night(t, date(30), Range{})
	tell(t, s, date(31))
	s.put(t, "c.ndjson", `{"user_id":"ann","event_name":"no time"}`+"\n")
	s.night(t, date(31), Range{})
	held := s.warehouse.held
	if _, _, err := s.StageBackfill(t.Context(), Range{From: new(date(28)), To: new(date(30)), Force: true}, "a look"); err != nil {
		t.Fatal(err)
	}
	s.close()

	resumed := func(objects map[string][]byte, held map[load.PartitionKey]string, night bool) (map[string]string, lake.Erasure) {
		b, _ := openMortal(t, objects, immortal)
		s := newSite(t, dir, b)
		defer s.close()
		s.warehouse.held, s.Definition = held, longSessions()
		if night {
			s.night(t, date(31), Range{})
		}
		s.at(date(31))
		receipt, err := s.Erase(t.Context(), annLeft)
		if err != nil {
			t.Fatal(err)
		}
		if found := s.traces(t, "ann"); len(found) > 0 {
			t.Errorf("ann is still in %v", found)
		}
		return s.result(t), receipt
	}
	want, whole := resumed(m.objects, maps.Clone(held), false)
	if whole.Events == 0 || whole.Quarantined == 0 || len(whole.Days) == 0 {
		t.Fatalf("nothing was erased: %+v", whole)
	}
	pid := deadPID(t)
	finished := false
	for lives := 0; !finished; lives++ {
		if lives > 12 {
			lives += 4 // most of the rest are deletions, and days that are much alike
		}
		b, dying := openMortal(t, m.objects, lives)
		s := newSite(t, dir, b)
		s.warehouse.held, s.Definition = maps.Clone(held), longSessions()
		s.at(date(31))
		_, err := s.Erase(t.Context(), annLeft)
		finished = err == nil
		if err != nil && !errors.Is(err, errDead) {
			t.Fatalf("killed after %d writes: %v", lives, err)
		}
		if finished && lives < 20 {
			t.Fatalf("an erasure made %d writes", lives)
		}
		dying.lives = immortal
		bury(t, s, pid)
		if stones, err := lake.Tombstones(t.Context(), b); err != nil {
			t.Fatal(err)
		} else if len(stones) > 0 && lives < 6 && len(s.traces(t, "ann")) < 20 {
			t.Fatalf("killed after %d writes, ann is found in %v alone: the search shows nothing", lives, s.traces(t, "ann"))
		}
		s.close()
		got, receipt := resumed(dying.objects, s.warehouse.held, lives%2 == 0)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("killed after %d writes (-whole +killed):\n%s", lives, diff)
		}
		if receipt.Status != lake.ErasureComplete || receipt.Events != whole.Events || receipt.Quarantined != whole.Quarantined {
			t.Fatalf("killed after %d writes, the receipt is %+v, want %+v", lives, receipt, whole)
		}
	}
}

// traces is where a search for the ids of the first erasure finds any.
func (s *site) traces(t testingT, ids ...string) []Trace {
	t.Helper()
	search, err := s.NewSearch(context.Background(), "0001", ids)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.SearchLake(context.Background(), search); err != nil {
		t.Fatal(err)
	}
	return search.Traces()
}

// Late events of the others stay as they are: those that were applied count,
// those that wait go on waiting. So do days that have none but theirs.
func TestErasureLeavesLateEventsAsTheyAre(t *testing.T) {
	s := newSite(t, t.TempDir(), nil)
	defer s.close()
	at := func(day, hour int) int64 { return s.Zone.Start(date(day)) + int64(hour)*time.Hour.Microseconds() }
	s.LateLimit = 48 * time.Hour
	s.put(t, "a.ndjson", line("1", "d2", "bob", "tap", at(28, 10)))
	s.night(t, date(30), Range{})
	s.put(t, "b.ndjson", line("2", "d2", "bob", "tap", at(24, 10)), line("3", "d1", "ann", "tap", at(24, 11)))
	s.put(t, "c.ndjson", line("4", "d2", "bob", "tap", at(25, 10)), line("5", "d1", "ann", "tap", at(25, 11)))
	s.put(t, "d.ndjson", line("6", "d1", "ann", "tap", at(23, 10)))
	s.night(t, date(30), Range{})
	s.night(t, date(30), Range{From: new(date(24)), To: new(date(24)), Affected: true})

	receipt := s.erase(t, date(30), []string{"ann"})
	if receipt.Events != 3 || receipt.Aliases+receipt.Quarantined != 0 || len(receipt.RawObjects) != 3 {
		t.Errorf("receipt: %+v", receipt)
	}
	var got []string
	made, err := lake.Days(t.Context(), s.Lake)
	if err != nil {
		t.Fatal(err)
	}
	for _, day := range slices.Sorted(maps.Keys(made)) {
		got = append(got, fmt.Sprintf("%s %d events, revision %d: %s", day, made[day].Ledger.Events, made[day].Revision, made[day].Reason))
	}
	want := []string{
		"2026-03-24 1 events, revision 2: erasure 0001",
		"2026-03-28 1 events, revision 3: erasure 0001", // whose users had ann among them
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("days (-want +got):\n%s", diff)
	}
	plan, err := s.Plan(t.Context(), Range{})
	if err != nil || len(plan.Due()) > 0 || plan.Late != (LateEvents{1, date(25), date(25)}) {
		t.Errorf("error %v, days due %v, %+v wait", err, plan.Due(), plan.Late)
	}
	s.result(t)
}

// A raw object that has an erased id in its name is not called by it any more:
// not where revisions say why they were made, not in the tables, not when it
// moves a day again. What is not of the erased moves nothing else.
func TestErasureHidesNamesOfObjects(t *testing.T) {
	s := newSite(t, t.TempDir(), nil)
	defer s.close()
	s.LateLimit = 48 * time.Hour
	at := func(day, hour int) int64 { return s.Zone.Start(date(day)) + int64(hour)*time.Hour.Microseconds() }
	s.put(t, "a.ndjson", line("1", "d2", "bob", "tap", at(28, 10)), line("2", "d2", "bob", "tap", at(29, 10)))
	s.night(t, date(30), Range{})
	s.put(t, "a/carol/x.ndjson", line("3", "d1", "carol", "tap", at(29, 11)), line("4", "d3", "eve", "tap", at(29, 12)))
	s.put(t, "a/user-carol/y.ndjson", line("5", "d3", "eve", "tap", at(28, 12)))
	s.put(t, "carol_late.ndjson", line("6", "d3", "eve", "tap", at(20, 12)))
	s.put(t, "b.ndjson", line("7", "d3", "eve", "tap", at(28, 13)))
	s.night(t, date(30), Range{})

	told := func() (texts []string) {
		made, err := lake.Days(t.Context(), s.Lake)
		if err != nil {
			t.Fatal(err)
		}
		for _, day := range slices.Sorted(maps.Keys(made)) {
			for _, r := range rows[load.Restatement](t, s.Lake, made[day].Restatements) {
				if text := fmt.Sprintf("%s %d %s", r.Date, r.Revision, r.Objects); !slices.Contains(texts, text) {
					texts = append(texts, text)
				}
			}
		}
		data, err := s.Lake.Read(t.Context(), "reference/late.parquet")
		if err != nil {
			t.Fatal(err)
		}
		late, err := parquetfile.Decode[load.LateArrival](data)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range late {
			texts = append(texts, "late "+r.Object)
		}
		return texts
	}
	before := told()
	s.erase(t, date(30), []string{"carol"})
	after := told()
	for _, text := range before {
		for _, object := range []string{"a/carol/x.ndjson", "a/user-carol/y.ndjson", "carol_late.ndjson"} {
			text = strings.ReplaceAll(text, object, lake.ErasedObject)
		}
		if !slices.Contains(after, text) {
			t.Errorf("%q is not told any more", text)
		}
	}
	if all := strings.Join(before, "\n"); strings.Count(all, "carol") < 3 {
		t.Fatalf("there is nothing to hide:\n%s", all)
	}
	s.result(t)

	// An object with such a name that is of others moves a day later on.
	s.put(t, "carol.ndjson", line("8", "d3", "eve", "tap", at(29, 14)))
	s.night(t, date(30), Range{})
	if all := strings.Join(told(), "\n"); strings.Contains(all, "carol") {
		t.Errorf("the tables name objects by the erased id:\n%s", all)
	}
	for name := range objects(t, s.Lake) {
		if !strings.HasPrefix(name, "runs/days/") && !strings.HasPrefix(name, "runs/revisions/") {
			continue
		}
		if data, err := s.Lake.Read(t.Context(), name); err != nil || strings.Contains(string(data), "carol") {
			t.Errorf("%s has the id: %v", name, err)
		}
	}
	if again := s.night(t, date(30), Range{}); !again.Idle() {
		t.Errorf("one more run did %+v", again)
	}
	s.verify(t, VerifyOptions{})
}

// Where days had nobody else they are gone, and the day before them is the last
// one again, with the sessions that may still go on.
func TestDaysOfNobodyElseAreGone(t *testing.T) {
	s := newSite(t, t.TempDir(), nil)
	defer s.close()
	at := func(day, hour int) int64 { return s.Zone.Start(date(day)) + int64(hour)*time.Hour.Microseconds() }
	s.put(t, "a.ndjson", line("1", "d2", "bob", "tap", at(27, 10)), line("2", "d1", "ann", "tap", at(28, 10)), line("3", "d1", "ann", "tap", at(30, 10)))
	s.night(t, date(31), Range{})
	receipt := s.erase(t, date(31), []string{"ann"})
	var got []string
	for _, d := range receipt.Days {
		got = append(got, fmt.Sprintf("%s %d → %d", d.Day, d.Before, d.After))
	}
	if diff := cmp.Diff([]string{"2026-03-27 1 → 2", "2026-03-28 1 → 0", "2026-03-30 1 → 0"}, got); diff != "" {
		t.Errorf("days (-want +got):\n%s", diff)
	}
	result := s.result(t) // what is final, and what the warehouse holds
	for object := range result {
		if strings.Contains(object, "2026-03-28") || strings.Contains(object, "2026-03-30") {
			t.Errorf("%s is still there", object)
		}
	}
}
