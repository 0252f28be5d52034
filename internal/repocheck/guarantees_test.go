package repocheck_test

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	numbered = regexp.MustCompile(`(?m)^\| ([RG]\d+) \| (.*) \|$`)
	aTest    = regexp.MustCompile("`(?:Test|Fuzz)[A-Za-z0-9_]+`") // that they exist is for TestNamedTestsExist
	story    = regexp.MustCompile(`\]\(\.\./testdata/golden/(g(\d\d)-[a-z0-9-]+)\.txtar\)`)
)

// docs/guarantees.md has every promise and every case once and in order, each
// with tests and stories that exist.
func TestGuaranteesHaveTests(t *testing.T) {
	const name = "docs/guarantees.md"
	page := text(t, name)
	var want, got []string
	for n := range 14 {
		want = append(want, fmt.Sprintf("R%d", n+1))
	}
	for n := range 40 {
		want = append(want, fmt.Sprintf("G%02d", n+1))
	}
	told := map[string]bool{} // stories
	for _, row := range numbered.FindAllStringSubmatch(page, -1) {
		got = append(got, row[1])
		stories := story.FindAllStringSubmatch(row[2], -1)
		if len(stories) == 0 && !aTest.MatchString(row[2]) {
			t.Errorf("%s: %s has no test", name, row[1])
		}
		for _, s := range stories {
			if row[1][0] == 'G' && row[1] != "G"+s[2] {
				t.Errorf("%s: %s has the story %s of another number", name, row[1], s[1])
			}
			told[s[1]] = true
		}
	}
	if !slices.Equal(want, got) {
		t.Errorf("%s has the rows %v, want %v", name, got, want)
	}

	for _, file := range tracked(t) {
		number, base := "", strings.TrimSuffix(path.Base(file), ".txtar")
		if path.Dir(file) == "testdata/golden" && len(base) > 3 {
			number = base[1:3]
		}
		if number != "" && number <= "40" && !told[base] {
			t.Errorf("%s does not name the story %s", name, base)
		}
	}
}
