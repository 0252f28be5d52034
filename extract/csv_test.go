package extract

import (
	"encoding/csv"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// readRecords returns the records of a text, and how many were flawed.
func readRecords(t *testing.T, content string) (records [][]string, flawed int) {
	t.Helper()
	c := csvRecords{lines: newLines(strings.NewReader(content))}
	for {
		r, err := c.next()
		if err == io.EOF {
			return records, flawed
		}
		if err != nil {
			t.Fatal(err)
		}
		if r.flaw != nil {
			flawed++
			continue
		}
		var columns []string
		for i := range c.width() {
			columns = append(columns, string(c.column(i)))
		}
		records = append(records, columns)
	}
}

// What the standard library reads without an error, we read alike.
func FuzzCSV(f *testing.F) {
	for _, seed := range []string{
		"a,b,c\n1,,3\n", "\"a,\"\"b\",c\r\n", "\"two\nlines\",x\n\n,\n", "a\"b\n", "\"a\" \n", "\"open\n",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, content string) {
		reader := csv.NewReader(strings.NewReader(content))
		reader.FieldsPerRecord = -1
		want, err := reader.ReadAll()
		if err != nil || strings.HasPrefix(content, "\xef\xbb\xbf") {
			return
		}
		// We pass over lines of space, and take it off before the end of a
		// line; the standard library does neither.
		if strings.ContainsAny(content, " \t\r") {
			return
		}
		got, flawed := readRecords(t, content)
		if flawed > 0 {
			t.Errorf("%q: %d records refused", content, flawed)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", content, diff)
		}
	})
}

func TestCSVRecovers(t *testing.T) {
	content := strings.Join([]string{
		`a,b`,
		`5" screen,x`, // a quote that opens nothing spoils only its line
		`c,d`,
		`"e"f,x`,
		`"two`,
		`lines","g ""h"""`,
		`i,"never closed`, // spoils its own line, not those after it
		`j,k`,
		`l,"m`,
		`n"o,p`, // nor does one that is closed in the wrong place
		`q,r`,
	}, "\n")
	records, flawed := readRecords(t, content)
	want := [][]string{{"a", "b"}, {"c", "d"}, {"two\nlines", `g "h"`}, {"j", "k"}, {"q", "r"}}
	if diff := cmp.Diff(want, records); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
	if flawed != 5 {
		t.Errorf("%d records refused, want 5", flawed)
	}
}

// A quote that is never closed costs one record of ten thousand.
func TestCSVStrayQuoteCostsOneRecord(t *testing.T) {
	var content strings.Builder
	for i := range 10_000 {
		if i == 2000 {
			content.WriteString(`"`)
		}
		fmt.Fprintf(&content, "%d,some text of a record,and more of it\n", i)
	}
	records, flawed := readRecords(t, content.String())
	if len(records) != 9_999 || flawed != 1 {
		t.Errorf("%d records, %d refused, want 9999 and 1", len(records), flawed)
	}
}
