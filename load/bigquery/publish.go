package bigquery

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"sojourn/internal/crash"
	"sojourn/load"
)

// parallel is how many calls and loads run at once.
const parallel = 4

// Publish replaces the partitions that are not published yet, and the views,
// for readers all at once.
func (w *Warehouse) Publish(ctx context.Context, g load.Group) error {
	if err := w.publish(ctx, g); err != nil {
		return fmt.Errorf("publish into %s: %w", w, err)
	}
	return nil
}

func (w *Warehouse) publish(ctx context.Context, g load.Group) error {
	if err := w.ensureDataset(ctx); err != nil {
		return err
	}
	// A table that is about to be created holds nothing, whatever the list says.
	is, err := w.state(ctx)
	if err != nil {
		return err
	}
	if is.marker.token > g.Token {
		return &load.SupersededError{Token: g.Token, By: is.marker.token}
	}
	if err := w.forget(ctx, is); err != nil {
		return err
	}
	crash.At("publish.bigquery-dropped-tables-forgotten")
	if err := w.ensureTables(ctx); err != nil {
		return err
	}
	changes, err := is.held.Changes(g.Partitions)
	if err != nil {
		return err
	}
	leftovers := w.stagingThere(is.tables)
	if len(changes) > 0 || is.marker.sequence == 0 || is.marker.asOf != g.AsOf {
		used, err := w.replace(ctx, g, is, changes)
		if err != nil {
			return err
		}
		leftovers = append(leftovers, used...)
	}
	if err := w.settleViews(ctx, g.AsOf); err != nil {
		return err
	}
	crash.At("publish.bigquery-views-settled")
	if err := w.dropStaging(ctx, leftovers); err != nil {
		return err
	}
	crash.At("publish.bigquery-staging-dropped")
	return nil
}

// replace makes the changes, and returns the staging tables it leaves behind.
func (w *Warehouse) replace(ctx context.Context, g load.Group, is state, changes []load.Change) (leftovers []string, err error) {
	tables, err := w.toStage(changes, is.held.With(changes))
	if err != nil {
		return nil, err
	}
	for _, s := range tables {
		leftovers = append(leftovers, stagingName(s.Name))
	}
	defer func() {
		// What failed an audit must not be found again by the next run.
		if errors.As(err, new(*load.AuditError)) {
			err = errors.Join(err, w.dropStaging(ctx, leftovers))
		}
	}()
	if err := w.stage(ctx, tables); err != nil {
		return nil, err
	}
	crash.At("publish.bigquery-staged")
	if err := w.audit(ctx, tables); err != nil {
		return nil, err
	}
	crash.At("publish.bigquery-audited")
	if err := w.prepareViews(ctx, is.marker, g.AsOf); err != nil {
		return nil, err
	}
	crash.At("publish.bigquery-views-prepared")
	if g.Fence != nil {
		if err := g.Fence(ctx); err != nil {
			return nil, err
		}
	}
	crash.At("publish.bigquery-before-commit")
	if err := w.commit(ctx, g, is.marker, tables, bytesOf(is, tables)); err != nil {
		return nil, err
	}
	crash.At("publish.bigquery-after-commit")
	return leftovers, nil
}

// digest returns 40 hex digits that stand for the parts.
func digest(parts ...any) string {
	hash := sha256.New()
	if err := json.NewEncoder(hash).Encode(parts); err != nil {
		panic(err) // a part that JSON cannot write: any test shows it
	}
	return hex.EncodeToString(hash.Sum(nil))[:40]
}

// each calls do for every item, a few at a time. After an error no further
// item is begun; the errors are in the order of the items.
func each[T any](ctx context.Context, items []T, do func(context.Context, T) error) error {
	errs := make([]error, len(items))
	slots := make(chan struct{}, parallel)
	var failed sync.Once
	stop := make(chan struct{})
	var running sync.WaitGroup
begin:
	for i, item := range items {
		select {
		case <-stop:
			break begin
		case <-ctx.Done():
			errs[i] = ctx.Err()
			break begin
		case slots <- struct{}{}:
		}
		running.Go(func() {
			defer func() { <-slots }()
			if errs[i] = do(ctx, item); errs[i] != nil {
				failed.Do(func() { close(stop) })
			}
		})
	}
	running.Wait()
	return errors.Join(errs...)
}
