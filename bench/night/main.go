// Night runs the packages of sojourn over the objects of a directory, in a
// process of its own: into a lake alone, or into a DuckDB warehouse too, and
// under the CPU profiler if asked. With -day it makes that day of the lake again.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"runtime/pprof"
	"time"

	"sojourn/extract"
	"sojourn/internal/bucket"
	"sojourn/internal/bucket/clouds"
	"sojourn/internal/calendar"
	"sojourn/load"
	"sojourn/load/duckdb"
	"sojourn/schedules"
	"sojourn/transform"
)

func main() {
	debug.SetGCPercent(200) // as sojourn does
	var o options
	flag.StringVar(&o.raw, "raw", "", "directory of the raw objects")
	flag.StringVar(&o.format, "format", "ndjson", "format of the raw objects")
	flag.StringVar(&o.lake, "lake", "", "directory of the lake; made")
	flag.StringVar(&o.warehouse, "warehouse", "", "file of the DuckDB warehouse; none to end with the lake")
	flag.StringVar(&o.day, "day", "", "the one day to make again; none to make what is due")
	flag.StringVar(&o.profile, "cpuprofile", "", "file to write a CPU profile to")
	flag.Parse()
	if err := o.run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "night:", err)
		os.Exit(1)
	}
}

type options struct{ raw, format, lake, warehouse, day, profile string }

func (o options) run(ctx context.Context) (err error) {
	zone, err := calendar.LoadZone("Europe/Lisbon")
	if err != nil {
		return err
	}
	raw, err := bucket.Open(ctx, o.raw, false, clouds.Version)
	if err != nil {
		return err
	}
	defer raw.Close() // read-only: nothing to lose
	lake, err := bucket.Open(ctx, o.lake, true, clouds.Version)
	if err != nil {
		return err
	}
	defer lake.Close() // every write was closed before
	days, err := o.days()
	if err != nil {
		return err
	}
	definition := transform.App()
	definition.Engaged.Measure = transform.InForeground // as sojourn.yaml says
	p := &schedules.Pipeline{
		Lake:       lake,
		Sources:    []extract.Source{{Name: "app", Bucket: raw, Format: o.format}},
		Definition: definition,
		Analysis:   transform.Analysis{PushWindow: 30 * time.Minute}, // as sojourn does
		Zone:       zone,
		OpenWarehouse: func(ctx context.Context) (load.Warehouse, error) {
			if o.warehouse == "" {
				return none{}, nil
			}
			return duckdb.Open(ctx, o.warehouse, lake, duckdb.Options{})
		},
		Checks: schedules.Checks{ // likewise, as is what follows
			Shrink: schedules.Limit{Share: 0.5, Level: schedules.Block}, Volume: schedules.Limit{Share: 0.1, Level: schedules.Block}, MinEvents: 100,
			ZeroLength: schedules.Limit{Share: 0.9, Level: schedules.Warn}, Crashed: schedules.Limit{Share: 0.2, Level: schedules.Warn},
			Capped: schedules.Limit{Share: 0.05, Level: schedules.Warn}, MinSessions: 20,
		},
		LateLimit: 30 * 24 * time.Hour, KeepRevisions: 30 * 24 * time.Hour,
		MaxBadShare: 0.01, MemoryBytes: 64 << 20, Now: time.Now, Run: "bench", Log: slog.New(slog.DiscardHandler),
	}
	if o.profile != "" {
		f, err := os.Create(o.profile)
		if err != nil {
			return err
		}
		if err := pprof.StartCPUProfile(f); err != nil {
			return errors.Join(err, f.Close())
		}
		_, err = p.Night(ctx, days)
		pprof.StopCPUProfile()
		return errors.Join(err, f.Close())
	}
	_, err = p.Night(ctx, days)
	return err
}

// days are all that is due, or the one day asked, whatever is known of it.
func (o options) days() (schedules.Range, error) {
	if o.day == "" {
		return schedules.Range{}, nil
	}
	day, err := calendar.ParseDay(o.day)
	return schedules.Range{From: &day, To: &day, Force: true}, err
}

// none is a warehouse that takes nothing.
type none struct{}

func (none) Published(context.Context) (map[load.PartitionKey]string, error) { return nil, nil }
func (none) Publish(context.Context, load.Group) error                       { return nil }
func (none) Close() error                                                    { return nil }
