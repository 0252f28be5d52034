package bucket

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"

	"gocloud.dev/gcerrors"

	"sojourn/internal/redact"
)

// Sub returns the objects of the bucket whose names begin with prefix, as a
// bucket in which they are called by what follows it. Closing it does nothing.
func (b *Bucket) Sub(prefix string) *Bucket {
	return &Bucket{
		url: b.url + "/" + strings.TrimSuffix(prefix, "/"), base: b.base, dir: b.dir, blob: b.blob, version: b.version,
		prefix: b.prefix + prefix, borrowed: true, closed: b.closed, guard: b.guard,
	}
}

// Named is the bucket as messages are to call it. It need not be closed.
func (b *Bucket) Named(location string) *Bucket {
	named := *b
	named.url, named.borrowed = redact.Location(location), true
	return &named
}

// whiteouts is the folder of an overlay that names what was deleted from below.
const whiteouts = "whiteouts/"

// An overlay is what lies under a bucket, and what of it does not show.
type overlay struct {
	below *Bucket
	mu    sync.Mutex
	gone  map[string]bool
}

// Over returns a bucket that shows the objects of b, and under them those of
// below. All that is written or deleted happens in b; below never changes. Only
// one such bucket may be used for writing at a time. Closing it does nothing.
func (b *Bucket) Over(ctx context.Context, below *Bucket) (*Bucket, error) {
	o := &overlay{below: below, gone: map[string]bool{}}
	for object, err := range b.List(ctx, whiteouts) {
		if err != nil {
			return nil, err
		}
		o.gone[strings.TrimPrefix(object.Name, whiteouts)] = true
	}
	over := b.Sub("")
	over.overlay = o
	return over, nil
}

// shows says whether an object that b itself has not got may be had from below.
func (o *overlay) shows(name string, err error) bool {
	missing := gcerrors.Code(err) == gcerrors.NotFound || errors.Is(err, fs.ErrNotExist)
	return o != nil && missing && !o.hides(name)
}

func (o *overlay) hides(name string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.gone[name]
}

// list yields the objects of both buckets in lexical order.
func (o *overlay) list(ctx context.Context, own iter.Seq2[Object, error], prefix string) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		objects := map[string]Object{}
		for object, err := range o.below.List(ctx, prefix) {
			if err != nil {
				yield(Object{}, err)
				return
			}
			objects[object.Name] = object
		}
		o.mu.Lock()
		for name := range o.gone {
			delete(objects, name)
		}
		o.mu.Unlock()
		for object, err := range own {
			if err != nil {
				yield(Object{}, err)
				return
			}
			objects[object.Name] = object
		}
		for _, name := range slices.Sorted(maps.Keys(objects)) {
			if !strings.HasPrefix(name, whiteouts) && !yield(objects[name], nil) {
				return
			}
		}
	}
}

// remove lets an object of below not show any more.
func (o *overlay) remove(ctx context.Context, b *Bucket, name string) error {
	there, err := o.below.Exists(ctx, name)
	if err != nil || !there {
		return err
	}
	if err := b.Put(ctx, whiteouts+name, func(io.Writer) error { return nil }); err != nil {
		return err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.gone[name] = true
	return nil
}
