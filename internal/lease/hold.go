package lease

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path"
	"sync"
	"time"

	"sojourn/internal/bucket"
	"sojourn/internal/crash"
)

// Terms are the times of a lease.
type Terms struct {
	TTL   time.Duration // a lease expires that long after it was renewed; 0 is 2 minutes
	Renew time.Duration // how often it is renewed; 0 is 20 seconds
	Skew  time.Duration // how far clocks of machines may be apart: others wait that long after the end; 0 is 30 seconds
}

// WithDefaults returns the terms with what is 0 filled in.
func (t Terms) WithDefaults() Terms {
	if t.TTL == 0 {
		t.TTL = 2 * time.Minute
	}
	if t.Renew == 0 {
		t.Renew = 20 * time.Second
	}
	if t.Skew == 0 {
		t.Skew = 30 * time.Second
	}
	return t
}

// A Claim is what a run needs to say to get a lease.
type Claim struct {
	Run   string
	Now   func() time.Time
	Terms Terms
	Log   *slog.Logger
}

// Held is the lease of this process. It is safe for concurrent use.
type Held struct {
	bucket *bucket.Bucket
	now    func() time.Time
	terms  Terms
	token  int64
	cancel context.CancelCauseFunc

	mu     sync.Mutex
	lease  Lease
	seen   time.Time // when it was last seen to be the one that counts
	failed error     // why the latest renewal failed; nil if it did not
	fenced *FencedError
}

// Hold does something as the only writer of a lake, and gives the lake back. If
// another has it, the error is a [*LockedError] and nothing is done.
//
// A run that loses the lake meanwhile has its context cancelled with a
// [*FencedError] as the cause, which is then the error of Hold too, and all that
// asks Check or Admit is refused.
func Hold(ctx context.Context, b *bucket.Bucket, c Claim, do func(context.Context, *Held) error) (err error) {
	c.Terms = c.Terms.WithDefaults()
	l, err := acquire(ctx, b, c)
	if err != nil {
		return fmt.Errorf("lock: %w", err)
	}
	crash.At("lease.acquired")
	h := &Held{bucket: b, now: c.Now, terms: c.Terms, token: l.Token, lease: *l}
	// Interrupted or not, the lease is renewed until all is done, and goes then.
	lasting := context.WithoutCancel(ctx)
	ctx, h.cancel = context.WithCancelCause(ctx)
	defer h.cancel(nil)
	stop := h.heartbeat(lasting)
	err = do(ctx, h)
	stop()
	h.mu.Lock()
	fenced := h.fenced
	h.mu.Unlock()
	if fenced == nil {
		return errors.Join(err, h.release(lasting))
	}
	switch {
	case err == nil:
		return nil // all was done before
	case errors.As(err, new(*FencedError)), errors.Is(err, context.Canceled):
		return fenced // the rest follows from it
	}
	return errors.Join(err, fenced)
}

// acquire makes the next lease if the one that counts allows it.
func acquire(ctx context.Context, b *bucket.Bucket, c Claim) (*Lease, error) {
	for {
		now := c.Now().UTC().Truncate(time.Second)
		top, err := Current(ctx, b)
		if err != nil {
			return nil, err
		}
		token := int64(1)
		if top != nil {
			token = top.Token + 1
			switch standing := top.Standing(now, c.Terms.Skew); standing {
			case Valid:
				return nil, &LockedError{b.String(), *top}
			case Dead, Expired:
				c.Log.WarnContext(ctx, "lease of another run taken over", "run", top.Run, "host", top.Host, "pid", top.PID, "because", standing)
			}
		}
		holder, err := thisProcess(c.Run, now)
		if err != nil {
			return nil, err
		}
		l := &Lease{Token: token, Holder: holder, Renewed: now, Expires: now.Add(c.Terms.TTL)}
		mine, err := settle(ctx, b, l)
		if err != nil {
			return nil, err
		}
		if mine {
			return l, nil
		}
	}
}

