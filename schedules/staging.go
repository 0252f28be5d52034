package schedules

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"

	"sojourn/internal/bucket"
	"sojourn/internal/crash"
	"sojourn/internal/lake"
	"sojourn/internal/spool"
	"sojourn/load"
)

// StageBackfill makes the days of r that are due beside the lake, where
// nothing that is published changes: the backfill waits to be looked at, and to
// be completed or cancelled. It reads no raw objects.
func (p *Pipeline) StageBackfill(ctx context.Context, r Range, reason string) (b lake.Backfill, sum Summary, err error) {
	err = p.locked(ctx, func(ctx context.Context, p *Pipeline) (err error) {
		b, sum, err = p.stage(ctx, r, reason)
		return err
	})
	return b, sum, err
}

func (p *Pipeline) stage(ctx context.Context, r Range, reason string) (b lake.Backfill, sum Summary, err error) {
	batches, err := p.batches(ctx)
	if err != nil {
		return b, sum, err
	}
	if b, err = lake.NewBackfill(ctx, p.Lake); err != nil {
		return b, sum, err
	}
	b.Status, b.Reason, b.Run, b.Made, b.Definition = lake.BackfillStaging, reason, p.Run, p.Now().UTC(), p.Definition.Digest()
	if err := lake.WriteBackfill(ctx, p.Lake, b); err != nil {
		return b, sum, err
	}
	crash.At("backfill.staging-begun")
	aside := *p
	if aside.Lake, err = lake.StagedLake(ctx, p.Lake, b.ID); err != nil {
		return b, sum, err
	}
	before, err := lake.Days(ctx, p.Lake)
	if err != nil {
		return b, sum, err
	}
	after, err := aside.fold(ctx, batches, r, &sum)
	if err != nil {
		b.Completion, b.CompletedBy = "it could not be made", p.Run
		return b, sum, errors.Join(err, p.close(context.WithoutCancel(ctx), b, lake.BackfillCancelled))
	}
	for _, day := range slices.Sorted(maps.Keys(after)) {
		if base := before[day].Contents(); base != after[day].Contents() {
			b.Days = append(b.Days, lake.BackfillDay{Day: day, Base: base})
		}
	}
	crash.At("backfill.days-staged")
	b.Status = lake.BackfillStaged
	return b, sum, lake.WriteBackfill(ctx, p.Lake, b)
}

// CompleteBackfill puts the days of a staged backfill in the place of those of
// the lake, and publishes them. It is refused if a day has changed since it was
// staged. Interrupted, it goes on when it is called again.
func (p *Pipeline) CompleteBackfill(ctx context.Context, id, reason string) (sum Summary, err error) {
	err = p.locked(ctx, func(ctx context.Context, p *Pipeline) (err error) {
		sum, err = p.complete(ctx, id, reason)
		return err
	})
	return sum, err
}

func (p *Pipeline) complete(ctx context.Context, id, reason string) (sum Summary, err error) {
	b, err := p.backfill(ctx, id, lake.BackfillStaged, lake.BackfillCompleting)
	if err != nil {
		return sum, err
	}
	batches, err := p.batches(ctx)
	if err != nil {
		return sum, err
	}
	c, err := p.chain(ctx, batches)
	if err != nil {
		return sum, err
	}
	staged, err := lake.StagedLake(ctx, p.Lake, id)
	if err != nil {
		return sum, err
	}
	days, err := lake.Days(ctx, staged)
	if err != nil {
		return sum, err
	}
	if b.Status == lake.BackfillStaged {
		for _, d := range b.Days {
			if c.made[d.Day].Contents() != d.Base {
				return sum, &UsageError{fmt.Errorf("backfill %s cannot be completed: %s has been made again since it was staged: cancel it and stage it again", id, d.Day)}
			}
		}
		if err := c.rules.wouldMake(b.Days, days); err != nil {
			return sum, &UsageError{fmt.Errorf("backfill %s cannot be completed: %w: set the configuration back, or cancel it and stage it again", id, err)}
		}
		b.Status, b.Completion, b.CompletedBy = lake.BackfillCompleting, reason, p.Run
		if err := lake.WriteBackfill(ctx, p.Lake, b); err != nil {
			return sum, err
		}
		crash.At("backfill.completion-begun")
	}
	for _, d := range b.Days {
		// One that is not there any more was deleted after it was promoted.
		if m, ok := days[d.Day]; ok && c.made[d.Day].Contents() != m.Contents() {
			if err := c.promote(ctx, staged, m, fmt.Sprintf("backfill %s: %s", id, b.Reason)); err != nil {
				return sum, fmt.Errorf("complete backfill %s: %w", id, err)
			}
			crash.At("backfill.day-promoted")
		}
		sum.Made = append(sum.Made, d.Day)
		sum.Sessions += c.made[d.Day].Tables["sessions"].Rows
	}
	made, err := c.standing(ctx)
	if err != nil {
		return sum, err
	}
	if err := p.publish(ctx, batches, made, &sum); err != nil {
		return sum, err
	}
	crash.At("backfill.published")
	return sum, p.close(ctx, b, lake.BackfillComplete)
}

