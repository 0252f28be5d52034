// Prepare generates the objects that both sides read, with the program sojourn
// of a directory, into its folder raw. It prints what they are.
package main

import (
	"bufio"
	"bytes"
	"context"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// eventsPerUser is how many lines a generated user has in the days of prepare,
// about.
const eventsPerUser = 98

func main() {
	dir := flag.String("dir", "", "directory with the program sojourn")
	events := flag.Int("events", 1_000_000, "raw events, about")
	format := flag.String("format", "mixed", "data set: mixed, ndjson-gz, ndjson-zstd, parquet or ga4")
	flag.Parse()
	shape, ok := shapes[*format]
	if !ok {
		fmt.Fprintf(os.Stderr, "prepare: there is no data set %q\n", *format)
		os.Exit(2)
	}
	d := &dataSet{name: *format, shape: shape}
	if err := d.prepare(context.Background(), *dir, *events); err != nil {
		fmt.Fprintln(os.Stderr, "prepare:", err)
		os.Exit(1)
	}
	fmt.Println(d)
}

// A dataSet is what both sides read.
type dataSet struct {
	name string
	shape
	objects, lines, dropped int64
	raw, compressed         int64 // bytes
}

func (d *dataSet) String() string {
	return fmt.Sprintf("Data, %s: %d objects, %d lines, %d bytes a line on average, %.0f MB, %.0f MB compressed; %d lines were left out.",
		d.name, d.objects, d.lines, d.raw/d.lines, float64(d.raw)/1e6, float64(d.compressed)/1e6, d.dropped)
}

// prepare generates the events of three weeks, one day of which has 23 hours,
// with duplicates, late and offline uploads, wrong clocks, bots and unusable
// records, and leaves out what DuckDB does not read as its records stand: an
// object that breaks off, and lines that do, for it may lose the line after.
func (d *dataSet) prepare(ctx context.Context, dir string, events int) error {
	raw := filepath.Join(dir, "raw")
	generate := exec.CommandContext(ctx, filepath.Join(dir, "sojourn"), "generate", raw,
		"--users", strconv.Itoa(max(1, events/eventsPerUser)), "--first", "2026-03-15", "--days", "21", "--zone", "Europe/Lisbon")
	if out, err := generate.CombinedOutput(); err != nil {
		return fmt.Errorf("generate: %w\n%s", err, out)
	}
	if err := os.RemoveAll(filepath.Join(raw, "truth")); err != nil {
		return err
	}
	var paths []string
	err := filepath.WalkDir(filepath.Join(raw, "events"), func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, path := range paths {
		if !strings.Contains(path, "-aborted") {
			if err := d.reshape(path, d.object(path)); err != nil {
				return fmt.Errorf("%s: %w", path, err)
			}
		}
		if path != d.object(path) || strings.Contains(path, "-aborted") {
			if err := os.Remove(path); err != nil {
				return err
			}
		}
	}
	return nil
}

// reshape writes an object as the data set has it, without the lines that break
// off.
func (d *dataSet) reshape(path, as string) error {
	in, err := os.Open(path)
	if err != nil {
		return err
	}
	defer in.Close() // read-only: nothing to lose
	r, err := decompress(path, in)
	if err != nil {
		return err
	}
	out, err := os.Create(as + ".part")
	if err != nil {
		return err
	}
	w, err := d.open(as, out)
	if err != nil {
		return err
	}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var bytesOf int
		if line := lines.Bytes(); bytes.HasSuffix(line, []byte("}}")) {
			if bytesOf, err = w.write(line); err != nil {
				return err
			}
		}
		if bytesOf == 0 {
			d.dropped++
			continue
		}
		d.lines++
		d.raw += int64(bytesOf)
	}
	if err := lines.Err(); err != nil {
		return err
	}
	if err := w.close(); err != nil {
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
	return os.Rename(out.Name(), as)
}
