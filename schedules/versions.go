package schedules

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"time"

	"sojourn/internal/bucket"
	"sojourn/internal/calendar"
	"sojourn/internal/lake"
)

// A Version is the daily tables of a lake as they are, were, or would be.
type Version struct {
	Name string
	days map[calendar.Day]tablesOf

	onlySessions bool // and session_days: of a definition that is only compared
}

// tablesOf are the tables of a day.
type tablesOf struct {
	lake  *bucket.Bucket
	files map[string]lake.File // by table
}

// LakeVersion is the tables of a lake as they are now.
func LakeVersion(ctx context.Context, b *bucket.Bucket, name string) (Version, error) {
	made, err := lake.Days(ctx, b)
	if err != nil {
		return Version{}, err
	}
	v := Version{name, map[calendar.Day]tablesOf{}, false}
	for day, m := range made {
		v.days[day] = tablesOf{b, m.Tables}
	}
	return v, nil
}

// BackfillVersion is the tables of the lake with a staged backfill completed.
func (p *Pipeline) BackfillVersion(ctx context.Context, id string) (Version, error) {
	if _, err := p.backfill(ctx, id, lake.BackfillStaged, lake.BackfillCompleting); err != nil {
		return Version{}, err
	}
	staged, err := lake.StagedLake(ctx, p.Lake, id)
	if err != nil {
		return Version{}, err
	}
	return LakeVersion(ctx, staged, "backfill "+id)
}

// DefinitionVersion is the sessions that a definition makes which is only
// compared, or the app's own: tables sessions and session_days.
func (p *Pipeline) DefinitionVersion(ctx context.Context, name string) (Version, error) {
	made, err := lake.Days(ctx, p.Lake)
	if err != nil {
		return Version{}, err
	}
	v := Version{"definition " + name, map[calendar.Day]tablesOf{}, true}
	names := map[string]bool{p.Definition.Name: true}
	for day, m := range made {
		files := map[string]lake.File{}
		if name == p.Definition.Name {
			files["sessions"], files["session_days"] = m.Tables["sessions"], m.Tables["session_days"]
		} else if o, ok := m.Others[name]; ok {
			files["sessions"], files["session_days"] = o.Sessions, o.Days
		}
		for name := range m.Others {
			names[name] = true
		}
		if len(files) > 0 {
			v.days[day] = tablesOf{p.Lake, files}
		}
	}
	if len(v.days) == 0 {
		return v, &UsageError{fmt.Errorf("no day has sessions under a definition %q: want one of %v, or name it under compare_definitions and run", name, slices.Sorted(maps.Keys(names)))}
	}
	return v, nil
}

// RunVersion is the tables as a run left them.
func (p *Pipeline) RunVersion(ctx context.Context, run string) (Version, error) {
	all, err := p.revisions(ctx)
	if err != nil {
		return Version{}, err
	}
	batches, err := lake.Batches(ctx, p.Lake)
	if err != nil {
		return Version{}, err
	}
	var ended time.Time // as far as the lake tells
	note := func(by string, at time.Time) {
		if by == run && at.After(ended) {
			ended = at
		}
	}
	for _, b := range batches {
		note(b.Run, b.Made)
	}
	for _, manifests := range all {
		for _, m := range manifests {
			note(m.By, m.AsOf)
			note(m.Run, m.Made)
		}
	}
	if ended.IsZero() {
		return Version{}, &UsageError{fmt.Errorf("no manifest names a run %q: sojourn status shows runs; one that changed nothing left no trace", run)}
	}
	return p.asOf(all, ended, "run "+run)
}

// VersionAsOf is the tables as they were at a time.
func (p *Pipeline) VersionAsOf(ctx context.Context, at time.Time) (Version, error) {
	all, err := p.revisions(ctx)
	if err != nil {
		return Version{}, err
	}
	return p.asOf(all, at, "as of "+at.Format(time.RFC3339Nano))
}

// revisions returns the manifests of all revisions of each day, in order, the
// present one last.
func (p *Pipeline) revisions(ctx context.Context) (map[calendar.Day][]lake.Day, error) {
	made, err := lake.Days(ctx, p.Lake)
	if err != nil {
		return nil, err
	}
	replaced, err := lake.ReplacedRevisions(ctx, p.Lake)
	if err != nil {
		return nil, err
	}
	all := map[calendar.Day][]lake.Day{}
	for day := range replaced {
		if all[day], err = lake.Revisions(ctx, p.Lake, day); err != nil {
			return nil, err
		}
	}
	for day, m := range made {
		// One that was taken back and came out the same is there twice.
		before := slices.DeleteFunc(all[day], func(r lake.Day) bool { return r.Revision >= m.Revision })
		all[day] = append(before, m)
	}
	return all, nil
}

func (p *Pipeline) asOf(all map[calendar.Day][]lake.Day, at time.Time, name string) (Version, error) {
	v := Version{name, map[calendar.Day]tablesOf{}, false}
	for day, manifests := range all {
		last := -1
		for i, m := range manifests {
			since := m.AsOf
			if since.IsZero() {
				since = m.Made // before there were revisions
			}
			if !since.After(at) {
				last = i
			}
		}
		if last < 0 {
			continue // it had no tables yet
		}
		files := map[string]lake.File{}
		for table := range manifests[last].Tables {
			files[table], _ = lake.TableAsOf(table, manifests[last:])
		}
		v.days[day] = tablesOf{p.Lake, files}
	}
	return v, nil
}

// read returns a table's file of a day.
func (of tablesOf) read(ctx context.Context, table string) ([]byte, error) {
	f := of.files[table]
	data, err := of.lake.Read(ctx, f.Object)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s of %s is not kept as it was then: keep_revisions says for how long it is (%w)", table, f.Day, err)
	}
	if err != nil {
		return nil, err
	}
	if digest(data) != f.SHA256 {
		return nil, fmt.Errorf("%s of %s is not what its manifest says: sojourn verify says what to do", f.Object, of.lake)
	}
	return data, nil
}
