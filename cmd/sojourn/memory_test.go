package main

import (
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
)

// What is configured is shared out between what is held while objects are
// read, DuckDB and the collector, and bounds the first alone if nothing is.
func TestMemoryIsSharedOut(t *testing.T) {
	t.Setenv("GOMEMLIMIT", "")
	before := debug.SetMemoryLimit(-1)
	for _, c := range []struct {
		memory     size
		events     int64
		duckdb     string
		collection int64
	}{
		{0, 65431142, "", before},
		{128 << 20, 16 << 20, "128MiB", 28 << 20},
		{256 << 20, 65431142, "128MiB", 156 << 20}, // what is usual, and meant
		{10 << 30, 4253024256, "5120MiB", 10140 << 20},
	} {
		if got := (config{Memory: c.memory}).eventMemory(); got != c.events {
			t.Errorf("memory %d: %d bytes of events, want %d", c.memory, got, c.events)
		}
		if got := (config{Memory: c.memory}).duckdbMemory(); got != c.duckdb {
			t.Errorf("memory %d: %q for DuckDB, want %q", c.memory, got, c.duckdb)
		}
		var limit memoryLimit
		limit.keepTo(c.memory)
		if got := debug.SetMemoryLimit(-1); got < c.collection || got != c.collection && got > 256<<20 {
			t.Errorf("memory %d: a limit of %d, want %d or what is in use", c.memory, got, c.collection)
		}
		limit.lift()
		if got := debug.SetMemoryLimit(-1); got != before {
			t.Errorf("memory %d: a limit of %d is left, want %d", c.memory, got, before)
		}
	}
}

// Where the environment has a limit for the collector, it stands.
func TestLimitOfTheEnvironmentStands(t *testing.T) {
	t.Setenv("GOMEMLIMIT", "4GiB")
	before := debug.SetMemoryLimit(-1)
	var limit memoryLimit
	limit.keepTo(128 << 20)
	if got := debug.SetMemoryLimit(-1); got != before {
		t.Errorf("a limit of %d, want %d", got, before)
	}
}

// What is in use does not drive the collector into the ground: the limit gives
// way to it, and comes back once it is let go of.
func TestTheLimitGivesWayToWhatIsInUse(t *testing.T) {
	for _, c := range []struct{ configured, inUse, want int64 }{
		{512 << 20, 10 << 20, 512 << 20},
		{512 << 20, 348 << 20, 512 << 20},
		{512 << 20, 390 << 20, 568 << 20},
		{512 << 20, 3 << 30, 4144 << 20},
		{28 << 20, 6 << 20, 56 << 20}, // the least that can be configured
	} {
		if got := reachable(c.configured, c.inUse); got != c.want {
			t.Errorf("configured %d, in use %d: %d, want %d", c.configured, c.inUse, got, c.want)
		}
	}

	t.Setenv("GOMEMLIMIT", "")
	var limit memoryLimit
	limit.keepTo(fixedMemory + 1)
	defer limit.lift()
	// A cleanup runs some time after its collection.
	until := func(what string, reached func(limit int64) bool) {
		t.Helper()
		for range 1000 {
			runtime.GC()
			runtime.Gosched()
			if reached(debug.SetMemoryLimit(-1)) {
				return
			}
		}
		t.Errorf("the limit never %s: %d", what, debug.SetMemoryLimit(-1))
	}
	const much = 96 << 20
	held := []byte(strings.Repeat("x", much))
	until("gave way", func(limit int64) bool { return limit >= much*4/3 })
	high := debug.SetMemoryLimit(-1)
	runtime.KeepAlive(held)
	until("came back", func(limit int64) bool { return limit < high-much })
}

// A schedule opens its project every night: the latest limit holds, and what was
// before the first comes back.
func TestLimitIsSetAgain(t *testing.T) {
	t.Setenv("GOMEMLIMIT", "")
	var limit memoryLimit
	defer limit.lift()
	before := debug.SetMemoryLimit(-1)
	for night := range 3 {
		limit.keepTo(size(1+night) << 30)
	}
	if limit.follow(); debug.SetMemoryLimit(-1) != 3<<30-fixedMemory {
		t.Errorf("a limit of %d, want that of the last night", debug.SetMemoryLimit(-1))
	}
	if limit.lift(); debug.SetMemoryLimit(-1) != before {
		t.Errorf("a limit of %d is left, want %d", debug.SetMemoryLimit(-1), before)
	}
}
