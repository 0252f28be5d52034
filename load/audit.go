package load

import "context"

// An Auditor is a warehouse that counts and adds up the rows it holds without
// being paid for it.
type Auditor interface {
	// Audit returns the partitions whose rows are not as many as they should be,
	// or do not add up to their sums.
	Audit(ctx context.Context, partitions []Partition) ([]Miscount, error)
}

// A Miscount is a partition whose rows in a warehouse are not those that were
// published.
type Miscount struct {
	Partition
	Text string // what was found, and what should be
}
