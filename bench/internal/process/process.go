// Package process runs programs and says what they took, and on what machine.
package process

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// Usage is what a process took, by the kernel's account.
type Usage struct {
	CPU, Wall time.Duration // CPU: user and system
	RSS       int64         // greatest resident set, bytes
}

// Run runs a program to its end and returns what it took and wrote to standard
// output. Its peak is at least that of the process that calls Run, which must
// be small.
func Run(ctx context.Context, program string, args ...string) (Usage, string, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, os.Stderr
	began := time.Now()
	if err := cmd.Run(); err != nil {
		return Usage{}, "", err
	}
	wall := time.Since(began)
	rusage := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	return Usage{
		CPU:  cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(),
		Wall: wall,
		RSS:  rusage.Maxrss << 10, // Linux counts in KiB
	}, out.String(), nil
}

// Machine says where and with what is measured. It asks the program duckdb of
// the benchmark for the version of DuckDB.
func Machine(duckdb string) string {
	version, err := exec.Command(duckdb, "-version").Output()
	if err != nil {
		version = []byte("of unknown version")
	}
	return fmt.Sprintf("%s: %d cores, %s, %s of memory; %s, DuckDB %s",
		time.Now().Format(time.DateOnly), runtime.NumCPU(), proc("cpuinfo", "model name"), proc("meminfo", "MemTotal"),
		runtime.Version(), strings.TrimSpace(string(version)))
}

// proc returns the first value of a key in a file of /proc, "unknown" if there
// is none.
func proc(file, key string) string {
	text, err := os.ReadFile("/proc/" + file)
	if err != nil {
		return "unknown"
	}
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == key {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}
