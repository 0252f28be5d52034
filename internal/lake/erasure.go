package lake

import (
	"context"
	"time"

	"sojourn/internal/bucket"
	"sojourn/internal/calendar"
)

const erasures = "runs/erasures/"

// An Erasure is the receipt of an erasure: what was found and what became of
// it, without any id.
type Erasure struct {
	ID        string     `json:"id"`
	Status    string     `json:"status"` // [ErasureRunning] or [ErasureComplete]
	Reason    string     `json:"reason"`
	Tombstone string     `json:"tombstone"` // object that keeps the ids out from now on
	Policy    string     `json:"policy"`    // restate: daily tables are what they are without these people
	Given     int64      `json:"given"`     // ids that the operator gave
	IDs       int64      `json:"ids"`       // all ids of these people
	Code      string     `json:"code"`
	Run       string     `json:"run"`
	Began     time.Time  `json:"began"`
	Ended     *time.Time `json:"ended,omitempty"`

	Events      int64 `json:"events"`      // staged events that were theirs
	Quarantined int64 `json:"quarantined"` // records in quarantine that were or may have been
	Aliases     int64 `json:"aliases"`     // records of which id is whose that named them

	// FirstDay is the first day whose tables may have had something of them;
	// nil for none. Every later one may have.
	FirstDay *calendar.Day `json:"first_day,omitempty"`

	// RawObjects are the objects of the sources that hold records of them, as
	// far as the lake had read them; Unnamed counts those whose very name has
	// an erased id in it. They are not ours to delete.
	RawObjects []ObjectKey `json:"raw_objects"`
	Unnamed    int64       `json:"raw_objects_unnamed,omitempty"`

	Rows      map[string]RowChange `json:"rows"`  // of all days, by table or folder
	Files     []FileChange         `json:"files"` // that were replaced or removed; while it runs, all that may be
	Days      []DayChange          `json:"days"`  // that were made again, or have no events any more; likewise
	Swept     int64                `json:"swept"` // objects deleted that no manifest names, or that were old revisions
	Published int64                `json:"published"`

	Notes []string `json:"notes"` // what is left to be done, and where copies may be
}

// The states of an erasure.
const (
	ErasureRunning  = "running"
	ErasureComplete = "complete"
)

// A RowChange counts rows before and after an erasure.
type RowChange struct {
	Before int64 `json:"before"`
	After  int64 `json:"after"`
}

// A FileChange is a file of the lake before and after an erasure. After is
// empty if nothing is left of it.
type FileChange struct {
	Object      string `json:"object"`
	SHA256      string `json:"sha256"`
	Rows        int64  `json:"rows"`
	ObjectAfter string `json:"object_after,omitempty"`
	SHA256After string `json:"sha256_after,omitempty"`
	RowsAfter   int64  `json:"rows_after"`
}

// A DayChange is a day whose tables an erasure changed: its revision before
// and after, which is 0 if the day has no events any more.
type DayChange struct {
	Day    calendar.Day `json:"day"`
	Before int64        `json:"revision_before"`
	After  int64        `json:"revision_after"`
}

// ErasureObject is where the receipt of an erasure is kept.
func ErasureObject(id string) string { return erasures + id + ".json" }

// ReadErasure returns a receipt; nil if there is none.
func ReadErasure(ctx context.Context, b *bucket.Bucket, id string) (*Erasure, error) {
	return readJSON[Erasure](ctx, b, ErasureObject(id))
}

// WriteErasure writes a receipt.
func WriteErasure(ctx context.Context, b *bucket.Bucket, e Erasure) error {
	return writeJSON(ctx, b, ErasureObject(e.ID), e)
}

// UnfinishedErasures returns the tombstones whose erasure has not come to its
// end, oldest first.
func UnfinishedErasures(ctx context.Context, b *bucket.Bucket) ([]Tombstone, error) {
	stones, err := Tombstones(ctx, b)
	if err != nil || len(stones) == 0 {
		return nil, err
	}
	receipts, err := readAll[Erasure](ctx, b, erasures)
	if err != nil {
		return nil, err
	}
	complete := map[string]bool{}
	for _, r := range receipts {
		complete[r.ID] = r.Status == ErasureComplete
	}
	var open []Tombstone
	for _, t := range stones {
		if !complete[t.ID] {
			open = append(open, t)
		}
	}
	return open, nil
}
