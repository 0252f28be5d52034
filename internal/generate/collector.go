package generate

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"sojourn/internal/bucket"
)

// slot is the time for which a collector gathers the lines of an object.
const slot = 6 * hour

// A collector receives the events of some users and uploads them in objects by
// the time of arrival.
type collector struct {
	world  *world
	number int
	events []event
	origin int64        // midnight UTC before the period
	slots  [][]delivery // by time of arrival from origin on

	duplicates, badLines, late int64
}

func newCollector(w *world, number int) *collector {
	c := &collector{world: w, number: number, origin: w.begin - w.begin%day}
	c.slots = make([][]delivery, (w.end-1-c.origin)/slot+1)
	return c
}

// receive takes what a user sends.
func (c *collector) receive(l *life) {
	for i := range l.events {
		e := &l.events[i]
		index, copies := int32(len(c.events)), int64(0)
		c.world.deliver(l, e, func(at int64, d damage) {
			s := (at - c.origin) / slot
			c.slots[s] = append(c.slots[s], delivery{at: at, event: index, damage: d})
			if d == whole {
				copies++
			} else {
				c.badLines++
			}
		})
		c.duplicates += copies - 1
		if e.received-e.stated() >= day {
			c.late++
		}
		c.events = append(c.events, *e)
	}
}

// upload writes the objects and adds to the summary what is in them.
func (c *collector) upload(ctx context.Context, b *bucket.Bucket, sum *Summary) error {
	errs := make([]error, len(c.slots))
	var taken atomic.Int64
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			z, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed) // the level is valid
			for i := taken.Add(1) - 1; i < int64(len(c.slots)); i = taken.Add(1) - 1 {
				errs[i] = c.put(ctx, b, int(i), z)
			}
		})
	}
	workers.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	for _, lines := range c.slots {
		if len(lines) > 0 {
			sum.Objects++
			sum.Lines += int64(len(lines))
		}
	}
	sum.Duplicates += c.duplicates
	sum.BadLines += c.badLines
	sum.Late += c.late
	if c.number == 0 && !c.world.Clean {
		return c.putTruncated(ctx, b, sum)
	}
	return nil
}

// put writes the object of a slot, if there is anything to write. It may use z,
// as one is too big to make for every object.
func (c *collector) put(ctx context.Context, b *bucket.Bucket, i int, z *gzip.Writer) error {
	lines := c.slots[i]
	if len(lines) == 0 {
		return nil
	}
	slices.SortFunc(lines, func(a, b delivery) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.event, b.event), cmp.Compare(a.damage, b.damage))
	})
	// One object in twenty each is not compressed, and compressed otherwise.
	lot := mix(uint64(i)<<32|uint64(c.number)) % 20
	switch {
	case lot == 0 && !c.world.Clean:
		return b.Put(ctx, c.name(i)+".json", func(w io.Writer) error { return c.write(w, lines) })
	case lot == 1 && !c.world.Clean:
		return b.Put(ctx, c.name(i)+".json.zst", func(w io.Writer) error {
			z, err := zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
			if err != nil {
				return err
			}
			if err := c.write(z, lines); err != nil {
				return err
			}
			return z.Close()
		})
	}
	return b.Put(ctx, c.name(i)+".json.gz", func(w io.Writer) error {
		z.Reset(w)
		if err := c.write(z, lines); err != nil {
			return err
		}
		return z.Close()
	})
}

// name returns the name of a slot's object without its ending.
func (c *collector) name(i int) string {
	at := time.UnixMilli(c.origin + int64(i)*slot).UTC()
	return fmt.Sprintf("events/%s-%d", at.Format("2006/01/02/app-1504"), c.number)
}

// putTruncated writes an upload that broke off and was then repeated in whole:
// the first half of a slot of the middle of the period, without the end of the
// compressed stream.
func (c *collector) putTruncated(ctx context.Context, b *bucket.Bucket, sum *Summary) error {
	for i := len(c.slots) / 2; i < len(c.slots); i++ {
		lines := slices.DeleteFunc(slices.Clone(c.slots[i]), func(d delivery) bool {
			return d.damage != whole || c.events[d.event].fate() == Future
		})
		if len(lines) < 2 {
			continue
		}
		lines = lines[:len(lines)/2]
		sum.Objects++
		sum.TruncatedObjects++
		sum.Lines += int64(len(lines))
		sum.Duplicates += int64(len(lines))
		return b.Put(ctx, c.name(i)+"-aborted.json.gz", func(w io.Writer) error {
			z, _ := gzip.NewWriterLevel(w, gzip.BestSpeed) // the level is valid
			if err := c.write(z, lines); err != nil {
				return err
			}
			return z.Flush() // and no Close
		})
	}
	return nil
}

// write writes the records of the deliveries.
func (c *collector) write(w io.Writer, lines []delivery) error {
	const full = 64 << 10
	buf := make([]byte, 0, full+4<<10)
	for _, d := range lines {
		if buf = c.events[d.event].appendRecord(buf, c.world.Seed, d.damage); len(buf) >= full {
			if _, err := w.Write(buf); err != nil {
				return err
			}
			buf = buf[:0]
		}
	}
	_, err := w.Write(buf)
	return err
}
