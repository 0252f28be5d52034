// Bench measures a night of sojourn against one DuckDB script that does the
// same job on the same objects, each as a process of its own, in turn. It
// fails if their tables differ.
//
//	go run . -events 1000000 -pairs 5
//
// It runs on Linux, with Go and gcc.
package main

import (
	"context"
	_ "embed"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"

	"sojourn/bench/internal/process"
)

//go:embed sojourn.yaml
var config []byte

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	events := flag.Int("events", 1_000_000, "raw events to generate, about")
	name := flag.String("format", "mixed", "data set: mixed, ndjson-gz, ndjson-zstd, parquet or ga4")
	pairs := flag.Int("pairs", 5, "how often each is measured")
	others := flag.Bool("peers", false, "measure chDB and Polars too, on a part of the job; needs Node and npm")
	profiles := flag.Bool("profile", true, "say where a night spends its CPU time")
	flag.Parse()
	i := slices.IndexFunc(dataSets, func(d dataSet) bool { return d.name == *name })
	if i < 0 {
		fmt.Fprintf(os.Stderr, "bench: there is no data set %q\n", *name)
		os.Exit(2)
	}
	if *others && *name == "ga4" {
		fmt.Fprintln(os.Stderr, "bench: -peers do not read ga4")
		os.Exit(2)
	}
	b := bench{data: dataSets[i], events: *events, pairs: *pairs, peers: *others, profiles: *profiles}
	if err := b.run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

type bench struct {
	data     dataSet
	events   int
	pairs    int
	peers    bool
	profiles bool
}

func (b bench) run(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "sojourn-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := build(ctx, dir); err != nil {
		return err
	}
	if b.peers {
		if err := installPeers(ctx, dir); err != nil {
			return err
		}
	}
	objects, err := b.prepare(ctx, dir)
	if err != nil {
		return err
	}
	nights := contenders(dir, b.data)
	if err := measure(ctx, nights, b.pairs); err != nil {
		return err
	}
	days, err := restate(ctx, dir, b.data, b.pairs)
	if err != nil {
		return err
	}
	var part string
	if b.peers {
		if part, err = peers(ctx, dir, b.data, b.pairs); err != nil {
			return err
		}
	}
	fmt.Printf("%s\n%s\n%s\n", process.Machine(filepath.Join(dir, "duckdb")), objects, table(nights))
	fmt.Printf("The tables of %s once more:\n\n%s\n", restated, table(days))
	if part != "" {
		fmt.Println(part)
	}

	// A child's peak is at least that of the process that starts it, so what
	// takes memory here comes last.
	lake := filepath.Join(dir, "lake")
	if err := printCompared(ctx, "Equal", lake, filepath.Join(dir, "tables"), ""); err != nil {
		return err
	}
	if err := printCompared(ctx, "Equal of "+restated, lake, filepath.Join(dir, "tables-of-day"), restated); err != nil {
		return err
	}
	if !b.profiles {
		return nil
	}
	return profileNight(ctx, dir, b.data)
}

// printCompared compares tables and says which were equal.
func printCompared(ctx context.Context, what, lake, out, day string) error {
	compared, err := compare(ctx, lake, out, day)
	if err != nil {
		return fmt.Errorf("the tables differ: %w", err)
	}
	fmt.Print(what, ":")
	for _, c := range compared {
		fmt.Printf(" %s (%d rows)", c.table, c.rows)
	}
	fmt.Println()
	return nil
}

// build builds what is measured into a directory.
func build(ctx context.Context, dir string) error {
	for _, args := range [][]string{
		{"build", "-C", "..", "-o", filepath.Join(dir, "sojourn"), "./cmd/sojourn"},
		{"build", "-o", dir + "/", "./prepare", "./duckdb", "./floor", "./night"},
	} {
		if out, err := exec.CommandContext(ctx, "go", args...).CombinedOutput(); err != nil {
			return fmt.Errorf("go %v: %w\n%s", args, err, out)
		}
	}
	return nil
}

// prepare makes the raw objects and the project in a directory and says what
// the objects are.
func (b bench) prepare(ctx context.Context, dir string) (string, error) {
	if err := os.WriteFile(filepath.Join(dir, "sojourn.yaml"), b.data.configuration(), 0o644); err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, filepath.Join(dir, "prepare"), "-dir", dir, "-events", strconv.Itoa(b.events), "-format", b.data.name)
	cmd.Stderr = os.Stderr
	objects, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("prepare: %w", err)
	}
	return string(objects), nil
}
