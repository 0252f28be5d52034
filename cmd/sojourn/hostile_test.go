//go:build cgo && linux

package main

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
)

// A hostile file and what a run says of it.
type hostile struct {
	source, name string
	content      string
	says         string // of it, on stderr; empty if all of it could be read
}

// eventOf is a record of an event.
func eventOf(user, more string) string {
	return fmt.Sprintf(`{"event_id":%q,"user_id":%[1]q,"event_name":"tap","timestamp":"2026-01-30T10:00:00Z"%s}`+"\n", user, more)
}

func hostileFiles(t *testing.T) []hostile {
	many := func(format string) string {
		var b strings.Builder
		for i := range 10_000 {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	var archive bytes.Buffer
	w := zip.NewWriter(&archive)
	if _, err := w.Create("events.ndjson"); err != nil {
		t.Fatal(err)
	}
	w.Close() // into memory
	type row struct {
		EventID   string `parquet:"event_id"`
		UserID    string `parquet:"user_id"`
		EventName string `parquet:"event_name"`
		Timestamp string `parquet:"timestamp"`
	}
	var rows bytes.Buffer
	pw := parquet.NewGenericWriter[row](&rows, parquet.Compression(&parquet.Lz4Raw))
	if _, err := pw.Write([]row{{"p", "parquet", "tap", "2026-01-30T10:00:00Z"}}); err != nil {
		t.Fatal(err)
	}
	if err := pw.Close(); err != nil {
		t.Fatal(err)
	}
	// What the page says of itself is not so.
	broken := bytes.Clone(rows.Bytes())
	page := bytes.Index(broken, []byte("parquet"))
	broken[page-5] = 0xff
	described := func(description string) string {
		return "PAR1" + description + string(binary.LittleEndian.AppendUint32(nil, uint32(len(description)))) + "PAR1"
	}
	// Two columns, and two million row groups of nothing.
	groups := described("\x15\x02\x19\x2c\x48\x01a\x15\x02\x00\x48\x01a\x15\x00\x00\x16\x00\x19\xfc" +
		string(binary.AppendUvarint(nil, 2_000_000)) + strings.Repeat("\x00", 2_000_001))
	const ratio = "it becomes more than 500 times as long when it is decompressed"
	return []hostile{
		{"app", "bomb.gz", inGzip(strings.Repeat("\x00", 1<<20), 600), ratio},
		{"app", "blank.gz", inGzip(strings.Repeat(" ", 1<<20), 600), ratio},
		{"app", "cut.gz", inGzip(eventOf("cut", "")+eventOf("cut2", ""), 1)[:60], "the object ends early or is corrupt"},
		{"app", "twice.gz", inGzip(inGzip(eventOf("twice", ""), 1), 1), "there is gzip inside of another compression"},
		{"app", "archive.zip", archive.String(), "the object is a zip archive: unpack it"},
		{"app", "deep.ndjson", eventOf("deep", `,"a":`+strings.Repeat("[", 1e6)+strings.Repeat("]", 1e6)) + eventOf("after-deep", ""), "1 of 2 records unreadable"},
		{"app", "long.ndjson", strings.Repeat("x", 100<<20) + "\n" + eventOf("after-long", ""), "1 of 2 records unreadable"},
		{"app", "bytes.ndjson", eventOf("nul\x00", "") + strings.ReplaceAll(eventOf("bad@", ""), "@", "\xff") + eventOf("after-bytes", ""), "2 of 3 records unreadable"},
		{"app", "keys.ndjson", eventOf("keys", many(`,"key %d":1`)), ""},
		{"app", "names.ndjson", many(`{"event_id":"n%d","user_id":"names","event_name":"name %[1]d","screen":"screen %[1]d","timestamp":"2026-01-30T11:00:00Z"}` + "\n"), ""},
		{"app", "a__0x2f__b.ndjson", eventOf("escaped", ""), ""},
		{"app", `a\..\back.ndjson`, eventOf("backslash", ""), ""},
		{"app", "new\nline\x1b[31m.ndjson", eventOf("newline", "") + "x\n", `app new\nline\x1b[31m.ndjson: 1 of 2 records unreadable`},
		{"app", "bad\xff.ndjson", eventOf("never", ""), `app bad\xff.ndjson: 1 of 1 records unreadable; not all of it could be read: its name is not UTF-8: rename it`},
		{"app", "good.ndjson", eventOf("good", ""), ""},
		{"rows", "broken.parquet", string(broken), "column user_id: a page of "},
		{"rows", "groups.parquet", groups, "its description of 2000024 bytes would take"},
		{"rows", "good.parquet", rows.String(), ""},
	}
}

// A run over a folder of all that is hostile ends by itself, in little memory,
// with a line for each object that says what is wrong with it, and the events of
// all others.
func TestHostileFolder(t *testing.T) {
	const enough = 400 << 20 // bytes; the program with its warehouse has half of it
	dir := t.TempDir()
	files := hostileFiles(t)
	for _, source := range []string{"app", "rows"} {
		must(t, os.MkdirAll(filepath.Join(dir, source), 0o777))
	}
	for _, f := range files {
		must(t, os.WriteFile(filepath.Join(dir, f.source, f.name), []byte(f.content), 0o666))
	}
	must(t, os.WriteFile(filepath.Join(dir, "secret.ndjson"), []byte(eventOf("secret", "")), 0o666))
	must(t, os.Symlink("../secret.ndjson", filepath.Join(dir, "app", "link.ndjson")))
	must(t, os.Symlink("..", filepath.Join(dir, "app", "folder")))
	must(t, syscall.Mkfifo(filepath.Join(dir, "app", "pipe.ndjson"), 0o666))
	files = append(files,
		hostile{"app", "link.ndjson", "", "it is a link, and links are not followed"},
		hostile{"app", "folder", "", "it is a link, and links are not followed"},
		hostile{"app", "pipe.ndjson", "", "it is a named pipe, not a file: move it away"})
	must(t, os.WriteFile(filepath.Join(dir, "sojourn.yaml"), []byte("sources:\n- {name: app, url: ./app, format: ndjson}\n- {name: rows, url: ./rows, format: parquet}\n"), 0o666))

	program, err := os.Executable()
	must(t, err)
	must(t, os.Symlink(program, filepath.Join(dir, "sojourn")))
	peak := filepath.Join(dir, "peak")
	sojourn := func(args ...string) (code int, stdout, stderr string, memory int64) {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute) // a pipe has no end
		defer cancel()
		cmd := exec.CommandContext(ctx, filepath.Join(dir, "sojourn"), append([]string{"--workers", "2"}, args...)...)
		var out, log bytes.Buffer
		cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &log
		cmd.Env = append(os.Environ(), peakTo+"="+peak)
		err := cmd.Run()
		if cmd.ProcessState == nil {
			t.Fatal(err)
		}
		noted, err := os.ReadFile(peak)
		must(t, err)
		memory, err = strconv.ParseInt(string(noted), 10, 64)
		must(t, err)
		return cmd.ProcessState.ExitCode(), out.String(), log.String(), memory << 10
	}

	code, _, said, memory := sojourn("run", "--date", "2026-01-30", "--accept", "a folder of hostile files")
	if code != exitUnreadable {
		t.Fatalf("exit status %d, want %d\n%s", code, exitUnreadable, said)
	}
	t.Logf("peak memory %d MiB", memory>>20)
	if memory > enough {
		t.Errorf("it took %d MiB", memory>>20)
	}
	if strings.ContainsAny(said, "\x1b\r") {
		t.Errorf("a terminal would obey it: %q", said)
	}
	lines := strings.Split(said, "\n")
	for _, f := range files {
		if f.says == "" || len(f.content) > 0 && strings.Contains(f.says, "records unreadable") && !strings.Contains(f.says, f.source+" ") {
			continue // of those that were read to their end a line comes only while there is room
		}
		if n := countLines(lines, oneLine(f.name), f.says); n != 1 {
			t.Errorf("%q: %d lines with %q\n%s", f.name, n, f.says, said)
		}
	}

	_, users, _, _ := sojourn("query", "--format", "csv", "SELECT DISTINCT user_id FROM sessions ORDER BY user_id")
	want := "user_id\nafter-bytes\nafter-deep\nafter-long\nbackslash\nescaped\ngood\nkeys\nnames\nnewline\nparquet\n"
	if diff := cmp.Diff(want, users); diff != "" {
		t.Errorf("users with sessions (-want +got):\n%s", diff)
	}
	_, long, _, _ := sojourn("query", "--format", "csv", "SELECT reason, raw_bytes, OCTET_LENGTH(raw) AS kept FROM read_parquet('lake/quarantine/*.parquet') WHERE object = 'long.ndjson'")
	if want := fmt.Sprintf("reason,raw_bytes,kept\nline_too_long,%d,%d\n", 100<<20, 64<<10); long != want {
		t.Errorf("the long line: %q, want %q", long, want)
	}

	// It is said once: what has been read is not read again.
	if code, out, said, _ := sojourn("run", "--date", "2026-01-30"); code != exitOK || !strings.Contains(out, "nothing to do") {
		t.Errorf("again: exit status %d, %q\n%s", code, out, said)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// countLines counts the lines that have all of some texts.
func countLines(lines []string, texts ...string) (n int) {
	for _, line := range lines {
		all := true
		for _, text := range texts {
			all = all && strings.Contains(line, text)
		}
		if all {
			n++
		}
	}
	return n
}
