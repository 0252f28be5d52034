//go:build cgo

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// testingT is what *testing.T and *rapid.T have in common.
type testingT interface {
	Helper()
	Context() context.Context
	Errorf(format string, args ...any)
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// A trial is a project in a directory of its own.
type trial struct {
	dir string
}

// newTrial returns a project with that configuration and those files.
func newTrial(t *testing.T, config string, files map[string]string) trial {
	t.Helper()
	p := trial{t.TempDir()}
	p.write(t, "sojourn.yaml", config)
	for name, text := range files {
		p.write(t, name, text)
	}
	return p
}

func (p trial) write(t testingT, name, text string) {
	t.Helper()
	path := filepath.Join(p.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// sojourn runs a command that must succeed and returns what it prints.
func (p trial) sojourn(t *testing.T, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	args = append([]string{"--config", filepath.Join(p.dir, "sojourn.yaml")}, args...)
	if code := run(t.Context(), args, &stdout, &stderr); code != exitOK {
		t.Fatalf("sojourn %s: exit %d\n%s", strings.Join(args, " "), code, stderr.Bytes())
	}
	return stdout.String()
}

// open wires the project, to run it within the test.
func (p trial) open(t *testing.T) *project {
	t.Helper()
	a := &app{
		cli:    &cli{Config: filepath.Join(p.dir, "sojourn.yaml")},
		stdout: io.Discard, stderr: io.Discard, log: slog.New(slog.DiscardHandler),
	}
	opened, err := a.open(t.Context(), true)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { opened.Close() })
	return opened
}

// ask returns the rows of the answer to a query.
func ask[R any](t *testing.T, p trial, query string) []R {
	t.Helper()
	return jsonLines[R](t, strings.NewReader(p.sojourn(t, "query", "--format", "json", query)))
}

// jsonLines decodes JSON values, one after the other.
func jsonLines[R any](t testingT, r io.Reader) []R {
	t.Helper()
	var rows []R
	for d := json.NewDecoder(r); d.More(); {
		var row R
		if err := d.Decode(&row); err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
	return rows
}