// settle makes a lease with a number that was free, and says whether it counts.
// A higher one may have come and gone through this number since: then the number
// could be had, and means nothing.
func settle(ctx context.Context, b *bucket.Bucket, l *Lease) (bool, error) {
	if mine, err := create(ctx, b, l); err != nil || !mine {
		return false, err
	}
	top, err := highest(ctx, b)
	if err != nil || top == l.Token {
		return err == nil, err
	}
	return false, b.Delete(ctx, object(l.Token))
}

// Token is the fencing token: later holders have greater ones.
func (h *Held) Token() int64 { return h.token }

// Check says whether this is still the lease that counts. The error is a
// [*FencedError] if it is not. It is for the moment before a commit.
func (h *Held) Check(ctx context.Context) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.check(ctx, 0)
}

// glance is how long it is believed that this is the lease that counts, for
// files that only a manifest makes count. Each look is a listing.
const glance = time.Second

// Admit says whether an object of the lake may be written or removed, right
// before it is: a guard for [bucket.Bucket.Guarded]. Manifests, which are JSON,
// are admitted as by Check.
func (h *Held) Admit(ctx context.Context, name string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if path.Ext(name) == ".json" {
		return h.check(ctx, 0)
	}
	return h.check(ctx, glance)
}

// check is Check, which believes what it has seen for a while.
func (h *Held) check(ctx context.Context, while time.Duration) error {
	if h.fenced != nil {
		return h.fenced
	}
	now := h.now().Round(0) // of the wall: the other clock stands while a machine sleeps
	if !now.Before(h.lease.Expires) {
		return h.lose(&FencedError{Expired: h.lease.Expires, Err: h.failed})
	}
	if since := now.Sub(h.seen); 0 <= since && since < while {
		return nil
	}
	top, err := highest(ctx, h.bucket)
	if err != nil {
		return fmt.Errorf("lock: is this run still the one at work? %w", err)
	}
	if top == h.token {
		h.seen = now
		return nil
	}
	var by *Lease
	if top > h.token {
		by, err = read(ctx, h.bucket, top)
	}
	return h.lose(&FencedError{By: by, Err: err})
}

// lose notes that the lake is lost and cancels the run.
func (h *Held) lose(e *FencedError) *FencedError {
	e.Lake, e.Token = h.bucket.String(), h.token
	h.fenced = e
	h.cancel(e)
	return e
}

// heartbeat renews the lease until it is stopped.
func (h *Held) heartbeat(ctx context.Context) (stop func()) {
	done, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		ticker := time.NewTicker(h.terms.Renew)
		defer ticker.Stop()
		for {
			select {
			case <-done:
				return
			case <-ticker.C:
				if !h.beat(ctx) {
					return
				}
			}
		}
	}()
	return func() {
		close(done)
		<-stopped
	}
}

// beat renews the lease, and says whether it is worth going on.
func (h *Held) beat(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, h.terms.Renew)
	defer cancel()
	err := h.Check(ctx)
	if err == nil {
		err = h.renew(ctx)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.failed = err
	return h.fenced == nil
}

// renew puts off the end of the lease. Only the holder writes its object.
func (h *Held) renew(ctx context.Context) error {
	h.mu.Lock()
	l := h.lease
	h.mu.Unlock()
	l.Renewed = h.now().UTC().Truncate(time.Second)
	l.Expires = l.Renewed.Add(h.terms.TTL)
	if err := h.write(ctx, &l); err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	// Written too late it helps nobody: others have seen that it was over.
	if h.now().Before(h.lease.Expires) {
		h.lease = l
	}
	return nil
}

// release gives the lake back. One object always stays, so that numbers grow.
func (h *Held) release(ctx context.Context) error {
	l := h.lease
	l.Released = h.now().UTC().Truncate(time.Second)
	if err := h.write(ctx, &l); err != nil {
		return fmt.Errorf("unlock: %w", err)
	}
	crash.At("lease.released")
	if err := removeBelow(ctx, h.bucket, l.Token); err != nil {
		return fmt.Errorf("unlock: %w", err)
	}
	return nil
}

func (h *Held) write(ctx context.Context, l *Lease) error {
	data, err := encode(l)
	if err != nil {
		return err
	}
	return h.bucket.Put(ctx, object(l.Token), func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}
