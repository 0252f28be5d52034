package repocheck_test

import (
	"go/ast"
	"path"
	"slices"
	"strings"
	"testing"
)

func TestEveryPackageSaysWhatItIsFor(t *testing.T) {
	commented := map[string]bool{}
	for _, s := range sources(t, true) {
		doc := strings.ToLower(s.file.Doc.Text())
		commented[s.dir] = commented[s.dir] || slices.ContainsFunc(beginnings(s), func(b string) bool {
			return strings.HasPrefix(doc, strings.ToLower(b)+" ")
		})
	}
	for dir, ok := range commented {
		if !ok {
			t.Errorf("%s has no package comment: want one that begins with Package NAME, or with the name of the command", dir)
		}
	}
}

// beginnings are the words that the comment of a file's package may begin with.
func beginnings(s source) []string {
	if name := s.file.Name.Name; name != "main" {
		return []string{"Package " + name}
	}
	command := path.Base(s.dir)
	return []string{"Command " + command, command}
}

func TestEveryExportedNameIsDocumented(t *testing.T) {
	for _, s := range sources(t, false) {
		if s.test || s.file.Name.Name == "main" {
			continue
		}
		for _, d := range s.file.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Name.IsExported() && onExported(d) && d.Doc == nil && !isStandard(d) {
					t.Errorf("%s: %s has no comment", s.at(d), d.Name.Name)
				}
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					if n, ok := spec.(*ast.TypeSpec); ok && n.Name.IsExported() && d.Doc == nil && n.Doc == nil {
						t.Errorf("%s: %s has no comment", s.at(n), n.Name.Name)
					}
				}
			}
		}
	}
}

// onExported says whether a function, or the type it is a method of, is exported.
func onExported(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	kind := d.Recv.List[0].Type
	if star, ok := kind.(*ast.StarExpr); ok {
		kind = star.X
	}
	name, ok := kind.(*ast.Ident)
	return ok && name.IsExported()
}

// isStandard says whether a method does what everybody knows it to do.
func isStandard(d *ast.FuncDecl) bool {
	return d.Recv != nil && slices.Contains([]string{"Error", "Unwrap", "String"}, d.Name.Name)
}

// What a program must not do everywhere, and where it may.
var only = []struct {
	name string // package and function
	in   []string
	why  string
}{
	{"time.Now", []string{"cmd/sojourn", "schedules"}, "results would depend on the clock"},
	{"os.Exit", []string{"cmd/sojourn"}, "main alone ends the program"},
	{"time.Local", nil, "results would depend on the machine's zone"},
	{"log.Fatal", nil, "main alone ends the program"},
	{"log.Fatalf", nil, "main alone ends the program"},
}

func TestHouseRules(t *testing.T) {
	for _, s := range sources(t, false) {
		if s.test {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				if n.Recv == nil && n.Name.Name == "init" {
					t.Errorf("%s: func init: wire things where they are used", s.at(n))
				}
			case *ast.SelectorExpr:
				from, ok := n.X.(*ast.Ident)
				if !ok {
					return true
				}
				for _, o := range only {
					if from.Name+"."+n.Sel.Name == o.name && !slices.Contains(o.in, s.dir) {
						t.Errorf("%s: %s: %s", s.at(n), o.name, o.why)
					}
				}
			}
			return true
		})
	}
}
