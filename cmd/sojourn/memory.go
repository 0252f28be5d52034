package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
)

// leastMemory is less than what a run of any size takes: DuckDB, buffers of
// Parquet, and the program.
const leastMemory = 128 << 20

const tooLittleMemory = "want 128MiB or more, which a run takes at least"

// usualMemory bounds what is held while objects are read, where no memory is
// configured. Nothing else is bounded then: nobody is slowed down by a default.
const usualMemory = 256 << 20

// fixedMemory is what a run takes beside what it makes of its events: the
// program itself, and what DuckDB keeps.
const fixedMemory = 100 << 20

// eventMemory is how many bytes of events may be held while objects are read.
// Each takes two and a half: sorting and encoding them, and what has not been
// collected yet.
func (c config) eventMemory() int64 {
	memory := int64(c.Memory)
	if memory == 0 {
		memory = usualMemory
	}
	return max(16<<20, (memory-fixedMemory)*2/5)
}

// rowMemory is how many bytes of rows may be held while days are made: any
// number, unless memory is configured. What cannot be divided by users comes
// beside them: the events of one subject, the sessions that go on after
// midnight, all events where they are grouped by users that devices turn out
// to be of, and the sessions of definitions that are only compared.
func (c config) rowMemory() int64 {
	if c.Memory == 0 {
		return 0
	}
	return int64(c.Memory) - fixedMemory
}

// duckdbMemory is what DuckDB may take for itself while it publishes, when most
// of what the program held has been let go of: empty, as much as it likes,
// unless memory is configured.
func (c config) duckdbMemory() string {
	if c.Memory == 0 {
		return ""
	}
	return fmt.Sprintf("%dMiB", max(leastMemory, c.Memory/2)>>20)
}

// A memoryLimit has the garbage collector work harder near the memory that is
// configured. It cannot make less what must be held, such as a bot's events. A
// process has one, as it has one collector.
type memoryLimit struct {
	mu         sync.Mutex
	configured int64 // for Go's memory, in bytes; 0 while it is not limited
	before     int64 // the collector's limit until then
}

// keepTo limits Go's memory to what memory leaves of it; no memory configured
// and GOMEMLIMIT in the environment leave it as it is.
func (l *memoryLimit) keepTo(memory size) {
	if memory == 0 || os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	l.mu.Lock()
	again := l.configured != 0 // a schedule opens the project every night
	l.configured = int64(memory) - fixedMemory
	if !again {
		l.before = debug.SetMemoryLimit(-1)
	}
	l.mu.Unlock()
	if !again {
		l.follow()
	}
}

// lift gives the collector the limit it had.
func (l *memoryLimit) lift() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.configured != 0 {
		l.configured = 0
		debug.SetMemoryLimit(l.before)
	}
}

// idleMemory is what Go holds beside what is in use: its own books, stacks, and
// what it gives out to goroutines in advance.
const idleMemory = 48 << 20

// reachable is the limit to give the collector where so many bytes are in
// use. Under one that what is in use does not leave room for, it would run all the
// time, free next to nothing, and take half of the processor.
func reachable(configured, inUse int64) int64 { return max(configured, inUse+inUse/3+idleMemory) }

// follow sets the limit of the collector after every collection.
func (l *memoryLimit) follow() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.configured == 0 {
		return
	}
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	if limit := reachable(l.configured, int64(live[0].Value.Uint64())); limit != debug.SetMemoryLimit(-1) {
		debug.SetMemoryLimit(limit)
	}
	// The next collection finds it unreachable. It must not be so small that it
	// shares its memory with what stays.
	runtime.AddCleanup(new([64]byte), (*memoryLimit).follow, l)
}
