package extract

import (
	"context"
	"errors"
	"io"
	"os"

	"sojourn/internal/bucket"
)

// A spooled object can be read at any place.
type spooled struct {
	io.ReaderAt
	size  int64
	close func() error
}

// Close lets go of the object, and of a copy of it.
func (s *spooled) Close() error { return s.close() }

// spool opens an object for reading at any place. That of a directory is the
// file itself; that of another bucket is a temporary copy on disk.
func spool(ctx context.Context, b *bucket.Bucket, name string) (*spooled, error) {
	if s, err := spoolFile(b, name); s != nil || err != nil {
		return s, err
	}
	r, err := b.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	defer r.Close() // read-only: nothing to lose
	f, err := os.CreateTemp("", "sojourn-*.parquet")
	if err != nil {
		return nil, err
	}
	s := &spooled{ReaderAt: f, close: func() error { return errors.Join(f.Close(), os.Remove(f.Name())) }}
	if s.size, err = io.Copy(f, r); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// spoolFile opens the file of an object in a directory; nil if it is in none.
func spoolFile(b *bucket.Bucket, name string) (*spooled, error) {
	path, ok := b.LocalPath(name)
	if !ok {
		return nil, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, nil // object and file may differ in name: the bucket knows
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &spooled{f, info.Size(), f.Close}, nil
}
