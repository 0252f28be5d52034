package schedules

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"sojourn/extract"
	"sojourn/internal/bucket"
	"sojourn/internal/calendar"
	"sojourn/internal/lake"
	"sojourn/load"
	"sojourn/transform"
)

// A chain makes days one after the other. It holds the days whose tables are
// not written yet: the latest, and those before it with a session that may
// still go on.
type chain struct {
	lake   *bucket.Bucket
	rules  rules
	made   map[calendar.Day]lake.Day // updated as days are made
	under  under
	stamp  func(*lake.Day) // says which run made a day, and when
	inHand []*work         // in order of day
}

// resume takes in hand what a made day leaves: its sessions may still change.
func (c *chain) resume(ctx context.Context, day calendar.Day) error {
	manifest := c.made[day]
	last, err := c.read(ctx, day)
	if err != nil {
		return err
	}
	data, err := c.lake.Read(ctx, manifest.Carry.Object)
	if err != nil {
		return err
	}
	if err := last.decodeState(data); err != nil {
		return fmt.Errorf("state %s: %w", manifest.Carry.Object, err)
	}
	for earlier := last.openSince(); earlier < day; earlier++ {
		if _, ok := c.made[earlier]; !ok {
			continue
		}
		w, err := c.read(ctx, earlier)
		if err != nil {
			return err
		}
		c.inHand = append(c.inHand, w)
	}
	c.inHand = append(c.inHand, last)
	return nil
}

// read returns the rows of a made day.
func (c *chain) read(ctx context.Context, day calendar.Day) (*work, error) {
	manifest := c.made[day]
	w := &work{day: day, committed: true, others: map[string]*strung{}}
	w.ledger = manifest.Ledger
	type file struct {
		object string
		decode func([]byte) error
	}
	rows := func(of *strung, sessions, days string) []file {
		return []file{
			{sessions, func(data []byte) (err error) { of.sessions, err = load.ReadSessions(data); return }},
			{days, func(data []byte) (err error) { of.days, err = load.ReadSessionDays(data); return }},
		}
	}
	files := rows(&w.strung, manifest.Tables["sessions"].Object, manifest.Tables["session_days"].Object)
	files = append(files,
		file{manifest.Tables["users"].Object, func(data []byte) (err error) { w.users, err = load.ReadUsers(data); return }},
		file{manifest.Tables["user_events"].Object, func(data []byte) (err error) { w.userEvents, err = load.ReadUserEvents(data); return }},
		file{manifest.Tables["user_features"].Object, func(data []byte) (err error) { w.userFeatures, err = load.ReadUserFeatures(data); return }},
		file{manifest.Tables["user_funnels"].Object, func(data []byte) (err error) { w.userFunnels, err = load.ReadUserFunnels(data); return }},
		file{manifest.Tables["user_retention"].Object, func(data []byte) (err error) { w.retention, err = load.ReadUserRetention(data); return }},
		file{manifest.Tables["session_steps"].Object, func(data []byte) (err error) { w.steps, err = load.ReadSteps(data); return }},
	)
	for name, other := range manifest.Others {
		w.others[name] = &strung{ledger: other.Ledger}
		files = append(files, rows(w.others[name], other.Sessions.Object, other.Days.Object)...)
	}
	for _, f := range files {
		data, err := c.lake.Read(ctx, f.object)
		if err != nil {
			return nil, err
		}
		if err := f.decode(data); err != nil {
			return nil, fmt.Errorf("state %s: %w", f.object, err)
		}
	}
	return w, nil
}

// next folds a day and writes the tables of the days that this completes.
func (c *chain) next(ctx context.Context, day calendar.Day, files []lake.StagedFile, before *lake.StateRef) error {
	events := ahead(extract.ReadDay(ctx, c.lake, files))
	w, tells, err := foldDay(ctx, day, c.under, c.last(), events)
	if err != nil {
		return fmt.Errorf("fold %s: %w", day, err)
	}
	if err := c.begin(ctx, w, files, before); err != nil {
		return fmt.Errorf("write %s: %w", day, err)
	}
	if c.made[day].IsPartial {
		// More of its events may come, and go on with any session.
		c.inHand = append(c.inHand, w)
		return nil
	}
	for _, open := range c.inHand {
		if err := open.learn(tells); err != nil {
			return fmt.Errorf("fold %s: %w", day, err)
		}
	}
	c.inHand = append(c.inHand, w)
	since := w.openSince()
	for len(c.inHand) > 1 && c.inHand[0].day < since {
		if err := c.write(ctx, c.inHand[0], c.inHand[1:], allSettled); err != nil {
			return err
		}
		c.inHand = c.inHand[1:]
	}
	return nil
}

