package schedules

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"time"

	"sojourn/internal/bucket"
)

// lockObject is held by the run that may write to the lake.
const lockObject = "runs/lock.json"

// A Holder is the run that holds the lock of a lake.
type Holder struct {
	Run   string    `json:"run"`
	Host  string    `json:"host"`
	PID   int       `json:"pid"`
	Start string    `json:"start,omitempty"` // of the process, as its system tells it: process ids are used again
	Since time.Time `json:"since"`
}

// A LockedError says that another run is at work on the lake.
type LockedError struct {
	Lake   string
	Holder Holder
}

func (e *LockedError) Error() string {
	return fmt.Sprintf("the lake %s is locked by run %s (process %d on %s, since %s): wait for it; if it is dead, delete %s there",
		e.Lake, e.Holder.Run, e.Holder.PID, e.Holder.Host, e.Holder.Since.Format(time.RFC3339), lockObject)
}

// lock makes this run the only one on the lake. The lock of a process of this
// machine that is gone is taken over.
func (p *Pipeline) lock(ctx context.Context) (unlock func() error, err error) {
	host, err := os.Hostname()
	if err != nil {
		return nil, fmt.Errorf("lock: %w", err)
	}
	mine := Holder{Run: p.Run, Host: host, PID: os.Getpid(), Start: started(os.Getpid()), Since: p.Now().UTC().Truncate(time.Second)}
	data, err := json.MarshalIndent(mine, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("lock: %w", err)
	}
	for range 3 {
		err = p.Lake.Create(ctx, lockObject, append(data, '\n'))
		if err == nil {
			return func() error {
				// Interrupted or not, the lock must go.
				return p.Lake.Delete(context.WithoutCancel(ctx), lockObject)
			}, nil
		}
		if !errors.Is(err, bucket.ErrExists) {
			return nil, fmt.Errorf("lock: %w", err)
		}
		other, err := p.holder(ctx)
		if errors.Is(err, fs.ErrNotExist) {
			continue // released meanwhile
		}
		if err != nil {
			return nil, fmt.Errorf("lock: %w", err)
		}
		if other.Host != host || other.alive() {
			return nil, &LockedError{p.Lake.String(), other}
		}
		if err := p.bury(ctx, other); errors.Is(err, bucket.ErrExists) {
			return nil, &LockedError{p.Lake.String(), other}
		} else if err != nil {
			return nil, fmt.Errorf("lock: %w", err)
		}
	}
	return nil, fmt.Errorf("lock: %w", err)
}

// bury removes the lock of a dead run. Of several runs that find it only one
// may, or the next would remove the lock that the first has made by then: who
// makes the tombstone does. A tombstone stays, as its run never comes back.
func (p *Pipeline) bury(ctx context.Context, dead Holder) error {
	if err := p.Lake.Create(ctx, "runs/dead/"+dead.Run+".json", nil); err != nil {
		return err
	}
	p.Log.WarnContext(ctx, "lock of a dead run taken over", "run", dead.Run, "pid", dead.PID)
	return p.Lake.Delete(ctx, lockObject)
}

func (p *Pipeline) holder(ctx context.Context) (Holder, error) {
	var other Holder
	data, err := p.Lake.Read(ctx, lockObject)
	if err != nil {
		return other, err
	}
	if err := json.Unmarshal(data, &other); err != nil {
		return other, fmt.Errorf("%s: %w", lockObject, err)
	}
	return other, nil
}

// alive says whether the process of a holder on this machine exists.
func (h Holder) alive() bool {
	process, err := os.FindProcess(h.PID)
	if err != nil {
		return false
	}
	err = process.Signal(syscall.Signal(0))
	if err != nil && !errors.Is(err, os.ErrPermission) {
		return false
	}
	return h.Start == "" || h.Start == started(h.PID)
}

// started tells one process of an id from the next: its start, in the clock
// ticks of /proc, or "" where there is no such thing.
func started(pid int) string {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	// The name in parentheses may hold anything; the start is field 22 of all.
	after := stat[bytes.LastIndexByte(stat, ')')+1:]
	if fields := bytes.Fields(after); len(fields) > 19 {
		return string(fields[19])
	}
	return ""
}
