package bucket

import "context"

// Guarded returns the bucket with a guard, which is asked right before an
// object is written or deleted: what it refuses does not happen, and its error
// is that of the operation. Parts of the bucket have the guard too, and it sees
// names as they are in b. Closing the bucket that is returned does nothing.
func (b *Bucket) Guarded(guard func(ctx context.Context, name string) error) *Bucket {
	guarded := *b
	guarded.borrowed, guarded.guard = true, guard
	return &guarded
}

func (b *Bucket) admit(ctx context.Context, name string) error {
	if b.guard == nil {
		return nil
	}
	return b.guard(ctx, b.prefix+name)
}
