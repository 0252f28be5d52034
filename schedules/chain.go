package schedules

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"sojourn/extract"
	"sojourn/internal/bucket"
	"sojourn/internal/calendar"
	"sojourn/internal/crash"
	"sojourn/internal/lake"
	"sojourn/load"
	"sojourn/transform"
)

// A chain makes days one after the other. It holds the days whose tables are
// not written yet: the latest, and those before it with a session that may
// still go on.
type chain struct {
	lake     *bucket.Bucket
	rules    rules
	made     map[calendar.Day]lake.Day // updated as days are made
	touched  map[calendar.Day]bool     // those of them that may not be what the lake has
	replaced map[calendar.Day]int64    // number of the latest revision that was replaced
	batches  []lake.Batch
	readings *lake.Readings // of the batches
	staged   map[calendar.Day][]lake.StagedFile
	under    under
	checks   Checks
	accept   string // why checks that block are to let days pass; empty if they are not
	keep     bool   // the tables of revisions that are replaced
	run      string
	now      time.Time
	limit    int                     // of days that are due to be made; 0 for none
	forced   func(calendar.Day) bool // whether to make a day again though nothing changed; nil for none
	erasure  string                  // because of which the days are made; empty for none
	most     limits                  // of what is held in memory

	inHand   []*work      // in order of day
	halfTold bool         // those know of a day that is not in hand, or some of them do: they must not be written
	because  []lake.Cause // why the latest day that was due was
	warnings []DayWarning
}

// resume takes in hand what a made day leaves: its sessions may still change.
func (c *chain) resume(ctx context.Context, day calendar.Day) error {
	manifest := c.made[day]
	last, err := c.read(ctx, day)
	c.inHand = []*work{last}
	if err != nil {
		return err
	}
	data, err := lake.ReadFile(ctx, c.lake, manifest.Carry)
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
		c.inHand = slices.Insert(c.inHand, len(c.inHand)-1, w)
		if err != nil {
			return err
		}
	}
	return nil
}

// next folds a day, and writes those that the day before it completed. Why says
// why the day is made again, "" if it is only looked at: then those that it
// completes are written too.
func (c *chain) next(ctx context.Context, day calendar.Day, why string, before *lake.StateRef) error {
	last := c.last()
	var writing errgroup.Group
	// Also when interrupted: they are done.
	write := func() error { return c.writeOver(context.WithoutCancel(ctx)) }
	if c.most == (limits{}) && c.bytesInHand() <= bytesBeside {
		writing.Go(write) // meanwhile: nothing of the day that is folded is told to them
	} else if err := write(); err != nil {
		return err
	}
	events := ahead(extract.ReadDay(ctx, c.lake, c.staged[day]))
	w, tells, err := foldDay(ctx, day, c.under, last, events, c.most)
	if err == nil {
		err = c.leave(w)
	}
	if err != nil {
		err = fmt.Errorf("fold %s: %w", day, err)
	}
	err = errors.Join(err, writing.Wait())
	inHand := false
	defer func() {
		if !inHand {
			w.close() // it is not wanted
		}
	}()
	if err != nil {
		return err
	}
	crash.At("fold.events-folded")
	if err := c.begin(ctx, w, why, before); err != nil {
		return fmt.Errorf("fold %s: %w", day, err)
	}
	// Before it is told to the days before it: they must not show what is not
	// published.
	if err := c.judge(w); err != nil {
		return err
	}
	crash.At("fold.day-judged")
	if c.made[day].IsPartial {
		// More of its events may come, and go on with any session.
		c.inHand, inHand = append(c.inHand, w), true
		return nil
	}
	for _, open := range c.inHand {
		if err := open.learn(tells); err != nil {
			c.halfTold = true
			return fmt.Errorf("fold %s: %w", day, err)
		}
		if len(open.because) == 0 {
			open.because = w.because
		}
	}
	c.inHand, inHand = append(c.inHand, w), true
	if why == "" {
		return c.writeOver(ctx)
	}
	return nil
}

