package extract

import (
	"context"
	"fmt"
	"runtime"

	"sojourn/internal/bucket"
	"sojourn/internal/calendar"
	"sojourn/internal/crash"
	"sojourn/internal/lake"
)

// Options say how to stage.
type Options struct {
	Zone calendar.Zone // whose days events are staged by

	// Now is the present, in microseconds since 1970 UTC: events from more
	// than 24 hours later go to quarantine.
	Now int64

	Workers int // objects read at once; 0 for one a processor

	// MemoryBytes bounds the decoded events that are held at once, about; 0
	// is 256 MiB. The process takes some 2½ times as much, and 100 MiB.
	MemoryBytes int64

	// LateBefore is the first day whose events are not late: those of earlier
	// days are staged in files that do not count yet. Zero if none are late.
	LateBefore calendar.Day

	Removed []lake.ObjectKey // objects that do not count from this batch on

	Run    string // the run that reads, for the manifest
	Replay bool   // quarantined records are the reason to read the objects again

	Progress func(Progress) // called after each object, by one goroutine at a time; may be nil
}

// Progress is how far staging has come.
type Progress struct {
	Objects     int // objects read
	Total       int // objects to read
	Bytes       int64
	TotalBytes  int64
	Events      int64
	Quarantined int64
}

// Stage reads pending objects into the lake as batch id and commits the batch.
//
// Objects that cannot be read, and records that cannot be used, do not stop
// it: they are in the batch's quarantine, and its inputs tell how many. An
// object that could not be fetched has an input without a version, so that it
// is pending again. After an error of the lake, or at the end of ctx, nothing
// is committed, and staging the same batch again is safe.
//
// Records of people who have been erased from the lake are skipped.
//
// Equal objects make equal files, unless they are more than MemoryBytes: then
// it varies which of a day's files has an event, but not what [ReadDay] gives.
func Stage(ctx context.Context, lakeBucket *bucket.Bucket, sources []Source, pending []Pending, id string, o Options) (lake.Batch, error) {
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if o.MemoryBytes <= 0 {
		o.MemoryBytes = 256 << 20
	}
	byName := map[string]Source{}
	for _, s := range sources {
		if err := s.Validate(); err != nil {
			return lake.Batch{}, err
		}
		byName[s.Name] = s
	}
	for _, p := range pending {
		if _, ok := byName[p.Source]; !ok {
			return lake.Batch{}, fmt.Errorf("object %s: unknown source %q", p.Object.Name, p.Source)
		}
	}

	// Here and not with the caller: no reading of raw objects may forget it.
	erased, err := lake.ReadErased(ctx, lakeBucket)
	if err != nil {
		return lake.Batch{}, err
	}
	b := &batch{bucket: lakeBucket, options: o, id: id, erased: erased, parts: map[calendar.Day]int{}}
	workers := make([]*worker, max(1, min(o.Workers, len(pending))))
	for i := range workers {
		workers[i] = newWorker(b, o.MemoryBytes/int64(len(workers)))
	}
	inputs, err := b.readAll(ctx, workers, byName, pending)
	if err != nil {
		return lake.Batch{}, err
	}
	if err := b.finish(ctx, workers); err != nil {
		return lake.Batch{}, err
	}
	manifest := b.manifest(inputs, workers)
	crash.At("extract.batch-staged")
	if err := lake.WriteBatch(ctx, lakeBucket, manifest); err != nil {
		return lake.Batch{}, err
	}
	crash.At("extract.batch-committed")
	return manifest, nil
}
