package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"sojourn/bench/internal/process"
)

// A contender is a program to measure.
type contender struct {
	name  string
	args  []string // program first
	makes []string // removed before each run
	says  string   // what it has to write, or it has not done its work
	runs  []process.Usage
}

func contenders(dir string, data dataSet) []*contender {
	in := func(name string) string { return filepath.Join(dir, name) }
	return []*contender{
		{
			name:  "sojourn run",
			args:  []string{in("sojourn"), "run", "--quiet", "--config", in("sojourn.yaml")},
			makes: []string{in("lake"), in("warehouse.duckdb")},
		},
		{
			name:  "DuckDB script",
			args:  []string{in("duckdb"), "-source", data.records, "-raw", in("raw/events/" + data.objects), "-out", in("tables")},
			makes: []string{in("tables")},
		},
		{
			name:  "sojourn, lake only",
			args:  []string{in("night"), "-raw", in("raw/events"), "-format", data.format, "-lake", in("lake-only")},
			makes: []string{in("lake-only")},
		},
		{
			name: "floor",
			args: []string{in("floor"), in("raw/events")},
		},
	}
}

// measure runs the contenders in turn, each time another first, once uncounted to
// have the objects in the page cache, then so many times.
func measure(ctx context.Context, contenders []*contender, times int) error {
	for i := range times + 1 {
		for k := range contenders {
			c := contenders[(i+k)%len(contenders)]
			used, err := c.run(ctx)
			if err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			if i > 0 {
				c.runs = append(c.runs, used)
				fmt.Fprintf(os.Stderr, "%d/%d %-20s %6.2f s CPU %6.2f s wall %5.0f MB\n",
					i, times, c.name, used.CPU.Seconds(), used.Wall.Seconds(), float64(used.RSS)/1e6)
			}
		}
	}
	return nil
}

func (c *contender) run(ctx context.Context) (process.Usage, error) {
	for _, made := range c.makes {
		if err := os.RemoveAll(made); err != nil {
			return process.Usage{}, err
		}
	}
	syscall.Sync() // or it would share the disk with what the one before has written
	used, out, err := process.Run(ctx, c.args[0], c.args[1:]...)
	if err == nil && !strings.Contains(out, c.says) {
		err = fmt.Errorf("%s does not say %q:\n%s", c.name, c.says, out)
	}
	return used, err
}

// A spread is a median with the least and the greatest.
type spread struct{ median, least, most float64 }

func (c *contender) spread(of func(process.Usage) float64) spread {
	var values []float64
	for _, u := range c.runs {
		values = append(values, of(u))
	}
	slices.Sort(values)
	n := len(values)
	return spread{(values[(n-1)/2] + values[n/2]) / 2, values[0], values[n-1]}
}
