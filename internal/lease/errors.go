package lease

import (
	"fmt"
	"time"
)

// A LockedError says that another run is at work on the lake.
type LockedError struct {
	Lake   string
	Holder Lease
}

func (e *LockedError) Error() string {
	return fmt.Sprintf("the lake %s is locked by %v, renewed %s: wait for it; if it is dead, its lease ends at %s, or at once with sojourn lock release --reason TEXT",
		e.Lake, e.Holder.Holder, e.Holder.Renewed.Format(time.RFC3339), e.Holder.Expires.Format(time.RFC3339))
}

// A FencedError says that a run has lost the lake. Nothing of it has become
// visible since.
type FencedError struct {
	Lake  string
	Token int64  // of the run
	By    *Lease // the lease that counts now; nil if there is none but its own

	Expired time.Time // when its own ended; zero if it was taken before
	Err     error     // why it could not be renewed, if so
}

func (e *FencedError) Error() string {
	text := fmt.Sprintf("this run (token %d) has lost the lake %s, and changes nothing any more: ", e.Token, e.Lake)
	switch {
	case e.By == nil && e.Expired.IsZero():
		text += "its lease is gone"
	case e.By == nil:
		text += "its lease was not renewed before it expired at " + e.Expired.Format(time.RFC3339)
	case e.By.PutOut != nil:
		text += fmt.Sprintf("it was put out from %s at %s: %s", e.By.Host, e.By.Since.Format(time.RFC3339), e.By.Reason)
	default:
		text += fmt.Sprintf("%v has it, with token %d", e.By.Holder, e.By.Token)
	}
	if e.Err != nil {
		text += fmt.Sprintf(" (%v)", e.Err)
	}
	return text + "; run it again to go on"
}

func (e *FencedError) Unwrap() error { return e.Err }

// An UnreadableError says that nobody can tell who holds the lake.
type UnreadableError struct {
	Lake, Object string
	Token        int64
	Err          error
}

func (e *UnreadableError) Error() string {
	return fmt.Sprintf("the lease %s of the lake %s cannot be read: %v; when no run is at work, sojourn lock release --reason TEXT makes a new one",
		e.Object, e.Lake, e.Err)
}

func (e *UnreadableError) Unwrap() error { return e.Err }
