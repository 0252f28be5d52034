package schedules

import (
	"errors"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sojourn/internal/calendar"
	"sojourn/internal/lake"
)

// published are the objects of a lake that may not change while days are made
// beside it.
func published(t *testing.T, s *site) map[string]string {
	t.Helper()
	have := objects(t, s.Lake)
	for object := range have {
		if strings.HasPrefix(object, "backfills/") || strings.HasPrefix(object, "runs/lease/") {
			delete(have, object)
		}
	}
	return have
}

// A backfill by another definition changes nothing until it is completed, and
// comes then to what a run by that definition makes; cancelled it leaves no
// trace.
func TestStagedBackfill(t *testing.T) {
	dir := t.TempDir()
	s := newSite(t, dir, nil)
	defer s.close()
	tell(t, s, date(30))
	tell(t, s, date(31))
	s.night(t, date(31), Range{})
	before := published(t, s)

	fresh := newSite(t, t.TempDir(), nil)
	defer fresh.close()
	fresh.Definition = longSessions()
	tell(t, fresh, date(30))
	tell(t, fresh, date(31))
	fresh.night(t, date(31), Range{})
	want := fresh.result(t)

	s.Definition = longSessions()
	all := Range{From: new(date(27)), To: new(date(30))}
	for _, id := range []string{"0001", "0002"} {
		b, _, err := s.StageBackfill(t.Context(), all, "longer sessions")
		if err != nil || b.ID != id || len(b.Days) == 0 {
			t.Fatalf("staged %+v: %v", b, err)
		}
		if diff := cmp.Diff(before, published(t, s)); diff != "" {
			t.Fatalf("what is published (-before +staged):\n%s", diff)
		}
		if id == "0001" {
			if err := s.CancelBackfill(t.Context(), id, "wrong days"); err != nil {
				t.Fatal(err)
			}
			for object := range objects(t, s.Lake) {
				if strings.HasPrefix(object, "backfills/0001/lake") {
					t.Errorf("%s was left behind", object)
				}
			}
			continue
		}
		if _, err := s.CompleteBackfill(t.Context(), id, "as discussed"); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(want, s.result(t)); diff != "" {
		t.Errorf("tables (-run by it +completed):\n%s", diff)
	}
	if sum := s.night(t, date(31), Range{}); !sum.Idle() {
		t.Errorf("one more run did %+v", sum)
	}
	made, err := lake.Days(t.Context(), s.Lake)
	if m := made[date(28)]; err != nil || m.Revision != 2 || m.Reason != "backfill 0002: longer sessions" {
		t.Errorf("revision %d because %s (%v)", m.Revision, m.Reason, err)
	}
	for id, want := range map[string]string{"0001": "cancelled", "0002": "complete", "0003": "no backfill", "../../x": "no backfill"} {
		var usage *UsageError
		if _, err := s.CompleteBackfill(t.Context(), id, "again"); !errors.As(err, &usage) || !strings.Contains(err.Error(), want) {
			t.Errorf("complete %s again: %v", id, err)
		}
	}
}

// A backfill whose days were made again meanwhile is not completed.
func TestStagedBackfillOfAnotherDefinitionIsRefused(t *testing.T) {
	s := newSite(t, t.TempDir(), nil)
	defer s.close()
	tell(t, s, date(30))
	s.night(t, date(31), Range{})
	want, definition := s.result(t), s.Definition
	s.Definition = longSessions()
	if _, _, err := s.StageBackfill(t.Context(), Range{From: new(date(28)), To: new(date(30))}, "longer sessions"); err != nil {
		t.Fatal(err)
	}
	s.Definition = definition
	var usage *UsageError
	if _, err := s.CompleteBackfill(t.Context(), "0001", "as discussed"); !errors.As(err, &usage) || !strings.Contains(err.Error(), definition.Digest()) {
		t.Errorf("complete: %v", err)
	}
	if diff := cmp.Diff(want, s.result(t)); diff != "" {
		t.Errorf("tables (-before +refused):\n%s", diff)
	}
}

func TestStagedBackfillOfChangedDaysIsRefused(t *testing.T) {
	s := newSite(t, t.TempDir(), nil)
	defer s.close()
	tell(t, s, date(30))
	s.night(t, date(31), Range{})
	definition := s.Definition
	s.Definition = longSessions()
	if _, _, err := s.StageBackfill(t.Context(), Range{From: new(date(28)), To: new(date(30))}, "longer sessions"); err != nil {
		t.Fatal(err)
	}
	s.Definition = definition
	tell(t, s, date(31))
	s.night(t, date(31), Range{})
	want := s.result(t)
	if _, err := s.CompleteBackfill(t.Context(), "0001", "as discussed"); err == nil || !strings.Contains(err.Error(), "2026-03-28 has been made again") {
		t.Errorf("complete: %v", err)
	}
	if diff := cmp.Diff(want, s.result(t)); diff != "" {
		t.Errorf("tables (-before +refused):\n%s", diff)
	}
}

// A completion that is killed after any of its writes is resumed.
func TestKilledCompletionIsResumed(t *testing.T) {
	dir := t.TempDir()
	b, m := openMortal(t, nil, immortal)
	s := newSite(t, dir, b)
	tell(t, s, date(30))
	s.night(t, date(31), Range{})
	s.Definition = longSessions()
	if _, _, err := s.StageBackfill(t.Context(), Range{From: new(date(28)), To: new(date(30))}, "longer sessions"); err != nil {
		t.Fatal(err)
	}
	s.close()
	staged := m.objects
	complete := func(objects map[string][]byte, lives int) (*site, *mortal, error) {
		b, m := openMortal(t, objects, lives)
		s := newSite(t, dir, b)
		s.Definition = longSessions()
		s.at(date(31))
		_, err := s.CompleteBackfill(t.Context(), "0001", "as discussed")
		return s, m, err
	}
	whole, counted, err := complete(staged, immortal)
	if err != nil {
		t.Fatal(err)
	}
	want := whole.result(t)
	whole.close()
	pid := deadPID(t)
	for lives := 0; lives < counted.writes; lives += 3 {
		killed, m, err := complete(staged, lives)
		if !errors.Is(err, errDead) {
			t.Fatalf("killed after %d writes: %v", lives, err)
		}
		m.lives = immortal
		bury(t, killed, pid)
		killed.close()
		again, _, err := complete(m.objects, immortal)
		var usage *UsageError
		if errors.As(err, &usage) && strings.Contains(err.Error(), "complete") {
			err = nil // all but the last write was made
		}
		if err != nil {
			t.Fatalf("killed after %d of %d writes, and again: %v", lives, counted.writes, err)
		}
		again.night(t, date(31), Range{}) // fills the warehouse of this life
		if got := again.result(t); !cmp.Equal(want, got) {
			t.Fatalf("killed after %d of %d writes (-whole +killed):\n%s", lives, counted.writes, cmp.Diff(want, got))
		}
		again.close()
	}
}

// A completion that lacks room for temporary files can be tried again; only one
// whose files are not what they were is advised to be staged again.
func TestCompletionThatCannotRead(t *testing.T) {
	s := newSite(t, t.TempDir(), nil)
	defer s.close()
	s.RowBytes = 1
	tell(t, s, date(30))
	s.night(t, date(31), Range{})
	s.Definition = longSessions()
	if _, _, err := s.StageBackfill(t.Context(), Range{From: new(date(28)), To: new(date(30))}, "longer sessions"); err != nil {
		t.Fatal(err)
	}
	complete := func(t *testing.T) error {
		_, err := s.CompleteBackfill(t.Context(), "0001", "as discussed")
		return err
	}
	const advice = "stage it again"
	t.Run("no room", func(t *testing.T) {
		t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "missing"))
		if err := complete(t); err == nil || !strings.Contains(err.Error(), "TMPDIR") || strings.Contains(err.Error(), advice) {
			t.Errorf("without room: %v", err)
		}
	})
	staged, err := lake.StagedLake(t.Context(), s.Lake, "0001")
	if err != nil {
		t.Fatal(err)
	}
	days, err := lake.Days(t.Context(), staged)
	if err != nil {
		t.Fatal(err)
	}
	object := days[date(29)].Tables["users"].Object
	if err := staged.Put(t.Context(), object, func(w io.Writer) error { _, err := w.Write([]byte("something else")); return err }); err != nil {
		t.Fatal(err)
	}
	if err := complete(t); err == nil || !strings.Contains(err.Error(), object) || !strings.Contains(err.Error(), advice) {
		t.Errorf("of a damaged file: %v", err)
	}
	if m, err := lake.ReadDay(t.Context(), s.Lake, date(28)); err != nil || m.Contents() != days[date(28)].Contents() {
		t.Errorf("the day before is not in the lake: %v", err)
	}

	// The advice can be followed.
	if err := s.CancelBackfill(t.Context(), "0001", "a file is damaged"); err != nil {
		t.Fatal(err)
	}
	s.night(t, date(31), Range{})
	fresh := newSite(t, t.TempDir(), nil)
	defer fresh.close()
	fresh.Definition = longSessions()
	tell(t, fresh, date(30))
	fresh.night(t, date(31), Range{})
	if diff := cmp.Diff(fresh.result(t), s.result(t)); diff != "" {
		t.Errorf("after it was cancelled (-fresh +got):\n%s", diff)
	}
}

