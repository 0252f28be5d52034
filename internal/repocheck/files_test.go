package repocheck_test

import (
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

const (
	longest = 600       // lines of a file that people read
	largest = 256 << 10 // bytes of any file
)

// exempt are files that are long for a reason.
var exempt = map[string]string{
	"docs/tables.md":   "generated: a page to look a column up in",
	"docs/views.md":    "generated likewise",
	"bench/duckdb.sql": "the whole of a rival's night is one script",
}

func TestFilesAreSmallText(t *testing.T) {
	for _, name := range tracked(t) {
		content := text(t, name)
		if isBinary(content) {
			t.Errorf("%s is binary: generate it in the test that needs it", name)
		}
		if len(content) > largest {
			t.Errorf("%s has %d bytes: want at most %d", name, len(content), largest)
		}
		lines := strings.Count(content, "\n")
		if slices.Contains([]string{".go", ".sql", ".md"}, path.Ext(name)) && lines > longest && exempt[name] == "" {
			t.Errorf("%s has %d lines: want at most %d, one idea a file", name, lines, longest)
		}
		if content != "" && !strings.HasSuffix(content, "\n") {
			t.Errorf("%s does not end with a line feed", name)
		}
	}
}

// Patterns are written so that they do not match themselves.
var unwanted = []struct {
	pattern *regexp.Regexp
	why     string
}{
	{regexp.MustCompile(`\b(T[O]DO|FIX[M]E)\b`), "do it, or leave it out"},
	{regexp.MustCompile("(?m)(^|[\\s\"'`=(:])/(work|tmp|root|home|Users)/"), "a path of one machine"},
	{regexp.MustCompile(`(proxy|sum)[.]golang[.]org|registry[.]npmjs[.]org|deb[.]debian[.]org|pypi[.]org|pythonhosted[.]org|crates[.]io`),
		"where packages come from is the machine's business"},
}

func TestNoFileHasWhatDoesNotBelong(t *testing.T) {
	for _, name := range tracked(t) {
		content := text(t, name)
		for _, u := range unwanted {
			for _, at := range u.pattern.FindAllStringIndex(content, -1) {
				line := 1 + strings.Count(content[:at[0]], "\n")
				t.Errorf("%s:%d: %q: %s", name, line, strings.TrimSpace(content[at[0]:at[1]]), u.why)
			}
		}
	}
}

// A golden story is an archive: what happens and what must come out. Each
// expected file is compared, and each comparison has its file.
func TestGoldenStoriesAreWellFormed(t *testing.T) {
	names := regexp.MustCompile(`^g(\d\d)-[a-z0-9-]+\.txtar$`)
	for _, name := range tracked(t) {
		if !within(name, "testdata/golden") {
			continue
		}
		t.Run(path.Base(name), func(t *testing.T) {
			archive := txtar.Parse([]byte(text(t, name)))
			story := string(archive.Comment)
			number := names.FindStringSubmatch(path.Base(name))
			if number == nil {
				t.Fatalf("want a name such as g01-midnight.txtar")
			}
			if head := fmt.Sprintf("# G%s. ", number[1]); !strings.HasPrefix(story, head) {
				t.Errorf("want the story to begin with %q and what it is about", head)
			}
			compared := map[string]bool{}
			for line := range strings.Lines(story) {
				if words := strings.Fields(line); len(words) > 0 && words[0] == "cmp" {
					for _, w := range words[1:] {
						if within(w, "want") {
							compared[w] = true
						}
					}
				}
			}
			had := map[string]bool{}
			for _, f := range archive.Files {
				if had[f.Name] {
					t.Errorf("%s is there twice", f.Name)
				}
				had[f.Name] = true
				if within(f.Name, "want") && !compared[f.Name] {
					t.Errorf("%s is compared with nothing", f.Name)
				}
			}
			for _, w := range slices.Sorted(maps.Keys(compared)) {
				if !had[w] {
					t.Errorf("%s is compared, but is not there", w)
				}
			}
		})
	}
}
