package main

import (
	"runtime"
	"runtime/debug"
	"testing"
)

// What is in use does not drive the collector into the ground: the limit gives
// way to it, and comes back once it is let go of.
func TestTheLimitGivesWayToWhatIsInUse(t *testing.T) {
	for _, c := range []struct{ configured, inUse, want int64 }{
		{512 << 20, 10 << 20, 512 << 20},
		{512 << 20, 384 << 20, 512 << 20},
		{512 << 20, 390 << 20, 520 << 20},
		{512 << 20, 3 << 30, 4 << 30},
	} {
		if got := (&memoryLimit{configured: c.configured}).reachable(c.inUse); got != c.want {
			t.Errorf("configured %d, in use %d: %d, want %d", c.configured, c.inUse, got, c.want)
		}
	}

	before := debug.SetMemoryLimit(-1)
	limit := &memoryLimit{configured: 8 << 20}
	defer debug.SetMemoryLimit(before)
	defer limit.lifted.Store(true)
	debug.SetMemoryLimit(limit.configured)
	limit.follow()
	// A cleanup runs some time after its collection.
	until := func(what string, reached func(limit int64) bool) {
		for range 1000 {
			runtime.GC()
			runtime.Gosched()
			if reached(debug.SetMemoryLimit(-1)) {
				return
			}
		}
		t.Errorf("the limit never %s: %d", what, debug.SetMemoryLimit(-1))
	}
	held := make([]byte, 64<<20)
	until("gave way", func(limit int64) bool { return limit >= int64(len(held)) })
	runtime.KeepAlive(held)
	high := debug.SetMemoryLimit(-1)
	until("came back", func(limit int64) bool { return limit < high })
}
