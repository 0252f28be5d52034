package schedules

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"sojourn/extract"
	"sojourn/internal/bucket"
	"sojourn/internal/calendar"
	"sojourn/internal/crash"
	"sojourn/internal/lake"
	"sojourn/internal/lease"
	"sojourn/load"
	"sojourn/transform"
)

// A Pipeline is the wired parts of a night.
type Pipeline struct {
	Lake       *bucket.Bucket
	Sources    []extract.Source
	Definition transform.Definition
	Analysis   transform.Analysis     // what the daily tables are asked
	Compare    []transform.Definition // further definitions to try on the same events, each with a name of its own
	Zone       calendar.Zone

	// OpenWarehouse opens the warehouse. It is called after the lake is
	// written, so that a warehouse that is away loses no work.
	OpenWarehouse func(context.Context) (load.Warehouse, error)
	// Reference is the files of the reference tables to publish, but that of
	// intervention_effects.
	Reference []load.File
	// Interventions are what intervention_effects tells of, each with a name of
	// its own.
	Interventions []transform.Intervention

	Checks Checks // what a day's tables must pass beside agreeing with each other
	// Accept is why tables that do not pass are to be published all the same;
	// empty to block them.
	Accept string

	// AcceptLost names sources whose objects are all gone, and are to count no
	// more.
	AcceptLost []string

	// LateLimit is how long after a day events of it may arrive and still change
	// tables that have been made; 0 is for ever.
	LateLimit time.Duration
	// KeepRevisions is for how long the tables of a revision are kept once
	// another has taken its place; 0 keeps none.
	KeepRevisions time.Duration

	Lease lease.Terms // of the lease of the lake; zero for the usual ones
	held  *lease.Held // nil unless this is what locked has made

	MaxBadShare float64 // greatest share of unreadable records, 0 to 1, that is no failure
	MemoryBytes int64   // for decoded events held while staging
	RowBytes    int64   // for rows of tables held while days are made, about; 0 for any number
	Workers     int     // objects decoded at once; 0 means one a core

	Now      func() time.Time
	Run      string // names the run in manifests
	Log      *slog.Logger
	Progress func(Progress) // may be nil

	erasing string // the erasure at work; empty for none
}

// Progress says how far a stage of a run has come.
type Progress struct {
	Stage       string // extract, fold, publish or erase
	Done, Total int64  // in units of the stage: bytes, days, partitions, batches
	Rows        int64  // records so far
}

// A Range says which days a run is for. The zero Range is every day up to
// yesterday.
type Range struct {
	From, To *calendar.Day // both included; nil for no bound
	Force    bool          // make the days again even if nothing changed
	Affected bool          // apply late events of these days

	// Chunk is how many days are made before they are published, and the next
	// ones made; 0 for all.
	Chunk int
	Pause time.Duration // between two chunks
}

// A Summary says what a run did.
type Summary struct {
	Objects     int            // raw objects read
	Removed     int            // raw objects that were read before and are gone
	Late        int64          // events that came after the late limit and do not count
	Applied     int64          // late events that count from this run on
	Warnings    []DayWarning   // checks that did not pass and do not block, or were accepted
	Events      int64          // staged from them
	Quarantined int64          // records that could not be read
	Skipped     int64          // records that are no events by their product's own word, or of people who were erased
	Erased      int64          // of them those of people who were erased
	BadObjects  []lake.Input   // objects with unreadable records: those that broke off first, then by number
	TooBad      bool           // the share of unreadable records, or of the bytes of objects that broke off, is above MaxBadShare
	Made        []calendar.Day // days made, in order
	Published   int            // partitions put into the warehouse
	Last        calendar.Day   // latest day with tables; zero if none
	Sessions    int64          // in the tables of the days made

	broken int64 // bytes of objects that could not be read to their end: nobody knows how many records
}

// Idle says that there was nothing to do.
func (s Summary) Idle() bool {
	return s.Objects == 0 && s.Removed == 0 && s.Applied == 0 && len(s.Made) == 0 && s.Published == 0
}

