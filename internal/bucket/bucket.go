// Package bucket reads and writes objects: a thin layer over gocloud.dev/blob
// that keeps the few operations the pipeline reasons about. A bucket may be a
// directory, memory, or a cloud bucket whose driver the caller has linked in.
package bucket

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"

	"gocloud.dev/blob"
	_ "gocloud.dev/blob/fileblob" // file://
	_ "gocloud.dev/blob/memblob"  // mem://
	"gocloud.dev/gcerrors"

	"sojourn/internal/redact"
)

// A Bucket is a flat set of objects named by slash-separated paths. It is safe
// for concurrent use.
type Bucket struct {
	url     string // as it was opened, for messages: without user, password and query
	base    string // URL of the objects, up to their names
	dir     string // of a directory bucket; empty for others
	blob    *blob.Bucket
	version func(*blob.ListObject) string

	prefix   string       // before the names of all objects
	borrowed bool         // blob is another bucket's to close
	closed   *atomic.Bool // by whoever opened it
	overlay  *overlay     // nil for a bucket with nothing under it

	guard func(ctx context.Context, name string) error // nil admits all
}

// An Object is one listed object.
type Object struct {
	Name    string // relative to the bucket (and its prefix)
	Size    int64  // bytes
	Version string // changes when the content is replaced: generation, etag, or time and size

	// Problem says why it cannot be read and what to do, such as of a named
	// pipe in a directory; empty if nothing is known to be wrong.
	Problem string
}

// ErrExists is the error of [Bucket.Create] for an object that is already there.
var ErrExists = errors.New("object exists already")

// Open opens the bucket at a location: a URL such as gs://bucket/prefix,
// s3://bucket/prefix?region=eu-west-1, azblob://container, file:///dir or
// mem://, or a path of a directory. Missing directories are an error unless
// create is set. Version tells the version of an object of a cloud bucket; nil
// uses what all drivers know, checksum or modification time.
func Open(ctx context.Context, location string, create bool, version func(*blob.ListObject) string) (*Bucket, error) {
	b := &Bucket{url: redact.Location(location), version: version, closed: new(atomic.Bool)}
	if !strings.HasSuffix(b.url, "://") {
		b.url = strings.TrimSuffix(b.url, "/")
	}
	target, prefix, err := b.resolve(location, create)
	if err != nil {
		return nil, err
	}
	if b.blob, err = blob.OpenBucket(ctx, target); err != nil {
		return nil, fmt.Errorf("open bucket %s: %w", b.url, redact.Error(err))
	}
	if prefix != "" {
		b.blob = blob.PrefixedBucket(b.blob, prefix)
	}
	return b, nil
}

// resolve turns a location into the URL of a driver and a prefix in the bucket,
// and sets what objects are called outside.
func (b *Bucket) resolve(location string, create bool) (target, prefix string, err error) {
	dir := location
	if strings.Contains(location, "://") {
		u, err := url.Parse(location)
		if err != nil {
			// The error would show what it stopped at, such as a password.
			return "", "", fmt.Errorf("bucket %q: this is no URL: is a character such as %% or : in it not escaped?", b.url)
		}
		if u.Fragment != "" {
			return "", "", fmt.Errorf("bucket %q: a # in a URL begins something else: write it as %%23", b.url)
		}
		if u.Scheme != "file" {
			if prefix = strings.Trim(u.Path, "/"); prefix != "" {
				prefix += "/"
			}
			b.base = u.Scheme + "://" + u.Host + "/" + prefix
			u.Path, u.RawPath = "", ""
			return u.String(), prefix, nil
		}
		dir = u.Path
	}
	if b.dir, err = filepath.Abs(dir); err != nil {
		return "", "", fmt.Errorf("bucket %q: %w", location, err)
	}
	b.base = "file://" + b.dir + "/"
	if create {
		if err := os.MkdirAll(b.dir, 0o777); err != nil {
			return "", "", fmt.Errorf("bucket %q: %w", location, err)
		}
	} else if info, err := os.Stat(b.dir); err != nil || !info.IsDir() {
		return "", "", fmt.Errorf("bucket %q: no such directory", location)
	}
	// Temporary files beside the target make the final rename atomic; attribute
	// files would be seen as objects by everything else that reads the directory.
	return "file://" + (&url.URL{Path: b.dir}).EscapedPath() + "?no_tmp_dir=true&metadata=skip", "", nil
}

// String returns the location the bucket was opened with, for people: without
// user, password and query.
func (b *Bucket) String() string { return b.url }

