//go:build cgo

package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"hash/crc32"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sojourn/internal/parquetfile"
	"sojourn/load"
	"sojourn/load/bigquery/bqtest"
)

// A crashScenario is a command that is killed, at every place that it passes,
// and run again.
type crashScenario struct {
	name   string
	before func(t testingT, p trial) // what has been done before; nil for nothing
	args   []string                  // of the command that is killed, and then run again
	after  []string                  // of one that is run after it; nil for none

	done     int                       // exit status of the command if it has been done already; mostly 0
	bigquery func(t testingT, p trial) // in a stand-in for BigQuery, which has the first night: what has been done since; nil for DuckDB
}

// crashScenarios has first the one that passes the most places: each is tried in
// the first scenario that passes it, and in all of them in a soak.
var crashScenarios = []crashScenario{
	{name: "second night", before: beforeSecond, args: []string{"run", "--date", "2026-02-01"}},
	{name: "after a dead run", before: deadRun, args: []string{"run", "--date", "2026-02-01"}},
	{name: "released by hand", before: deadRun, args: []string{"lock", "release", "--reason", "it is dead"}, after: []string{"run", "--date", "2026-02-01"}},
	{name: "first night", args: []string{"run", "--date", "2026-01-31"}},
	{name: "all made again", before: firstNight, args: []string{"backfill", "--from", "2026-01-30", "--to", "2026-01-31", "--force"}},
	{name: "late events applied", before: func(t testingT, p trial) {
		beforeSecond(t, p)
		p.write(t, "sojourn.yaml", strings.Replace(crashConfig, "late_limit: 0", "late_limit: 1d", 1))
		p.succeed(t, "run", "--date", "2026-02-01")
	}, args: []string{"backfill", "--affected", "--from", "2026-01-30", "--to", "2026-02-01"}},
	{name: "backfill staged", before: redefined, args: stageOnly},
	{name: "backfill completed", before: func(t testingT, p trial) {
		redefined(t, p)
		p.succeed(t, stageOnly...)
	}, args: []string{"backfill", "complete", "0001", "--reason", "as discussed"}, done: exitUsage},
	{name: "quarantine replayed", before: func(t testingT, p trial) {
		deliver(t, p, map[string]string{"other/1": `{"uid":"hal","name":"tap","timestamp":"2026-01-31T12:00:00Z"}` + "\n"})
		p.write(t, "sojourn.yaml", mapped("event"))
		firstNight(t, p)
		p.write(t, "sojourn.yaml", mapped("name"))
	}, args: []string{"quarantine", "replay", "--source", "other"}, after: []string{"run", "--date", "2026-01-31"}},
	{name: "people erased", before: func(t testingT, p trial) {
		deliver(t, p, map[string]string{"gus.ndjson": `{"event_id":"20","user_id":"gus","event_name":"tap","timestamp":"2026-01-28T10:00:00Z"}
{"event_id":"21","user_id":"gus","event_name":"tap","timestamp":"2026-02-01T10:00:00Z"}
`})
		p.write(t, "gone.txt", "gus\neve\n")
		p.succeed(t, "run", "--date", "2026-02-01")
	}, args: []string{"erase", "--subjects", "gone.txt", "--reason", "request 11"}},
	{name: "into BigQuery", before: func(t testingT, p trial) {
		firstNight(t, p)
		p.write(t, "sojourn.yaml", crashConfig+"warehouse: {bigquery: {project: acme, dataset: app, location: EU}}\n")
	}, bigquery: secondDelivery, args: []string{"run", "--date", "2026-02-01"}},
}

// mapped has one more source, whose names of events are said to be in a field.
func mapped(name string) string {
	return strings.Replace(crashConfig, "sources:\n", `sources:
  - {name: other, url: ./raw, format: ndjson, match: "other/*", fields: {user_id: uid, event_name: `+name+`, timestamp: timestamp}}
`, 1)
}

var stageOnly = []string{"backfill", "--from", "2026-01-30", "--to", "2026-01-31", "--stage-only", "--reason", "shorter"}

