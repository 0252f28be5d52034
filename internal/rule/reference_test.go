package rule

import (
	"flag"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the names in docs/segments.md")

// TestReferenceIsUpToDate holds docs/segments.md to the environment: what is
// between the marks is made of it. Every example is a rule.
func TestReferenceIsUpToDate(t *testing.T) {
	const path = "../../docs/segments.md"
	const begin, end = "<!-- names: begin -->\n", "<!-- names: end -->\n"
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, found := strings.Cut(string(data), begin)
	old, tail, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatalf("%s has no marks %q and %q", path, begin, end)
	}
	var text strings.Builder
	text.WriteString("\n| name | is | meaning | example |\n| --- | --- | --- | --- |\n")
	for f := range reflect.TypeFor[environment]().Fields() {
		name, doc, example := f.Tag.Get("expr"), f.Tag.Get("doc"), f.Tag.Get("example")
		if name == "" || doc == "" {
			t.Errorf("%s has no name or no meaning", f.Name)
		}
		if r, err := Parse(example); err != nil || !strings.Contains(example, name) {
			t.Errorf("the example of %s: %q: %v, %v", name, example, r, err)
		}
		if args := f.Tag.Get("args"); args != "" {
			name += "(" + args + ")"
		}
		fmt.Fprintf(&text, "| `%s` | %s | %s | `%s` |\n", name, kindOf(f.Type), doc, example)
	}
	text.WriteString("\n")
	if *update {
		if err := os.WriteFile(path, []byte(head+begin+text.String()+end+tail), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := gocmp.Diff(old, text.String()); diff != "" {
		t.Errorf("%s is out of date: run go test ./internal/rule -update and review the diff (-file +now):\n%s", path, diff)
	}
}

// kindOf is what people call a type.
func kindOf(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Pointer:
		return kindOf(t.Elem()) + ", or unknown"
	case reflect.Func:
		return kindOf(t.Out(0))
	case reflect.Int, reflect.Float64:
		return "number"
	case reflect.Bool:
		return "true or false"
	}
	return "text"
}
