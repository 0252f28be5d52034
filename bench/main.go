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
	"strconv"

	"sojourn/bench/internal/process"
)

//go:embed sojourn.yaml
var config []byte

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	events := flag.Int("events", 1_000_000, "raw events to generate, about")
	pairs := flag.Int("pairs", 5, "how often each is measured")
	profiles := flag.Bool("profile", true, "say where a night spends its CPU time")
	flag.Parse()
	if err := run(ctx, *events, *pairs, *profiles); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, events, pairs int, profiles bool) error {
	dir, err := os.MkdirTemp("", "sojourn-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := build(ctx, dir); err != nil {
		return err
	}
	data, err := prepare(ctx, dir, events)
	if err != nil {
		return err
	}
	contenders := contenders(dir)
	if err := measure(ctx, contenders, pairs); err != nil {
		return err
	}
	fmt.Printf("%s\n%s\n%s\n", process.Machine(filepath.Join(dir, "duckdb")), data, table(contenders))

	// A child's peak is at least that of the process that starts it, so what
	// takes memory here comes last.
	compared, err := compare(ctx, filepath.Join(dir, "lake"), filepath.Join(dir, "tables"))
	if err != nil {
		return fmt.Errorf("the tables differ: %w", err)
	}
	fmt.Print("Equal:")
	for _, c := range compared {
		fmt.Printf(" %s (%d rows)", c.table, c.rows)
	}
	fmt.Println()
	if !profiles {
		return nil
	}
	return profileNight(ctx, dir)
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
func prepare(ctx context.Context, dir string, events int) (string, error) {
	if err := os.WriteFile(filepath.Join(dir, "sojourn.yaml"), config, 0o644); err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, filepath.Join(dir, "prepare"), "-dir", dir, "-events", strconv.Itoa(events))
	cmd.Stderr = os.Stderr
	data, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("prepare: %w", err)
	}
	return string(data), nil
}
