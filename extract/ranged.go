package extract

import (
	"context"
	"errors"
	"io"

	"sojourn/internal/bucket"
)

// glimpse opens an object of a size of which only a part will be read, at any
// place, without a copy of it.
func glimpse(ctx context.Context, b *bucket.Bucket, o bucket.Object) (*spooled, error) {
	if s, err := spoolFile(b, o.Name); s != nil || err != nil {
		return s, err
	}
	parts := &ranged{
		size: o.Size,
		read: func(from, length int64) ([]byte, error) { return b.ReadRange(ctx, o.Name, from, length) },
	}
	return &spooled{parts, o.Size, func() error { return nil }}, nil
}

// partBytes and partsKept bound what is held of an object that is read in
// parts.
const (
	partBytes = 1 << 20
	partsKept = 32
)

// ranged reads an object in parts, of which it keeps those last fetched.
type ranged struct {
	size int64
	read func(from, length int64) ([]byte, error)
	kept []fetched // the last one was fetched last
}

type fetched struct {
	from int64
	data []byte
}

// ReadAt implements [io.ReaderAt].
func (r *ranged) ReadAt(p []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, errors.New("before the beginning of the object")
	}
	for n < len(p) {
		at := off + int64(n)
		if at >= r.size {
			return n, io.EOF
		}
		data, err := r.part(at - at%partBytes)
		if err != nil {
			return n, err
		}
		if at%partBytes >= int64(len(data)) {
			return n, io.ErrUnexpectedEOF // the object has become shorter
		}
		n += copy(p[n:], data[at%partBytes:])
	}
	return n, nil
}

func (r *ranged) part(from int64) ([]byte, error) {
	for _, k := range r.kept {
		if k.from == from {
			return k.data, nil
		}
	}
	data, err := r.read(from, min(partBytes, r.size-from))
	if err != nil {
		return nil, err
	}
	if len(r.kept) == partsKept {
		r.kept = append(r.kept[:0], r.kept[1:]...)
	}
	r.kept = append(r.kept, fetched{from, data})
	return data, nil
}
