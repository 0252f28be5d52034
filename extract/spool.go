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
		if f, err := os.Open(path); err == nil {
			info, err := f.Stat()
			if err != nil {
				return nil, errors.Join(err, f.Close())
			}
			return &spooled{f, info.Size(), false}, nil
		}
		// Object and file may differ in name: the bucket knows.
	}
	r, err := b.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	defer r.Close() // read-only: nothing to lose
	f, err := os.CreateTemp("", "sojourn-*")
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
