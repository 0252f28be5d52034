package schedules

import (
	"context"
	"errors"

	"sojourn/internal/crash"
	"sojourn/internal/lake"
)

// noteBlocked keeps in the lake that a check has ended the run, for those who
// ask later why a day is missing; or forgets it if none has.
func (p *Pipeline) noteBlocked(ctx context.Context, foldErr error) error {
	var check *CheckError
	isBlocked := errors.As(foldErr, &check)
	before, err := lake.ReadBlocked(ctx, p.Lake)
	switch {
	case isBlocked:
		err = lake.WriteBlocked(ctx, p.Lake, lake.Blocked{Run: p.Run, Made: p.Now().UTC(), Text: check.Text})
	case foldErr == nil && (before != nil || err != nil): // also one that cannot be read
		if removeErr := lake.RemoveBlocked(ctx, p.Lake); removeErr != nil {
			err = errors.Join(err, removeErr)
		} else {
			err = nil
		}
	default:
		err = nil
	}
	crash.At("fold.block-noted")
	return err
}
