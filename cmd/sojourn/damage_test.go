//go:build cgo

package main

import (
	"bytes"
	"compress/gzip"
	"encoding/hex"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// patchFile writes bytes over those of a file from a place on: a number, which
// counts from the end if it is negative, or a text that the file has in it:
// patch FILE PLACE HEX.
func patchFile(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: patch file place hex")
	}
	change, err := hex.DecodeString(args[2])
	ts.Check(err)
	data := []byte(ts.ReadFile(args[0]))
	place, err := strconv.Atoi(args[1])
	if err != nil {
		place = bytes.Index(data, []byte(args[1]))
	} else if place < 0 {
		place += len(data)
	}
	copy(data[place:], change)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), data, 0o666))
}

// bombFile writes a gzip object of some kilobytes that becomes as many MiB of
// zeros: bomb FILE MIB.
func bombFile(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: bomb file MiB")
	}
	times, err := strconv.Atoi(args[1])
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(inGzip(strings.Repeat("\x00", 1<<20), times)), 0o666))
}

// inGzip is a text in gzip, so many times one after the other.
func inGzip(text string, times int) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	io.WriteString(w, text) // into memory
	w.Close()
	return strings.Repeat(b.String(), times)
}