// A UsageError is a run that cannot be: the operator must change the
// configuration or the arguments.
type UsageError struct{ Err error }

func (e *UsageError) Error() string { return e.Err.Error() }
func (e *UsageError) Unwrap() error { return e.Err }

// Yesterday is the last day that is over in the reporting zone.
func (p *Pipeline) Yesterday() calendar.Day { return p.Zone.DayOf(p.Now().UnixMicro()) - 1 }

// Night extracts what is new, makes the days of r that are due and publishes
// what changed. Calling it again does nothing. Only one run may work on a lake
// at a time: another gets a [*lease.LockedError].
//
// A day that goes wrong ends the run with an error after the days before it
// have been published.
func (p *Pipeline) Night(ctx context.Context, r Range) (sum Summary, err error) {
	err = p.locked(ctx, func(ctx context.Context, p *Pipeline) (err error) {
		sum, err = p.night(ctx, r)
		return err
	})
	return sum, err
}

// night is Night for the run that holds the lake.
func (p *Pipeline) night(ctx context.Context, r Range) (sum Summary, err error) {
	if err := p.warnOfErasures(ctx); err != nil {
		return sum, err
	}
	batches, err := p.extract(ctx, r, &sum)
	if err != nil {
		return sum, err
	}
	if batches, err = p.applyLate(ctx, batches, r, &sum); err != nil {
		return sum, err
	}
	for {
		before := len(sum.Made)
		made, foldErr := p.fold(ctx, batches, r, &sum)
		crash.At("fold.done")
		foldErr = errors.Join(foldErr, p.noteBlocked(context.WithoutCancel(ctx), foldErr))
		if ctx.Err() != nil {
			return sum, foldErr // what is made is published by the next run
		}
		if err := errors.Join(foldErr, p.publish(ctx, batches, made, &sum)); err != nil {
			return sum, err
		}
		if r.Chunk == 0 || len(sum.Made)-before < r.Chunk {
			return sum, p.prune(ctx, made)
		}
		if r.Force { // the next chunk of it
			r.From = new(sum.Made[len(sum.Made)-1] + 1)
		}
		if err := rest(ctx, r.Pause); err != nil {
			return sum, err
		}
	}
}

