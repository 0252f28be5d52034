package schedules

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"sojourn/internal/calendar"
	"sojourn/internal/crash"
	"sojourn/internal/lake"
	"sojourn/load"
)

// predecessor returns the revision that a day made now takes the place of: that
// of its manifest or, where that was taken back by a run that did not finish,
// the latest that was replaced. It is nil for a day that was never made.
func (c *chain) predecessor(ctx context.Context, day calendar.Day) (*lake.Day, error) {
	if m, ok := c.made[day]; ok {
		return &m, nil
	}
	n, ok := c.replaced[day]
	if !ok {
		return nil, nil
	}
	return lake.ReadRevision(ctx, c.lake, day, n)
}

// reasons says in words why a day is made, and because of which raw objects: if
// they are those of an earlier day, then through what is known at its end.
func (c *chain) reasons(w *work, why string) (string, []lake.Cause) {
	if c.erasure != "" {
		why := "erasure " + c.erasure
		if w.was != nil {
			// Without their names, which may hold an id.
			if n := len(c.readings.Causes(*w.was, c.staged[w.day])); n > 0 {
				why += fmt.Sprintf(", and raw objects that came, changed or went: %d", n)
			}
		}
		return why, nil
	}
	if w.was == nil {
		c.because = nil
		return why, nil
	}
	if !w.committed { // the manifest was taken back
		if why = stale(*w.was, c.rules, c.staged[w.day], w.was.Before); why == "" {
			why = "it is made again by hand, or its making was interrupted"
		}
	}
	if causes := c.readings.Causes(*w.was, c.staged[w.day]); len(causes) > 0 {
		c.because = causes
	}
	return why, c.because
}

// takeBack removes the manifest of a day that is about to change, once it is
// kept as a revision.
func (c *chain) takeBack(ctx context.Context, was lake.Day) error {
	if err := lake.WriteRevision(ctx, c.lake, was); err != nil {
		return err
	}
	c.replaced[was.Day] = max(c.replaced[was.Day], was.Revision)
	c.touch(was.Day)
	crash.At("fold.revision-kept")
	if err := lake.RemoveDay(ctx, c.lake, was.Day); err != nil {
		return err
	}
	crash.At("fold.day-taken-back")
	return nil
}

// keepRevision keeps the file of a table that is about to be replaced, if it
// is still what the revision before had.
func (c *chain) keepRevision(ctx context.Context, w *work, table string, old lake.File, digestNow string) error {
	if !c.keep || old.Object == "" || old.SHA256 == digestNow {
		return nil
	}
	data, err := c.lake.Read(ctx, old.Object)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // lost
	}
	if err != nil {
		return err
	}
	if digest(data) != old.SHA256 {
		return nil // replaced by a run that did not finish, which has kept it
	}
	if err := put(ctx, c.lake, lake.HistoryObject(table, w.day, w.was.Revision), data); err != nil {
		return err
	}
	crash.At("fold.table-kept")
	return nil
}

// mostCauses is how many raw objects a manifest names as the reason.
const mostCauses = 20

// revise says of a manifest which revision it is, and returns what the table
// of restatements has to say of the day.
func (c *chain) revise(ctx context.Context, w *work, m *lake.Day, headline map[string]float64) (sideFile, error) {
	if w.was != nil && sameTables(w.was.Tables, m.Tables) && w.was.Revision > 0 {
		was := w.was
		m.Revision, m.AsOf, m.By, m.Reason, m.Because = was.Revision, was.AsOf, was.By, was.Reason, was.Because
		m.Accepted, m.Headline, m.Checks, m.MoreCauses = was.Accepted, was.Headline, was.Checks, was.MoreCauses
	} else {
		m.Revision, m.AsOf, m.By, m.Reason = 1, c.now, c.run, w.reason
		if w.was != nil {
			m.Revision = max(w.was.Revision, 1) + 1
		}
		m.Because = w.because[:min(len(w.because), mostCauses)]
		m.MoreCauses = len(w.because) - len(m.Because)
		m.Accepted, m.Checks, m.Headline = w.accepted, w.found, headline
	}
	if len(m.Because) > 0 {
		erased, err := lake.ReadErased(ctx, c.lake)
		if err != nil {
			return sideFile{}, err
		}
		m.Because, _ = erased.Hide(m.Because)
	}
	rows, err := c.restatements(ctx, w, m)
	if err != nil {
		return sideFile{}, err
	}
	f, err := load.EncodeRestatements(w.day, rows)
	if err != nil {
		return sideFile{}, err
	}
	m.Restatements = fileOf(f)
	told := sideFile{File: m.Restatements, data: f.Data}
	if w.was != nil {
		told.was = w.was.Restatements
	}
	return told, nil
}

