package extract

import (
	"context"
	"errors"
	"io"
	"os"

	"sojourn/internal/bucket"
)

// A spooled object is open for reading at any place. That of a directory is
// the file itself; that of another bucket is a temporary copy on disk.
type spooled struct {
	*os.File
	size int64
	copy bool
}

// spool opens an object for reading at any place.
func spool(ctx context.Context, b *bucket.Bucket, name string) (*spooled, error) {
	if path, ok := b.LocalPath(name); ok {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		info, err := f.Stat()
		if err != nil {
			f.Close() // read-only: nothing to lose
			return nil, err
		}
		return &spooled{f, info.Size(), false}, nil
	}
	r, err := b.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	defer r.Close() // likewise
	f, err := os.CreateTemp("", "sojourn-*.parquet")
	if err != nil {
		return nil, err
	}
	s := &spooled{File: f, copy: true}
	if s.size, err = io.Copy(f, r); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Close closes the object and removes the copy.
func (s *spooled) Close() error {
	err := s.File.Close()
	if s.copy {
		err = errors.Join(err, os.Remove(s.Name()))
	}
	return err
}
