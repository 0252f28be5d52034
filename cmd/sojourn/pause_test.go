//go:build cgo

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"sojourn/internal/crash"
	"sojourn/internal/lease"
)

// pauseAt names in the environment of a command the place at which it stops
// itself, as a process does that is sent SIGSTOP, or whose machine sleeps.
const pauseAt = "SOJOURN_PAUSE_AT"

func armPause() {
	place := os.Getenv(pauseAt)
	if place == "" {
		return
	}
	crash.Hook(func(at string) {
		if at == place {
			crash.Hook(nil)
			syscall.Kill(os.Getpid(), syscall.SIGSTOP)
		}
	})
}

// background is the one command that runs in the background of a script.
func background(ts *testscript.TestScript) int {
	commands := ts.BackgroundCmds()
	if len(commands) != 1 || commands[0].Process == nil {
		ts.Fatalf("%d commands run in the background, want 1", len(commands))
	}
	return commands[0].Process.Pid
}

// awaitPause waits until the command in the background has stopped: paused.
func awaitPause(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: paused")
	}
	pid := background(ts)
	ts.Defer(func() { syscall.Kill(pid, syscall.SIGCONT) }) // or a script that fails waits for ever
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(pid, &status, syscall.WUNTRACED, nil); err != nil || !status.Stopped() {
		ts.Fatalf("the command ended without stopping: status %#x, %v", status, err)
	}
}

// resumePaused lets the command in the background go on: resume.
func resumePaused(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: resume")
	}
	ts.Check(syscall.Kill(background(ts), syscall.SIGCONT))
}

// outliveLease does to the latest lease of a lake what half an hour does to that
// of a paused run: outlive LAKE.
func outliveLease(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: outlive lake")
	}
	files, err := filepath.Glob(filepath.Join(ts.MkAbs(args[0]), lease.Folder, "*.json"))
	ts.Check(err)
	if len(files) == 0 {
		ts.Fatalf("there is no lease")
	}
	path := slices.Max(files)
	data, err := os.ReadFile(path)
	ts.Check(err)
	var l lease.Lease
	ts.Check(json.Unmarshal(data, &l))
	l.Renewed, l.Expires = l.Renewed.Add(-30*time.Minute), l.Expires.Add(-30*time.Minute)
	data, err = json.Marshal(l)
	ts.Check(err)
	ts.Check(os.WriteFile(path, []byte(strings.TrimSpace(string(data))), 0o666))
}