// Days in chunks come to the same as all at once, and a run that ends between
// two leaves the rest for the next.
func TestBackfillInChunks(t *testing.T) {
	at := func(s *site, day int) int64 { return s.Zone.Start(date(day)) + 12*time.Hour.Microseconds() }
	fill := func(s *site) {
		for day := 20; day < 28; day++ {
			s.put(t, date(day).String()+".ndjson", line("1", "d1", "ann", "tap", at(s, day)), line("2", "d2", "bob", "tap", at(s, day)+1))
		}
	}
	whole := newSite(t, t.TempDir(), nil)
	defer whole.close()
	fill(whole)
	whole.night(t, date(31), Range{To: new(date(27))})

	s := newSite(t, t.TempDir(), nil)
	defer s.close()
	fill(s)
	s.at(date(31))
	publishes := 0
	s.Progress = func(p Progress) {
		if p.Stage == "publish" && p.Done == 0 {
			publishes++
		}
	}
	sum, err := s.Night(t.Context(), Range{From: new(date(20)), To: new(date(27)), Chunk: 3})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(slices.Collect(calendar.Days(date(20), date(27))), sum.Made); diff != "" || publishes != 3 {
		t.Errorf("made in %d chunks (-want +got):\n%s", publishes, diff)
	}
	if diff := cmp.Diff(whole.result(t), s.result(t)); diff != "" {
		t.Errorf("tables (-at once +in chunks):\n%s", diff)
	}
	all, err := lake.Backfills(t.Context(), s.Lake)
	if err != nil || len(all) > 0 {
		t.Errorf("backfills beside the lake: %v (%v)", all, err)
	}
}
