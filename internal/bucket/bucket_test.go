package bucket_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sojourn/internal/bucket"
)

// What holds for every bucket, shown for a directory and for memory; the
// drivers of clouds are shown where whole nights run on them.
func TestBucket(t *testing.T) {
	for name, location := range map[string]string{
		"directory":        t.TempDir(),
		"file URL":         "file://" + (&url.URL{Path: filepath.Join(t.TempDir(), "with space")}).EscapedPath(),
		"memory":           "mem://",
		"memory, a prefix": "mem:///some/folder%231",
	} {
		t.Run(name, func(t *testing.T) {
			b, err := bucket.Open(t.Context(), location, true, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer b.Close()
			testObjects(t, b)
			testOddNames(t, b)
			testPutIsAllOrNothing(t, b)
			testCreateHasOneWinner(t, b)
		})
	}
}

func put(t *testing.T, b *bucket.Bucket, name, text string) {
	t.Helper()
	err := b.Put(t.Context(), name, func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func testObjects(t *testing.T, b *bucket.Bucket) {
	for _, name := range []string{"a/2", "a/10", "b", "a/1"} {
		put(t, b, name, "text of "+name)
	}
	var names []string
	versions := map[string]string{}
	for o, err := range b.List(t.Context(), "a/") {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, o.Name)
		versions[o.Name] = o.Version
		if want := int64(len("text of " + o.Name)); o.Size != want {
			t.Errorf("%s has size %d, want %d", o.Name, o.Size, want)
		}
	}
	if diff := cmp.Diff([]string{"a/1", "a/10", "a/2"}, names); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	if text, err := b.Read(t.Context(), "a/2"); err != nil || string(text) != "text of a/2" {
		t.Errorf("read %q, %v", text, err)
	}
	for _, part := range []struct {
		from, length int64
		want         string
	}{{0, 4, "text"}, {5, 2, "of"}, {8, 100, "a/2"}} {
		if text, err := b.ReadRange(t.Context(), "a/2", part.from, part.length); err != nil || string(text) != part.want {
			t.Errorf("%d bytes from %d on: %q, %v, want %q", part.length, part.from, text, err, part.want)
		}
	}
	if _, err := b.ReadRange(t.Context(), "a/3", 0, 1); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("read a part of what is not there: %v", err)
	}
	if _, err := b.Open(t.Context(), "a/3"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("open what is not there: %v", err)
	}

	put(t, b, "a/2", "another text")
	for o, err := range b.List(t.Context(), "a/2") {
		if err != nil {
			t.Fatal(err)
		}
		if o.Version == versions[o.Name] {
			t.Errorf("%s was replaced and has the same version %s", o.Name, o.Version)
		}
	}
	for range 2 { // what is gone already is no error
		if err := b.Delete(t.Context(), "a/2"); err != nil {
			t.Error(err)
		}
	}
	if _, err := b.Read(t.Context(), "a/2"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("read what was deleted: %v", err)
	}
}

// Names are any texts: what is special in URLs stands for itself.
func testOddNames(t *testing.T, b *bucket.Bucket) {
	names := []string{"odd/-1/-1_2026-01-30_9.json", "odd/1 %23+&=?*é.json", "odd/1_2026-01-30_9#1.json", "odd/1_2026-01-30_9%231.json"}
	for _, name := range names {
		put(t, b, name, "text of "+name)
	}
	var listed []string
	for o, err := range b.List(t.Context(), "odd/") {
		if err != nil {
			t.Fatal(err)
		}
		listed = append(listed, o.Name)
		r, err := b.Open(t.Context(), o.Name)
		if err != nil {
			t.Fatal(err)
		}
		if text, err := io.ReadAll(r); err != nil || string(text) != "text of "+o.Name {
			t.Errorf("%s: read %q, %v", o.Name, text, err)
		}
		r.Close() // read-only: nothing to lose
	}
	if diff := cmp.Diff(names, listed); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
}

// A writer that fails leaves the object as it was.
func testPutIsAllOrNothing(t *testing.T, b *bucket.Bucket) {
	put(t, b, "kept", "before")
	failure := errors.New("no more")
	for _, name := range []string{"kept", "never"} {
		err := b.Put(t.Context(), name, func(w io.Writer) error {
			io.WriteString(w, "half of it") // the failure that counts follows
			return failure
		})
		if !errors.Is(err, failure) {
			t.Errorf("put %s: %v", name, err)
		}
	}
	if text, err := b.Read(t.Context(), "kept"); err != nil || string(text) != "before" {
		t.Errorf("kept: %q, %v", text, err)
	}
	if _, err := b.Read(t.Context(), "never"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("never: %v", err)
	}
}

// Of all who create an object at once, one does.
func testCreateHasOneWinner(t *testing.T, b *bucket.Bucket) {
	for round := range 50 {
		name := fmt.Sprint("locks/", round)
		var won atomic.Int32
		var wait sync.WaitGroup
		for i := range 4 {
			wait.Go(func() {
				switch err := b.Create(t.Context(), name, []byte{byte(i)}); {
				case err == nil:
					won.Add(1)
				case !errors.Is(err, bucket.ErrExists):
					t.Error(err)
				}
			})
		}
		wait.Wait()
		if won.Load() != 1 {
			t.Fatalf("round %d: %d created it", round, won.Load())
		}
	}
	for o, err := range b.List(t.Context(), "locks/") {
		if err != nil || o.Size != 1 {
			t.Errorf("%s has %d bytes, %v", o.Name, o.Size, err)
		}
	}
}

func TestOpenWhatIsNotThere(t *testing.T) {
	if _, err := bucket.Open(t.Context(), "mem:///some/folder#1", true, nil); err == nil || !strings.Contains(err.Error(), "%23") {
		t.Errorf("a # in a URL: %v", err)
	}
	_, err := bucket.Open(t.Context(), filepath.Join(t.TempDir(), "missing"), false, nil)
	if err == nil {
		t.Error("a missing directory was opened")
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := bucket.Open(t.Context(), file, false, nil); err == nil {
		t.Error("a file was opened as a bucket")
	}
}