// rest waits, or returns early with the error of ctx.
func rest(ctx context.Context, pause time.Duration) error {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// batchBytes is about how many bytes of raw objects are staged at once: what
// is staged is kept when the run is interrupted.
const batchBytes = 4 << 30

// extract stages the objects that no run has read yet, notes those that are
// gone, and returns the manifests of all batches.
func (p *Pipeline) extract(ctx context.Context, r Range, sum *Summary) ([]lake.Batch, error) {
	batches, err := p.batches(ctx)
	if err != nil {
		return nil, err
	}
	pending, removed, lost, err := p.list(ctx, batches)
	if err != nil {
		return nil, err
	}
	for _, l := range lost {
		p.Log.WarnContext(ctx, l.String())
	}
	lateBefore, err := p.lateBefore(ctx, r)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(pending, func(a, b extract.Pending) int { return cmp.Compare(fresh(a), fresh(b)) })
	sum.Removed = len(removed)
	crash.At("extract.objects-listed")
	at := Progress{Stage: "extract", Total: totalSize(pending)}
	for len(pending) > 0 || len(removed) > 0 {
		n := batchOf(pending)
		options := extract.Options{
			Zone: p.Zone, Now: p.Now().UnixMicro(), Workers: p.Workers, MemoryBytes: p.MemoryBytes, Removed: removed, Run: p.Run,
			Progress: func(done extract.Progress) {
				p.progress(Progress{Stage: at.Stage, Done: at.Done + done.Bytes, Total: at.Total, Rows: at.Rows + done.Events})
			},
		}
		if n > 0 && !pending[0].Known {
			options.LateBefore = lateBefore // what is read again was not late when it came
		}
		batch, err := extract.Stage(ctx, p.Lake, p.Sources, pending[:n], lake.NextBatch(batches), options)
		if err != nil {
			return nil, fmt.Errorf("extract: %w", err)
		}
		at.Done += totalSize(pending[:n])
		at.Rows += sum.extracted(batch)
		batches, pending, removed = append(batches, batch), pending[n:], nil
	}
	if sum.Objects > 0 {
		sum.TooBad = float64(sum.Quarantined) > p.MaxBadShare*float64(sum.Events+sum.Quarantined) ||
			float64(sum.broken) > p.MaxBadShare*float64(at.Total)
		slices.SortStableFunc(sum.BadObjects, func(a, b lake.Input) int {
			if (a.Error != "") != (b.Error != "") {
				return strings.Compare(b.Error, a.Error) // any text is after none
			}
			return cmp.Compare(b.Quarantined, a.Quarantined)
		})
	}
	if sum.Objects > 0 || sum.Removed > 0 {
		p.Log.InfoContext(ctx, "extracted", "objects", sum.Objects, "removed", sum.Removed, "events", sum.Events,
			"late", sum.Late, "quarantined", sum.Quarantined, "skipped", sum.Skipped)
	}
	crash.At("extract.done")
	return batches, nil
}

// fresh orders objects that have not been read before after the others.
func fresh(p extract.Pending) int {
	if p.Known {
		return 0
	}
	return 1
}

// batchOf returns how many of the pending objects are read together: all are
// new, or all have been read before.
func batchOf(pending []extract.Pending) int {
	n, size := 0, int64(0)
	for n < len(pending) && pending[n].Known == pending[0].Known {
		size += pending[n].Object.Size
		if n > 0 && size > batchBytes {
			break
		}
		n++
	}
	return n
}

// list lists the sources. A source that has lost all its objects at once is
// more likely not where it was: unless an operator names it, its objects are
// not removed, but lost.
func (p *Pipeline) list(ctx context.Context, batches []lake.Batch) (pending []extract.Pending, removed []lake.ObjectKey, lost []LostSource, err error) {
	pending, removed, err = extract.ListPending(ctx, p.Sources, batches)
	if err != nil || len(removed) == 0 {
		return pending, removed, nil, err
	}
	has, gone := map[string]int{}, map[string]int{}
	for key := range lake.Present(batches) {
		has[key.Source]++
	}
	for _, o := range pending {
		has[o.Source]++ // there is something
	}
	for _, key := range removed {
		gone[key.Source]++
	}
	for _, s := range p.Sources {
		if n := gone[s.Name]; n > 0 && n == has[s.Name] && !slices.Contains(p.AcceptLost, s.Name) {
			lost = append(lost, LostSource{s.Name, s.Bucket.String(), n})
			removed = slices.DeleteFunc(removed, func(key lake.ObjectKey) bool { return key.Source == s.Name })
		}
	}
	return pending, removed, lost, nil
}

// A LostSource is a source of which all objects that were read are gone.
type LostSource struct {
	Name, Bucket string
	Objects      int
}

// String says what is lost, what is done about it, and what could be.
func (l LostSource) String() string {
	return fmt.Sprintf("source %s at %s has none of the %d objects any more that were read from it: their events are kept. "+
		"Is it still there, and is match still right? If the objects expire, set when_removed: keep; if they are to count no more, run with --accept-lost %s",
		l.Name, l.Bucket, l.Objects, l.Name)
}

func totalSize(pending []extract.Pending) (bytes int64) {
	for _, p := range pending {
		bytes += p.Object.Size
	}
	return bytes
}

// extracted counts a batch and returns its events.
func (s *Summary) extracted(batch lake.Batch) (events int64) {
	for _, f := range batch.Staged {
		if f.IsLate {
			s.Late += f.Rows
		}
	}
	for _, in := range batch.Inputs {
		s.Objects++
		s.Quarantined += in.Quarantined
		s.Skipped += in.Skipped
		events += in.Events
		if in.Quarantined > 0 {
			s.BadObjects = append(s.BadObjects, in)
		}
		if in.Error != "" {
			s.broken += in.Size
		}
	}
	s.Events += events
	s.Erased += batch.Skips[lake.SkippedErased]
	return events
}

// batches reads the manifests of what has been staged, and refuses a lake
// whose events are sorted into the days of another zone.
func (p *Pipeline) batches(ctx context.Context) ([]lake.Batch, error) {
	batches, err := lake.Batches(ctx, p.Lake)
	if err != nil {
		return nil, err
	}
	for _, b := range batches {
		if b.Zone != p.Zone.String() {
			return nil, &UsageError{fmt.Errorf("timezone is %s, but the lake %s holds events by the days of %s: set timezone back, or use a new lake",
				p.Zone, p.Lake, b.Zone)}
		}
	}
	return batches, nil
}

// fold makes the days of r that are due, and returns all days as the lake has
// them then.
func (p *Pipeline) fold(ctx context.Context, batches []lake.Batch, r Range, sum *Summary) (map[calendar.Day]lake.Day, error) {
	c, err := p.chain(ctx, batches)
	if err != nil {
		return nil, err
	}
	days := dataDays(c.staged, p.horizon(r, c.made))
	if r.Force {
		c.forced = r.Includes
	}
	done := int64(len(sum.Made))
	c.limit = r.Chunk
	made, err := c.foldDue(ctx, days, func(day calendar.Day) {
		done++
		p.progress(Progress{Stage: "fold", Done: done, Total: int64(len(days))})
		p.Log.InfoContext(ctx, "day folded", "day", day, "events", c.made[day].Ledger.Events, "sessions", c.last().seen.sessions)
	})
	for _, day := range made {
		sum.Sessions += c.made[day].Tables["sessions"].Rows
	}
	sum.Made = append(sum.Made, made...)
	sum.Warnings = append(sum.Warnings, c.warnings...)
	standing, readErr := c.standing(context.WithoutCancel(ctx))
	return standing, errors.Join(err, readErr)
}

// chain returns what makes the days of the lake.
func (p *Pipeline) chain(ctx context.Context, batches []lake.Batch) (*chain, error) {
	made, err := lake.Days(ctx, p.Lake)
	if err != nil {
		return nil, err
	}
	replaced, err := lake.ReplacedRevisions(ctx, p.Lake)
	if err != nil {
		return nil, err
	}
	identity, err := p.identity(ctx, batches)
	if err != nil {
		return nil, err
	}
	return &chain{
		lake: p.Lake, rules: p.rules(identity), made: made, replaced: replaced, batches: batches, readings: lake.NewReadings(batches), staged: lake.Staged(batches),
		under:  newUnder(p.Definition, p.Analysis, p.Compare, identity, p.Zone),
		checks: p.Checks, accept: p.Accept, keep: p.KeepRevisions > 0 && p.erasing == "", run: p.Run, now: p.Now().UTC(), erasure: p.erasing,
		most: limitsOf(p.RowBytes),
	}, nil
}

// horizon is the last day to look at: yesterday or the end of the range, and
// never before a day that has tables, which must not fall out of step.
func (p *Pipeline) horizon(r Range, made map[calendar.Day]lake.Day) calendar.Day {
	last := p.Yesterday()
	if r.To != nil {
		last = *r.To
	}
	for day := range made {
		last = max(last, day)
	}
	return last
}

// publish puts into the warehouse what it has not got.
func (p *Pipeline) publish(ctx context.Context, batches []lake.Batch, made map[calendar.Day]lake.Day, sum *Summary) (err error) {
	references, want, err := p.partitions(ctx, batches, made)
	if err != nil || len(want) == 0 {
		return err
	}
	warehouse, err := p.OpenWarehouse(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, warehouse.Close()) }()
	have, err := warehouse.Published(ctx)
	if err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	crash.At("publish.compared")
	changed := changed(want, have)
	sum.Last = lastDay(want)
	if len(changed) == 0 {
		return nil
	}
	if err := p.putReferences(ctx, references, changed); err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	crash.At("publish.references-written")
	p.progress(Progress{Stage: "publish", Total: int64(len(changed))})
	// The views end with the last day that is over: what a day that is not
	// lacks would look like users who stay away.
	group := load.Group{Partitions: changed, AsOf: min(sum.Last, p.Yesterday()), Run: p.Run, Token: p.held.Token(), Fence: p.held.Check}
	if err := warehouse.Publish(ctx, group); err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	crash.At("publish.done")
	p.progress(Progress{Stage: "publish", Done: int64(len(changed)), Total: int64(len(changed))})
	sum.Published += len(changed)
	p.Log.InfoContext(ctx, "published", "partitions", len(changed), "last_day", sum.Last)
	return nil
}

