package schedules

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sojourn/internal/calendar"
)

// A backfill of thirty days that is interrupted on the seventeenth has made
// that many, plan tells of the thirteen that are left, and the next one makes
// those alone: the bytes are those of one that nobody interrupted.
func TestInterruptedBackfillMakesWhatIsLeft(t *testing.T) {
	const days, interrupted = 30, 17
	first := calendar.Date(2026, time.January, 1)
	r := Range{From: new(first), To: new(first + days - 1)}
	filled := func(t *testing.T) *site {
		s := newSite(t, t.TempDir(), nil)
		for n := range calendar.Day(days) {
			s.put(t, (first+n).String()+".ndjson", line("1", "d1", "ann", "tap", s.Zone.Start(first+n)+12*time.Hour.Microseconds()))
		}
		s.at(first + days)
		return s
	}
	whole := filled(t)
	defer whole.close()
	whole.night(t, first+days, r)

	s := filled(t)
	defer s.close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s.Progress = func(p Progress) {
		if p.Stage == "fold" && p.Done == interrupted {
			cancel()
		}
	}
	sum, err := s.Night(ctx, r)
	if !errors.Is(err, context.Canceled) || len(sum.Made) != interrupted {
		t.Fatalf("interrupted: %d days made, error %v", len(sum.Made), err)
	}
	s.Progress = nil
	plan, err := s.Plan(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	left := 0
	for _, day := range plan.Days {
		if day.Due {
			left++
		}
	}
	if left != days-interrupted {
		t.Errorf("plan has %d days to make, want %d", left, days-interrupted)
	}
	if sum := s.night(t, first+days, r); len(sum.Made) != days-interrupted || sum.Made[0] != first+interrupted {
		t.Errorf("resumed: %d days made from %s on", len(sum.Made), sum.Made[0])
	}
	if diff := cmp.Diff(whole.result(t), s.result(t)); diff != "" {
		t.Errorf("tables (-whole +interrupted):\n%s", diff)
	}
}