// Close releases the bucket's connections.
func (b *Bucket) Close() error {
	if b.borrowed {
		return nil
	}
	b.closed.Store(true)
	return b.blob.Close()
}

// List yields the objects whose names start with prefix, in lexical order. It
// stops after the first error. What is in a directory and is no file, and
// folders below prefix that cannot be listed (their names end with a slash), are
// objects with a problem.
func (b *Bucket) List(ctx context.Context, prefix string) iter.Seq2[Object, error] {
	if b.overlay != nil {
		return b.overlay.list(ctx, b.list(ctx, prefix), prefix)
	}
	return b.list(ctx, prefix)
}

func (b *Bucket) list(ctx context.Context, prefix string) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		if b.dir != "" {
			b.listDir(ctx, b.prefix+prefix, func(o Object, err error) bool {
				o.Name = strings.TrimPrefix(o.Name, b.prefix)
				return yield(o, err)
			})
			return
		}
		objects := b.blob.List(&blob.ListOptions{Prefix: b.prefix + prefix})
		for {
			o, err := objects.Next(ctx)
			if err == io.EOF {
				return
			}
			if err != nil {
				yield(Object{}, fmt.Errorf("list %s/%s: %w", b.url, prefix, redact.Error(err)))
				return
			}
			if o.IsDir {
				continue
			}
			if !yield(Object{Name: o.Key[len(b.prefix):], Size: o.Size, Version: b.versionOf(o)}, nil) {
				return
			}
		}
	}
}

func (b *Bucket) versionOf(o *blob.ListObject) string {
	if b.version != nil {
		if v := b.version(o); v != "" {
			return v
		}
	}
	if len(o.MD5) > 0 {
		return hex.EncodeToString(o.MD5)
	}
	return strconv.FormatInt(o.ModTime.UnixNano(), 36) + "-" + strconv.FormatInt(o.Size, 36)
}

// Open returns the contents of an object. The error is [fs.ErrNotExist] if
// there is none by that name.
func (b *Bucket) Open(ctx context.Context, name string) (io.ReadCloser, error) {
	r, err := b.openRange(ctx, name, 0, -1)
	if b.overlay.shows(name, err) {
		return b.overlay.below.Open(ctx, name)
	}
	if err != nil {
		return nil, b.wrap("open", name, err)
	}
	return r, nil
}

// Read returns the contents of a small object whole.
func (b *Bucket) Read(ctx context.Context, name string) ([]byte, error) {
	r, err := b.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	defer r.Close() // read-only: nothing to lose
	var data bytes.Buffer
	data.Grow(int(sizeOf(r)) + bytes.MinRead) // or it would be copied as it grows
	if _, err := data.ReadFrom(r); err != nil {
		return nil, b.wrap("read", name, err)
	}
	return data.Bytes(), nil
}

// sizeOf is how many bytes an opened object has, 0 if that is not known.
func sizeOf(r io.Reader) int64 {
	switch r := r.(type) {
	case *os.File:
		if info, err := r.Stat(); err == nil {
			return info.Size()
		}
	case *blob.Reader:
		return r.Size()
	}
	return 0
}

// ReadRange returns length bytes of an object from a place on, or fewer if it
// ends before.
func (b *Bucket) ReadRange(ctx context.Context, name string, from, length int64) ([]byte, error) {
	r, err := b.openRange(ctx, name, from, length)
	if b.overlay.shows(name, err) {
		return b.overlay.below.ReadRange(ctx, name, from, length)
	}
	if err != nil {
		return nil, b.wrap("read", name, err)
	}
	defer r.Close() // read-only: nothing to lose
	data, err := io.ReadAll(io.LimitReader(r, length))
	if err != nil {
		return nil, b.wrap("read", name, err)
	}
	return data, nil
}

