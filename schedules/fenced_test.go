package schedules

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sojourn/internal/crash"
	"sojourn/internal/lease"
	"sojourn/load"
)

// tickingNow is a clock that goes on by a second each time it is read, from four
// in the morning of a day.
func (s *site) tickingNow(day int) func() time.Time {
	start := time.UnixMicro(s.Zone.Start(date(day))).Add(4 * time.Hour)
	var reads atomic.Int64
	return func() time.Time { return start.Add(time.Duration(reads.Add(1)) * time.Second) }
}

// A run that is paused at any place and finds, when it goes on, that another has
// taken the lake and done the work, changes neither the lake nor the warehouse
// any more, and says that it has lost the lake.
func TestFencedRunChangesNothing(t *testing.T) {
	defer crash.Hook(nil)
	// run is a second night that is paused the nth time that it passes a place;
	// none if that is "". It returns the places it passed.
	run := func(t *testing.T, place string, pause func(*site)) (passed []string) {
		s := newSite(t, t.TempDir(), nil)
		defer s.close()
		tell(t, s, date(30))
		s.night(t, date(30), Range{})
		tell(t, s, date(31))
		s.Now = s.tickingNow(31)
		s.Lease.TTL = 24 * time.Hour // of a clock that runs
		s.OpenWarehouse = func(context.Context) (load.Warehouse, error) { return steps{s.warehouse}, nil }

		var before map[string]string
		var held map[load.PartitionKey]string
		var mu sync.Mutex // objects are read by several workers
		crash.Hook(func(at string) {
			mu.Lock()
			defer mu.Unlock()
			passed = append(passed, at)
			if at == place && before == nil {
				crash.Hook(nil)
				pause(s)
				before, held = objects(t, s.Lake), maps.Clone(s.warehouse.held)
			}
		})
		_, err := s.Night(t.Context(), Range{})
		crash.Hook(nil)
		if place == "" {
			if err != nil {
				t.Fatal(err)
			}
			return passed
		}
		// Who has done all, or finds all done when it wakes, need not be told.
		if fenced := (*lease.FencedError)(nil); err != nil && !errors.As(err, &fenced) {
			t.Errorf("the run that was paused ends with %v, want a FencedError", err)
		}
		if after := objects(t, s.Lake); !maps.Equal(before, after) {
			t.Errorf("the run that was paused changed the lake (-before +after):\n%s", cmp.Diff(before, after))
		}
		if !maps.Equal(held, s.warehouse.held) {
			t.Error("the run that was paused changed the warehouse")
		}
		return passed
	}
	another := func(s *site) {
		if _, err := s.ReleaseLock(context.Background(), "it hangs"); err != nil {
			t.Error(err)
		}
		second := *s.Pipeline
		second.Run = "second"
		if _, err := second.Night(context.Background(), Range{}); err != nil {
			t.Errorf("the other run: %v", err)
		}
	}
	places := run(t, "", nil)
	slices.Sort(places)
	places = slices.Compact(places)
	if len(places) < 8 {
		t.Errorf("the night passes %q only", places)
	}
	for _, place := range places {
		t.Run(place, func(t *testing.T) { run(t, place, another) })
	}
}

// steps is a shelf with a place between what it was asked for and the moment at
// which readers see it.
type steps struct{ *shelf }

func (s steps) Publish(ctx context.Context, g load.Group) error {
	crash.At("test.publish-begun")
	return s.shelf.Publish(ctx, g)
}
