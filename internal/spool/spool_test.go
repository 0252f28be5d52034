package spool_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sojourn/internal/spool"
)

// What is written is read again, in whatever pieces, in memory or not.
func TestBuffer(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	rapid.Check(t, func(t *rapid.T) {
		b := &spool.Buffer{Most: rapid.IntRange(0, 20).Draw(t, "most")}
		defer b.Close()
		var want []byte
		for _, p := range rapid.SliceOf(rapid.SliceOfN(rapid.Byte(), 0, 30)).Draw(t, "pieces") {
			n, err := b.Write(p)
			if n != len(p) || err != nil {
				t.Fatalf("wrote %d of %d bytes: %v", n, len(p), err)
			}
			want = append(want, p...)
		}
		got, err := io.ReadAll(b.Open())
		if err != nil || !bytes.Equal(got, want) {
			t.Fatalf("read %v, %v, want %v", got, err, want)
		}
		if b.Size() != int64(len(want)) {
			t.Fatalf("size is %d, want %d", b.Size(), len(want))
		}
		at := rapid.IntRange(0, len(want)).Draw(t, "at")
		some := make([]byte, rapid.IntRange(0, len(want)-at).Draw(t, "some"))
		if _, err := b.ReadAt(some, int64(at)); err != nil || !bytes.Equal(some, want[at:at+len(some)]) {
			t.Fatalf("read %v at %d, %v, want %v", some, at, err, want[at:at+len(some)])
		}
		if _, err := b.ReadAt(make([]byte, 1), int64(len(want))); err != io.EOF {
			t.Fatalf("after the end: %v", err)
		}
		b.Close()
		if _, err := io.ReadAll(b.Open()); len(want) > 0 && err == nil {
			t.Fatal("it can be read after it was closed")
		}
		if _, err := b.Write([]byte("more")); err == nil {
			t.Fatal("it can be written after it was closed")
		}
	})
}

func TestSectionsOfAFile(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	var f spool.File
	var sections []spool.Section
	texts := []string{"ann", "", "bob and eve"}
	for _, text := range texts {
		at, err := f.Append([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		sections = append(sections, at)
	}
	for i := range texts {
		if got, err := f.Read(sections[i]); err != nil || string(got) != texts[i] {
			t.Errorf("section %d is %q, %v", i, got, err)
		}
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	if err := f.Close(); err != nil {
		t.Errorf("closed twice: %v", err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// Where there is no room for a file, the error says what the file is for and
// where the room is looked for.
func TestNoRoom(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "missing")
	t.Setenv("TMPDIR", dir)
	b := &spool.Buffer{Most: 1}
	defer b.Close()
	_, err := b.Write([]byte("ann and bob"))
	var room *spool.Error
	if !errors.As(err, &room) || !strings.Contains(err.Error(), dir) || !strings.Contains(err.Error(), "TMPDIR") {
		t.Errorf("there is nowhere to write: %v", err)
	}
}
