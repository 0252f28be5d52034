//go:build cgo

package main

import (
	"os"
	"regexp"
)

// peakTo names in the environment of a command the file in which it notes how
// much memory it took at most, as Linux counts it. What its parent is told when
// it ends holds the parent's own peak, too.
const peakTo = "SOJOURN_PEAK_TO"

var highWater = regexp.MustCompile(`VmHWM:\s*(\d+) kB`)

func notePeak() {
	name := os.Getenv(peakTo)
	if name == "" {
		return
	}
	status, err := os.ReadFile("/proc/self/status")
	if err == nil {
		err = os.WriteFile(name, highWater.FindSubmatch(status)[1], 0o666)
	}
	if err != nil {
		panic(err)
	}
}
