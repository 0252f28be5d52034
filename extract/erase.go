package extract

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/parquet-go/parquet-go"

	"sojourn/internal/bucket"
	"sojourn/internal/calendar"
	"sojourn/internal/lake"
	"sojourn/internal/parquetfile"
	"sojourn/transform"
)

// Erase returns the manifest of a batch without the records of erased people,
// and whether it is another than before. They count as skipped, as they would
// if their objects were read now. If write is set the files without them are
// written, beside those with them; the caller commits the manifest.
func Erase(ctx context.Context, b *bucket.Bucket, batch lake.Batch, erased *lake.Erased, erasure string, write bool) (lake.Batch, bool, error) {
	e := &eraser{bucket: b, erased: erased, erasure: erasure, write: write, taken: map[lake.ObjectKey]*taken{}, reasons: map[string]int64{}}
	after := batch
	var err error
	if after.Staged, err = e.each(ctx, batch.Staged, e.events); err != nil {
		return batch, false, fmt.Errorf("staged events: %w", err)
	}
	if after.Quarantine, err = e.each(ctx, batch.Quarantine, e.quarantine); err != nil {
		return batch, false, fmt.Errorf("quarantine: %w", err)
	}
	if after.Identity, err = e.each(ctx, batch.Identity, e.identity); err != nil {
		return batch, false, fmt.Errorf("identity: %w", err)
	}
	if len(e.taken) == 0 {
		return batch, false, nil
	}
	e.account(&after)
	return after, true, nil
}

// An eraser counts the records that it takes out of a batch.
type eraser struct {
	bucket  *bucket.Bucket
	erased  *lake.Erased
	erasure string
	write   bool

	taken   map[lake.ObjectKey]*taken
	reasons map[string]int64 // of records in quarantine
}

// taken is what an object had of erased people.
type taken struct {
	events, aliases, quarantined int64
	days                         map[calendar.Day]int64 // events, by day
}

func (e *eraser) of(source, object string) *taken {
	key := lake.ObjectKey{Source: source, Object: object}
	if e.taken[key] == nil {
		e.taken[key] = &taken{days: map[calendar.Day]int64{}}
	}
	return e.taken[key]
}

// each replaces the files with what rewrite leaves of them. Files of which
// nothing is left are left out.
func (e *eraser) each(ctx context.Context, files []lake.File, rewrite func(context.Context, lake.File) (lake.File, error)) ([]lake.File, error) {
	var left []lake.File
	for _, f := range files {
		after, err := rewrite(ctx, f)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Object, err)
		}
		if after.Rows > 0 {
			left = append(left, after)
		}
	}
	return left, nil
}

// rewritten is the file that takes the place of one, of so many rows.
func (e *eraser) rewritten(ctx context.Context, f lake.File, rows int, encode func(io.Writer) error) (lake.File, error) {
	after := lake.File{Object: lake.RewrittenObject(f.Object, e.erasure)}
	if e.write && rows > 0 {
		var err error
		if after, err = put(ctx, e.bucket, after.Object, encode); err != nil {
			return after, err
		}
	}
	after.Day, after.Rows, after.Erasure = f.Day, int64(rows), e.erasure
	after.IsLate, after.AppliedBy = f.IsLate, f.AppliedBy
	return after, nil
}

// events rewrites a file of staged events. Most have nothing of the erased,
// which two columns tell.
func (e *eraser) events(ctx context.Context, f lake.File) (lake.File, error) {
	file, err := openStaged(ctx, e.bucket, lake.StagedFile{File: f})
	if err != nil {
		return f, err
	}
	defer file.close() // read-only: nothing to lose
	found := false
	if err := guarded(func() (err error) { found, err = file.holds(e.erased); return err }); err != nil || !found {
		return f, err
	}
	var left []*transform.Event
	for {
		head, err := file.head()
		if err != nil {
			return f, err
		}
		if head == nil {
			break
		}
		if e.erased.Has(head.UserID) || e.erased.Has(head.DeviceID) {
			t := e.of(head.Source, head.Object)
			t.events++
			t.days[f.Day]++
		} else {
			kept := *head
			left = append(left, &kept)
		}
		file.advance()
		if err := ctx.Err(); err != nil {
			return f, err
		}
	}
	return e.rewritten(ctx, f, len(left), func(w io.Writer) error { return encodeStaged(w, left) })
}

