package sql_test

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sojourn/sql"
)

// Whatever a file of figures has in it, it is read or refused with the reason, and
// what is read is written and read again as the same.
func FuzzFigures(f *testing.F) {
	published, err := os.ReadFile("reference/benchmarks.csv")
	if err != nil {
		f.Fatal(err)
	}
	lines := strings.SplitAfterN(string(published), "\n", 4)
	f.Add(strings.Join(lines[:3], ""))
	f.Add(lines[0])
	f.Add("")
	f.Add("a,b\n\"\n")
	f.Fuzz(func(t *testing.T, text string) {
		list, err := sql.ReadFigures("figures.csv", strings.NewReader(text))
		if err != nil {
			return
		}
		var b bytes.Buffer
		if err := sql.WriteFigures(&b, list); err != nil {
			t.Fatal(err)
		}
		again, err := sql.ReadFigures("figures.csv", &b)
		if diff := cmp.Diff(list, again); err != nil || diff != "" {
			t.Errorf("read again: %v (-first +again):\n%s", err, diff)
		}
	})
}