// promote commits a staged day to the lake.
func (c *chain) promote(ctx context.Context, staged *bucket.Bucket, m lake.Day, reason string) (err error) {
	w := &work{day: m.Day, reason: reason, accepted: m.Accepted, found: m.Checks, because: m.Because}
	_, w.committed = c.made[m.Day]
	if w.was, err = c.predecessor(ctx, m.Day); err != nil {
		return err
	}
	var was lake.Day
	if w.was != nil {
		was = *w.was
	}
	readWhole := func(f lake.File) ([]byte, error) {
		data, err := lake.ReadFile(ctx, staged, f)
		if err != nil {
			return nil, cannotPromote(err)
		}
		return data, nil
	}
	var tables []tableFile
	defer func() {
		for _, f := range tables {
			f.content.Close()
		}
	}()
	for _, name := range slices.Sorted(maps.Keys(m.Tables)) {
		f := m.Tables[name]
		t := tableFile{
			load.File{Table: name, Day: m.Day, Rows: f.Rows, Size: f.Bytes, SHA256: f.SHA256, Sums: f.Sums},
			&spool.Buffer{Most: c.most.file},
		}
		tables = append(tables, t)
		if err := lake.CopyFile(ctx, staged, f, t.content); err != nil {
			return cannotPromote(err)
		}
	}
	var beside []sideFile
	add := func(f, was lake.File) error {
		data, err := readWhole(f)
		beside = append(beside, sideFile{f, was, data})
		return err
	}
	if err := add(m.Carry, was.Carry); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(m.Others)) {
		o, old := m.Others[name], was.Others[name]
		if err := errors.Join(add(o.Sessions, old.Sessions), add(o.Days, old.Days)); err != nil {
			return err
		}
	}
	return c.commit(ctx, w, m, tables, beside, m.Headline)
}

// cannotPromote says what to do about a staged file that is not what it was, or
// not there.
func cannotPromote(err error) error {
	damaged, room := (*lake.DamagedError)(nil), (*spool.Error)(nil)
	if !errors.As(err, &room) && (errors.As(err, &damaged) || errors.Is(err, fs.ErrNotExist)) {
		return fmt.Errorf("%w; cancel the backfill and stage it again", err)
	}
	return err
}

// CancelBackfill forgets a staged backfill; the lake is as if it had never been.
// Of one whose completion has begun, the days that are in the lake by then
// stay, and the next run makes the others as far as they are due.
func (p *Pipeline) CancelBackfill(ctx context.Context, id, reason string) error {
	return p.locked(ctx, func(ctx context.Context, p *Pipeline) error {
		b, err := p.backfill(ctx, id, lake.BackfillStaged, lake.BackfillStaging, lake.BackfillCompleting)
		if err != nil {
			return err
		}
		b.Completion, b.CompletedBy = reason, p.Run
		return p.close(ctx, b, lake.BackfillCancelled)
	})
}

// close deletes what was staged and notes how it ended.
func (p *Pipeline) close(ctx context.Context, b lake.Backfill, as lake.BackfillStatus) error {
	if err := lake.DropStaged(ctx, p.Lake, b.ID); err != nil {
		return err
	}
	crash.At("backfill.staged-files-deleted")
	b.Status, b.Ended = as, p.Now().UTC()
	return lake.WriteBackfill(ctx, p.Lake, b)
}

// backfill reads the record of a backfill that must have one of some statuses.
func (p *Pipeline) backfill(ctx context.Context, id string, want ...lake.BackfillStatus) (lake.Backfill, error) {
	b, err := lake.ReadBackfill(ctx, p.Lake, id)
	if errors.Is(err, fs.ErrNotExist) {
		return b, &UsageError{fmt.Errorf("there is no backfill %q: sojourn backfill list shows them", id)}
	}
	if err == nil && !slices.Contains(want, b.Status) {
		err = &UsageError{fmt.Errorf("backfill %s is %s, and this needs one that is %s", id, b.Status, want[0])}
	}
	return b, err
}

// Backfills lists the staged backfills, oldest first, those that have ended
// included.
func (p *Pipeline) Backfills(ctx context.Context) ([]lake.Backfill, error) {
	return lake.Backfills(ctx, p.Lake)
}
