package schedules

import (
	"context"

	"sojourn/internal/lease"
)

// locked does something as the only writer of the lake: everything that writes
// to it does so in here. If another run is at work, the error is a
// [*lease.LockedError] and nothing is done.
//
// The pipeline that do is given is this one with a lease: a run that loses it
// can change nothing of the lake any more, also where it does not ask, and its
// context ends. The error is a [*lease.FencedError] then.
func (p *Pipeline) locked(ctx context.Context, do func(context.Context, *Pipeline) error) error {
	claim := lease.Claim{Run: p.Run, Now: p.Now, Terms: p.Lease, Log: p.Log}
	return lease.Hold(ctx, p.Lake, claim, func(ctx context.Context, held *lease.Held) error {
		holder := *p
		holder.Lake, holder.held = p.Lake.Guarded(held.Admit), held
		return do(ctx, &holder)
	})
}

// LockStatus is who may write to the lake, and how that stands.
func (p *Pipeline) LockStatus(ctx context.Context) (*lease.Lease, lease.Standing, error) {
	l, err := lease.Current(ctx, p.Lake)
	if err != nil || l == nil {
		return nil, lease.Released, err
	}
	return l, l.Standing(p.Now(), p.Lease.WithDefaults().Skew), nil
}

// ReleaseLock takes the lake from the run that holds it, for a reason that is
// kept with the lease. It returns the lease that it ended; nil if there was none.
func (p *Pipeline) ReleaseLock(ctx context.Context, reason string) (*lease.Lease, error) {
	return lease.PutOut(ctx, p.Lake, lease.Claim{Run: p.Run, Now: p.Now, Terms: p.Lease, Log: p.Log}, reason)
}
