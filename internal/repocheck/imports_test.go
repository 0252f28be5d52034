package repocheck_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A rule says what a package may import beside the standard library, names
// separated by spaces.
type rule struct {
	ours   string // packages of this module
	theirs string // modules of others, or paths that begin like that
}

// mayImport is the architecture. Everything may point at transform, which
// points at nothing but the calendar; extract and load never meet but in
// schedules and cmd; a client of a cloud or a database is in one adapter each.
var mayImport = map[string]rule{
	"internal/calendar": {},
	"internal/crash":    {},
	"internal/redact":   {},
	"internal/seal":     {},
	"internal/spool":    {},
	"transform":         {ours: "internal/calendar"},

	"internal/bucket":        {ours: "internal/redact", theirs: "gocloud.dev/blob gocloud.dev/gcerrors"},
	"internal/bucket/clouds": {theirs: "gocloud.dev/blob cloud.google.com/go/storage github.com/aws github.com/Azure"},
	"internal/lake":          {ours: "internal/bucket internal/calendar internal/seal internal/spool transform", theirs: "golang.org/x/sync"},
	"internal/lease":         {ours: "internal/bucket internal/crash internal/seal"},
	"internal/parquetfile":   {theirs: "github.com/parquet-go/parquet-go github.com/klauspost/compress"},

	"extract": {
		ours:   "internal/bucket internal/calendar internal/crash internal/lake internal/parquetfile transform",
		theirs: "github.com/andybalholm/brotli github.com/klauspost/compress github.com/parquet-go/parquet-go github.com/pierrec/lz4/v4 github.com/zeebo/xxh3",
	},

	"sql":  {ours: "internal/calendar"},
	"load": {ours: "internal/calendar internal/parquetfile sql transform", theirs: "golang.org/x/sync"},
	"load/duckdb": {
		ours:   "internal/bucket internal/calendar internal/crash load sql",
		theirs: "github.com/duckdb/duckdb-go",
	},
	"load/bigquery": {
		ours:   "internal/bucket internal/calendar internal/crash load sql",
		theirs: "cloud.google.com/go google.golang.org/api github.com/googleapis/gax-go golang.org/x/oauth2",
	},
	"load/bigquery/bqtest": {
		ours:   "load sql",
		theirs: "google.golang.org/api github.com/duckdb/duckdb-go",
	},

	"internal/rule": {ours: "transform", theirs: "github.com/expr-lang/expr"},

	"schedules": {
		ours:   "extract internal/bucket internal/calendar internal/crash internal/lake internal/lease internal/parquetfile internal/seal internal/spool load transform",
		theirs: "github.com/robfig/cron golang.org/x/sync",
	},

	"internal/generate": {
		ours:   "internal/bucket internal/calendar",
		theirs: "github.com/klauspost/compress",
	},

	"cmd/sojourn": {
		ours: "extract internal/bucket internal/bucket/clouds internal/calendar internal/generate internal/lake internal/lease" +
			" internal/redact internal/rule load load/bigquery load/duckdb schedules sql transform",
		theirs: "github.com/alecthomas/kong github.com/goccy/go-yaml github.com/google/uuid" +
			" gocloud.dev/gcerrors google.golang.org/api/googleapi",
	},
}

// strangers never import each other, not even in tests.
var strangers = [][2]string{{"extract", "load"}, {"load", "extract"}, {"transform", "extract"}, {"transform", "load"}}

func TestImports(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range sources(t, false) {
		for _, spec := range s.file.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			for _, pair := range strangers {
				if within(s.dir, pair[0]) && within(path, "sojourn/"+pair[1]) {
					t.Errorf("%s imports %s: %s and %s never meet", s.at(spec), path, pair[0], pair[1])
				}
			}
			if r, known := mayImport[s.dir]; !s.test && known && !r.allows(path) {
				t.Errorf("%s: %s imports %s, which mayImport does not allow", s.at(spec), s.dir, path)
			}
		}
		if _, known := mayImport[s.dir]; !s.test && !known && !seen[s.dir] {
			t.Errorf("package %s is new: say in mayImport what it may import", s.dir)
		}
		seen[s.dir] = seen[s.dir] || !s.test
	}
	for dir := range mayImport {
		if !seen[dir] {
			t.Errorf("mayImport has a rule for %s, which is no package", dir)
		}
	}
}

func (r rule) allows(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	switch {
	case first == "sojourn":
		return slices.Contains(strings.Fields(r.ours), strings.TrimPrefix(path, "sojourn/"))
	case !strings.Contains(first, "."):
		return true // the standard library
	}
	return slices.ContainsFunc(strings.Fields(r.theirs), func(module string) bool { return within(path, module) })
}

// within says whether a package is the other or below it.
func within(path, parent string) bool {
	return path == parent || strings.HasPrefix(path, parent+"/")
}
