package schedules_test

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"sojourn/extract"
	"sojourn/internal/bucket"
	"sojourn/internal/calendar"
	"sojourn/internal/generate"
	"sojourn/load"
	"sojourn/schedules"
	"sojourn/transform"
)

// nowhere is a warehouse that has everything already.
type nowhere struct{ load.Warehouse }

func (nowhere) Published(context.Context) (map[load.PartitionKey]string, error) { return nil, nil }
func (nowhere) Publish(context.Context, load.Group) error                       { return nil }
func (nowhere) Close() error                                                    { return nil }

// BenchmarkNight runs a week of generated events from raw objects to tables in
// a lake on disk, without a warehouse.
func BenchmarkNight(b *testing.B) {
	ctx := b.Context()
	dir := b.TempDir()
	raw, err := bucket.Open(ctx, filepath.Join(dir, "raw"), true, nil)
	if err != nil {
		b.Fatal(err)
	}
	first := calendar.Date(2026, 3, 23)
	sum, err := generate.Write(ctx, raw, generate.Options{Seed: 1, Users: 10_000, Days: 7, First: first, Zone: calendar.UTC})
	if err != nil {
		b.Fatal(err)
	}
	last := first + 6
	for i := 0; b.Loop(); i++ {
		lake, err := bucket.Open(ctx, filepath.Join(dir, fmt.Sprint("lake", i)), true, nil)
		if err != nil {
			b.Fatal(err)
		}
		p := &schedules.Pipeline{
			Lake:          lake,
			Sources:       []extract.Source{{Name: "app", Bucket: raw, Format: "ndjson", Match: "events/**"}},
			Definition:    transform.App(),
			OpenWarehouse: func(context.Context) (load.Warehouse, error) { return nowhere{}, nil },
			Now:           func() time.Time { return time.UnixMicro(calendar.UTC.Start(last + 9)) },
			Log:           slog.New(slog.DiscardHandler),
		}
		if _, err := p.Night(ctx, schedules.Range{To: &last}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(sum.Lines*int64(b.N))/b.Elapsed().Seconds(), "events/s")
}
