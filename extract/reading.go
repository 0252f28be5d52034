package extract

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync/atomic"

	"sojourn/internal/bucket"
	"sojourn/internal/calendar"
	"sojourn/internal/lake"
	"sojourn/transform"
)

// A reading is the reading of one object: it counts the records and hands on
// what became of them.
type reading struct {
	*worker
	source Source
	object bucket.Object
	input  lake.Input

	// likeness names the product whose records a Parquet object has, "" for
	// none that is known. It is nil while an object of lines is read, each of
	// which tells by itself.
	likeness func() string
	guesser  *guesser // nil until a record is not what it should be

	perDay     map[calendar.Day]*int64 // events kept
	countedDay calendar.Day            // of the latest of them
	dayCount   *int64                  // and its count
}

// resembles names the product that has such records, "" if none is known to.
func (r *reading) resembles(record []byte) string {
	if r.likeness != nil {
		return r.likeness()
	}
	if r.guesser == nil {
		r.guesser = newGuesser()
	}
	return r.guesser.product(record)
}

// mistaken is the flaw of a record of another product than that of the source;
// nil if it is not known to be one.
func (r *reading) mistaken(record []byte, own string) *flaw {
	return misnamed(r.resembles(record), own)
}

// A reader decodes an object into accepted and rejected records. Its error is
// why it could not go on to the end of the object.
type reader func(context.Context, *reading) error

// brokenOff is the error of an object that ended in the middle of a record.
type brokenOff struct {
	rest line // what there was of the record
	err  error
}

func (b *brokenOff) Error() string {
	return fmt.Sprintf("the object ends early or is corrupt in line %d: %v", b.rest.number, b.err)
}

func (b *brokenOff) Unwrap() error { return b.err }

// misfit is the error of an object that is of another format than its source.
type misfit struct{ found string }

func (m *misfit) Error() string {
	return m.found + ": is the source's format right, and its match?"
}

// streamed makes a reader of one that needs the contents only once, in order.
func streamed(decode func(context.Context, io.Reader, *reading) error) reader {
	return func(ctx context.Context, r *reading) error {
		return stream(ctx, r.source, r.object.Name, func(data io.Reader) error { return decode(ctx, r.limited(data), r) })
	}
}

// stream calls use with the contents of an object of a source.
func stream(ctx context.Context, s Source, name string, use func(io.Reader) error) error {
	raw, err := s.Bucket.Open(ctx, name)
	if err != nil {
		return &lost{err}
	}
	defer raw.Close() // read-only: nothing to lose
	allowed := newAllowance(s.Limits)
	data, err := decompress(&transport{raw, &allowed.size}, name)
	if err != nil {
		return err
	}
	defer data.Close() // likewise
	once, err := unpacked(&bounded{ctx, data, allowed})
	if err != nil {
		return err
	}
	ahead := newReadAhead(once)
	defer ahead.Close()
	return use(ahead)
}

// lost is the error of an object whose contents could not be had, whatever
// they are: another attempt may succeed.
type lost struct{ err error }

func (l *lost) Error() string { return l.err.Error() }
func (l *lost) Unwrap() error { return l.err }

// A transport tells errors of the way here from errors in the contents, and
// counts what has come.
type transport struct {
	r    io.Reader
	came *atomic.Int64
}

func (t *transport) Read(p []byte) (int, error) {
	n, err := t.r.Read(p)
	t.came.Add(int64(n))
	if err != nil && err != io.EOF {
		err = &lost{err}
	}
	return n, err
}

