package schedules

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sojourn/internal/crash"
	"sojourn/internal/lease"
	"sojourn/transform"
)

// A run that is interrupted at any place, the first or the last time that it
// passes it, ends well and gives the lake back; one more run makes the bytes of a
// run that was left alone.
func TestRunInterruptedAtAnyPlaceIsResumed(t *testing.T) {
	defer crash.Hook(nil)
	dir := t.TempDir()
	b, night1 := openMortal(t, nil, immortal)
	s := newSite(t, dir, b)
	short := transform.App()
	short.Name, short.Timeout = "short", 5*time.Minute
	s.Compare = []transform.Definition{short}
	tell(t, s, date(30))
	s.night(t, date(30), Range{})
	tell(t, s, date(31))
	s.close()

	// run is a second night that is interrupted at its nth passing of a place,
	// and one more; it returns the places passed.
	run := func(t *testing.T, at int) (result map[string]string, passed []string) {
		b, _ := openMortal(t, night1.objects, immortal)
		s := newSite(t, dir, b)
		defer s.close()
		s.Compare = []transform.Definition{short}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var mu sync.Mutex // objects are read by several workers
		crash.Hook(func(place string) {
			mu.Lock()
			defer mu.Unlock()
			if passed = append(passed, place); len(passed) == at {
				cancel()
			}
		})
		s.at(date(31))
		_, err := s.Night(ctx, Range{})
		crash.Hook(nil)
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Fatalf("interrupted at place %d, %s: %v", at, passed[at-1], err)
		}
		if _, standing, err := s.LockStatus(t.Context()); err != nil || standing != lease.Released {
			t.Fatalf("interrupted at place %d, %s, it has left its lease: %s (%v)", at, passed[at-1], standing, err)
		}
		s.night(t, date(31), Range{})
		return s.result(t), passed
	}
	want, places := run(t, 0)
	for i, place := range places {
		if slices.Contains(places[:i], place) && slices.Contains(places[i+1:], place) {
			continue // neither the first nor the last time
		}
		if got, _ := run(t, i+1); !cmp.Equal(want, got) {
			t.Errorf("interrupted at place %d of %d, %s (-left alone +interrupted):\n%s", i+1, len(places), place, cmp.Diff(want, got))
		}
	}
}
