package lake

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"time"

	"sojourn/internal/bucket"
	"sojourn/internal/calendar"
)

// A Backfill is the record of days that were made beside the lake.
type Backfill struct {
	ID         string         `json:"id"` // four digits, counting up
	Status     BackfillStatus `json:"status"`
	Reason     string         `json:"reason"`
	Definition string         `json:"definition"` // digest
	Days       []BackfillDay  `json:"days"`       // in order
	Run        string         `json:"run"`
	Made       time.Time      `json:"made"`

	Completion  string    `json:"completion,omitempty"` // why it was completed or cancelled
	CompletedBy string    `json:"completed_by,omitempty"`
	Ended       time.Time `json:"ended,omitzero"`
}

// A BackfillDay is a day of a backfill.
type BackfillDay struct {
	Day  calendar.Day `json:"day"`
	Base string       `json:"base"` // what the lake had when it was staged, as [Day.Contents] says
}

// A BackfillStatus says how a backfill stands.
type BackfillStatus string

// The statuses of backfills.
const (
	BackfillStaging    BackfillStatus = "staging"    // being made, or that was interrupted
	BackfillStaged     BackfillStatus = "staged"     // beside the lake
	BackfillCompleting BackfillStatus = "completing" // some of its days are in the lake
	BackfillComplete   BackfillStatus = "complete"
	BackfillCancelled  BackfillStatus = "cancelled"
)

const backfills = "backfills/"

// Contents is a digest of what the tables of a day and its state are, and what
// they were made from; that of a day that does not exist is empty.
func (d Day) Contents() string {
	if d.Day == 0 {
		return ""
	}
	sum := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(d.Tables)) {
		fmt.Fprintln(sum, name, d.Tables[name].SHA256)
	}
	fmt.Fprintln(sum, d.Carry.SHA256, d.IsFinal, d.fingerprint())
	return fmt.Sprintf("%x", sum.Sum(nil))[:16]
}

// NewBackfill returns the record of the next backfill, which is not written.
func NewBackfill(ctx context.Context, b *bucket.Bucket) (Backfill, error) {
	last := 0
	for o, err := range b.List(ctx, backfills) {
		if err != nil {
			return Backfill{}, err
		}
		n := 0
		if _, err := fmt.Sscanf(strings.TrimPrefix(o.Name, backfills), "%d/", &n); err == nil {
			last = max(last, n)
		}
	}
	return Backfill{ID: fmt.Sprintf("%04d", last+1)}, nil
}

// WriteBackfill writes the record of a backfill.
func WriteBackfill(ctx context.Context, b *bucket.Bucket, record Backfill) error {
	return writeJSON(ctx, b, backfills+record.ID+"/backfill.json", record)
}

// ReadBackfill reads the record of a backfill. The error is [fs.ErrNotExist] if
// there is none.
func ReadBackfill(ctx context.Context, b *bucket.Bucket, id string) (Backfill, error) {
	if strings.ContainsAny(id, "/\\.") {
		return Backfill{}, fs.ErrNotExist
	}
	record, err := readJSON[Backfill](ctx, b, backfills+id+"/backfill.json")
	if err == nil && record == nil {
		err = fs.ErrNotExist
	}
	if err != nil {
		return Backfill{}, err
	}
	return *record, nil
}

// Backfills reads the records of all backfills, oldest first.
func Backfills(ctx context.Context, b *bucket.Bucket) ([]Backfill, error) {
	var all []Backfill
	for o, err := range b.List(ctx, backfills) {
		if err != nil {
			return nil, err
		}
		id, isRecord := strings.CutSuffix(strings.TrimPrefix(o.Name, backfills), "/backfill.json")
		if !isRecord || strings.Contains(id, "/") {
			continue
		}
		record, err := ReadBackfill(ctx, b, id)
		if err != nil {
			return nil, err
		}
		all = append(all, record)
	}
	return all, nil
}

func stagedPrefix(id string) string { return backfills + id + "/lake/" }

// StagedLake is the lake as it is with the days of a backfill.
func StagedLake(ctx context.Context, b *bucket.Bucket, id string) (*bucket.Bucket, error) {
	return b.Sub(stagedPrefix(id)).Over(ctx, b)
}

// DropStaged deletes what a backfill has made.
func DropStaged(ctx context.Context, b *bucket.Bucket, id string) error {
	for o, err := range b.List(ctx, stagedPrefix(id)) {
		if err != nil {
			return err
		}
		if err := b.Delete(ctx, o.Name); err != nil {
			return err
		}
	}
	return nil
}