// partitions returns all that the warehouse should hold of the days that are
// made, and the files of the reference tables among it; none before there is a
// day to publish.
func (p *Pipeline) partitions(ctx context.Context, batches []lake.Batch, made map[calendar.Day]lake.Day) (references []load.File, want []load.Partition, err error) {
	if len(made) == 0 {
		return nil, nil, nil
	}
	if references, err = p.references(ctx, made, batches); err != nil {
		return nil, nil, err
	}
	return references, wanted(made, references), nil
}

// wanted returns the partitions of days and of reference tables.
func wanted(made map[calendar.Day]lake.Day, references []load.File) (want []load.Partition) {
	for _, f := range references {
		want = append(want, load.Partition{Table: f.Table, Object: referenceObject(f.Table), Rows: f.Rows, SHA256: f.SHA256, Sums: f.Sums})
	}
	for _, day := range slices.Sorted(maps.Keys(made)) {
		tables := made[day].Tables
		for _, name := range slices.Sorted(maps.Keys(tables)) {
			f := tables[name]
			want = append(want, load.Partition{Table: name, Day: day, Object: f.Object, Rows: f.Rows, SHA256: f.SHA256, Sums: f.Sums})
		}
		if f := made[day].Restatements; f.Object != "" {
			want = append(want, load.Partition{Table: load.Restatements().Name, Day: day, Object: f.Object, Rows: f.Rows, SHA256: f.SHA256, Sums: f.Sums})
		}
	}
	return want
}

