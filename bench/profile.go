package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/pprof/profile"
)

// A stage is a part of the night. A sample of the profile belongs to the first
// stage that names a function of its stack.
type stage struct {
	name      string
	functions []string // parts of names
}

var stages = []stage{
	{"publish to DuckDB", []string{"sojourn/load/duckdb.", "runtime._ExternalCode"}},
	{"collect garbage", []string{"runtime.gcBgMarkWorker", "runtime.bgsweep", "runtime.bgscavenge", "runtime.gcAssistAlloc"}},
	{"decompress", []string{"extract.(*readAhead).fill"}},
	{"split lines", []string{"extract.(*lines)"}},
	{"read columns of Parquet", []string{"extract.openParquetTable", "extract.(*parquetTable)"}},
	{"find fields in JSON", []string{"extract.(*scanner)", "extract.(*ga4)"}},
	{"check values, parse times, intern texts", []string{"extract.(*judge)"}},
	{"sort events", []string{"extract.sortEvents"}},
	{"write staged events", []string{"extract.(*batch).writeEvents"}},
	{"hold events", []string{"extract.(*worker).read"}},
	{"fold into sessions", []string{"transform.(*Sessionizer).Fold"}},
	{"read staged events", []string{"extract.(*stagedFile)", "extract.(*merge)", "extract.openStaged"}},
	{"users at the end of the day", []string{"schedules.nextUsers"}},
	{"tally the daily tables", []string{"schedules.(*work).tables"}},
	{"write tables", []string{"sojourn/load.", "schedules.put"}},
	{"sort sessions, carry them over midnight", []string{"schedules.foldDay", "schedules.(*chain)"}},
}

// profileNight runs a night under the profiler and prints what share of its
// CPU time each stage takes.
func profileNight(ctx context.Context, dir string, data dataSet) error {
	for _, made := range []string{"profile-lake", "profile.duckdb"} {
		if err := os.RemoveAll(filepath.Join(dir, made)); err != nil {
			return err
		}
	}
	file := filepath.Join(dir, "cpu.pprof")
	night := exec.CommandContext(ctx, filepath.Join(dir, "night"), "-raw", filepath.Join(dir, "raw/events"),
		"-format", data.format, "-lake", filepath.Join(dir, "profile-lake"), "-warehouse", filepath.Join(dir, "profile.duckdb"), "-cpuprofile", file)
	night.Stderr = os.Stderr
	if err := night.Run(); err != nil {
		return fmt.Errorf("night under the profiler: %w", err)
	}
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close() // read-only: nothing to lose
	p, err := profile.Parse(f)
	if err != nil {
		return err
	}
	fmt.Print(shares(p))
	return nil
}

// shares is a table of the stages by CPU time.
func shares(p *profile.Profile) string {
	const nanoseconds = 1 // of the two values of a sample in a CPU profile
	spent := map[string]int64{}
	var total int64
	for _, s := range p.Sample {
		spent[stageOf(s)] += s.Value[nanoseconds]
		total += s.Value[nanoseconds]
	}
	type share struct {
		stage string
		spent int64
	}
	var all []share
	for stage, ns := range spent {
		all = append(all, share{stage, ns})
	}
	slices.SortFunc(all, func(a, b share) int {
		return cmp.Or(cmp.Compare(b.spent, a.spent), strings.Compare(a.stage, b.stage))
	})
	var b strings.Builder
	b.WriteString("\n| stage | CPU s | share |\n| --- | ---: | ---: |\n")
	for _, s := range all {
		fmt.Fprintf(&b, "| %s | %.2f | %.0f %% |\n", s.stage, float64(s.spent)/1e9, 100*float64(s.spent)/float64(total))
	}
	return b.String()
}

func stageOf(s *profile.Sample) string {
	for _, stage := range stages {
		for _, l := range s.Location {
			for _, line := range l.Line {
				if slices.ContainsFunc(stage.functions, func(part string) bool { return strings.Contains(line.Function.Name, part) }) {
					return stage.name
				}
			}
		}
	}
	return "the rest: listing, manifests, scheduling"
}
