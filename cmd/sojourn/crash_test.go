//go:build cgo

package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"sojourn/internal/crash"
)

// What arms a command that is run as a process of its own: the place at which
// it is to be killed, as PLACE or PLACE:TIME, and the file that is to list the
// places it passes.
const (
	crashAt    = "SOJOURN_CRASH_AT"
	crashTrace = "SOJOURN_CRASH_TRACE"
)

// armCrash lets this process die where its environment says, as if somebody
// had sent it SIGKILL.
func armCrash() {
	place, nth, _ := strings.Cut(os.Getenv(crashAt), ":")
	left, err := strconv.Atoi(nth)
	if err != nil {
		left = 1
	}
	trace := os.Getenv(crashTrace)
	if place == "" && trace == "" {
		return
	}
	var mu sync.Mutex
	crash.Hook(func(at string) {
		mu.Lock()
		defer mu.Unlock()
		if trace != "" {
			f, err := os.OpenFile(trace, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
			if err != nil {
				panic(err)
			}
			fmt.Fprintln(f, at)
			f.Close()
		}
		if at != place {
			return
		}
		if left--; left > 0 {
			return
		}
		self, err := os.FindProcess(os.Getpid())
		if err == nil {
			err = self.Kill()
		}
		if err != nil {
			panic(err)
		}
		select {} // until it takes effect; nobody passes
	})
}

// child runs a command of a project as a process of its own, with that added
// to its environment, and returns its exit status, -1 if it was killed.
func (p trial) child(t testingT, env []string, args ...string) (status int, output string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(self)
	c.Args = append([]string{"sojourn", "--config", filepath.Join(p.dir, "sojourn.yaml")}, args...)
	c.Dir, c.Env = p.dir, append(os.Environ(), env...)
	out, err := c.CombinedOutput()
	if c.ProcessState == nil {
		t.Fatal(err)
	}
	return c.ProcessState.ExitCode(), string(out)
}

// crashPlaces returns the places that the source names, and where.
func crashPlaces(t *testing.T) map[string]token.Position {
	t.Helper()
	places := map[string]token.Position{}
	set := token.NewFileSet()
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && len(d.Name()) > 2 || d.Name() == "testdata" || d.Name() == "bench") {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(set, path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			at, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || at.Sel.Name != "At" {
				return true
			}
			if of, ok := at.X.(*ast.Ident); !ok || of.Name != "crash" {
				return true
			}
			where := set.Position(call.Pos())
			literal, ok := call.Args[0].(*ast.BasicLit)
			if !ok {
				t.Errorf("%s: the name of a place is a literal, so that it is found", where)
				return true
			}
			place, err := strconv.Unquote(literal.Value)
			if err != nil {
				t.Errorf("%s: %v", where, err)
			}
			if earlier, twice := places[place]; twice {
				t.Errorf("%s: the place %s is at %s already", where, place, earlier)
			}
			places[place] = where
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return places
}