func changed(want []load.Partition, have map[load.PartitionKey]string) []load.Partition {
	var changed []load.Partition
	for _, w := range want {
		if have[load.PartitionKey{Table: w.Table, Day: w.Day}] != w.SHA256 {
			changed = append(changed, w)
		}
	}
	return changed
}

func lastDay(partitions []load.Partition) calendar.Day {
	var last calendar.Day
	for _, w := range partitions {
		last = max(last, w.Day)
	}
	return last
}

// putReferences writes the reference tables that are about to be published.
func (p *Pipeline) putReferences(ctx context.Context, references []load.File, changed []load.Partition) error {
	for _, f := range references {
		if !slices.ContainsFunc(changed, func(w load.Partition) bool { return w.Table == f.Table }) {
			continue
		}
		if err := put(ctx, p.Lake, referenceObject(f.Table), f.Data); err != nil {
			return err
		}
		crash.At("publish.reference-written")
	}
	return nil
}

func referenceObject(table string) string { return "reference/" + table + ".parquet" }

// identity reads which id is whose.
func (p *Pipeline) identity(ctx context.Context, batches []lake.Batch) (transform.Identity, error) {
	aliases, err := extract.ReadIdentity(ctx, p.Lake, lake.Identity(batches))
	if err != nil {
		return transform.Identity{}, fmt.Errorf("identity: %w", err)
	}
	return transform.NewIdentity(aliases), nil
}

func (p *Pipeline) rules(identity transform.Identity) rules {
	r := rules{
		definition: p.Definition.Digest(), analysis: p.Analysis.Digest(), identity: identity.Digest(), zone: p.Zone.String(), yesterday: p.Yesterday(),
		others: map[string]string{},
	}
	for _, d := range p.Compare {
		r.others[d.Name] = d.Digest()
	}
	return r
}

func (p *Pipeline) progress(at Progress) {
	if p.Progress != nil {
		p.Progress(at)
	}
}
