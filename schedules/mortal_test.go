package schedules

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"io"
	"maps"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"gocloud.dev/blob"
	"gocloud.dev/blob/driver"
	"gocloud.dev/gcerrors"

	"sojourn/internal/bucket"
)

// A mortal is the driver of a bucket in memory whose client dies: after so
// many writes and deletions nothing works any more, as in a process that is
// killed. What has been written stays.
type mortal struct {
	driver.Bucket // nil: nothing else is called

	mu      sync.Mutex
	objects map[string][]byte
	lives   int // writes and deletions left
	writes  int // and made
	faults  faults
	asked   map[string]int // requests by operation, as a cloud would count them
}

// pageKeys is how many keys a cloud lists at once.
const pageKeys = 1000

var (
	errDead    = errors.New("the process is dead")
	errMissing = errors.New("there is no such object")
	errThere   = errors.New("there is such an object")
)

// immortal is more writes than any run makes.
const immortal = 1 << 30

// A mortalOpener opens the URL mortal:// as the bucket that is next.
type mortalOpener struct {
	mu   sync.Mutex
	next *mortal
}

func (o *mortalOpener) OpenBucketURL(context.Context, *url.URL) (*blob.Bucket, error) {
	return blob.NewBucket(o.next), nil
}

var opener mortalOpener

// TestMain has a property tried on fewer examples than elsewhere, if none are
// asked for: each is nights of a site, and takes a second or more.
func TestMain(m *testing.M) {
	_ = flag.Set("rapid.checks", "25")
	blob.DefaultURLMux().RegisterBucket("mortal", &opener)
	os.Exit(m.Run())
}

// openMortal returns a bucket with those objects.
func openMortal(t testingT, objects map[string][]byte, lives int) (*bucket.Bucket, *mortal) {
	t.Helper()
	m := &mortal{objects: map[string][]byte{}, lives: lives, asked: map[string]int{}}
	maps.Copy(m.objects, objects)
	opener.mu.Lock()
	defer opener.mu.Unlock()
	opener.next = m
	b, err := bucket.Open(context.Background(), "mortal://", false, nil)
	if err != nil {
		t.Fatal(err)
	}
	return b, m
}

func (m *mortal) alive() error {
	if m.lives == 0 {
		return errDead
	}
	return nil
}

// change is one write or deletion.
func (m *mortal) change(op, key string, do func() error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.alive(); err != nil {
		return err
	}
	m.asked[op]++
	fault := m.faults.next(op, key)
	if fault == refused {
		return errAway
	}
	if err := do(); err != nil {
		return err
	}
	m.lives--
	m.writes++
	if fault != fine {
		return errAway
	}
	return nil
}

func (m *mortal) ErrorCode(err error) gcerrors.ErrorCode {
	switch err {
	case errMissing:
		return gcerrors.NotFound
	case errThere:
		return gcerrors.FailedPrecondition
	}
	return gcerrors.Unknown
}

func (m *mortal) ErrorAs(error, any) bool { return false }
func (m *mortal) As(any) bool             { return false }
func (m *mortal) Close() error            { return nil }

func (m *mortal) read(op, key string) (_ []byte, torn bool, _ error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.alive(); err != nil {
		return nil, false, err
	}
	m.asked[op]++
	fault := m.faults.next(op, key)
	if fault == refused {
		return nil, false, errAway
	}
	data, ok := m.objects[key]
	if !ok {
		return nil, false, errMissing
	}
	return data, fault != fine, nil
}

func (m *mortal) Attributes(_ context.Context, key string) (*driver.Attributes, error) {
	data, _, err := m.read("look up", key)
	return &driver.Attributes{Size: int64(len(data))}, err
}

func (m *mortal) ListPaged(_ context.Context, o *driver.ListOptions) (*driver.ListPage, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.alive(); err != nil {
		return nil, err
	}
	if m.faults.next("list", o.Prefix) != fine {
		return nil, errAway
	}
	page := new(driver.ListPage)
	for _, key := range slices.Sorted(maps.Keys(m.objects)) {
		if strings.HasPrefix(key, o.Prefix) {
			page.Objects = append(page.Objects, &driver.ListObject{Key: key, Size: int64(len(m.objects[key])), ModTime: time.Unix(0, 0)})
		}
	}
	m.asked["list"] += max(1, (len(page.Objects)+pageKeys-1)/pageKeys)
	return page, nil
}

type mortalReader struct {
	io.Reader
	size int64
}

func (r *mortalReader) Close() error { return nil }
func (r *mortalReader) Attributes() *driver.ReaderAttributes {
	return &driver.ReaderAttributes{Size: r.size}
}
func (r *mortalReader) As(any) bool { return false }

func (m *mortal) NewRangeReader(_ context.Context, key string, offset, length int64, _ *driver.ReaderOptions) (driver.Reader, error) {
	data, torn, err := m.read("read", key)
	if err != nil {
		return nil, err
	}
	rest := data[offset:]
	if length >= 0 && length < int64(len(rest)) {
		rest = rest[:length]
	}
	if torn {
		return &mortalReader{io.MultiReader(bytes.NewReader(rest[:len(rest)/2]), iotest.ErrReader(errAway)), int64(len(data))}, nil
	}
	return &mortalReader{bytes.NewReader(rest), int64(len(data))}, nil
}

type mortalWriter struct {
	bytes.Buffer
	bucket *mortal
	ctx    context.Context
	key    string
	create bool
}

func (m *mortal) NewTypedWriter(ctx context.Context, key, _ string, o *driver.WriterOptions) (driver.Writer, error) {
	return &mortalWriter{bucket: m, ctx: ctx, key: key, create: o.IfNotExist}, nil
}

func (w *mortalWriter) Close() error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	m := w.bucket
	return m.change("write", w.key, func() error {
		if _, there := m.objects[w.key]; there && w.create {
			return errThere
		}
		m.objects[w.key] = w.Bytes()
		return nil
	})
}

func (m *mortal) Delete(_ context.Context, key string, _ *driver.DeleteOptions) error {
	return m.change("delete", key, func() error {
		if _, there := m.objects[key]; !there {
			return errMissing
		}
		delete(m.objects, key)
		return nil
	})
}
