package schedules

import (
	"errors"
	"maps"
	"os"
	"strings"
	"testing"

	"sojourn/internal/lease"
)

// While a run is at work, another is told by whom, and changes nothing.
func TestSecondRunIsTurnedAway(t *testing.T) {
	s := newSite(t, t.TempDir(), nil)
	defer s.close()
	tell(t, s, date(30))
	s.at(date(30))
	second := *s.Pipeline
	second.Run = "second"
	tried := 0
	s.Progress = func(Progress) {
		tried++
		before := objects(t, s.Lake)
		_, err := second.Night(t.Context(), Range{})
		var locked *lease.LockedError
		if !errors.As(err, &locked) {
			t.Errorf("second run: %v, want a LockedError", err)
			return
		}
		if h := locked.Holder; h.Run != "test" || h.PID != os.Getpid() || h.Since.IsZero() {
			t.Errorf("the lake is held by %+v, want the first run", h)
		}
		if !strings.Contains(err.Error(), "run test") || !strings.Contains(err.Error(), "sojourn lock release") {
			t.Errorf("the error does not say who holds the lake, or what can be done: %v", err)
		}
		if !maps.Equal(before, objects(t, s.Lake)) {
			t.Error("the second run changed the lake")
		}
	}
	s.night(t, date(30), Range{})
	if tried == 0 {
		t.Error("the second run was never tried")
	}
	s.Progress = nil
	if _, err := second.Night(t.Context(), Range{}); err != nil {
		t.Errorf("a run after the first: %v", err)
	}
}
