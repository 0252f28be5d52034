package lease

import (
	"context"
	"errors"
	"time"

	"sojourn/internal/bucket"
	"sojourn/internal/crash"
)

// PutOut takes the lake from its holder, by the word of an operator: the next
// lease is one that is released from the start, and says why and who was put
// out. It returns the lease that it ended; nil if there was none to end.
func PutOut(ctx context.Context, b *bucket.Bucket, c Claim, reason string) (*Lease, error) {
	for {
		now := c.Now().UTC().Truncate(time.Second)
		top, err := Current(ctx, b)
		if unreadable := (*UnreadableError)(nil); errors.As(err, &unreadable) {
			top = &Lease{Token: unreadable.Token, Holder: unknown}
		} else if err != nil {
			return nil, err
		}
		if top == nil || !top.Released.IsZero() {
			return nil, nil
		}
		holder, err := thisProcess(c.Run, now)
		if err != nil {
			return nil, err
		}
		l := &Lease{
			Token: top.Token + 1, Holder: holder, Renewed: now, Expires: now, Released: now,
			PutOut: &top.Holder, Reason: reason,
		}
		mine, err := settle(ctx, b, l)
		if err != nil {
			return nil, err
		}
		if mine {
			crash.At("lease.put-out")
			return top, removeBelow(ctx, b, l.Token)
		}
	}
}
