package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync/atomic"
)

// leastMemory is less than what a run of any size takes: DuckDB, buffers of
// Parquet, and the program.
const leastMemory = 128 << 20

// defaultMemory bounds what is held while objects are read.
const defaultMemory = 256 << 20

// baseMemory is what a run takes whatever it reads, and each byte of events
// that is held while objects are read takes two and a half: sorting and
// encoding them, and what has not been collected yet.
const baseMemory = 100 << 20

// eventMemory is how many bytes of events may be held.
func (m size) eventMemory() int64 { return max(16<<20, (int64(m)-baseMemory)*2/5) }

// duckdbMemory is what DuckDB may take for itself while it publishes: empty, as
// much as it likes, unless memory is configured.
func (c config) duckdbMemory() string {
	if c.Memory == defaultMemory {
		return ""
	}
	return fmt.Sprintf("%dMiB", max(leastMemory, c.Memory/2)>>20)
}

// limitMemory has the garbage collector work harder near the memory that is
// configured. It cannot make less what must be held: a day's sessions and all
// users. Nobody is slowed down by a default.
func (c config) limitMemory() {
	if c.Memory != defaultMemory && os.Getenv("GOMEMLIMIT") == "" {
		limit := &memoryLimit{configured: int64(c.Memory) - foreignMemory}
		debug.SetMemoryLimit(limit.configured)
		limit.follow()
	}
}

// foreignMemory is what a run takes beside Go's memory while it makes days: the
// program itself, and what DuckDB keeps.
const foreignMemory = 100 << 20

// A memoryLimit is what is configured for Go's memory.
type memoryLimit struct {
	configured int64
	lifted     atomic.Bool // it is not to be followed any more
}

// reachable is the limit to give the collector where so many bytes are in
// use. Under one that what is in use does not leave room for, it would run all the
// time, free next to nothing, and take half of the processor.
func (l *memoryLimit) reachable(inUse int64) int64 { return max(l.configured, inUse+inUse/3) }

// follow sets the limit of the collector after every collection.
func (l *memoryLimit) follow() {
	if l.lifted.Load() {
		return
	}
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	if limit := l.reachable(int64(live[0].Value.Uint64())); limit != debug.SetMemoryLimit(-1) {
		debug.SetMemoryLimit(limit)
	}
	// The next collection finds it unreachable. It must not be so small that it
	// shares its memory with what stays.
	runtime.AddCleanup(new([64]byte), (*memoryLimit).follow, l)
}
