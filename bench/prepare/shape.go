package main

import (
	"bufio"
	"io"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// A shape is how a data set has the records that were generated.
type shape struct {
	object func(generated string) string // name of an object
	open   func(name string, out io.Writer) (records, error)
}

// records takes the lines that were generated for an object.
type records interface {
	// write says how many bytes the record has before compression: none if it
	// was left out.
	write(line []byte) (int, error)
	close() error
}

var shapes = map[string]shape{
	"mixed":       {object: func(generated string) string { return generated }, open: lines(as)},
	"ndjson-gz":   {object: func(generated string) string { return plainName(generated) + ".gz" }, open: lines(flat)},
	"ndjson-zstd": {object: func(generated string) string { return plainName(generated) + ".zst" }, open: lines(flat)},
	"parquet":     {object: func(generated string) string { return strings.TrimSuffix(plainName(generated), ".json") + ".parquet" }, open: openParquet},
	"ga4":         {object: ga4Name, open: lines(ga4)},
}

// plainName is the name of an object without that of its compression.
func plainName(name string) string {
	return strings.TrimSuffix(strings.TrimSuffix(name, ".gz"), ".zst")
}

// lineRecords are JSON lines, compressed as the name of the object tells.
type lineRecords struct {
	change func(line []byte) ([]byte, error) // nil for what is left out
	out    io.WriteCloser
}

func lines(change func([]byte) ([]byte, error)) func(string, io.Writer) (records, error) {
	return func(name string, out io.Writer) (records, error) {
		w, err := compress(name, out)
		return lineRecords{change, w}, err
	}
}

func (r lineRecords) write(line []byte) (int, error) {
	changed, err := r.change(line)
	if changed == nil || err != nil {
		return 0, err
	}
	return r.out.Write(append(changed, '\n'))
}

func (r lineRecords) close() error { return r.out.Close() }

func compress(name string, out io.Writer) (io.WriteCloser, error) {
	switch filepath.Ext(name) {
	case ".gz":
		return gzip.NewWriter(out), nil
	case ".zst":
		return zstd.NewWriter(out)
	}
	return plain{bufio.NewWriter(out)}, nil
}

func decompress(name string, in io.Reader) (io.Reader, error) {
	switch filepath.Ext(name) {
	case ".gz":
		return gzip.NewReader(in)
	case ".zst":
		return zstd.NewReader(in)
	}
	return in, nil
}

// plain closes by flushing.
type plain struct{ *bufio.Writer }

func (p plain) Close() error { return p.Flush() }
