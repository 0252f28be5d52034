// Package repocheck_test holds the rules of the house: which package may
// import which, what every package and file must have, what must not stand in
// the repository, and that its documents tell the truth. It reads files as
// text, so it needs no compiler and takes a moment.
package repocheck_test

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

// root is the top of the repository.
const root = "../.."

// tracked returns the files that git tracks, by slash-separated paths.
func tracked(t *testing.T) []string {
	t.Helper()
	out, err := exec.Command("git", "-C", root, "ls-files", "-z").Output()
	if err != nil {
		t.Skipf("not a git work tree, so nobody knows which files belong to it: %v", err)
	}
	var files []string
	for name := range strings.SplitSeq(strings.TrimRight(string(out), "\x00"), "\x00") {
		if info, err := os.Lstat(filepath.Join(root, name)); err == nil && info.Mode().IsRegular() {
			files = append(files, name)
		}
	}
	return files
}

// text returns the contents of a file.
func text(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func isBinary(content string) bool { return bytes.IndexByte([]byte(content), 0) >= 0 }

// A source is a Go file.
type source struct {
	name string // slash-separated path
	dir  string // its package
	test bool
	set  *token.FileSet
	file *ast.File
}

// at says where a node of the file is.
func (s source) at(n ast.Node) string {
	p := s.set.Position(n.Pos())
	return p.String()
}

// sources parses the Go files of the module, or of all modules of the
// repository.
func sources(t *testing.T, nested bool) []source {
	t.Helper()
	files := tracked(t)
	modules := map[string]bool{}
	for _, name := range files {
		if path.Base(name) == "go.mod" && name != "go.mod" {
			modules[path.Dir(name)] = true
		}
	}
	inModule := func(dir string) bool {
		for ; dir != "."; dir = path.Dir(dir) {
			if modules[dir] {
				return true
			}
		}
		return false
	}
	var list []source
	for _, name := range files {
		dir := path.Dir(name)
		if path.Ext(name) != ".go" || !nested && inModule(dir) {
			continue
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, name, text(t, name), parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, source{name, dir, strings.HasSuffix(name, "_test.go"), set, file})
	}
	return list
}