// bytesBeside is how many bytes of rows the days in hand may have for one more to
// be folded while those that are over are written: it takes time off several
// days of an app of usual size, and would take memory of one with very many
// users.
const bytesBeside = 64 << 20

func (c *chain) bytesInHand() (n int) {
	for _, w := range c.inHand {
		n += w.strung.bytes()
		for _, other := range w.others {
			n += other.bytes()
		}
	}
	return n
}

// writeOver writes the days in hand that the last of them completes, and lets
// go of them.
func (c *chain) writeOver(ctx context.Context) error {
	if len(c.inHand) == 0 || c.made[c.last().day].IsPartial {
		return nil
	}
	since := c.last().openSince()
	for len(c.inHand) > 1 && c.inHand[0].day < since {
		if err := c.write(ctx, c.inHand[0], c.inHand[1:], allSettled); err != nil {
			return err
		}
		written := c.inHand[0]
		c.inHand = slices.Delete(c.inHand, 0, 1) // which lets go of its rows
		if err := written.close(); err != nil {
			return err
		}
	}
	return nil
}

// finish writes the days in hand as far as they are known. A day whose own
// sessions are all over is final, also while one of a definition that is only
// compared may go on.
func (c *chain) finish(ctx context.Context) error {
	if err := c.writeOver(ctx); err != nil {
		return err
	}
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
		switch {
		case len(later) == 0:
		case w.day < last.openSince():
			at = allSettled // and would be written, if nothing had come between
		case w.day < last.strung.openSince(last.day+1):
			at = ownSettled
		}
		if err := c.write(ctx, w, later, at); err != nil {
			return err
		}
	}
	return c.letGo()
}

