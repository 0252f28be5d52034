package bucket_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sojourn/internal/bucket"
)

// An overlay shows what is under it until it is replaced or deleted, and
// changes nothing of it; opened again it shows the same.
func TestOverlay(t *testing.T) {
	for name, location := range map[string]string{"directory": t.TempDir(), "memory": "mem://"} {
		t.Run(name, func(t *testing.T) {
			b, err := bucket.Open(t.Context(), location, true, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer b.Close()
			put(t, b, "a/kept", "old")
			put(t, b, "a/replaced", "old")
			put(t, b, "a/deleted", "old")
			put(t, b, "a/back", "old")
			over, err := b.Sub("aside/").Over(t.Context(), b)
			if err != nil {
				t.Fatal(err)
			}
			put(t, over, "a/replaced", "new")
			put(t, over, "a/added", "new")
			for _, name := range []string{"a/deleted", "a/back", "a/none"} {
				if err := over.Delete(t.Context(), name); err != nil {
					t.Fatal(err)
				}
			}
			put(t, over, "a/back", "new")

			again, err := b.Sub("aside/").Over(t.Context(), b)
			if err != nil {
				t.Fatal(err)
			}
			want := []string{"a/added new", "a/back new", "a/kept old", "a/replaced new"}
			for _, o := range []*bucket.Bucket{over, again} {
				if diff := cmp.Diff(want, contents(t, o, "a/")); diff != "" {
					t.Errorf("overlay (-want +got):\n%s", diff)
				}
				if _, err := o.Open(t.Context(), "a/deleted"); !errors.Is(err, fs.ErrNotExist) {
					t.Errorf("open a deleted object: %v", err)
				}
				for name, want := range map[string]bool{"a/deleted": false, "a/kept": true, "a/back": true, "a/none": false} {
					if got, err := o.Exists(t.Context(), name); got != want || err != nil {
						t.Errorf("%s exists: %v (%v)", name, got, err)
					}
				}
				if path, ok := o.LocalPath("a/kept"); ok {
					if data, err := os.ReadFile(path); err != nil || string(data) != "old" {
						t.Errorf("file of a/kept: %q, %v", data, err)
					}
				}
			}
			under := []string{"a/back old", "a/deleted old", "a/kept old", "a/replaced old"}
			if diff := cmp.Diff(under, contents(t, b, "a/")); diff != "" {
				t.Errorf("under it (-want +got):\n%s", diff)
			}
		})
	}
}

// contents returns names and texts of objects.
func contents(t *testing.T, b *bucket.Bucket, prefix string) []string {
	t.Helper()
	var list []string
	for o, err := range b.List(t.Context(), prefix) {
		if err != nil {
			t.Fatal(err)
		}
		data, err := b.Read(t.Context(), o.Name)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, fmt.Sprintf("%s %s", o.Name, data))
	}
	return list
}