// holds says whether a file that is not begun has an event of an erased person.
func (f *stagedFile) holds(erased *lake.Erased) (bool, error) {
	known := map[string]bool{"": false}
	for _, group := range f.groups {
		chunks := group.ColumnChunks()
		for _, chunk := range chunks[:2] { // user_id and device_id
			c := &column{pages: chunk.Pages()}
			found, err := c.holds(group.NumRows(), func(id string) bool {
				is, ok := known[id]
				if !ok {
					if len(known) >= maxInterned {
						clear(known)
					}
					is = erased.Has(id)
					known[id] = is
				}
				return is
			})
			c.close()
			c.pages.Close() // read-only: nothing to lose
			if found || err != nil {
				return found, err
			}
		}
	}
	return false, nil
}

// holds says whether one of the next rows texts of a column is what is looked for.
func (c *column) holds(rows int64, is func(string) bool) (bool, error) {
	var texts [blockRows]string
	for rows > 0 {
		n := min(rows, blockRows)
		if err := c.readTexts(texts[:n]); err != nil {
			return false, err
		}
		if slices.ContainsFunc(texts[:n], is) {
			return true, nil
		}
		rows -= n
	}
	return false, nil
}

// quarantine rewrites a file of rejected records.
func (e *eraser) quarantine(ctx context.Context, f lake.File) (lake.File, error) {
	data, err := e.bucket.Read(ctx, f.Object)
	if err != nil {
		return f, err
	}
	var rows []rejected
	if err := guarded(func() (err error) {
		rows, err = parquet.Read[rejected](bytes.NewReader(data), int64(len(data)))
		return err
	}); err != nil {
		return f, err
	}
	left := slices.DeleteFunc(rows, func(r rejected) bool {
		if !r.mayBeOf(e.erased) {
			return false
		}
		e.of(r.Source, r.Object).quarantined++
		e.reasons[r.Reason]++
		return true
	})
	if int64(len(left)) == f.Rows {
		return f, nil
	}
	return e.rewritten(ctx, f, len(left), func(w io.Writer) error { return encodeQuarantine(w, left) })
}

// mayBeOf says whether a rejected record is of an erased person, as far as its
// bytes tell.
func (r *rejected) mayBeOf(erased *lake.Erased) bool {
	return erased.In(r.Raw) || erased.In([]byte(r.Detail))
}

// identity rewrites a file of aliases.
func (e *eraser) identity(ctx context.Context, f lake.File) (lake.File, error) {
	data, err := e.bucket.Read(ctx, f.Object)
	if err != nil {
		return f, err
	}
	rows, err := parquetfile.Decode[aliasRow](data)
	if err != nil {
		return f, err
	}
	left := slices.DeleteFunc(rows, func(a aliasRow) bool {
		is := e.erased.Has(a.From) || e.erased.Has(a.To)
		if is {
			e.of(a.Source, a.Object).aliases++
		}
		return is
	})
	if int64(len(left)) == f.Rows {
		return f, nil
	}
	if data, err = parquetfile.Encode(left); err != nil {
		return f, err
	}
	return e.rewritten(ctx, f, len(left), func(w io.Writer) error { _, err := w.Write(data); return err })
}

// account moves what was taken to the skipped records.
func (e *eraser) account(batch *lake.Batch) {
	byName := func(x, y lake.File) int {
		return cmp.Or(cmp.Compare(x.Day, y.Day), cmp.Compare(x.Object, y.Object))
	}
	slices.SortFunc(batch.Staged, byName)
	slices.SortFunc(batch.Quarantine, byName)
	batch.Inputs = slices.Clone(batch.Inputs)
	batch.Reasons, batch.Skips = maps.Clone(batch.Reasons), maps.Clone(batch.Skips)
	if batch.Skips == nil {
		batch.Skips = map[string]int64{}
	}
	for i := range batch.Inputs {
		in := &batch.Inputs[i]
		t, ok := e.taken[lake.ObjectKey{Source: in.Source, Object: in.Object}]
		if !ok {
			continue
		}
		in.Events -= t.events
		in.Aliases -= t.aliases
		in.Quarantined -= t.quarantined
		n := t.events + t.aliases + t.quarantined
		in.Skipped += n
		batch.Skips[lake.SkippedErased] += n
		var days []lake.DayCount
		for _, d := range in.Days {
			if d.Events -= t.days[d.Day]; d.Events > 0 {
				days = append(days, d)
			}
		}
		in.Days = days
	}
	for reason, n := range e.reasons {
		if batch.Reasons[reason] -= n; batch.Reasons[reason] == 0 {
			delete(batch.Reasons, reason)
		}
	}
}