// letGo lets go of the days in hand.
func (c *chain) letGo() error {
	var errs []error
	for _, w := range c.inHand {
		errs = append(errs, w.close())
	}
	c.inHand = nil
	return errors.Join(errs...)
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

// leave encodes what the day leaves to the next, which later days do not change.
func (c *chain) leave(w *work) error {
	var err error
	if w.carry, err = w.encodeState(); err != nil {
		return err
	}
	files, err := c.startFiles(w.day, load.DailyTables(true))
	if err != nil {
		return err
	}
	for of, wrong := range w.each(histories) {
		if wrong == nil {
			wrong = files.Write(of.rows(w.day))
		}
		if wrong != nil {
			return errors.Join(wrong, files.discard())
		}
	}
	if err := files.finish(); err != nil {
		return err
	}
	w.left, w.leftBreaches = files.made, files.Breaches()
	return nil
}

// begin notes what the day leaves to the next, and what it is made from.
func (c *chain) begin(ctx context.Context, w *work, why string, before *lake.StateRef) (err error) {
	_, w.committed = c.made[w.day]
	if w.was, err = c.predecessor(ctx, w.day); err != nil {
		return err
	}
	w.reason, w.because = c.reasons(w, why)
	m := lake.Day{
		Day: w.day, Definition: c.rules.definition, Analysis: c.rules.analysis, Code: transform.Version, Zone: c.rules.zone, Identity: c.rules.identity,
		Inputs: c.staged[w.day], Before: before, Ledger: w.ledger, Tables: map[string]lake.File{},
		IsPartial: w.day > c.rules.yesterday, Run: c.run, Made: c.now,
	}
	if n := len(c.batches); n > 0 {
		m.Batch = c.batches[n-1].ID
	}
	m.Carry = lake.File{
		Object: lake.CarryObject(w.day), Day: w.day, Rows: int64(len(w.Carry)),
		Bytes: int64(len(w.carry)), SHA256: digest(w.carry),
	}
	for _, f := range w.left {
		m.Tables[f.Table] = fileOf(f.File)
	}
	c.made[w.day] = m
	c.touch(w.day)
	return nil
}

func (c *chain) touch(day calendar.Day) {
	if c.touched == nil {
		c.touched = map[calendar.Day]bool{}
	}
	c.touched[day] = true
}

// standing returns the days as the lake has them: those that were touched are
// read again, and not the years before them.
func (c *chain) standing(ctx context.Context) (map[calendar.Day]lake.Day, error) {
	for day := range c.touched {
		m, err := lake.ReadDay(ctx, c.lake, day)
		if err != nil {
			return nil, err
		}
		if delete(c.made, day); m != nil {
			c.made[day] = *m
		}
	}
	return c.made, nil
}

// forget takes back the manifests of some days, so that all their files are
// written again, whatever they are now.
func (c *chain) forget(ctx context.Context, days []calendar.Day, which func(calendar.Day) bool) error {
	for _, day := range days {
		m, made := c.made[day]
		if !which(day) || !made {
			continue
		}
		if err := c.takeBack(ctx, m); err != nil {
			return err
		}
		delete(c.made, day)
	}
	return nil
}

// foldDue makes the days that are due, oldest first and as many as the limit
// allows, and folds the day after each to complete it. Days are in order and
// have events. It returns the days it made: after an error those before the one
// that went wrong, whose tables are written as far as they are known.
func (c *chain) foldDue(ctx context.Context, days []calendar.Day, progress func(calendar.Day)) (made []calendar.Day, err error) {
	defer c.letGo() // after an error
	names := load.DailyTables(true)
	var before *lake.StateRef
	for _, day := range days {
		m, exists := c.made[day]
		why := "it was not made before"
		if exists {
			why = stale(m, c.rules, c.staged[day], before)
		}
		due := why != ""
		again := !due && c.isForced(day)
		if again {
			due, why = true, "it is made again by hand"
		}
		if due && c.limit > 0 && len(made) == c.limit {
			break
		}
		if due || len(c.inHand) > 0 {
			if len(c.inHand) == 0 && before != nil {
				if err := c.resume(ctx, before.Day); err != nil {
					return made, fmt.Errorf("resume after %s: %w", before.Day, err)
				}
			}
			if err := c.next(ctx, day, why, before); err != nil {
				inHand := due && c.last() != nil && c.last().day == day
				if !inHand {
					if delete(c.made, day); exists {
						c.made[day] = m
					}
				}
				if len(c.inHand) == 0 {
					return made, err
				}
				if c.halfTold {
					return c.committed(made, err)
				}
				if !due || again {
					err = eachOnce(err, c.writeOver(context.WithoutCancel(ctx)))
					// It would have completed the days in hand. Written as they
					// are, nothing would tell the next run to complete them.
					unwritten := c.inHand[0].day
					return slices.DeleteFunc(made, func(d calendar.Day) bool { return d >= unwritten }), err
				}
				if c.last().carry == nil {
					return made, err // what is in hand is as the lake has it
				}
				// What is in hand is done: write it, also when interrupted.
				return c.committed(made, err, c.finish(context.WithoutCancel(ctx)))
			}
			progress(day)
			if due {
				made = append(made, day)
			} else if len(c.inHand) == 1 {
				// The state is what it was: this day's tables stand.
				if err := c.letGo(); err != nil {
					return made, err
				}
				c.made[day] = m
			}
		}
		before = stateAfter(c.made[day], names)
	}
	return c.committed(made, c.finish(ctx))
}

// committed returns those of the days made that are in the lake, and what went
// wrong.
func (c *chain) committed(made []calendar.Day, errs ...error) ([]calendar.Day, error) {
	for _, w := range c.inHand {
		if !w.written {
			made = slices.DeleteFunc(made, func(d calendar.Day) bool { return d == w.day })
		}
	}
	return made, eachOnce(errs...)
}

// eachOnce joins errors, each once: a day that could not be written is tried twice.
func eachOnce(errs ...error) error {
	var all error
	for _, err := range errs {
		if all == nil || err != nil && !strings.Contains(all.Error(), err.Error()) {
			all = errors.Join(all, err)
		}
	}
	return all
}
