package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"

	"sojourn/bench/internal/process"
	"sojourn/load"
)

// restated is the day that is made again: one in the middle.
const restated = "2026-03-25"

// restaters make the day again: sojourn on the lakes that it has made, DuckDB
// from the records that keep has kept.
func restaters(dir string, data dataSet) []*contender {
	in := func(name string) string { return filepath.Join(dir, name) }
	return []*contender{
		{
			name: "sojourn backfill",
			args: []string{in("sojourn"), "backfill", "--quiet", "--config", in("sojourn.yaml"), "--force", "--from", restated, "--to", restated},
			says: "made       1 day, " + restated,
		},
		{
			name:  "DuckDB script, a day",
			args:  []string{in("duckdb"), "-source", "from_parquet.sql", "-raw", in("kept/events.parquet"), "-out", in("tables-of-day"), "-day", restated},
			makes: []string{in("tables-of-day")},
		},
		{
			name: "sojourn, lake only",
			args: []string{in("night"), "-raw", in("raw/events"), "-format", data.format, "-lake", in("lake-only"), "-day", restated},
		},
	}
}

// restate measures the making again of a day, and makes sure that it leaves the
// tables of sojourn as they were.
func restate(ctx context.Context, dir string, data dataSet, times int) ([]*contender, error) {
	if err := keep(ctx, dir, data); err != nil {
		return nil, err
	}
	lakes := []string{filepath.Join(dir, "lake"), filepath.Join(dir, "lake-only")}
	before, err := sums(lakes)
	if err != nil {
		return nil, err
	}
	contenders := restaters(dir, data)
	if err := measure(ctx, contenders, times); err != nil {
		return nil, err
	}
	after, err := sums(lakes)
	if err != nil {
		return nil, err
	}
	if !maps.Equal(before, after) {
		return nil, fmt.Errorf("the tables of %s are not those that they were before they were made again", restated)
	}
	return contenders, nil
}

// keep has DuckDB keep the records of the raw objects as Parquet: what it has
// where sojourn has staged events.
func keep(ctx context.Context, dir string, data dataSet) error {
	_, _, err := process.Run(ctx, filepath.Join(dir, "duckdb"), "-source", data.records, "-script", "to_parquet.sql",
		"-raw", filepath.Join(dir, "raw/events", data.objects), "-out", filepath.Join(dir, "kept"))
	return err
}

// sums are the digests of the files that are the tables of the day.
func sums(lakes []string) (map[string]string, error) {
	sums := map[string]string{}
	for _, lake := range lakes {
		for _, t := range load.Tables() {
			if t.Partition == "" {
				continue
			}
			file := filepath.Join(lake, t.Name, "date="+restated, t.Name+".parquet")
			sum, err := sumOf(file)
			if err != nil {
				return nil, err
			}
			sums[file] = sum
		}
	}
	return sums, nil
}

// sumOf does not hold the file: a child's peak is at least that of its parent.
func sumOf(file string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close() // read-only: nothing to lose
	sum := sha256.New()
	_, err = io.Copy(sum, f)
	return string(sum.Sum(nil)), err
}
