package transform_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"sojourn/internal/calendar"
	"sojourn/transform"
)

var update = flag.Bool("update", false, "rewrite what presets make of the stories in testdata/presets, and docs/presets.md")

// A presetCase is a few events and what a preset makes of them.
type presetCase struct{ name, events, want string }

const presetStories = "../testdata/presets"

// readCases reads the stories of a preset: files of events, each followed by
// what comes of them.
func readCases(t *testing.T, preset string) (*txtar.Archive, []presetCase) {
	t.Helper()
	archive, err := txtar.ParseFile(filepath.Join(presetStories, preset+".txtar"))
	if err != nil {
		t.Fatal(err)
	}
	var cases []presetCase
	for i := 0; i+1 < len(archive.Files); i += 2 {
		events, want := archive.Files[i], archive.Files[i+1]
		if want.Name != "want/"+events.Name {
			t.Fatalf("%s: after %q comes %q", preset, events.Name, want.Name)
		}
		cases = append(cases, presetCase{events.Name, string(events.Data), string(want.Data)})
	}
	return archive, cases
}

// TestPresets tells what each preset makes of every boundary of its rule. The
// stories are in testdata/presets, for an analyst to read.
func TestPresets(t *testing.T) {
	seen := map[string]bool{}
	for _, preset := range transform.Presets() {
		t.Run(preset.Name, func(t *testing.T) {
			archive, cases := readCases(t, preset.Name)
			for i, c := range cases {
				got := made(foldDays(t, preset.Definition, zone(t, "Europe/Lisbon"), told(t, c.events)), preset.Definition)
				archive.Files[2*i+1].Data = []byte(got)
				if diff := gocmp.Diff(c.want, got); diff != "" && !*update {
					t.Errorf("%s (-want +got):\n%s", c.name, diff)
				}
			}
			if *update {
				if err := os.WriteFile(filepath.Join(presetStories, preset.Name+".txtar"), txtar.Format(archive), 0o666); err != nil {
					t.Fatal(err)
				}
			}
		})
		seen[preset.Name+".txtar"] = true
	}
	files, err := os.ReadDir(presetStories)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !seen[f.Name()] {
			t.Errorf("%s is of no preset", f.Name())
		}
	}
}

// made writes what events came to: sessions, the days on which they count
// where that is not the day they began, and where other events went.
func made(f fold, d transform.Definition) string {
	var out strings.Builder
	for _, r := range f.sessions {
		length := "length unknown"
		if r.DurationSeconds != nil {
			length = (time.Duration(*r.DurationSeconds*1e6) * time.Microsecond).String()
		}
		fmt.Fprintf(&out, "%s – %s  %d %s  %s → %s  %s", clock(r.StartedAt), clock(r.EndedAt), r.EventCount, r.UserID, r.StartReason, r.EndReason, length)
		for _, word := range []struct {
			is   bool
			text string
		}{{r.IsEngaged, "engaged"}, {r.IsBounce, "bounce"}, {r.CrashCount > 0, "crashed"}, {!r.IsCounted, "not counted: " + r.Exclusion}} {
			if word.is {
				out.WriteString(", " + word.text)
			}
		}
		out.WriteString("\n")
	}
	if d.Attribution == transform.TouchedDay {
		days := map[calendar.Day]int{}
		for _, p := range f.parts {
			if p.Active() {
				days[p.Date]++
			}
		}
		if len(days) > 1 {
			var counts []string
			for _, day := range f.days {
				counts = append(counts, fmt.Sprintf("%d on the %d", days[day.day], day.day.Time().Day()))
			}
			fmt.Fprintf(&out, "sessions counted: %s\n", strings.Join(counts, ", "))
		}
	}
	var counts []string
	for _, n := range []struct {
		what  string
		count int64
	}{
		{"outside any session", f.ledger.Outside}, {"ignored", f.ledger.Ignored},
		{"beyond the cap", f.ledger.BeyondCap}, {"uploaded late", f.ledger.UploadedLate}, {"duplicates", f.ledger.Duplicates},
	} {
		if n.count > 0 {
			counts = append(counts, fmt.Sprint(n.what, " ", n.count))
		}
	}
	if len(counts) > 0 {
		fmt.Fprintf(&out, "events %s\n", strings.Join(counts, ", "))
	}
	return out.String()
}

// TestPresetsInTheDocuments holds docs/presets.md to the presets and their
// stories: what is between the marks is made of them.
func TestPresetsInTheDocuments(t *testing.T) {
	const path = "../docs/presets.md"
	const begin, end = "<!-- presets: begin -->\n", "<!-- presets: end -->\n"
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
	for _, p := range transform.Presets() {
		fmt.Fprintf(&text, "\n## %s\n\n%s\n\n**Not reproduced.** %s\n", p.Name, p.For, p.Limits)
		if p.Assumed != "" {
			fmt.Fprintf(&text, "\n**Taken for granted**, because it is not documented. %s\n", p.Assumed)
		}
		if len(p.Sources) > 0 {
			fmt.Fprintf(&text, "\n**Sources.** %s\n", strings.Join(p.Sources, " · "))
		}
		text.WriteString("\n| case | events | sessions |\n| --- | --- | --- |\n")
		_, cases := readCases(t, p.Name)
		for _, c := range cases {
			fmt.Fprintf(&text, "| %s | %s | %s |\n", c.name, cell(c.events), cell(c.want))
		}
	}
	text.WriteString("\n")
	if *update {
		if err := os.WriteFile(path, []byte(head+begin+text.String()+end+tail), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := gocmp.Diff(old, text.String()); diff != "" {
		t.Errorf("%s is out of date: run go test ./transform -update and review the diff (-file +now):\n%s", path, diff)
	}
}

// cell is lines of text in a cell of a table.
func cell(text string) string {
	var lines []string
	for line := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
		lines = append(lines, "`"+strings.Join(strings.Fields(line), " ")+"`")
	}
	return strings.Join(lines, "<br>")
}