// finish writes the days in hand as far as they are known. A day whose own
// sessions are all over is final, also while one of a definition that is only
// compared may go on.
func (c *chain) finish(ctx context.Context) error {
	var last *work // that is over
	for _, w := range c.inHand {
		if !c.made[w.day].IsPartial {
			last = w
		}
	}
	for i, w := range c.inHand {
		var later []*work
		for _, l := range c.inHand[i+1:] {
			if !c.made[l.day].IsPartial {
				later = append(later, l)
			}
		}
		at := unsettled
		if len(later) > 0 && w.day < last.strung.openSince(last.day+1) {
			at = ownSettled
		}
		if err := c.write(ctx, w, later, at); err != nil {
			return err
		}
	}
	c.inHand = nil
	return nil
}

// standingOf says how much of a day can still change.
type standingOf int

const (
	unsettled  standingOf = iota // sessions may still go on
	ownSettled                   // only sessions of definitions that are only compared
	allSettled                   // nothing
)

func (c *chain) last() *work {
	if len(c.inHand) == 0 {
		return nil
	}
	return c.inHand[len(c.inHand)-1]
}

// begin writes what the day leaves to the next, which later days do not
// change, and notes in the manifest what the day is made from.
func (c *chain) begin(ctx context.Context, w *work, files []lake.StagedFile, before *lake.StateRef) error {
	old, made := c.made[w.day]
	w.committed = made
	m := lake.Day{
		Day: w.day, Definition: c.rules.definition, Analysis: c.rules.analysis, Code: transform.Version, Zone: c.rules.zone, Identity: c.rules.identity,
		Inputs: files, Before: before, Ledger: w.ledger, Tables: map[string]lake.File{},
		IsPartial: w.day > c.rules.yesterday,
	}
	c.stamp(&m)
	carry, err := w.encodeState()
	if err != nil {
		return err
	}
	m.Carry = lake.File{
		Object: lake.CarryObject(w.day), Day: w.day, Rows: int64(len(w.Carry)),
		Bytes: int64(len(carry)), SHA256: digest(carry),
	}
	if m.Carry.SHA256 != old.Carry.SHA256 {
		if err := c.replace(ctx, w, m.Carry.Object, carry); err != nil {
			return err
		}
	}
	state := transform.Tables{Day: w.day, Users: w.users, UserEvents: w.userEvents, UserFeatures: w.userFeatures, UserFunnels: w.userFunnels, UserRetention: w.retention}
	if err := c.encode(ctx, w, &state, &m, old, load.DailyTables(true)...); err != nil {
		return err
	}
	for name, file := range old.Tables {
		if _, ok := m.Tables[name]; !ok {
			m.Tables[name] = file // as it is until write replaces it
		}
	}
	m.Others = old.Others // likewise
	c.made[w.day] = m
	return nil
}

// write writes the tables of a day and commits them with its manifest.
func (c *chain) write(ctx context.Context, w *work, later []*work, at standingOf) error {
	m := c.made[w.day]
	tables := w.tables(c.under, later, at)
	if err := c.check(&tables); err != nil {
		return err
	}
	was := m
	m.Tables = map[string]lake.File{}
	for _, name := range load.DailyTables(true) {
		m.Tables[name] = was.Tables[name]
	}
	m.IsFinal = at != unsettled
	if err := c.encode(ctx, w, &tables, &m, was, load.DailyTables(false)...); err != nil {
		return fmt.Errorf("write %s: %w", w.day, err)
	}
	if err := c.encodeOthers(ctx, w, &m, was); err != nil {
		return fmt.Errorf("write %s: %w", w.day, err)
	}
	c.made[w.day] = m
	if err := lake.WriteDay(ctx, c.lake, m); err != nil {
		return fmt.Errorf("write %s: %w", w.day, err)
	}
	w.committed = true
	return nil
}

// check refuses tables that cannot be right.
func (c *chain) check(t *transform.Tables) error {
	definition := c.under.own.Definition()
	breaches := append(t.Breaches(&definition, &c.under.analysis), load.Breaches(t)...)
	if len(breaches) == 0 {
		return nil
	}
	return &CheckError{Day: t.Day, Breaches: breaches}
}

// A CheckError says that the tables of a day cannot be right. They were not
// committed, and are not published.
type CheckError struct {
	Day      calendar.Day
	Breaches []string // sentences that name the table
}

func (e *CheckError) Error() string {
	return fmt.Sprintf("the tables of %s do not agree with each other, and are not published:\n  %s", e.Day, strings.Join(e.Breaches, "\n  "))
}

