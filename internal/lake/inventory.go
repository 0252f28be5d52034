package lake

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"sojourn/internal/bucket"
	"sojourn/internal/calendar"
	"sojourn/internal/seal"
)

// An Inventory is everything that is in a lake, also where it is damaged.
type Inventory struct {
	Objects map[string]int64 // sizes in bytes, by name

	Batches   []Batch // oldest first
	Days      map[calendar.Day]Day
	Revisions map[calendar.Day][]Day // that have been replaced, oldest first
	Backfills []Backfill

	// Staged is what staged backfills have made beside the lake, by id.
	Staged map[string]*Inventory

	Manifests  int              // that could be read
	Unsealed   int              // of them, written by a version that did not seal them yet
	Unreadable map[string]error // by name: manifests that could not be read, or are not what was written
}

// Take reads all manifests of a lake and lists its objects. Its error is one of
// the lake; what is wrong with a manifest is in the inventory.
func Take(ctx context.Context, b *bucket.Bucket) (*Inventory, error) {
	inv := &Inventory{
		Objects: map[string]int64{}, Days: map[calendar.Day]Day{}, Revisions: map[calendar.Day][]Day{}, Unreadable: map[string]error{},
		Staged: map[string]*Inventory{},
	}
	for o, err := range b.List(ctx, "") {
		if err != nil {
			return nil, err
		}
		inv.Objects[o.Name] = o.Size
	}
	var counts []Applied
	var stones []Tombstone
	if err := errors.Join(
		take(ctx, b, inv, batches, func(m Batch) { inv.Batches = append(inv.Batches, m) }),
		take(ctx, b, inv, applied, func(m Applied) { counts = append(counts, m) }),
		take(ctx, b, inv, days, func(m Day) { inv.Days[m.Day] = m }),
		take(ctx, b, inv, revisions, func(m Day) { inv.Revisions[m.Day] = append(inv.Revisions[m.Day], m) }),
		take(ctx, b, inv, tombstones, func(m Tombstone) { stones = append(stones, m) }),
		take(ctx, b, inv, erasures, func(Erasure) {}),
		take(ctx, b, inv, blocked, func(Blocked) {}),
		take(ctx, b, inv, backfills, func(m Backfill) { inv.Backfills = append(inv.Backfills, m) }),
	); err != nil {
		return nil, err
	}
	apply(inv.Batches, counts)
	if len(stones) > 0 {
		salt, err := readSalt(ctx, b)
		if err == nil {
			err = fits(salt, stones)
		}
		if err != nil {
			inv.Unreadable[saltObject] = err
		}
	}
	for _, record := range inv.Backfills {
		if record.Ended.IsZero() {
			var err error
			if inv.Staged[record.ID], err = Take(ctx, b.Sub(stagedPrefix(record.ID))); err != nil {
				return nil, err
			}
		}
	}
	return inv, nil
}

// IsOfRuns says whether any run has ever been at work there, if only to find
// nothing to do.
func (inv *Inventory) IsOfRuns() bool {
	for object := range inv.Objects {
		if strings.HasPrefix(object, "runs/") {
			return true
		}
	}
	return false
}

// IsStaged says whether an object is in an inventory of Staged.
func (inv *Inventory) IsStaged(object string) bool {
	for id := range inv.Staged {
		if strings.HasPrefix(object, stagedPrefix(id)) {
			return true
		}
	}
	return false
}

// StagedObjectOf is where a staged backfill has an object of its lake.
func StagedObjectOf(id, object string) string { return stagedPrefix(id) + object }

// IsSalt says whether an object is the salt of the tombstones.
func IsSalt(object string) bool { return object == saltObject }

// BatchManifest is where the manifest of a batch is.
func BatchManifest(id string) string { return batches + id + ".json" }

// DayManifest is where the manifest of a day is.
func DayManifest(day calendar.Day) string { return days + day.String() + ".json" }

// RevisionManifest is where the manifest of a revision is kept that has been
// replaced.
func RevisionManifest(day calendar.Day, revision int64) string {
	return fmt.Sprintf("%s%s/%06d.json", revisions, day, revision)
}

// IsManifest says whether an object is a manifest by its name.
func IsManifest(object string) bool {
	return strings.HasPrefix(object, "runs/") && path.Ext(object) == ".json" ||
		strings.HasPrefix(object, backfills) && path.Base(object) == "backfill.json" && strings.Count(object, "/") == 2
}

// IsCommit says whether an object is a manifest that says which batches and days
// there are and what counts of them.
func IsCommit(object string) bool {
	return strings.HasPrefix(object, batches) || strings.HasPrefix(object, days) || strings.HasPrefix(object, applied)
}

// HasFingerprint says whether the fingerprint of a day is that of what it was
// made from; days of earlier versions have none.
func (d Day) HasFingerprint() bool { return d.Fingerprint == "" || d.Fingerprint == d.fingerprint() }

// take reads the manifests under a prefix, in the order of their names.
func take[T any](ctx context.Context, b *bucket.Bucket, inv *Inventory, prefix string, keep func(T)) error {
	var names []string
	for name := range inv.Objects {
		// The tables of a backfill have manifests of their own.
		if strings.HasPrefix(name, prefix) && path.Ext(name) == ".json" && !strings.Contains(name[len(prefix):], "/lake/") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	list := make([]*T, len(names))
	var mu sync.Mutex
	var group errgroup.Group
	group.SetLimit(readers)
	for i, name := range names {
		group.Go(func() error {
			data, err := b.Read(ctx, name)
			if errors.Is(err, fs.ErrNotExist) {
				return nil // removed meanwhile
			}
			if err != nil {
				return err
			}
			m := new(T)
			sealed, err := seal.Decode(data, m)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err != nil:
				inv.Unreadable[name] = err
				return nil
			case !sealed:
				inv.Unsealed++
			}
			inv.Manifests++
			list[i] = m
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return fmt.Errorf("manifests under %s: %w", prefix, err)
	}
	for _, m := range list {
		if m != nil {
			keep(*m)
		}
	}
	return nil
}
