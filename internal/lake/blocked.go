package lake

import (
	"context"
	"time"

	"sojourn/internal/bucket"
)

const blocked = "runs/blocked.json"

// Blocked says that a run was ended by a check, and by which. It stands until
// a run is not.
type Blocked struct {
	Run  string    `json:"run"`
	Made time.Time `json:"made"`
	Text string    `json:"text"` // what did not pass, and what to do
}

// WriteBlocked notes that a run was blocked.
func WriteBlocked(ctx context.Context, b *bucket.Bucket, r Blocked) error {
	return writeJSON(ctx, b, blocked, r)
}

// ReadBlocked returns the run that was blocked; nil if the latest was not.
func ReadBlocked(ctx context.Context, b *bucket.Bucket) (*Blocked, error) {
	return readJSON[Blocked](ctx, b, blocked)
}

// RemoveBlocked notes that no run is blocked any more.
func RemoveBlocked(ctx context.Context, b *bucket.Bucket) error { return b.Delete(ctx, blocked) }
