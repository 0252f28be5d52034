package load

import (
	"errors"
	"fmt"
	"strings"
)

// ErrUnavailable is in the error of a warehouse that may work later without
// anybody changing anything: it did not answer, or a quota is used up.
var ErrUnavailable = errors.New("the warehouse is unavailable")

// An InUseError says that another program keeps a warehouse from being asked.
type InUseError struct {
	Warehouse string
	Err       error
}

func (e *InUseError) Error() string {
	return fmt.Sprintf("warehouse %s is in use by another program: close it there and try again: %v", e.Warehouse, e.Err)
}

func (e *InUseError) Unwrap() error { return e.Err }

// An AuditError says that a warehouse has not loaded what was written. Nothing
// of it was published.
type AuditError struct {
	Differences []string // sentences that name the partition
}

func (e *AuditError) Error() string {
	return "what was loaded is not what was written, and is not published:\n  " + strings.Join(e.Differences, "\n  ")
}

// A SupersededError is a publish of a run that is not the one at work any
// more: a later one has published since.
type SupersededError struct {
	Token int64 // of the run
	By    int64 // the token of the run that published last
}

func (e *SupersededError) Error() string {
	return fmt.Sprintf("a later run has published (fencing token %d, this run has %d): nothing of this one is published", e.By, e.Token)
}
