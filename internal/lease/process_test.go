package lease

import (
	"os"
	"os/exec"
	"runtime"
	"testing"
	"time"
)

// child is the id of a process that has ended; it is gone if it was waited for.
func child(t *testing.T, waitedFor bool) int {
	t.Helper()
	c := exec.Command(os.Args[0], "-test.run=^$")
	ended, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	buffer := make([]byte, 1<<10)
	for err == nil {
		_, err = ended.Read(buffer) // until the process has ended and its pipe closes
	}
	if waitedFor {
		c.Wait() // how it ended does not matter
	} else {
		t.Cleanup(func() { c.Wait() })
	}
	return c.Process.Pid
}

// A process that has ended is dead also as long as its parent has not noticed:
// a signal can be sent to it as to one that is alive.
func TestZombieIsDead(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs /proc")
	}
	pid := child(t, false)
	for state, _ := processStat(pid); state != "Z"; state, _ = processStat(pid) {
		if state == "" {
			t.Fatal("the process is gone, though nobody has waited for it")
		}
		runtime.Gosched() // its pipe closes a moment before it has ended
	}
	zombie, err := thisProcess("old", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	zombie.PID = pid
	_, zombie.Start = processStat(pid)
	l := Lease{Holder: zombie, Expires: time.Now().Add(time.Hour)}
	if standing := l.Standing(time.Now(), 0); standing != Dead {
		t.Errorf("the lease of a zombie is %s", standing)
	}
	l.Holder, err = thisProcess("new", time.Now())
	if standing := l.Standing(time.Now(), 0); standing != Valid || err != nil {
		t.Errorf("the lease of this process is %s (%v)", standing, err)
	}
}
