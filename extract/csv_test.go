package extract

import (
	"encoding/csv"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
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
		// We pass over lines of space; the standard library does not.
		for line := range strings.Lines(content) {
			line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
			if line != "" && isBlank([]byte(line)) {
				return
			}
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

// Every line that is not blank is in exactly one record, under its number, and
// a record that is refused is one line.
func TestCSVRecordsAreTheLines(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		piece := rapid.SampledFrom([]string{`"`, `"`, `""`, `,`, `a`, `b c`})
		lines := rapid.SliceOfN(rapid.Map(rapid.SliceOfN(piece, 0, 5), func(pieces []string) string {
			return strings.Join(pieces, "")
		}), 0, 12).Draw(t, "lines")
		c := csvRecords{lines: newLines(strings.NewReader(strings.Join(lines, "\n")))}
		read := 0 // lines
		for {
			r, err := c.next()
			for read < len(lines) && lines[read] == "" && (err != nil || int64(read+1) < r.line.number) {
				read++
			}
			if err == io.EOF {
				break
			}
			got := strings.Split(string(r.line.text), "\n")
			if r.line.number != int64(read+1) || read+len(got) > len(lines) {
				t.Fatalf("record of %d lines at line %d, want one at line %d", len(got), r.line.number, read+1)
			}
			if diff := cmp.Diff(lines[read:read+len(got)], got); diff != "" {
				t.Fatalf("lines of the record at line %d (-want +got):\n%s", read+1, diff)
			}
			if r.flaw != nil && len(got) != 1 {
				t.Fatalf("%d lines refused at line %d (%s), want one", len(got), read+1, r.flaw.detail)
			}
			read += len(got)
		}
		if read != len(lines) {
			t.Fatalf("%d of %d lines read", read, len(lines))
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
