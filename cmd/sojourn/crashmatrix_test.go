//go:build cgo

package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sojourn/load"
)

// A crashScenario is a command that is killed, at every place that it passes,
// and run again.
type crashScenario struct {
	name   string
	before func(t *testing.T, p trial) // what has been done before; nil for nothing
	args   []string                    // of the command; also what is run after it was killed
}

// crashScenarios has first the one that passes the most places: each is tried in
// the first scenario that passes it, and in all of them in a soak.
var crashScenarios = []crashScenario{
	{"second night", func(t *testing.T, p trial) {
		firstNight(t, p)
		secondDelivery(t, p)
	}, []string{"run", "--date", "2026-02-01"}},
	{"after a dead run", func(t *testing.T, p trial) {
		firstNight(t, p)
		secondDelivery(t, p)
		if status, out := p.child(t, []string{crashAt + "=extract.objects-listed"}, "run", "--date", "2026-02-01"); status != -1 {
			t.Fatalf("the run that was to die: exit status %d\n%s", status, out)
		}
	}, []string{"run", "--date", "2026-02-01"}},
	{"first night", nil, []string{"run", "--date", "2026-01-31"}},
	{"all made again", firstNight, []string{"backfill", "--from", "2026-01-30", "--to", "2026-01-31", "--force"}},
}

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

func deliver(t testingT, p trial, objects map[string]string) {
	t.Helper()
	for name, text := range objects {
		p.write(t, "raw/"+name, text)
	}
}

func firstNight(t *testing.T, p trial) { p.sojourn(t, "run", "--date", "2026-01-31") }

func secondDelivery(t *testing.T, p trial) {
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
			before := newTrial(t, crashConfig, nil)
			deliver(t, before, firstDelivery)
			if s.before != nil {
				s.before(t, before)
			}
			old := before.published(t)

			whole := before.copy(t)
			trace := filepath.Join(t.TempDir(), "trace")
			if status, out := whole.child(t, []string{crashTrace + "=" + trace}, s.args...); status != exitOK {
				t.Fatalf("%s, not killed: exit status %d\n%s", s.name, status, out)
			}
			want, now := whole.made(t), whole.published(t)
			if old == now && s.name != "all made again" {
				t.Errorf("%s: the warehouse is what it was: nothing to see", s.name)
			}
			times := passings(t, trace)
			for _, place := range slices.Sorted(maps.Keys(times)) {
				if passed[place] == nil {
					passed[place] = map[string]int{}
				}
				passed[place][s.name] = times[place]
				kills := times[place]
				if !soak {
					kills = min(kills, 2-len(passed[place])) // once, in the first scenario
				}
				for n := range kills {
					armed := fmt.Sprintf("%s:%d", place, n+1)
					t.Run(s.name+"/"+armed, func(t *testing.T) {
						t.Parallel()
						p := before.copy(t)
						defer os.RemoveAll(p.dir) // under the test's own directory
						if status, out := p.child(t, []string{crashAt + "=" + armed}, s.args...); status != -1 {
							t.Fatalf("to be killed: exit status %d\n%s", status, out)
						}
						if p.hasWarehouseOf(t, before) {
							// What it was, to the byte.
						} else if seen := p.published(t); seen != old && seen != now {
							t.Errorf("killed, the warehouse is neither what it was nor what it is to be:\n%s\nwas:\n%s\nto be:\n%s", seen, old, now)
						}
						if status, out := p.child(t, nil, s.args...); status != exitOK {
							t.Fatalf("run again: exit status %d\n%s", status, out)
						}
						if diff := cmp.Diff(want, p.made(t)); diff != "" {
							t.Errorf("run again, the lake is another (-never killed +killed):\n%s", diff)
						}
						if seen := p.published(t); seen != now {
							t.Errorf("run again, the warehouse is another:\n%s\nwant:\n%s", seen, now)
						}
					})
				}
			}
		}
	})
	for place, where := range places {
		if passed[place] == nil {
			t.Errorf("%s: no scenario passes %s", where, place)
		}
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
		if strings.HasPrefix(name, "runs/dead/") || strings.HasSuffix(name, ".tmp") {
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
		files[name] = fmt.Sprintf("%x", sha256.Sum256(data))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// timeless takes from a manifest what tells one run from another.
func timeless(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for _, key := range []string{"run", "made"} {
			delete(v, key)
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
	var sums []string
	for _, table := range load.Tables() {
		sums = append(sums, fmt.Sprintf("SELECT '%s' AS name, * FROM (%s)", table.Name, tableSum(table, table.Name)))
	}
	var stdout, stderr bytes.Buffer
	args := []string{"--config", filepath.Join(p.dir, "sojourn.yaml"), "query", "--format", "csv", strings.Join(sums, " UNION ALL ") + " ORDER BY name"}
	if code := run(t.Context(), args, &stdout, &stderr); code != exitOK {
		if strings.Contains(stderr.String(), "does not exist") {
			return ""
		}
		t.Fatalf("ask the warehouse: exit status %d\n%s", code, &stderr)
	}
	return stdout.String()
}
