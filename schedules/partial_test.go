package schedules

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sojourn/internal/lake"
	"sojourn/transform"
)

// A day that is made before it is over is provisional, and so is the day before
// it: sessions may still go on, and who has not returned still may. Once it is
// over it is made again, also if nothing more has come, and nothing shows of
// the early look.
func TestDayThatIsNotOver(t *testing.T) {
	midnight := lisbon(t).Start(date(28))
	const minute = 60e6
	yesterday := line("1", "d1", "ann", "tap", midnight-10*minute)
	today := line("2", "d2", "bob", "tap", midnight+30*minute)
	for _, more := range [][]string{nil, {line("3", "d1", "ann", "tap", midnight+5*minute)}} {
		early := newSite(t, t.TempDir(), nil)
		defer early.close()
		early.put(t, "a.ndjson", yesterday, today)
		to := date(28)
		early.night(t, date(28), Range{To: &to})

		made, err := lake.Days(context.Background(), early.Lake)
		if err != nil {
			t.Fatal(err)
		}
		for _, day := range []int{27, 28} {
			if made[date(day)].IsFinal {
				t.Errorf("%s is final in the morning of the 28th", date(day))
			}
		}
		for _, r := range rows[transform.DailySegment](t, early.Lake, made[date(27)].Tables["daily_segments"]) {
			if r.Returned != nil {
				t.Errorf("segment %s %s of the 27th knows in the morning of the 28th who will return", r.Segmentation, r.Segment)
			}
		}
		if sum := early.night(t, date(28), Range{To: &to}); !sum.Idle() {
			t.Errorf("again on the same morning: %+v", sum)
		}

		early.put(t, "b.ndjson", more...)
		early.night(t, date(29), Range{})

		late := newSite(t, t.TempDir(), nil)
		defer late.close()
		late.put(t, "a.ndjson", yesterday, today)
		late.put(t, "b.ndjson", more...)
		late.night(t, date(29), Range{})
		if diff := cmp.Diff(late.result(t), early.result(t)); diff != "" {
			t.Errorf("with %d events more (-once +early look):\n%s", len(more), diff)
		}
	}
}

// A run that is interrupted in the day that only completes what it made leaves
// that for the next run to complete.
func TestInterruptedWhileCompleting(t *testing.T) {
	start := lisbon(t).Start(date(27))
	const hour = 3600e6
	days := []string{
		line("1", "d1", "ann", "tap", start+hour), line("2", "d1", "ann", "tap", start+25*hour), line("3", "d1", "ann", "tap", start+49*hour),
	}
	late := line("4", "d2", "bob", "tap", start+2*hour)

	whole := newSite(t, t.TempDir(), nil)
	defer whole.close()
	whole.put(t, "a.ndjson", days...)
	whole.put(t, "b.ndjson", late)
	whole.night(t, date(30), Range{})

	for _, duplicate := range []bool{false, true} {
		s := newSite(t, t.TempDir(), nil)
		defer s.close()
		s.put(t, "a.ndjson", days...)
		if duplicate {
			s.put(t, "b.ndjson", late) // then it comes again, and changes nothing that the next day sees
		}
		s.night(t, date(30), Range{})
		s.put(t, "c.ndjson", late)

		ctx, cancel := context.WithCancel(context.Background())
		s.Progress = func(at Progress) {
			if at.Stage == "fold" {
				cancel() // the first day is folded
			}
		}
		if _, err := s.Night(ctx, Range{}); err == nil {
			t.Fatal("the interrupted run ended well")
		}
		s.Progress = nil
		s.night(t, date(30), Range{})
		got, want := s.result(t), whole.result(t)
		if duplicate {
			delete(got, "manifest of 2026-03-27") // it counts the duplicate, and so does daily_ledger
			delete(want, "manifest of 2026-03-27")
			delete(got, "daily_ledger/date=2026-03-27/daily_ledger.parquet")
			delete(want, "daily_ledger/date=2026-03-27/daily_ledger.parquet")
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("duplicate %v (-whole +interrupted):\n%s", duplicate, diff)
		}
	}
}
