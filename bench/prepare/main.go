// Prepare generates the objects that both sides read, with the program sojourn
// of a directory, into its folder raw. It prints what they are.
package main

import (
	"bufio"
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// eventsPerUser is how many lines a generated user has in the days of prepare,
// about.
const eventsPerUser = 98

func main() {
	dir := flag.String("dir", "", "directory with the program sojourn")
	events := flag.Int("events", 1_000_000, "raw events, about")
	flag.Parse()
	d, err := prepare(context.Background(), *dir, *events)
	if err != nil {
		fmt.Fprintln(os.Stderr, "prepare:", err)
		os.Exit(1)
	}
	fmt.Println(d)
}

// A data set is what both sides read.
type dataSet struct {
	objects, lines, dropped int64
	raw, compressed         int64 // bytes
}

func (d dataSet) String() string {
	return fmt.Sprintf("Data: %d objects, %d lines, %d bytes a line on average, %.0f MB, %.0f MB compressed; %d lines that break off were left out.",
		d.objects, d.lines, d.raw/d.lines, float64(d.raw)/1e6, float64(d.compressed)/1e6, d.dropped)
}

// prepare generates the events of three weeks, one day of which has 23 hours,
// with duplicates, late and offline uploads, wrong clocks, bots and unusable
// records, and leaves out what DuckDB does not read as its records stand: an
// object that breaks off, and lines that do, for it may lose the line after.
func prepare(ctx context.Context, dir string, events int) (dataSet, error) {
	var d dataSet
	raw := filepath.Join(dir, "raw")
	generate := exec.CommandContext(ctx, filepath.Join(dir, "sojourn"), "generate", raw,
		"--users", strconv.Itoa(max(1, events/eventsPerUser)), "--first", "2026-03-15", "--days", "21", "--zone", "Europe/Lisbon")
	if out, err := generate.CombinedOutput(); err != nil {
		return d, fmt.Errorf("generate: %w\n%s", err, out)
	}
	if err := os.RemoveAll(filepath.Join(raw, "truth")); err != nil {
		return d, err
	}
	err := filepath.WalkDir(filepath.Join(raw, "events"), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		if strings.Contains(path, "-aborted") {
			return os.Remove(path)
		}
		return d.tidy(path)
	})
	return d, err
}

// tidy rewrites an object without the lines that break off.
func (d *dataSet) tidy(path string) error {
	in, err := os.Open(path)
	if err != nil {
		return err
	}
	defer in.Close() // read-only: nothing to lose
	out, err := os.Create(path + ".tidy")
	if err != nil {
		return err
	}
	r, w, err := codec(path, in, out)
	if err != nil {
		return err
	}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := lines.Bytes()
		if !bytes.HasSuffix(line, []byte("}}")) {
			d.dropped++
			continue
		}
		d.lines++
		d.raw += int64(len(line)) + 1
		if _, err := w.Write(append(line, '\n')); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	info, err := out.Stat()
	if err != nil {
		return err
	}
	d.objects++
	d.compressed += info.Size()
	if err := out.Close(); err != nil {
		return err
	}
	return os.Rename(out.Name(), path)
}

// codec reads and writes an object in the compression that its name tells.
func codec(path string, in io.Reader, out io.Writer) (io.Reader, io.WriteCloser, error) {
	switch filepath.Ext(path) {
	case ".gz":
		r, err := gzip.NewReader(in)
		return r, gzip.NewWriter(out), err
	case ".zst":
		r, err := zstd.NewReader(in)
		if err != nil {
			return nil, nil, err
		}
		w, err := zstd.NewWriter(out)
		return r, w, err
	}
	return in, plain{bufio.NewWriter(out)}, nil
}

// plain closes by flushing.
type plain struct{ *bufio.Writer }

func (p plain) Close() error { return p.Flush() }
