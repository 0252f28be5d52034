package repocheck_test

import (
	"go/ast"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.+)$`)
)

func TestLinksLeadSomewhere(t *testing.T) {
	for _, name := range tracked(t) {
		if path.Ext(name) != ".md" {
			continue
		}
		prose := codeSpan.ReplaceAllString(codeBlock.ReplaceAllString(text(t, name), ""), "")
		for _, found := range link.FindAllStringSubmatch(prose, -1) {
			target, anchor, _ := strings.Cut(found[1], "#")
			if strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
				continue
			}
			file := name
			if target != "" {
				file = path.Join(path.Dir(name), target)
			}
			if _, err := os.Stat(filepath.Join(root, file)); err != nil {
				t.Errorf("%s: the link to %s leads nowhere", name, found[1])
				continue
			}
			if anchor != "" && !slices.Contains(anchors(text(t, file)), anchor) {
				t.Errorf("%s: %s has no heading for #%s", name, file, anchor)
			}
		}
	}
}

// anchors are the names that headings get on the web.
func anchors(document string) []string {
	dropped := regexp.MustCompile(`[^\p{L}\p{N} _-]`)
	var names []string
	for _, h := range heading.FindAllStringSubmatch(codeBlock.ReplaceAllString(document, ""), -1) {
		name := dropped.ReplaceAllString(strings.ToLower(h[1]), "")
		names = append(names, strings.ReplaceAll(name, " ", "-"))
	}
	return names
}

// Who looks for a heading finds one place.
func TestHeadingsOfAPageDiffer(t *testing.T) {
	for _, name := range tracked(t) {
		if path.Ext(name) != ".md" || name == "CHANGELOG.md" {
			continue
		}
		seen := map[string]bool{}
		for _, anchor := range anchors(text(t, name)) {
			if seen[anchor] {
				t.Errorf("%s has #%s twice", name, anchor)
			}
			seen[anchor] = true
		}
	}
}

// The examples of schedulers do not repeat a run that would end the same way.
func TestSchedulersRepeatWhatMayPass(t *testing.T) {
	page := text(t, "docs/operations.md")
	var final []string
	for _, row := range regexp.MustCompile(`(?m)^\| (\d+) \|.*\| (.+) \|$`).FindAllStringSubmatch(page, -1) {
		if status := row[1]; status != "5" && !strings.Contains(row[2], "again") || status == "2" { // a run has no 5
			final = append(final, status)
		}
	}
	for what, list := range map[string]string{
		"systemd":    "RestartPreventExitStatus=" + strings.Join(final, " ") + "\n",
		"Kubernetes": "values: [" + strings.Join(final, ", ") + "]",
	} {
		if len(final) == 0 || !strings.Contains(page, list) {
			t.Errorf("docs/operations.md: %s is to repeat no run that ends with %s: want %q", what, final, list)
		}
	}
}

func TestEveryPackageIsOnTheMap(t *testing.T) {
	page := text(t, "ARCHITECTURE.md")
	for dir := range mayImport {
		if !strings.Contains(page, "`"+dir+"`") {
			t.Errorf("ARCHITECTURE.md does not mention `%s`", dir)
		}
	}
}

var requirement = regexp.MustCompile(`(?m)^\t(?:require )?([a-zA-Z0-9.]+\.[a-z]+/\S+) v`)

// What the code imports is a direct dependency, whatever go.mod says of it.
func TestEveryDependencyHasAReason(t *testing.T) {
	page := text(t, "docs/dependencies.md")
	var modules []string
	for _, m := range requirement.FindAllStringSubmatch(text(t, "go.mod"), -1) {
		modules = append(modules, m[1])
	}
	used := map[string]string{}
	for _, s := range sources(t, false) {
		for _, spec := range s.file.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			if m := moduleOf(path, modules); m != "" {
				used[m] = s.at(spec)
			}
		}
	}
	for module, at := range used {
		if !strings.Contains(page, "`"+module+"`") {
			t.Errorf("docs/dependencies.md does not say what `%s` is for, which %s imports", module, at)
		}
	}
}

// moduleOf returns the module with the longest name that has the package.
func moduleOf(path string, modules []string) (longest string) {
	for _, m := range modules {
		if within(path, m) && len(m) > len(longest) {
			longest = m
		}
	}
	return longest
}

// A decision record says how it stands.
func TestDecisionsHaveTheirParts(t *testing.T) {
	names := regexp.MustCompile(`^docs/adr/\d{4}-[a-z0-9-]+\.md$`)
	for _, name := range tracked(t) {
		if !within(name, "docs/adr") {
			continue
		}
		if !names.MatchString(name) {
			t.Errorf("%s: want a name such as 0001-what-was-decided.md", name)
		}
		for _, part := range []string{"Status: ", "## Context", "## Decision", "## Consequences"} {
			if !strings.Contains(text(t, name), "\n"+part) {
				t.Errorf("%s has no %q", name, part)
			}
		}
	}
}

var testName = regexp.MustCompile(`^(Test|Fuzz)\w+$`)

// A document that says which test holds a promise names one that exists.
func TestNamedTestsExist(t *testing.T) {
	exists := map[string]bool{}
	for _, s := range sources(t, true) {
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && s.test {
				exists[f.Name.Name] = true
			}
		}
	}
	for _, name := range tracked(t) {
		if path.Ext(name) != ".md" {
			continue
		}
		for _, span := range codeSpan.FindAllStringSubmatch(codeBlock.ReplaceAllString(text(t, name), ""), -1) {
			if testName.MatchString(span[1]) && !exists[span[1]] {
				t.Errorf("%s: there is no test %s", name, span[1])
			}
		}
	}
}
