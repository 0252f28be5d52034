package extract

import (
	"runtime"
	"testing"
)

// CheckAllocated fails if a call for an input of size bytes allocates more than
// free bytes and so many times the size, in all goroutines.
func CheckAllocated(t testing.TB, size, free, times int64, call func()) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	call()
	runtime.ReadMemStats(&after)
	if got, most := int64(after.TotalAlloc-before.TotalAlloc), allocatedTimes*(free+times*size); got > most {
		t.Errorf("%d bytes made it allocate %d KiB, more than %d KiB", size, got>>10, most>>10)
	}
}
