package bucket_test

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sojourn/internal/bucket"
)

func openDir(t testing.TB) (*bucket.Bucket, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "raw")
	b, err := bucket.Open(t.Context(), dir, true, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b, dir
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// What is in a directory and is no file is listed with what is wrong with it,
// and opening it neither waits nor leads outside.
func TestNoFiles(t *testing.T) {
	b, dir := openDir(t)
	outside := filepath.Join(filepath.Dir(dir), "secret")
	check(t, os.WriteFile(outside, []byte("secret"), 0o666))
	check(t, os.Mkdir(filepath.Join(filepath.Dir(dir), "elsewhere"), 0o777))
	check(t, os.WriteFile(filepath.Join(dir, "file"), nil, 0o666))
	check(t, os.Symlink(outside, filepath.Join(dir, "link")))
	check(t, os.Symlink("../elsewhere", filepath.Join(dir, "folder")))
	check(t, os.Symlink("nowhere", filepath.Join(dir, "broken")))
	check(t, syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o666))
	check(t, os.WriteFile(filepath.Join(dir, "a__0x2f__b"), []byte("slash"), 0o666))
	check(t, os.WriteFile(filepath.Join(dir, `back\slash`+"\n"), []byte("odd"), 0o666))
	check(t, os.WriteFile(filepath.Join(dir, "bad\xff"), []byte("odd"), 0o666))
	check(t, os.WriteFile(filepath.Join(dir, "x.attrs"), []byte("{}"), 0o666))

	got := map[string]string{}
	for o, err := range b.List(t.Context(), "") {
		check(t, err)
		got[o.Name], _, _ = strings.Cut(o.Problem, ",")
		r, err := b.Open(t.Context(), o.Name)
		if (err != nil) != (o.Problem != "") {
			t.Errorf("%s, problem %q: opened with %v", o.Name, o.Problem, err)
		}
		if err == nil {
			r.Close() // read-only: nothing to lose
		}
	}
	link := "it is a link"
	want := map[string]string{
		"file": "", "link": link, "folder": link, "broken": link, "pipe": "it is a named pipe", "a__0x2f__b": "",
		"back\\slash\n": "", `bad\xff`: "its name is not UTF-8: rename it", "x.attrs": "",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("objects (-want +got):\n%s", diff)
	}
	for _, name := range []string{"../secret", "/etc/passwd", outside, "file/../../secret", "", ".", ".."} {
		if _, err := b.Open(t.Context(), name); err == nil {
			t.Errorf("opened %q", name)
		}
		if path, ok := b.LocalPath(name); ok && name != "" && name != "." {
			t.Errorf("%q is %s", name, path)
		}
	}
}

// A folder that cannot be listed is said to be so, and the others are listed.
func TestUnreadableFolder(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may list everything")
	}
	b, dir := openDir(t)
	check(t, os.MkdirAll(filepath.Join(dir, "closed"), 0o777))
	check(t, os.WriteFile(filepath.Join(dir, "z"), nil, 0o666))
	check(t, os.Chmod(filepath.Join(dir, "closed"), 0))
	t.Cleanup(func() { os.Chmod(filepath.Join(dir, "closed"), 0o777) })
	var got []string
	for o, err := range b.List(t.Context(), "") {
		check(t, err)
		got = append(got, o.Name+": "+o.Problem)
	}
	want := []string{"closed/: it is a folder that cannot be listed: permission denied: give the right to read it, or move it away", "z: "}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("objects (-want +got):\n%s", diff)
	}
}

// The order is that of names, not that of folders.
func TestListedInOrder(t *testing.T) {
	b, _ := openDir(t)
	names := []string{"a-b", "a/1", "a/b/c", "a0", "b/1"}
	for _, name := range names {
		put(t, b, name, name)
	}
	for prefix, want := range map[string][]string{"": names, "a": names[:4], "a/": names[1:3], "a/b/": names[2:3], "c/": nil, "a/b": names[2:3]} {
		var got []string
		for o, err := range b.List(t.Context(), prefix) {
			check(t, err)
			got = append(got, o.Name)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", prefix, diff)
		}
	}
}

// hostileNames are names that would mean something else as a path, or nothing.
var hostileNames = []string{
	"", ".", "..", "../x", "a/../../x", "/x", "//x", "a//x", "a/", "a/.", "a/..", `..\x`, `a\b`, "a\x00b", "a\nb", "a\x7fb",
	"a__0x2f__b", "bad\xff", strings.Repeat("x", 300),
}

// Nothing is written under a name that is not plainly one of an object, in
// whatever bucket.
func TestHostileNamesAreNotWritten(t *testing.T) {
	b, dir := openDir(t)
	memory, err := bucket.Open(t.Context(), "mem://", true, nil)
	check(t, err)
	for _, name := range hostileNames {
		for _, b := range []*bucket.Bucket{b, memory} {
			err := b.Put(t.Context(), name, func(w io.Writer) error { _, err := w.Write([]byte("x")); return err })
			if err == nil {
				t.Errorf("wrote %q in %s", name, b)
			}
			if err := b.Create(t.Context(), name, nil); err == nil {
				t.Errorf("created %q in %s", name, b)
			}
			if err := b.Delete(t.Context(), name); err == nil {
				t.Errorf("deleted %q in %s", name, b)
			}
		}
	}
	check(t, filepath.WalkDir(filepath.Dir(dir), func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			t.Errorf("wrote %s", path)
		}
		return err
	}))
}

// Whatever the name: what is written is listed and read under that name and is
// inside of the directory, or nothing is written.
func FuzzObjectNames(f *testing.F) {
	for _, name := range append(hostileNames, "a/b", "events/date=2026-01-30/batch-000001-000.parquet", "é ?*") {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		b, dir := openDir(t)
		err := b.Put(t.Context(), name, func(w io.Writer) error { _, err := w.Write([]byte("x")); return err })
		files := 0
		check(t, filepath.WalkDir(filepath.Dir(dir), func(path string, d os.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				files++
				if want, ok := b.LocalPath(name); !ok || path != want {
					t.Errorf("%q was written to %s", name, path)
				}
			}
			return err
		}))
		if (err == nil) != (files == 1) {
			t.Errorf("put %q: %v, and %d files", name, err, files)
		}
		for o, err := range b.List(t.Context(), "") {
			if err != nil || o.Name != name || o.Problem != "" {
				t.Errorf("%q was listed as %q, %s, %v", name, o.Name, o.Problem, err)
			}
			if text, err := b.Read(t.Context(), o.Name); err != nil || string(text) != "x" {
				t.Errorf("%q: read %q, %v", name, text, err)
			}
		}
	})
}
