//go:build cgo

package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "rewrite the expected output in the scripts")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"sojourn": func() { os.Exit(run(context.Background(), os.Args[1:], os.Stdout, os.Stderr)) },
	})
}

// TestGolden runs the stories of testdata/golden: events in, rows out.
func TestGolden(t *testing.T) { runScripts(t, "../../testdata/golden") }

// TestScripts runs the command line as an operator sees it.
func TestScripts(t *testing.T) { runScripts(t, "testdata/script") }

func runScripts(t *testing.T, dir string) {
	testscript.Run(t, testscript.Params{
		Dir:                 dir,
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"digest":   digestTree,
			"gzip":     gzipFile,
			"truncate": truncateFile,
		},
	})
}

// digestTree writes name and digest of every file under a directory:
// digest DIR FILE.
func digestTree(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: digest dir file")
	}
	var list bytes.Buffer
	root := ts.MkAbs(args[0])
	ts.Check(filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		fmt.Fprintf(&list, "%x %s\n", sha256.Sum256(data), name)
		return err
	}))
	if list.Len() == 0 {
		ts.Fatalf("no file under %s", args[0])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), list.Bytes(), 0o666))
}

// gzipFile compresses a file in place: gzip FILE.
func gzipFile(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: gzip file")
	}
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, err := w.Write([]byte(ts.ReadFile(args[0])))
	ts.Check(err)
	ts.Check(w.Close())
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), out.Bytes(), 0o666))
}

// truncateFile cuts the last bytes off a file: truncate FILE BYTES.
func truncateFile(ts *testscript.TestScript, neg bool, args []string) {
	var cut int64
	if neg || len(args) != 2 {
		ts.Fatalf("usage: truncate file bytes")
	}
	_, err := fmt.Sscan(args[1], &cut)
	ts.Check(err)
	path := ts.MkAbs(args[0])
	info, err := os.Stat(path)
	ts.Check(err)
	ts.Check(os.Truncate(path, info.Size()-cut))
}