// The story of the scenarios: sessions over midnight and signing in, under two
// definitions and with records of which id is whose; a line that is no event.
// The second delivery has a late event that joins two sessions, a replaced
// object, an object less, and a new day.
const crashConfig = `
app: trailnotes
timezone: Europe/Lisbon
sources:
  - {name: app, url: ./raw, format: ndjson, match: "*.ndjson"}
  - {name: mixpanel, url: ./raw, format: mixpanel, match: "mp_identity_mappings_data/*"}
compare_definitions: [{name: short, timeout: 5m}]
interventions: [{name: new way in, date: 2026-01-31, what: sign up later}]
max_bad_share: 50%
late_limit: 0
features: {tapping: [tap]}
funnels: {first: {within: session, steps: [tap, tap]}}
`

var firstDelivery = map[string]string{
	"30.ndjson": `{"event_id":"1","device_id":"d1","user_id":"ann","event_name":"tap","timestamp":"2026-01-30T23:40:00Z"}
{"event_id":"2","device_id":"d2","event_name":"tap","timestamp":"2026-01-30T12:00:00Z"}
not an event
`,
	"30-more.ndjson": `{"event_id":"3","device_id":"d3","user_id":"eve","event_name":"tap","timestamp":"2026-01-30T09:00:00Z"}
{"event_id":"4","device_id":"d3","user_id":"eve","event_name":"tap","timestamp":"2026-01-30T09:40:00Z"}
`,
	"31.ndjson": `{"event_id":"5","device_id":"d1","user_id":"ann","event_name":"tap","timestamp":"2026-01-31T00:05:00Z"}
{"event_id":"6","device_id":"d2","user_id":"bob","event_name":"tap","timestamp":"2026-01-31T23:50:00Z"}
`,
	"31-gone.ndjson": `{"event_id":"7","device_id":"d4","user_id":"dan","event_name":"tap","timestamp":"2026-01-31T10:00:00Z"}
`,
	"mp_identity_mappings_data/1.json": `{"distinct_id":"$device:d2","resolved_distinct_id":"bob"}
`,
}

// deliver writes raw objects, at times that follow from what is in them: by
// those their versions are told.
func deliver(t testingT, p trial, objects map[string]string) {
	t.Helper()
	for name, text := range objects {
		p.write(t, "raw/"+name, text)
		at := time.Unix(int64(crc32.ChecksumIEEE([]byte(text))), 0)
		if err := os.Chtimes(filepath.Join(p.dir, "raw", name), at, at); err != nil {
			t.Fatal(err)
		}
	}
}

// succeed runs a command that must.
func (p trial) succeed(t testingT, args ...string) {
	t.Helper()
	if status, out := p.child(t, nil, args...); status != exitOK {
		t.Fatalf("%v: exit status %d\n%s", args, status, out)
	}
}

func firstNight(t testingT, p trial) { p.succeed(t, "run", "--date", "2026-01-31") }

// deadRun leaves a lake that is held by a process that is gone.
func deadRun(t testingT, p trial) {
	beforeSecond(t, p)
	if status, out := p.child(t, []string{crashAt + "=extract.objects-listed"}, "run", "--date", "2026-02-01"); status != -1 {
		t.Fatalf("the run that was to die: exit status %d\n%s", status, out)
	}
}

// redefined has another definition than that of the first night.
func redefined(t testingT, p trial) {
	firstNight(t, p)
	p.write(t, "sojourn.yaml", crashConfig+"session: {timeout: 10m}\n")
}

func beforeSecond(t testingT, p trial) {
	firstNight(t, p)
	secondDelivery(t, p)
}

