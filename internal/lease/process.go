package lease

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// thisProcess is a run of this process.
func thisProcess(run string, since time.Time) (Holder, error) {
	host, err := os.Hostname()
	if err != nil {
		return Holder{}, err
	}
	_, start := processStat(os.Getpid())
	return Holder{Run: run, Host: host, PID: os.Getpid(), Start: start, Since: since}, nil
}

func (h *Holder) isOfThisMachine() bool {
	host, err := os.Hostname()
	return err == nil && h.Host == host
}

// alive says whether the process of a holder on this machine can still do
// something. One that has ended and waits for its parent to notice cannot.
func (h *Holder) alive() bool {
	process, err := os.FindProcess(h.PID)
	if err != nil {
		return false
	}
	err = process.Signal(syscall.Signal(0))
	if err != nil && !errors.Is(err, os.ErrPermission) {
		return false
	}
	state, start := processStat(h.PID)
	return state != "Z" && state != "X" && (h.Start == "" || h.Start == start)
}

// processStat returns the state of a process and what tells it from another of
// the same id: its start, in the clock ticks of /proc. Both are empty where
// there is no such thing.
func processStat(pid int) (state, start string) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", ""
	}
	// The name in parentheses may hold anything; the state is field 3 of all
	// and the start field 22.
	after := stat[bytes.LastIndexByte(stat, ')')+1:]
	if fields := bytes.Fields(after); len(fields) > 19 {
		return string(fields[0]), string(fields[19])
	}
	return "", ""
}
