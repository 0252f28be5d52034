//go:build cgo

package main

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// fileLimit lets a command write no file of more than that many bytes: what it
// writes beyond fails as on a disk that is full, in the middle of a file.
const fileLimit = "SOJOURN_FILE_LIMIT"

func armFileLimit() {
	var limit uint64
	if _, err := fmt.Sscan(os.Getenv(fileLimit), &limit); err != nil {
		return
	}
	signal.Ignore(syscall.SIGXFSZ) // the write fails instead
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: limit, Max: limit}); err != nil {
		panic(err)
	}
}

// When there is no room for a file, wherever that happens, the run says so and
// which file it was, and leaves none that is not whole. When there is, one more
// run leaves the bytes of one that always had it.
func TestFullDisk(t *testing.T) {
	before := newTrial(t, crashConfig, nil)
	deliver(t, before, firstDelivery)
	args := []string{"run", "--date", "2026-01-31"}
	whole := before.copy(t)
	if status, out := whole.child(t, nil, args...); status != exitOK {
		t.Fatalf("exit status %d\n%s", status, out)
	}
	want := whole.tables(t)
	sizes := whole.fileSizes(t)

	rounds := 5
	if soak {
		rounds = len(sizes)
	}
	random := rand.New(rand.NewPCG(2, 28))
	for _, i := range random.Perm(len(sizes))[:rounds] {
		limit := sizes[i] - 1
		what := fmt.Sprintf("files of %d bytes and less", limit)
		p := before.copy(t)
		status, out := p.child(t, []string{fmt.Sprintf("%s=%d", fileLimit, limit)}, args...)
		if status != exitFailed || !strings.Contains(strings.ToLower(out), "file too large") {
			t.Errorf("%s: exit status %d\n%s", what, status, out)
		}
		// DuckDB says it in its own words.
		if !strings.Contains(out, "there is no room for a file") && !strings.Contains(out, "publish into") {
			t.Errorf("%s: it does not say what to do:\n%s", what, out)
		}
		p.wantWholeFiles(t, what)
		if status, out := p.child(t, nil, args...); status != exitOK {
			t.Fatalf("%s, run again: exit status %d\n%s", what, status, out)
		}
		if diff := cmp.Diff(want, p.tables(t)); diff != "" {
			t.Errorf("%s, run again, the lake is another (-had room +had none):\n%s", what, diff)
		}
		if status, out := p.child(t, nil, args...); status != exitOK || !strings.Contains(out, "nothing to do") {
			t.Errorf("%s, run again twice: exit status %d\n%s", what, status, out)
		}
	}
}

// fileSizes returns the sizes in bytes that files of the lake and the warehouse
// have, each once.
func (p trial) fileSizes(t *testing.T) []int64 {
	t.Helper()
	var sizes []int64
	err := filepath.WalkDir(p.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.Contains(path, "/lake/") && !strings.HasSuffix(path, ".duckdb") {
			return err
		}
		info, err := d.Info()
		if err == nil {
			sizes = append(sizes, info.Size())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(sizes)
	return slices.Compact(sizes)
}
