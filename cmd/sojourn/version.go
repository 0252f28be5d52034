package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"

	"sojourn/transform"
)

type versionCmd struct{}

// parts are the modules whose versions decide what is written.
var parts = []string{"cloud.google.com/go/bigquery", "github.com/duckdb/duckdb-go/v2", "github.com/parquet-go/parquet-go"}

func (c *versionCmd) Run(a *app) error {
	build := "unknown"
	info, ok := debug.ReadBuildInfo()
	if ok {
		build = info.Main.Version
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				build += " " + s.Value
			}
		}
	}
	fmt.Fprintf(a.stdout, "sojourn %s\ntransform %s\n%s %s/%s\n", build, transform.Version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	if ok {
		for _, m := range info.Deps {
			if slices.Contains(parts, m.Path) {
				fmt.Fprintf(a.stdout, "%s %s\n", m.Path, m.Version)
			}
		}
	}
	return nil
}