func sameTables(a, b map[string]lake.File) bool {
	return maps.EqualFunc(a, b, func(x, y lake.File) bool { return x.SHA256 == y.SHA256 })
}

// restatements tells of every revision of a day what it has moved.
func (c *chain) restatements(ctx context.Context, w *work, m *lake.Day) ([]load.Restatement, error) {
	var all []lake.Day
	if m.Revision > 1 {
		var err error
		if all, err = lake.Revisions(ctx, c.lake, w.day); err != nil {
			return nil, err
		}
		if w.committed { // and so not among them yet
			all = slices.DeleteFunc(all, func(r lake.Day) bool { return r.Revision >= w.was.Revision })
			all = append(all, *w.was)
		}
		all = slices.DeleteFunc(all, func(r lake.Day) bool { return r.Revision >= m.Revision })
	}
	var rows []load.Restatement
	var before *lake.Day
	for _, r := range append(all, *m) {
		rows = append(rows, moved(before, &r)...)
		before = &r
	}
	return rows, nil
}

// moved tells what a revision has moved: the headline of a first one.
func moved(before, r *lake.Day) []load.Restatement {
	var rows []load.Restatement
	add := func(table, metric string, was *float64, now float64) {
		row := load.Restatement{
			Date: r.Day, Revision: r.Revision, Table: table, Metric: metric, Before: was, After: now,
			AsOf: r.AsOf.UnixMicro(), Run: r.By, Reason: r.Reason, Objects: causesText(r), ObjectCount: int64(len(r.Because) + r.MoreCauses),
			Accepted: r.Accepted, Definition: r.Definition,
		}
		if was != nil {
			change := now - *was
			row.Change = &change
		}
		rows = append(rows, row)
	}
	for _, metric := range slices.Sorted(maps.Keys(r.Headline)) {
		now := r.Headline[metric]
		if before == nil {
			add("", metric, nil, now)
		} else if was := before.Headline[metric]; was != now {
			add("", metric, &was, now)
		}
	}
	if before == nil {
		return rows
	}
	names := map[string]bool{}
	for name := range r.Tables {
		names[name] = true
	}
	for name := range before.Tables {
		names[name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		was, now := before.Tables[name], r.Tables[name]
		if was.SHA256 != now.SHA256 {
			rowsBefore := float64(was.Rows)
			add(name, "rows", &rowsBefore, float64(now.Rows))
		}
	}
	return rows
}

func causesText(r *lake.Day) string {
	var parts []string
	for _, c := range r.Because {
		parts = append(parts, c.String())
	}
	if r.MoreCauses > 0 {
		parts = append(parts, "and "+strconv.Itoa(r.MoreCauses)+" more")
	}
	return strings.Join(parts, "; ")
}

// prune deletes the tables of revisions that were replaced too long ago.
func (p *Pipeline) prune(ctx context.Context, made map[calendar.Day]lake.Day) error {
	kept, err := lake.KeptRevisions(ctx, p.Lake)
	if err != nil || len(kept) == 0 {
		return err
	}
	for _, k := range kept {
		replacedAt, err := p.replacedAt(ctx, made, k)
		if err != nil {
			return err
		}
		if replacedAt.IsZero() || p.Now().Sub(replacedAt) < p.KeepRevisions {
			continue
		}
		for _, object := range k.Objects {
			if err := p.Lake.Delete(ctx, object); err != nil {
				return fmt.Errorf("revision %d of %s: %w", k.Revision, k.Day, err)
			}
		}
	}
	return nil
}

// replacedAt returns when another revision took the place of one; zero if that
// is not known.
func (p *Pipeline) replacedAt(ctx context.Context, made map[calendar.Day]lake.Day, k lake.Kept) (time.Time, error) {
	if m, ok := made[k.Day]; ok && m.Revision == k.Revision+1 {
		return m.AsOf, nil
	}
	next, err := lake.ReadRevision(ctx, p.Lake, k.Day, k.Revision+1)
	if err != nil || next == nil {
		return time.Time{}, err
	}
	return next.AsOf, nil
}
