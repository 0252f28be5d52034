package schedules

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
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
		var locked *LockedError
		if !errors.As(err, &locked) {
			t.Errorf("second run: %v, want a LockedError", err)
			return
		}
		if h := locked.Holder; h.Run != "test" || h.PID != os.Getpid() || h.Since.IsZero() {
			t.Errorf("the lock is held by %+v, want the first run", h)
		}
		if !strings.Contains(err.Error(), "run test") || !strings.Contains(err.Error(), lockObject) {
			t.Errorf("the error does not say who holds the lock, or where it is: %v", err)
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

func TestLockLeftBehind(t *testing.T) {
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	hold := func(host string, pid int) string {
		data, err := json.Marshal(Holder{Run: "old", Host: host, PID: pid, Since: time.Unix(0, 0)})
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	earlier := fmt.Sprintf(`{"run":"old","host":%q,"pid":%d,"start":"1"}`, host, os.Getpid())
	for _, test := range []struct {
		name, lock string
		takenOver  bool
	}{
		{"by a dead process of this machine is taken over", hold(host, deadPID(t)), true},
		{"by a living process of this machine stays", hold(host, os.Getpid()), false},
		{"by a process of another machine stays, dead or not", hold("elsewhere.example", deadPID(t)), false},
		{"by an earlier process of the same id is taken over", earlier, started(os.Getpid()) != ""}, // where the system tells
		{"that nobody can read stays", "not JSON", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSite(t, t.TempDir(), nil)
			defer s.close()
			s.at(date(30))
			if err := put(t.Context(), s.Lake, lockObject, []byte(test.lock)); err != nil {
				t.Fatal(err)
			}
			_, err := s.Night(t.Context(), Range{})
			if (err == nil) != test.takenOver {
				t.Fatalf("night: %v, want taken over %v", err, test.takenOver)
			}
			left, err := s.Lake.Exists(t.Context(), lockObject)
			if err != nil || left == test.takenOver {
				t.Errorf("there is a lock after it: %v (%v)", left, err)
			}
		})
	}
}

// Of all runs that find the lock of a dead one, one takes it over.
func TestDeadLockHasOneTaker(t *testing.T) {
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	s := newSite(t, t.TempDir(), nil)
	defer s.close()
	s.at(date(30))
	dead := deadPID(t)
	for round := range 30 {
		lock := fmt.Sprintf(`{"run":"dead-%d","host":%q,"pid":%d}`, round, host, dead)
		if err := put(t.Context(), s.Lake, lockObject, []byte(lock)); err != nil {
			t.Fatal(err)
		}
		var holders atomic.Int32
		var wait sync.WaitGroup
		for i := range 6 {
			p := *s.Pipeline
			p.Run = fmt.Sprintf("run-%d-%d", round, i)
			wait.Go(func() {
				var locked *LockedError
				switch _, err := p.lock(t.Context()); {
				case err == nil:
					holders.Add(1) // and keeps it
				case !errors.As(err, &locked):
					t.Error(err)
				}
			})
		}
		wait.Wait()
		if holders.Load() != 1 {
			t.Fatalf("round %d: %d runs hold the lock", round, holders.Load())
		}
	}
}