// read reads the object. All that is wrong with the object becomes part of the
// input; errors are those of the lake and the end of ctx.
func (r *reading) read(ctx context.Context, f format) error {
	role := r.source.roleOf(r.object.Name)
	r.input = lake.Input{
		Source: r.source.Name, Object: r.object.Name, Version: r.object.Version, Size: r.object.Size,
		Reading: r.source.reading(), Key: r.source.Privacy.Pseudonyms.KeyID(),
		Edition: role.edition, Provisional: role.provisional,
	}
	err := r.problem()
	if err == nil {
		err = f.read(ctx, r)
	}
	if err == nil || errors.Is(err, errEnough) {
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if unwritten, ok := errors.AsType[*unwritten](err); ok {
		return unwritten
	}
	r.input.Error = r.source.Privacy.shown(err.Error())
	at := line{number: r.input.Lines + 1}
	reason := unreadableObject
	if broken, ok := errors.AsType[*brokenOff](err); ok {
		at, reason = broken.rest, truncatedObject
	}
	if beyond, ok := errors.AsType[*tooMuch](err); ok {
		at.text, at.length = nil, 0 // a part of a record is none
		reason, err = objectTooBig, beyond
		r.input.Error = fmt.Sprintf("reading ended in line %d: %v", at.number, beyond)
		r.input.Reading = r.source.readingWithin()
	}
	if _, ok := errors.AsType[*misfit](err); ok {
		reason = wrongFormat
	}
	if _, ok := errors.AsType[*lost](err); ok {
		// Without a version the object stays pending: the next batch
		// reads it again, which supersedes what was read now.
		r.input.Version, reason = "", unreadableObject
	}
	return r.reject(ctx, at, &flaw{reason, err.Error()})
}

// problem is why the object is not read at all, as its listing says.
func (r *reading) problem() error {
	if r.object.Problem == "" {
		return nil
	}
	return errors.New(r.object.Problem)
}

// accept takes an event that was found in a line of the object; e may be
// overwritten afterwards.
func (r *reading) accept(ctx context.Context, e *transform.Event, line int64) error {
	if r.isErased(e.UserID) || r.isErased(e.DeviceID) {
		r.skip(lake.SkippedErased)
		return nil
	}
	e.Source, e.Object, e.Line = r.source.Name, r.object.Name, line
	r.input.Lines++
	r.input.Events++
	err := r.keep(ctx, e)
	r.countDay()
	return err
}

// countDay counts the event that was kept last under its day.
func (r *reading) countDay() {
	if r.perDay == nil {
		r.perDay = map[calendar.Day]*int64{}
	}
	if r.dayCount == nil || r.countedDay != r.day {
		r.countedDay = r.day
		if r.perDay[r.day] == nil {
			r.perDay[r.day] = new(int64)
		}
		r.dayCount = r.perDay[r.day]
	}
	*r.dayCount++
}

// dayCounts returns how many events were kept of each day.
func (r *reading) dayCounts() []lake.DayCount {
	var counts []lake.DayCount
	for _, day := range slices.Sorted(maps.Keys(r.perDay)) {
		counts = append(counts, lake.DayCount{Day: day, Events: *r.perDay[day]})
	}
	return counts
}

// mapped takes a record that says which id is whose; it says nothing if the
// alias has no From.
func (r *reading) mapped(a transform.Alias, line int64) {
	if r.isErased(a.From) || r.isErased(a.To) {
		r.skip(lake.SkippedErased)
		return
	}
	r.input.Lines++
	r.input.Aliases++
	if a.From == "" {
		return
	}
	a = r.source.subjects(a)
	r.aliases = append(r.aliases, aliasRow{
		From: a.From, To: a.To, At: a.At, Source: r.source.Name, Object: r.object.Name, Line: line,
	})
}

// skip takes a record that does not count: it is no event by the product's own
// word, or of somebody who has been erased.
func (r *reading) skip(reason string) {
	r.input.Lines++
	r.input.Skipped++
	r.skips[reason]++
}

// reject takes a record that cannot be used.
func (r *reading) reject(ctx context.Context, l line, f *flaw) error {
	record := rejected{
		Source: r.source.Name, Object: r.object.Name, Line: l.number,
		Reason: f.reason, Detail: f.detail,
		Raw: l.text[:min(len(l.text), maxRaw)], RawBytes: l.length,
	}
	if f.reason == lake.SkippedErased || record.mayBeOf(r.erased) {
		r.skip(lake.SkippedErased)
		return nil
	}
	r.input.Lines++
	r.input.Quarantined++
	r.source.Privacy.reduce(&record)
	return r.quarantine(ctx, record)
}
