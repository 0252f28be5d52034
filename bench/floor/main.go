// Floor decompresses every object of a directory and counts its lines: the
// least that any program must do. Of Parquet, whose columns are compressed, it
// reads the bytes alone. It prints objects, lines and bytes.
package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: floor DIR")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "floor:", err)
		os.Exit(1)
	}
}

func run(dir string) error {
	var paths []string
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil {
		return err
	}
	queue := make(chan string, len(paths))
	for _, path := range paths {
		queue <- path
	}
	close(queue)

	counts := make([]count, runtime.GOMAXPROCS(0))
	errs := make([]error, len(counts))
	var wait sync.WaitGroup
	for i := range counts {
		decoder, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1))
		if err != nil {
			return err
		}
		defer decoder.Close()
		counts[i].zstd = decoder
		wait.Go(func() {
			for path := range queue {
				if err := counts[i].add(path); err != nil {
					errs[i] = fmt.Errorf("%s: %w", path, err)
					return
				}
			}
		})
	}
	wait.Wait()
	var sum count
	for _, c := range counts {
		sum.lines += c.lines
		sum.bytes += c.bytes
	}
	fmt.Println(len(paths), sum.lines, sum.bytes)
	return errors.Join(errs...)
}

type count struct {
	lines, bytes int64
	buffer       [256 << 10]byte
	gzip         gzip.Reader
	zstd         *zstd.Decoder
}

// add counts an object, whose name tells how it is compressed.
func (c *count) add(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close() // read-only: nothing to lose
	r := io.Reader(bufio.NewReaderSize(f, 128<<10))
	switch filepath.Ext(path) {
	case ".gz":
		err = c.gzip.Reset(r)
		r = &c.gzip
	case ".zst":
		err = c.zstd.Reset(r)
		r = c.zstd
	}
	if err != nil {
		return err
	}
	for {
		n, err := r.Read(c.buffer[:])
		c.bytes += int64(n)
		c.lines += int64(bytes.Count(c.buffer[:n], []byte{'\n'}))
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
