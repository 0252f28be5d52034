package schedules

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sojourn/internal/calendar"
	"sojourn/internal/lease"
	"sojourn/transform"
)

// deadPID is a process of this machine that is gone.
func deadPID(t *testing.T) int {
	t.Helper()
	c := exec.Command(os.Args[0], "-test.run=^$")
	if err := c.Run(); err != nil {
		t.Fatal(err)
	}
	return c.Process.Pid
}

// bury makes a lease that is left in the lake that of a dead process.
func bury(t *testing.T, s *site, pid int) {
	t.Helper()
	l, err := lease.Current(t.Context(), s.Lake)
	if err != nil {
		t.Fatal(err)
	}
	if l == nil {
		return // none is left
	}
	l.PID = pid
	leave(t, s, *l)
}

// leave leaves a lease in the lake.
func leave(t *testing.T, s *site, l lease.Lease) {
	t.Helper()
	data, err := json.Marshal(l)
	if err != nil {
		t.Fatal(err)
	}
	if err := put(t.Context(), s.Lake, fmt.Sprintf("%s%06d.json", lease.Folder, l.Token), data); err != nil {
		t.Fatal(err)
	}
}

// A story in two nights. Sessions cross midnight, and one goes on for days;
// the second night brings late events for the first day and a new earliest
// day.
func tell(t testingT, s *site, morning calendar.Day) {
	at := func(day, hour, minute int) int64 {
		return s.Zone.Start(date(day)) + int64(time.Duration(hour)*time.Hour+time.Duration(minute)*time.Minute)/1000
	}
	switch morning {
	case date(30):
		s.put(t, "a.ndjson",
			line("1", "d1", "ann", "tap", at(28, 23, 50)), line("2", "d1", "ann", "tap", at(29, 0, 10)),
			line("3", "d2", "", "tap", at(28, 12, 0)), line("4", "d2", "bob", "tap", at(29, 12, 0)),
			line("5", "d1", "ann", "tap", at(29, 20, 0)))
	case date(31):
		s.put(t, "b.ndjson",
			line("6", "d1", "ann", "tap", at(28, 23, 55)), line("7", "d3", "eve", "tap", at(27, 10, 0)),
			line("8", "d2", "bob", "session_end", at(30, 9, 0)), "not an event\n")
	}
}

// longSessions is a definition under which some sessions of the story last for
// days.
func longSessions() transform.Definition {
	d := transform.App()
	d.Timeout, d.Cap = 25*time.Hour, 0
	return d
}

// after returns what a run on the second morning makes of the lake.
func after(t *testing.T, dir string, lake map[string][]byte, d transform.Definition) (map[string]string, *mortal) {
	t.Helper()
	b, m := openMortal(t, lake, immortal)
	s := newSite(t, dir, b)
	defer s.close()
	s.Definition = d
	s.night(t, date(31), Range{})
	return s.result(t), m
}

// A run that is killed after any of its writes, and one more run, make the
// bytes of a run that nobody killed.
func TestKilledRunLeavesNoTrace(t *testing.T) {
	dir := t.TempDir()
	b, night1 := openMortal(t, nil, immortal)
	s := newSite(t, dir, b)
	s.Definition = longSessions()
	tell(t, s, date(30))
	s.night(t, date(30), Range{})
	tell(t, s, date(31))
	s.close()

	want, whole := after(t, dir, night1.objects, longSessions())
	pid := deadPID(t)
	for _, story := range []struct {
		name   string
		killed transform.Definition // of the killed run; the others have longSessions
	}{
		{"the same run again", longSessions()},
		{"another definition was tried in vain", transform.App()},
	} {
		t.Run(story.name, func(t *testing.T) {
			// Every twentieth write, and another one of them in the second story.
			from, stride := len(story.name)%20, 20
			if os.Getenv("SOJOURN_SOAK") != "" {
				from, stride = 0, 1
			}
			for lives := from; lives < whole.writes; lives += stride {
				b, m := openMortal(t, night1.objects, lives)
				s := newSite(t, dir, b)
				s.Definition = story.killed
				s.RowBytes = int64(lives / stride % 2) // every other time in as many parts as there are users
				s.at(date(31))
				if _, err := s.Night(t.Context(), Range{}); !errors.Is(err, errDead) {
					t.Fatalf("killed after %d writes: %v", lives, err)
				}
				m.lives = immortal
				bury(t, s, pid)
				s.close()
				if got, _ := after(t, dir, m.objects, longSessions()); !cmp.Equal(want, got) {
					t.Fatalf("killed after %d of %d writes (-whole +killed):\n%s", lives, whole.writes, cmp.Diff(want, got))
				}
			}
		})
	}
}

// A run that is interrupted at any step ends soon and well, and one more run
// makes the bytes of a run that was left alone.
func TestInterruptedRunIsResumed(t *testing.T) {
	run := func(t *testing.T, interruptAt int) (result map[string]string, steps int) {
		s := newSite(t, t.TempDir(), nil)
		defer s.close()
		tell(t, s, date(30))
		s.night(t, date(30), Range{})
		tell(t, s, date(31))

		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		s.Progress = func(Progress) {
			if steps++; steps == interruptAt {
				cancel()
			}
		}
		s.at(date(31))
		if _, err := s.Night(ctx, Range{}); interruptAt > 0 && !errors.Is(err, context.Canceled) {
			t.Fatalf("interrupted at step %d: %v", interruptAt, err)
		}
		if _, standing, err := s.LockStatus(t.Context()); err != nil || standing != lease.Released {
			t.Fatalf("interrupted at step %d, the run has left its lease: %s (%v)", interruptAt, standing, err)
		}
		s.Progress = nil
		s.night(t, date(31), Range{})
		return s.result(t), steps
	}
	want, steps := run(t, 0)
	for step := 1; step < steps; step++ { // at the last step all is done
		if got, _ := run(t, step); !cmp.Equal(want, got) {
			t.Fatalf("interrupted at step %d of %d (-left alone +interrupted):\n%s", step, steps, cmp.Diff(want, got))
		}
	}
}
