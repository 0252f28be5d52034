package extract

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"

	"github.com/parquet-go/parquet-go"

	"sojourn/internal/bucket"
	"sojourn/internal/lake"
)

// A Quarantined is a record that could not be used.
type Quarantined struct {
	Source, Object string
	Line           int64  // or row, from 1
	Reason         string // such as missing_timestamp
	Detail         string // for a person: what was found and what was expected
	Raw            []byte // the record's bytes, or their beginning
	RawBytes       int64  // length of the whole record

	Batch  string    // that read it
	ReadAt time.Time // when
	Stands bool      // no later batch has read the object again
}

// ReadQuarantine yields the records of quarantine files, file by file, in each
// by source, object and line. It stops after the first error. A file at a time
// is in memory.
func ReadQuarantine(ctx context.Context, b *bucket.Bucket, files []lake.Quarantined) iter.Seq2[Quarantined, error] {
	return func(yield func(Quarantined, error) bool) {
		for _, f := range files {
			data, err := b.Read(ctx, f.Object)
			if err != nil {
				yield(Quarantined{}, fmt.Errorf("quarantine: %w", err))
				return
			}
			fallen := map[lake.ObjectKey]bool{}
			for _, key := range f.Superseded {
				fallen[key] = true
			}
			rows := parquet.NewGenericReader[rejected](bytes.NewReader(data))
			more, err := yieldRejected(rows, func(r *rejected) bool {
				return yield(Quarantined{
					Source: r.Source, Object: r.Object, Line: r.Line, Reason: r.Reason, Detail: r.Detail,
					Raw: bytes.Clone(r.Raw), RawBytes: r.RawBytes,
					Batch: f.Batch, ReadAt: f.Made, Stands: !fallen[lake.ObjectKey{Source: r.Source, Object: r.Object}],
				}, nil)
			})
			rows.Close() // read-only: nothing to lose
			if err != nil {
				yield(Quarantined{}, fmt.Errorf("quarantine %s: %w", f.Object, err))
			}
			if err != nil || !more {
				return
			}
		}
	}
}

// yieldRejected yields the rows of a quarantine file until yield returns false.
func yieldRejected(file *parquet.GenericReader[rejected], yield func(*rejected) bool) (more bool, err error) {
	rows := make([]rejected, 256)
	for {
		n := 0
		err := guarded(func() (err error) {
			n, err = file.Read(rows)
			return err
		})
		for i := range rows[:n] {
			if !yield(&rows[i]) {
				return false, nil
			}
		}
		if errors.Is(err, io.EOF) {
			return true, nil
		}
		if err != nil {
			return true, err
		}
	}
}

// MatchObject says whether the name of an object has the shape of a pattern, in
// which ** stands for any folders; an empty pattern matches all.
func MatchObject(pattern, name string) bool { return matchGlob(pattern, name) }

// CheckPattern says what is wrong with a pattern of [MatchObject].
func CheckPattern(pattern string) error {
	if !validGlob(pattern) {
		return fmt.Errorf("%q is not a pattern of object names", pattern)
	}
	return nil
}

// FindObjects returns those of some objects that the sources have now, as they
// would be read. What is no data any more by its name is not among them.
func FindObjects(ctx context.Context, sources []Source, keys map[lake.ObjectKey]bool) (map[lake.ObjectKey]bucket.Object, error) {
	wanted := map[string]bool{}
	for key := range keys {
		wanted[key.Source] = true
	}
	found := map[lake.ObjectKey]bucket.Object{}
	for _, s := range sources {
		if !wanted[s.Name] {
			continue
		}
		for o, err := range s.Bucket.List(ctx, "") {
			if err != nil {
				return nil, fmt.Errorf("source %s at %s: %w", s.Name, s.Bucket, err)
			}
			key := lake.ObjectKey{Source: s.Name, Object: o.Name}
			if keys[key] && s.hasData(o, s.roleOf(o.Name)) {
				found[key] = o
			}
		}
	}
	return found, nil
}