// encode writes tables of a day that differ from what the lake has.
func (c *chain) encode(ctx context.Context, w *work, t *transform.Tables, m *lake.Day, old lake.Day, names ...string) error {
	files, err := load.Encode(t, names...)
	if err != nil {
		return err
	}
	for _, f := range files {
		object := lake.TableObject(f.Table, f.Day)
		m.Tables[f.Table] = lake.File{Object: object, Day: f.Day, Rows: f.Rows, Bytes: int64(len(f.Data)), SHA256: f.SHA256, Sums: f.Sums}
		if old.Tables[f.Table].SHA256 == f.SHA256 {
			continue
		}
		if err := c.replace(ctx, w, object, f.Data); err != nil {
			return err
		}
	}
	return nil
}

// encodeOthers writes the sessions of definitions that are only compared, where
// they differ from what the lake has.
func (c *chain) encodeOthers(ctx context.Context, w *work, m *lake.Day, old lake.Day) error {
	m.Others = nil
	for _, name := range slices.Sorted(maps.Keys(w.others)) {
		s, was := w.others[name], old.Others[name]
		other := lake.Other{Definition: c.rules.others[name], Ledger: s.ledger}
		for _, f := range []struct {
			table string
			rows  int
			to    *lake.File
			was   lake.File
			data  func() ([]byte, error)
		}{
			{"sessions", len(s.sessions), &other.Sessions, was.Sessions, func() ([]byte, error) { return load.EncodeSessions(s.sessions) }},
			{"session_days", len(s.days), &other.Days, was.Days, func() ([]byte, error) { return load.EncodeSessionDays(s.days) }},
		} {
			data, err := f.data()
			if err != nil {
				return err
			}
			*f.to = lake.File{
				Object: lake.OtherObject(name, f.table, w.day), Day: w.day, Rows: int64(f.rows), Bytes: int64(len(data)), SHA256: digest(data),
			}
			if f.to.SHA256 == f.was.SHA256 && f.to.Object == f.was.Object {
				continue
			}
			if err := c.replace(ctx, w, f.to.Object, data); err != nil {
				return err
			}
		}
		if m.Others == nil {
			m.Others = map[string]lake.Other{}
		}
		m.Others[name] = other
	}
	return nil
}

// replace writes a file of a day. A manifest must never name a file of other
// content, or a run that is killed here and not repeated would leave tables
// that pass for those of the manifest: it goes before the first file does.
func (c *chain) replace(ctx context.Context, w *work, object string, data []byte) error {
	if w.committed {
		if err := lake.RemoveDay(ctx, c.lake, w.day); err != nil {
			return err
		}
		w.committed = false
	}
	return put(ctx, c.lake, object, data)
}

func put(ctx context.Context, b *bucket.Bucket, object string, data []byte) error {
	return b.Put(ctx, object, func(w io.Writer) error {
		_, err := io.Copy(w, bytes.NewReader(data))
		return err
	})
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// forget takes back the manifests of some days, so that all their files are
// written again, whatever they are now.
func (c *chain) forget(ctx context.Context, days []calendar.Day, which func(calendar.Day) bool) error {
	for _, day := range days {
		if !which(day) {
			continue
		}
		if err := lake.RemoveDay(ctx, c.lake, day); err != nil {
			return err
		}
		delete(c.made, day)
	}
	return nil
}

// foldDue makes the days that are due, oldest first, and folds the day after
// each to complete it. Days are in order and have events. It returns the days
// it made: after an error those before the one that went wrong, whose tables
// are written as far as they are known.
func (c *chain) foldDue(ctx context.Context, days []calendar.Day, staged map[calendar.Day][]lake.StagedFile,
	progress func(calendar.Day)) (made []calendar.Day, err error) {
	var before *lake.StateRef
	for _, day := range days {
		m, exists := c.made[day]
		due := !exists || stale(m, c.rules, staged[day], before) != ""
		if due || len(c.inHand) > 0 {
			if len(c.inHand) == 0 && before != nil {
				if err := c.resume(ctx, before.Day); err != nil {
					return made, fmt.Errorf("resume after %s: %w", before.Day, err)
				}
			}
			if err := c.next(ctx, day, staged[day], before); err != nil {
				if !due {
					// It would have completed the days in hand. Written as they
					// are, nothing would tell the next run to complete them.
					unwritten := c.inHand[0].day
					return slices.DeleteFunc(made, func(d calendar.Day) bool { return d >= unwritten }), err
				}
				// What is in hand is done: write it, also when interrupted.
				return made, errors.Join(err, c.finish(context.WithoutCancel(ctx)))
			}
			progress(day)
			if due {
				made = append(made, day)
			} else if len(c.inHand) == 1 {
				// The state is what it was: this day's tables stand.
				c.inHand = nil
				c.made[day] = m
			}
		}
		before = stateAfter(c.made[day])
	}
	return made, c.finish(ctx)
}
