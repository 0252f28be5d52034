//go:build cgo

package main

import (
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sojourn/internal/bucket"
	"sojourn/internal/crash"
	"sojourn/internal/lease"
)

// signalAt lets a command send itself a signal the nth time that it passes any
// place, as NUMBER:NTH; and go on sending it there if that begins with *.
const signalAt = "SOJOURN_SIGNAL_AT"

func armSignal() {
	number, nth, armed := strings.Cut(os.Getenv(signalAt), ":")
	if !armed {
		return
	}
	nth, stubborn := strings.CutPrefix(nth, "*")
	var signal, at int64
	fmt.Sscan(number, &signal)
	fmt.Sscan(nth, &at)
	var passed atomic.Int64
	crash.Hook(func(string) {
		if passed.Add(1) != at {
			return
		}
		sends := 1
		if stubborn {
			sends = 1_000_000
		}
		for range sends {
			syscall.Kill(os.Getpid(), syscall.Signal(signal))
		}
	})
}

// A command that is told to stop at any moment by SIGINT or SIGTERM ends soon
// with exit status 130, or 0 if it was done; it gives the lake back and leaves
// no file that is not whole. Run again, it leaves the bytes of one that was left
// alone.
func TestInterruptedCommandIsResumed(t *testing.T) {
	before := newTrial(t, crashConfig, nil)
	deliver(t, before, firstDelivery)
	firstNight(t, before)
	secondDelivery(t, before)
	args := []string{"run", "--date", "2026-02-01"}

	whole := before.copy(t)
	trace := filepath.Join(t.TempDir(), "trace")
	if status, out := whole.child(t, []string{crashTrace + "=" + trace}, args...); status != exitOK {
		t.Fatalf("left alone: exit status %d\n%s", status, out)
	}
	want, now := whole.tables(t), whole.publishedTables(t)
	places := 0
	for _, times := range passings(t, trace) {
		places += times
	}

	rounds := 10
	if soak {
		rounds = 500
	}
	random := rand.New(rand.NewPCG(1, 28))
	interrupted := 0
	for round := range rounds {
		signal := []syscall.Signal{syscall.SIGINT, syscall.SIGTERM}[round%2]
		at := 1 + random.IntN(places)
		p := before.copy(t)
		what := fmt.Sprintf("told to stop (%v) at place %d of %d", signal, at, places)
		switch status, out := p.child(t, []string{fmt.Sprintf("%s=%d:%d", signalAt, signal, at)}, args...); status {
		case exitInterrupted:
			interrupted++
			if !strings.Contains(out, "what was done is kept: run it again to go on") {
				t.Errorf("%s, it does not say what to do:\n%s", what, out)
			}
		case exitOK:
		default:
			t.Fatalf("%s: exit status %d\n%s", what, status, out)
		}
		p.wantLakeFree(t, what)
		p.wantWholeFiles(t, what)
		if status, out := p.child(t, nil, args...); status != exitOK {
			t.Fatalf("%s, run again: exit status %d\n%s", what, status, out)
		}
		if diff := cmp.Diff(want, p.tables(t)); diff != "" {
			t.Errorf("%s, run again, the lake is another (-left alone +stopped):\n%s", what, diff)
		}
		if seen := p.publishedTables(t); seen != now {
			t.Errorf("%s, run again, the warehouse is another:\n%s\nwant:\n%s", what, seen, now)
		}
		os.RemoveAll(p.dir) // under the test's own directory
	}
	if interrupted < rounds/2 {
		t.Errorf("only %d of %d runs were interrupted before they were done", interrupted, rounds)
	}
}

// tables returns the digests of the tables of the lake. How often a day was
// restated until it came to that is left out: a run that is interrupted commits
// what it has, which is a revision.
func (p trial) tables(t *testing.T) map[string]string {
	t.Helper()
	files := p.made(t)
	maps.DeleteFunc(files, func(name, _ string) bool {
		return filepath.Ext(name) != ".parquet" || strings.HasPrefix(name, "history/") || strings.HasPrefix(name, "restatements/")
	})
	if len(files) == 0 {
		t.Error("the lake has no tables")
	}
	return files
}

// publishedTables is published, likewise.
func (p trial) publishedTables(t *testing.T) string {
	t.Helper()
	lines := strings.Split(p.published(t), "\n")
	return strings.Join(slices.DeleteFunc(lines, func(l string) bool { return strings.HasPrefix(l, "restatements,") }), "\n")
}

// Who is told twice to stop does so at once.
func TestSecondSignalEndsAtOnce(t *testing.T) {
	p := newTrial(t, crashConfig, nil)
	deliver(t, p, firstDelivery)
	if status, out := p.child(t, []string{fmt.Sprintf("%s=%d:*5", signalAt, syscall.SIGTERM)}, "run", "--date", "2026-01-31"); status != -1 {
		t.Errorf("exit status %d, want an end by the signal\n%s", status, out)
	}
	firstNight(t, p) // takes the lake over
}

// wantLakeFree checks that no run holds the lake.
func (p trial) wantLakeFree(t *testing.T, what string) {
	t.Helper()
	b, err := bucket.Open(t.Context(), filepath.Join(p.dir, "lake"), false, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if l, err := lease.Current(t.Context(), b); err != nil || l == nil || l.Released.IsZero() {
		t.Errorf("%s, it has kept the lake: %+v (%v)", what, l, err)
	}
}

// wantWholeFiles checks that there is no file that was begun and not finished.
func (p trial) wantWholeFiles(t *testing.T, what string) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(p.dir, "lake"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && filepath.Ext(path) != ".parquet" && filepath.Ext(path) != ".json" {
			t.Errorf("%s, it leaves %s", what, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