// openRange opens an object at a place, for at least length bytes; -1 is all
// that follow.
func (b *Bucket) openRange(ctx context.Context, name string, from, length int64) (io.ReadCloser, error) {
	if b.dir == "" {
		return b.blob.NewRangeReader(ctx, b.prefix+name, from, length, nil)
	}
	f, err := b.openFile(b.prefix + name)
	if err != nil {
		return nil, err
	}
	if _, err := f.Seek(from, io.SeekStart); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// Put stores whatever write writes as the object's contents, replacing the
// object if there is one. Readers see all of it or none: if write returns an
// error, nothing changes.
func (b *Bucket) Put(ctx context.Context, name string, write func(io.Writer) error) error {
	return b.put(ctx, name, nil, write)
}

// Create is Put for an object that must not exist: of several callers at most
// one succeeds, the others get [ErrExists].
func (b *Bucket) Create(ctx context.Context, name string, data []byte) error {
	if err := checkName(b.prefix + name); err != nil {
		return fmt.Errorf("create in %s: %w", b.url, err)
	}
	if path, ok := b.ownPath(name); ok {
		return b.createFile(ctx, path, name, data)
	}
	return b.put(ctx, name, &blob.WriterOptions{IfNotExist: true}, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// createFile makes a file whole and at once: the driver looks and then renames,
// between which another process can do the same.
func (b *Bucket) createFile(ctx context.Context, path, name string, data []byte) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return fmt.Errorf("create %s/%s: %w", b.url, name, err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.tmp")
	if err != nil {
		return fmt.Errorf("create %s/%s: %w", b.url, name, err)
	}
	defer os.Remove(f.Name())
	_, err = f.Write(data)
	if err := errors.Join(err, f.Sync(), f.Close(), b.admit(ctx, name)); err != nil {
		return fmt.Errorf("create %s/%s: %w", b.url, name, err)
	}
	if err := os.Link(f.Name(), path); errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("create %s/%s: %w", b.url, name, ErrExists)
	} else if err != nil {
		return fmt.Errorf("create %s/%s: %w", b.url, name, err)
	}
	return nil
}

func (b *Bucket) put(ctx context.Context, name string, opts *blob.WriterOptions, write func(io.Writer) error) error {
	if err := checkName(b.prefix + name); err != nil {
		return fmt.Errorf("write in %s: %w", b.url, err)
	}
	// Closing a writer commits the object; cancelling its context first is
	// the only way not to.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w, err := b.blob.NewWriter(ctx, b.prefix+name, opts)
	if err != nil {
		return b.wrap("write", name, err)
	}
	err = write(w)
	if err == nil {
		err = b.admit(ctx, name)
	}
	if err != nil {
		cancel()
		w.Close() // the error to report is the first one
		return b.wrap("write", name, err)
	}
	if err := w.Close(); err != nil {
		return b.wrap("write", name, err)
	}
	return nil
}

// Delete removes an object; one that does not exist is no error.
func (b *Bucket) Delete(ctx context.Context, name string) error {
	if err := checkName(b.prefix + name); err != nil {
		return fmt.Errorf("delete in %s: %w", b.url, err)
	}
	if err := b.admit(ctx, name); err != nil {
		return b.wrap("delete", name, err)
	}
	if b.overlay != nil {
		if err := b.overlay.remove(ctx, b, name); err != nil {
			return err
		}
	}
	if err := b.blob.Delete(ctx, b.prefix+name); err != nil && gcerrors.Code(err) != gcerrors.NotFound {
		return b.wrap("delete", name, err)
	}
	return nil
}

// Exists reports whether there is an object of that name.
func (b *Bucket) Exists(ctx context.Context, name string) (bool, error) {
	ok, err := b.blob.Exists(ctx, b.prefix+name)
	if err != nil {
		return false, b.wrap("look up", name, err)
	}
	if !ok && b.overlay != nil && !b.overlay.hides(name) {
		return b.overlay.below.Exists(ctx, name)
	}
	return ok, nil
}

// LocalPath returns the file that holds an object of a directory bucket; ok is
// false for other buckets, and for names that lead out of the directory.
func (b *Bucket) LocalPath(name string) (path string, ok bool) {
	path, ok = b.ownPath(name)
	if ok && b.overlay != nil && !b.overlay.hides(name) {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return b.overlay.below.LocalPath(name)
		}
	}
	return path, ok
}

func (b *Bucket) ownPath(name string) (path string, ok bool) {
	local := filepath.FromSlash(b.prefix + name)
	return filepath.Join(b.dir, local), b.dir != "" && filepath.IsLocal(local)
}

// URL returns the URL of an object for other programs, such as gs://bucket/name.
func (b *Bucket) URL(name string) string { return b.base + b.prefix + name }

func (b *Bucket) wrap(verb, name string, err error) error {
	code := gcerrors.Code(err)
	if errors.Is(err, fs.ErrNotExist) {
		code = gcerrors.NotFound
	}
	switch code {
	case gcerrors.NotFound:
		return fmt.Errorf("%s %s/%s: %w", verb, b.url, name, fs.ErrNotExist)
	case gcerrors.FailedPrecondition, gcerrors.AlreadyExists:
		return fmt.Errorf("%s %s/%s: %w", verb, b.url, name, ErrExists)
	}
	return fmt.Errorf("%s %s/%s: %w", verb, b.url, name, redact.Error(err))
}
