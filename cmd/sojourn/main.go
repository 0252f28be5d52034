// Command sojourn turns raw app events into session tables: see README.md, or
// sojourn --help.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	_ "time/tzdata" // zones also where the machine has none, as in small containers
)

// gcPercent lets the heap grow to three times what is in use before it is
// collected. Most of it are buffers that memory in the configuration bounds;
// half as many collections spare some of a night's CPU time
// (docs/performance.md).
const gcPercent = 200

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	os.Exit(process())
}

// process runs the command line of this process and returns the exit code. The
// first interrupt, or SIGTERM, lets it come to a good end; a second one ends it
// at once, after which the next run finds what a killed one leaves.
func process() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	return run(ctx, os.Args[1:], os.Stdout, os.Stderr)
}
