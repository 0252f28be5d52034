package main

import (
	"cmp"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"syscall"

	"sojourn/bench/internal/process"
)

//go:embed sojourn.yaml
var config []byte

// A project is a directory with raw objects, a lake and a warehouse.
type project struct {
	dir     string
	sojourn string // the program
	written        // raw objects so far
}

// project makes an empty project.
func (b *bench) project(name string) (*project, error) {
	p := &project{dir: filepath.Join(b.dir, name), sojourn: filepath.Join(b.dir, "sojourn")}
	if err := os.MkdirAll(p.path("raw"), 0o755); err != nil {
		return nil, err
	}
	return p, os.WriteFile(p.path("sojourn.yaml"), config, 0o644)
}

func (p *project) path(name string) string { return filepath.Join(p.dir, name) }

func (p *project) remove() error { return os.RemoveAll(p.dir) }

// add adds the objects of a crowd.
func (p *project) add(name string, c crowd) error {
	w, err := c.write(p.path("raw"), name)
	p.written.add(w)
	return err
}

// made is what sojourn run says of the days it has made.
var made = regexp.MustCompile(`(?m)^made +(\d+) days?,`)

// A night is what a run took and how many days it made.
type night struct {
	process.Usage
	days int
}

// night runs sojourn on a lake and a warehouse of the project's directory.
func (p *project) night(ctx context.Context, lake, warehouse string, args ...string) (night, error) {
	args = append([]string{"run", "--quiet", "--config", p.path("sojourn.yaml"), "--lake", p.path(lake), "--duckdb", p.path(warehouse)}, args...)
	used, out, err := process.Run(ctx, p.sojourn, args...)
	if err != nil {
		return night{}, fmt.Errorf("sojourn run: %w", err)
	}
	n := night{Usage: used}
	if m := made.FindStringSubmatch(out); m != nil {
		if n.days, err = strconv.Atoi(m[1]); err != nil {
			return night{}, err
		}
	}
	return n, nil
}

// begin makes the tables of all objects so far, which is not measured.
func (p *project) begin(ctx context.Context) error {
	_, err := p.night(ctx, "lake", "warehouse.duckdb")
	return err
}

// forget removes all that was made.
func (p *project) forget() error {
	return errors.Join(os.RemoveAll(p.path("lake")), os.RemoveAll(p.path("warehouse.duckdb")))
}

// measure runs a night so many times, each on a copy of lake and warehouse as
// they are, and returns the one of median CPU time.
func (p *project) measure(ctx context.Context, times int, args ...string) (night, error) {
	var nights []night
	for range times {
		n, err := p.once(ctx, args...)
		if err != nil {
			return night{}, err
		}
		nights = append(nights, n)
	}
	slices.SortFunc(nights, func(a, b night) int { return cmp.Compare(a.CPU, b.CPU) })
	return nights[(len(nights)-1)/2], nil
}

func (p *project) once(ctx context.Context, args ...string) (night, error) {
	const lake, warehouse = "copy-lake", "copy.duckdb"
	for from, to := range map[string]string{"lake": lake, "warehouse.duckdb": warehouse} {
		if err := os.RemoveAll(p.path(to)); err != nil {
			return night{}, err
		}
		if _, err := os.Stat(p.path(from)); err != nil {
			continue // there is none yet
		}
		if out, err := exec.CommandContext(ctx, "cp", "-a", "--reflink=auto", p.path(from), p.path(to)).CombinedOutput(); err != nil {
			return night{}, fmt.Errorf("cp: %w\n%s", err, out)
		}
	}
	syscall.Sync() // or the night would share the disk with what was copied
	return p.night(ctx, lake, warehouse, args...)
}