func secondDelivery(t testingT, p trial) {
	deliver(t, p, map[string]string{
		"late.ndjson": `{"event_id":"8","device_id":"d3","user_id":"eve","event_name":"tap","timestamp":"2026-01-30T09:20:00Z"}
nor is this
`,
		"31.ndjson": `{"event_id":"5","device_id":"d1","user_id":"ann","event_name":"tap","timestamp":"2026-01-31T00:06:00Z"}
{"event_id":"6","device_id":"d2","user_id":"bob","event_name":"tap","timestamp":"2026-01-31T23:50:00Z"}
`,
		"01.ndjson": `{"event_id":"9","device_id":"d2","user_id":"bob","event_name":"tap","timestamp":"2026-02-01T00:10:00Z"}
{"event_id":"10","device_id":"d5","user_id":"fay","event_name":"tap","timestamp":"2026-02-01T10:00:00Z"}
`,
		"mp_identity_mappings_data/2.json": `{"distinct_id":"$device:d5","resolved_distinct_id":"fay"}
`,
	})
	if err := os.Remove(filepath.Join(p.dir, "raw/31-gone.ndjson")); err != nil {
		t.Fatal(err)
	}
}

// crashOnly names one scenario to try.
var crashOnly = flag.String("crash", "", "try the crash matrix for the command of this name alone")

// soak says to try everything instead of a part that fits into a minute.
var soak = os.Getenv("SOJOURN_SOAK") != ""

// Killed at any place and run again, a command leaves the bytes of one that
// nobody killed, in the lake and in the warehouse; and who asks the warehouse
// in between sees what was there before or what is there after, never a
// mixture.
func TestCrashMatrix(t *testing.T) {
	places := crashPlaces(t)
	if len(places) < 25 {
		t.Errorf("%d places at which the process may die, want 25 or more", len(places))
	}
	passed := map[string]map[string]int{} // by place and scenario: how often
	t.Run("killed", func(t *testing.T) {
		for _, s := range crashScenarios {
			if *crashOnly != "" && s.name != *crashOnly {
				continue
			}
			before := newTrial(t, crashConfig, nil)
			deliver(t, before, firstDelivery)
			if s.before != nil {
				s.before(t, before)
			}
			whole, env, look := s.begin(t, before)
			old := look()
			trace := filepath.Join(t.TempDir(), "trace")
			if status, out := whole.child(t, append(env, crashTrace+"="+trace), s.args...); status != exitOK {
				t.Fatalf("%s, not killed: exit status %d\n%s", s.name, status, out)
			}
			s.finish(t, whole, env)
			want, now := whole.made(t), look()
			if old == now && (s.name == "second night" || s.bigquery != nil) {
				t.Errorf("%s: the warehouse is what it was: nothing to see", s.name)
			}
			times := passings(t, trace)
			for _, place := range slices.Sorted(maps.Keys(times)) {
				if passed[place] == nil {
					passed[place] = map[string]int{}
				}
				passed[place][s.name] = times[place]
				kills := times[place]
				if *update {
					kills = 0 // the table alone is asked for
				} else if !soak {
					kills = min(kills, 2-len(passed[place])) // once, in the first scenario
				}
				for n := range kills {
					armed := fmt.Sprintf("%s:%d", place, n+1)
					t.Run(s.name+"/"+armed, func(t *testing.T) {
						t.Parallel()
						p, env, look := s.begin(t, before)
						defer os.RemoveAll(p.dir) // under the test's own directory
						if status, out := p.child(t, append(env, crashAt+"="+armed), s.args...); status != -1 {
							t.Fatalf("to be killed: exit status %d\n%s", status, out)
						}
						if s.bigquery == nil && p.hasWarehouseOf(t, before) {
							// What it was, to the byte.
						} else if seen := look(); seen != old && seen != now {
							t.Errorf("killed, the warehouse is neither what it was nor what it is to be:\n%s\nwas:\n%s\nto be:\n%s", seen, old, now)
						}
						if status, out := p.child(t, env, s.args...); status != exitOK && status != s.done {
							t.Fatalf("run again: exit status %d\n%s", status, out)
						}
						s.finish(t, p, env)
						if diff := cmp.Diff(want, p.made(t)); diff != "" {
							t.Errorf("run again, the lake is another (-never killed +killed):\n%s", diff)
						}
						if seen := look(); seen != now {
							t.Errorf("run again, the warehouse is another:\n%s\nwant:\n%s", seen, now)
						}
					})
				}
			}
		}
	})
	if *crashOnly != "" {
		return
	}
	for place, where := range places {
		if passed[place] == nil {
			t.Errorf("%s: no scenario passes %s", where, place)
		}
	}
	documentCrashes(t, passed)
}

