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
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
