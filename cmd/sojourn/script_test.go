//go:build cgo

package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"sojourn/internal/lease"
)

var update = flag.Bool("update", false, "rewrite the expected output in the scripts")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"sojourn": func() {
			armCrash()
			armPause()
			armSignal()
			armFileLimit()
			code := process()
			notePeak()
			os.Exit(code)
		},
	})
}

// TestGolden runs the stories of testdata/golden: events in, rows out.
func TestGolden(t *testing.T) { runScripts(t, "../../testdata/golden") }

// TestFormats runs the stories of testdata/formats: exports of other products
// as they lie in a bucket in, rows out.
func TestFormats(t *testing.T) { runScripts(t, "../../testdata/formats") }

// TestScripts runs the command line as an operator sees it.
func TestScripts(t *testing.T) { runScripts(t, "testdata/script") }

func runScripts(t *testing.T, dir string) {
	testscript.Run(t, testscript.Params{
		Dir:                 dir,
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"digest":    digestTree,
			"gzip":      gzipFile,
			"pack":      packFiles,
			"latin1":    latin1File,
			"truncate":  truncateFile,
			"longline":  longLine,
			"badbytes":  badBytes,
			"status":    exitStatusOf,
			"parquet":   parquetFile,
			"patch":     patchFile,
			"bomb":      bombFile,
			"paused":    awaitPause,
			"resume":    resumePaused,
			"outlive":   outliveLease,
			"flip":      flipBit,
			"harm":      harmWarehouse,
			"yesterday": eventOfYesterday,
			"lastline":  lastLine,
			"madeby":    madeBy,
		},
	})
}

// digestTree writes name and digest of every file under a directory, but for
// leases, of which each run leaves one, and files that are just being written:
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
		if strings.HasPrefix(filepath.ToSlash(name), lease.Folder) || filepath.Ext(name) == ".tmp" {
			return err
		}
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

// packFiles makes an archive of files, whose folders it leaves out, by the name
// of the archive: pack ARCHIVE.tar.gz|ARCHIVE.zip FILE...
func packFiles(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: pack archive file...")
	}
	var out bytes.Buffer
	if strings.HasSuffix(args[0], ".zip") {
		w := zip.NewWriter(&out)
		for _, name := range args[1:] {
			file, err := w.Create(filepath.Base(name))
			ts.Check(err)
			_, err = file.Write([]byte(ts.ReadFile(name)))
			ts.Check(err)
		}
		ts.Check(w.Close())
	} else {
		compressed := gzip.NewWriter(&out)
		w := tar.NewWriter(compressed)
		for _, name := range args[1:] {
			content := ts.ReadFile(name)
			ts.Check(w.WriteHeader(&tar.Header{Name: filepath.Base(name), Mode: 0o644, Size: int64(len(content))}))
			_, err := w.Write([]byte(content))
			ts.Check(err)
		}
		ts.Check(w.Close())
		ts.Check(compressed.Close())
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), out.Bytes(), 0o666))
}

// latin1File writes a file in ISO-8859-1 instead of UTF-8: latin1 FILE.
func latin1File(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: latin1 file")
	}
	var out []byte
	for _, r := range ts.ReadFile(args[0]) {
		if r > 0xff {
			ts.Fatalf("%q is not in ISO-8859-1", r)
		}
		out = append(out, byte(r))
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), out, 0o666))
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

// longLine writes a file whose one line is too long, before a good one:
// longline FILE MIB.
func longLine(ts *testscript.TestScript, neg bool, args []string) {
	var mib int
	if neg || len(args) != 2 {
		ts.Fatalf("usage: longline file MiB")
	}
	_, err := fmt.Sscan(args[1], &mib)
	ts.Check(err)
	line := append(bytes.Repeat([]byte("x"), mib<<20), '\n')
	line = append(line, `{"event_id":"l","user_id":"after-a-long-line","event_name":"tap","timestamp":"2026-01-30T10:00:00Z"}`+"\n"...)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), line, 0o666))
}

// badBytes writes a file with a NUL and with bad UTF-8 in a field that is
// used, and a good line: badbytes FILE.
func badBytes(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: badbytes file")
	}
	const format = `{"event_id":"%s","user_id":"%s","event_name":"tap","timestamp":"2026-01-30T10:00:00Z"}` + "\n"
	text := fmt.Sprintf(format+format+format, "n", "nul\x00", "u", "bad\xff", "g", "good-bytes")
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o666))
}

// exitStatusOf runs a command that must end with an exit status:
// status CODE COMMAND [ARG...].
func exitStatusOf(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status code command [arg...]")
	}
	code := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		code = exit.ExitCode()
	}
	if fmt.Sprint(code) != args[0] {
		ts.Fatalf("exit status %d, want %s", code, args[0])
	}
}