// documentCrashes compares the table of docs/guarantees.md with the places that
// the scenarios pass, or rewrites it.
func documentCrashes(t *testing.T, passed map[string]map[string]int) {
	t.Helper()
	const name = "../../docs/guarantees.md"
	page, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, _ := strings.Cut(string(page), crashTableBegin)
	_, after, found := strings.Cut(rest, crashTableEnd)
	if !found {
		t.Fatalf("%s has no place for the table of crash points", name)
	}
	var table strings.Builder
	cells, head, rule := 0, "| place |", "| --- |"
	for _, s := range crashScenarios {
		head, rule = head+" "+s.name+" |", rule+" :-: |"
	}
	for _, place := range slices.Sorted(maps.Keys(passed)) {
		fmt.Fprintf(&table, "| `%s` |", place)
		for _, s := range crashScenarios {
			mark := " |"
			if passed[place][s.name] > 0 {
				mark = " ● |"
				cells++
			}
			table.WriteString(mark)
		}
		table.WriteString("\n")
	}
	text := fmt.Sprintf("\n%d places × %d commands: %d pairs, marked ●.\n\n%s\n%s\n%s\n",
		len(passed), len(crashScenarios), cells, head, rule, &table)
	if *update {
		if err := os.WriteFile(name, []byte(before+crashTableBegin+text+crashTableEnd+after), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got, _, _ := strings.Cut(rest, crashTableEnd); got != text {
		t.Errorf("%s is out of date: run go test ./cmd/sojourn -run TestCrashMatrix -update and review the diff (-file +now):\n%s", name, cmp.Diff(got, text))
	}
}

const (
	crashTableBegin = "<!-- crash points: written by go test ./cmd/sojourn -run TestCrashMatrix -update -->\n"
	crashTableEnd   = "<!-- end of crash points -->"
)

// begin returns a copy of what there was before the command, what is to be added
// to the environment of commands, and what tells what the warehouse holds.
func (s *crashScenario) begin(t *testing.T, before trial) (p trial, env []string, look func() string) {
	t.Helper()
	p = before.copy(t)
	if s.bigquery == nil {
		return p, nil, func() string { return p.published(t) }
	}
	server, err := bqtest.Start(nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	env = []string{"BIGQUERY_EMULATOR_HOST=" + server.Host()}
	if status, out := p.child(t, env, "run", "--date", "2026-01-31"); status != exitOK {
		t.Fatalf("the first night in BigQuery: exit status %d\n%s", status, out)
	}
	s.bigquery(t, p)
	return p, env, func() string {
		rows, err := server.Query(sums("app."))
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintln(rows)
	}
}

// finish runs what comes after the command of a scenario.
func (s *crashScenario) finish(t testingT, p trial, env []string) {
	t.Helper()
	if s.after == nil {
		return
	}
	if status, out := p.child(t, env, s.after...); status != exitOK {
		t.Fatalf("%v: exit status %d\n%s", s.after, status, out)
	}
}

// passings counts the places of a trace.
func passings(t *testing.T, trace string) map[string]int {
	t.Helper()
	list, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	times := map[string]int{}
	for _, place := range strings.Fields(string(list)) {
		times[place]++
	}
	return times
}

// copy returns the project in a directory of its own. Raw objects keep their
// times, by which their versions are told.
func (p trial) copy(t testingT) trial {
	t.Helper()
	dir, err := os.MkdirTemp(filepath.Dir(p.dir), "copy")
	if err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir(p.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(p.dir, path)
		if err != nil {
			return err
		}
		to := filepath.Join(dir, name)
		if d.IsDir() {
			return os.MkdirAll(to, 0o777)
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if err := os.WriteFile(to, data, info.Mode()); err != nil {
			return err
		}
		return os.Chtimes(to, info.ModTime(), info.ModTime())
	})
	if err != nil {
		t.Fatal(err)
	}
	return trial{dir}
}

// hasWarehouseOf says whether the files of the warehouse are those of the
// other project.
func (p trial) hasWarehouseOf(t testingT, other trial) bool {
	t.Helper()
	for _, name := range []string{"warehouse.duckdb", "warehouse.duckdb.wal"} {
		mine, err := os.ReadFile(filepath.Join(p.dir, name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		theirs, err := os.ReadFile(filepath.Join(other.dir, name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		if !bytes.Equal(mine, theirs) {
			return false
		}
	}
	return true
}

// made returns the lake: the digest of every file, and its manifests without
// what tells one run from another.
func (p trial) made(t testingT) map[string]string {
	t.Helper()
	files := map[string]string{}
	lake := filepath.Join(p.dir, "lake")
	err := filepath.WalkDir(lake, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(lake, path)
		if err != nil || d.IsDir() {
			return err
		}
		name = filepath.ToSlash(name)
		for _, left := range []string{"runs/lease/", "runs/backfills/", "backfills/", "runs/tombstones/", "runs/erasures/"} {
			if strings.HasPrefix(name, left) {
				return nil // who was at work, and what is told of a run or salted
			}
		}
		if strings.HasSuffix(name, ".tmp") {
			return nil // what a killed run leaves, and does not count
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if filepath.Ext(name) == ".json" && strings.HasPrefix(name, "runs/") {
			var manifest any
			if err := json.NewDecoder(bytes.NewReader(data)).Decode(&manifest); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			data, err = json.MarshalIndent(timeless(manifest), "", " ")
			files[name] = string(data)
			return err
		}
		files[name], err = timelessDigest(name, data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// timelessDigest returns a digest of a file, or of its rows without what tells
// one run from another.
func timelessDigest(name string, data []byte) (string, error) {
	switch {
	case strings.HasSuffix(name, "/restatements.parquet"):
		rows, err := parquetfile.Decode[load.Restatement](data)
		for i := range rows {
			rows[i].AsOf, rows[i].Run = 0, ""
		}
		return inWords(rows, err)
	case name == "reference/late.parquet":
		rows, err := parquetfile.Decode[load.LateArrival](data)
		for i := range rows {
			rows[i].ArrivedAt, rows[i].AppliedBy = 0, ""
		}
		return inWords(rows, err)
	}
	return fmt.Sprintf("%x", sha256.Sum256(data)), nil
}

func inWords(rows any, err error) (string, error) {
	if err != nil {
		return "", err
	}
	text, err := json.MarshalIndent(rows, "", " ")
	return string(text), err
}

// timeless takes from a manifest what tells one run from another.
func timeless(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for _, key := range []string{"run", "made", "by", "as_of", "seal"} {
			delete(v, key)
		}
		if told, ok := v["restatements"].(map[string]any); ok {
			delete(told, "sha256")
			delete(told, "bytes")
		}
		for key := range v {
			v[key] = timeless(v[key])
		}
	case []any:
		for i := range v {
			v[i] = timeless(v[i])
		}
	}
	return v
}

// published returns number of rows and digest of every table of the
// warehouse; what has never been published is empty.
func (p trial) published(t testingT) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	args := []string{"--config", filepath.Join(p.dir, "sojourn.yaml"), "query", "--format", "csv", sums("")}
	if code := run(t.Context(), args, &stdout, &stderr); code != exitOK {
		if strings.Contains(stderr.String(), "does not exist") {
			return ""
		}
		t.Fatalf("ask the warehouse: exit status %d\n%s", code, &stderr)
	}
	return stdout.String()
}

// sums is a query for number of rows and digest of every table.
func sums(dataset string) string {
	var each []string
	for _, table := range load.Tables() {
		table.Columns = slices.DeleteFunc(slices.Clone(table.Columns), func(c load.Column) bool {
			return slices.Contains([]string{"as_of", "run", "arrived_at", "applied_by"}, c.Name) // that tells one run from another
		})
		each = append(each, fmt.Sprintf("SELECT '%s' AS name, * FROM (%s)", table.Name, tableSum(table, dataset+table.Name)))
	}
	return strings.Join(each, " UNION ALL ") + " ORDER BY name"
}
