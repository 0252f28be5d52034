// Package generate invents a travel app named trailnotes: the raw events that
// its users send, with the troubles that real collectors see, and beside them
// the true sessions, known because the sessions were planned first.
//
// A bucket receives
//
//	events/2026/03/01/app-0600-0.json.gz   records by the UTC day and hour of arrival, a line each
//	truth/sessions.ndjson                  every true session, a [Session] a line
//	truth/events.ndjson.gz                 every event that arrives, a [Fate] a line
//	truth/summary.json                     the [Summary]
//
// A few objects are compressed with zstd (.json.zst) or not at all (.json).
//
// The truth follows one definition: the activity of a device is cut where it
// pauses for more than 30 minutes, after an explicit end, where another known
// user takes over, and more than 24 hours after a session began. A push or a
// silent refresh joins a session up to 30 minutes after its last activity and
// neither begins nor prolongs one.
//
// Everything follows from the seed, in whole numbers: equal options make equal
// bytes on every machine. A user's events do not depend on other users.
package generate

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"sojourn/internal/bucket"
	"sojourn/internal/calendar"
)

// Options say how much to generate.
type Options struct {
	Seed  uint64
	Users int           // people who install the app, spread over the days; at least 1
	Days  int           // days of Zone in which all events happen and arrive; at least 1
	First calendar.Day  // the first of those days
	Zone  calendar.Zone // reporting zone; users live in several others

	// Clean leaves the injected troubles out: every event arrives once, soon,
	// with the right time, in a readable line of a whole .json.gz object, and
	// no device is a bot. Pushes, crashes and pauses near the timeout remain.
	Clean bool
}

// usersPerCollector is how many users' events one collector receives, and so
// how many are held in memory at once.
const usersPerCollector = 8192

// Write generates events and truth into b and returns what they contain.
// However many users there are, it holds the events of 8,192 of them at a time:
// some 250 bytes an event, 200 MB for three weeks.
func Write(ctx context.Context, b *bucket.Bucket, o Options) (Summary, error) {
	var sum Summary
	w, err := newWorld(o)
	if err != nil {
		return sum, err
	}
	err = b.Put(ctx, "truth/sessions.ndjson", func(sessions io.Writer) error {
		return b.Put(ctx, "truth/events.ndjson.gz", func(fates io.Writer) error {
			truth := newTruthWriter(sessions, fates, o.Seed)
			for first := 0; first < o.Users; first += usersPerCollector {
				c := newCollector(w, first/usersPerCollector)
				for user := first; user < min(first+usersPerCollector, o.Users); user++ {
					life := w.live(user, sum.Sessions)
					sum.countLife(w, life)
					if err := truth.write(life); err != nil {
						return err
					}
					c.receive(life)
				}
				if err := c.upload(ctx, b, &sum); err != nil {
					return err
				}
			}
			return truth.close()
		})
	})
	if err != nil {
		return sum, err
	}
	return sum, b.Put(ctx, "truth/summary.json", func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(sum)
	})
}

// A world is what all users have in common.
type world struct {
	Options
	begin, end int64 // of the period, milliseconds since 1970 UTC; end is past it
	countries  []country
}

func newWorld(o Options) (*world, error) {
	if o.Users < 1 || o.Days < 1 {
		return nil, fmt.Errorf("generate %d users and %d days: want at least 1 of each", o.Users, o.Days)
	}
	w := &world{
		Options: o,
		begin:   o.Zone.Start(o.First) / 1000,
		end:     o.Zone.Start(o.First+calendar.Day(o.Days)) / 1000,
	}
	for _, c := range countries {
		zone, err := calendar.LoadZone(c.zoneName)
		if err != nil {
			return nil, fmt.Errorf("country %s: %w", c.code, err)
		}
		c.zone = zone
		w.countries = append(w.countries, c)
	}
	return w, nil
}
