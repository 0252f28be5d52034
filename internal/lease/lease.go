// Package lease admits one writer to a lake at a time, and shuts out a writer
// whose time is over.
//
// Leases are numbered objects. The one with the highest number counts; its
// number is the fencing token of who holds it. A lease is taken by creating the
// next number, which of several contenders one can, and kept by renewing it
// before it expires. Before anything becomes visible its holder asks whether
// its number is still the highest: one that was paused, cut off or put out
// finds that it is not, and stops.
package lease

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"time"

	"sojourn/internal/bucket"
	"sojourn/internal/seal"
)

// Folder is where the leases of a lake are.
const Folder = "runs/lease/"

// A Holder is a run and its process.
type Holder struct {
	Run   string    `json:"run"`
	Host  string    `json:"host"`
	PID   int       `json:"pid"`
	Start string    `json:"start,omitempty"` // of the process, as its system tells it: process ids are used again
	Since time.Time `json:"since"`
}

func (h Holder) String() string {
	if !h.IsKnown() {
		return "a run that is not known, as its lease could not be read"
	}
	return fmt.Sprintf("run %s (process %d on %s, since %s)", h.Run, h.PID, h.Host, h.Since.Format(time.RFC3339))
}

// unknown is who held a lease that nobody can read.
var unknown = Holder{Run: "unknown"}

// IsKnown says whether anything is known of the run.
func (h Holder) IsKnown() bool { return h != unknown }

// A Lease is the right of one run to write to a lake, for a time.
type Lease struct {
	Token int64 `json:"token"` // counts up from 1, over all leases of the lake
	Holder
	Renewed  time.Time `json:"renewed"`
	Expires  time.Time `json:"expires"`
	Released time.Time `json:"released,omitzero"` // zero while it is held

	// PutOut is whom this lease took the lake from, by the word of an operator,
	// and Reason is the operator's. Such a lease is released from the start.
	PutOut *Holder `json:"put_out,omitempty"`
	Reason string  `json:"reason,omitempty"`
}

// A Standing is whether a lease keeps others out.
type Standing string

// The standings of a lease.
const (
	Valid    Standing = "held"
	Expired  Standing = "expired" // not renewed in time
	Dead     Standing = "dead"    // its process, of this machine, is gone
	Released Standing = "released"
)

// Standing is how a lease stands at a time, for a reader of this machine whose
// clock may be off by a skew.
func (l *Lease) Standing(now time.Time, skew time.Duration) Standing {
	switch {
	case !l.Released.IsZero():
		return Released
	case l.isOfThisMachine() && !l.alive():
		return Dead
	case now.After(l.Expires.Add(skew)):
		return Expired
	}
	return Valid
}

// Current returns the lease that counts; nil if the lake never had one.
func Current(ctx context.Context, b *bucket.Bucket) (*Lease, error) {
	for {
		token, err := highest(ctx, b)
		if err != nil || token == 0 {
			return nil, err
		}
		l, err := read(ctx, b, token)
		if !errors.Is(err, fs.ErrNotExist) {
			return l, err
		}
		// A higher one has been made meanwhile, and this one was removed.
		if again, err := highest(ctx, b); err != nil || again <= token {
			return nil, errors.Join(err, fmt.Errorf("lease %s is listed, but not there", b.URL(object(token))))
		}
	}
}

// object is the name of the lease with a number.
func object(token int64) string { return fmt.Sprintf("%s%06d.json", Folder, token) }

// tokens returns the numbers of all leases there are.
func tokens(ctx context.Context, b *bucket.Bucket) ([]int64, error) {
	var all []int64
	for o, err := range b.List(ctx, Folder) {
		if err != nil {
			return nil, err
		}
		name, isLease := strings.CutSuffix(strings.TrimPrefix(o.Name, Folder), ".json")
		// A killed writer may leave files of other names behind.
		if token, err := strconv.ParseInt(name, 10, 64); isLease && err == nil && token > 0 {
			all = append(all, token)
		}
	}
	return all, nil
}

// highest returns the greatest number of a lease; 0 if there is none.
func highest(ctx context.Context, b *bucket.Bucket) (int64, error) {
	all, err := tokens(ctx, b)
	var top int64
	for _, token := range all {
		top = max(top, token) // by number: the order of names ends with six digits
	}
	return top, err
}

func read(ctx context.Context, b *bucket.Bucket, token int64) (*Lease, error) {
	data, err := b.Read(ctx, object(token))
	if err != nil {
		return nil, err
	}
	l := new(Lease)
	if _, err := seal.Decode(data, l); err != nil {
		return nil, &UnreadableError{Lake: b.String(), Object: object(token), Token: token, Err: err}
	}
	if l.Token != token {
		return nil, &UnreadableError{Lake: b.String(), Object: object(token), Token: token, Err: fmt.Errorf("it says that it is number %d", l.Token)}
	}
	return l, nil
}

func encode(l *Lease) ([]byte, error) {
	data, err := seal.Encode(l)
	if err != nil {
		return nil, fmt.Errorf("lease %d: %w", l.Token, err)
	}
	return data, nil
}

// create makes a new lease, and says whether this caller did.
func create(ctx context.Context, b *bucket.Bucket, l *Lease) (bool, error) {
	data, err := encode(l)
	if err != nil {
		return false, err
	}
	err = b.Create(ctx, object(l.Token), data)
	if err == nil {
		return true, nil
	}
	if !errors.Is(err, bucket.ErrExists) {
		return false, err
	}
	// It may have been this very request, whose reply was lost and which the
	// client repeated.
	there, err := b.Read(ctx, object(l.Token))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return bytes.Equal(there, data), err
}

// removeBelow removes the leases that do not count any more: those with lower
// numbers than one that is there. The word of an operator stays.
func removeBelow(ctx context.Context, b *bucket.Bucket, token int64) error {
	all, err := tokens(ctx, b)
	if err != nil {
		return err
	}
	for _, old := range all {
		if old >= token {
			continue
		}
		l, err := read(ctx, b, old)
		if errors.Is(err, fs.ErrNotExist) || err == nil && l.PutOut != nil {
			continue
		}
		if err != nil && !errors.As(err, new(*UnreadableError)) {
			return err
		}
		if err := b.Delete(ctx, object(old)); err != nil {
			return err
		}
	}
	return nil
}
