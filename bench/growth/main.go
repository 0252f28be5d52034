// Growth measures how what a night takes grows: with the day's events, with
// the days before, with the users known, with the share of events that come
// late, and what a single late event takes next to making everything anew. With
// -memory it measures what a night takes of memory on days that are out of the
// ordinary.
//
//	go run ./growth
//	go run ./growth -memory
//	go run ./growth -only events -events 100000,1000000,10000000
//
// Every night is a process of its own, sojourn run on a lake and a DuckDB
// warehouse in a temporary folder, which is removed. It runs on Linux, with Go
// and gcc.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"sojourn/bench/internal/process"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	b := bench{}
	flag.IntVar(&b.runs, "runs", 1, "how often each night is measured; the one of median CPU time counts")
	flag.BoolVar(&b.keep, "keep", false, "leave the temporary folder, to look at or to profile a night on")
	only := flag.String("only", "", "which measurements to make, such as events,late; all if empty")
	memory := flag.Bool("memory", false, "measure peaks of memory instead of growth")
	b.events = sizes{100_000, 300_000, 1_000_000}
	flag.Var(&b.events, "events", "events of the day")
	b.total = sizes{1_000_000, 10_000_000}
	flag.Var(&b.total, "total", "events in all, of days of a million each")
	b.days = sizes{10, 100, 1000}
	flag.Var(&b.days, "days", "days of history")
	flag.IntVar(&b.dayEvents, "day-events", 200_000, "events of the day after the history")
	b.users = sizes{10_000, 100_000, 1_000_000}
	flag.Var(&b.users, "users", "users known")
	b.late = sizes{0, 3, 10, 30}
	flag.Var(&b.late, "late", "percent of a night's events that come late")
	flag.IntVar(&b.restateUsers, "restate-users", 200_000, "users known where one event comes late")
	flag.StringVar(&b.budgets, "budgets", "1GiB", "with -memory: what sojourn run is given as --memory, with commas between them; total has the first")
	flag.IntVar(&b.botEvents, "bot-events", 5_000_000, "with -memory: events of the bot")
	flag.IntVar(&b.manyUsers, "many-users", 2_000_000, "with -memory: users of the day of many users")
	flag.IntVar(&b.smallObjects, "small-objects", 10_000, "with -memory: objects of ten events each")
	flag.IntVar(&b.bigMB, "big-mb", 2_000, "with -memory: size of the big object, decompressed")
	flag.Parse()
	if err := b.run(ctx, *only, *memory); err != nil {
		fmt.Fprintln(os.Stderr, "growth:", err)
		os.Exit(1)
	}
}

// A bench is what is to be measured, and where.
type bench struct {
	dir  string
	runs int
	keep bool

	events, total, days, users, late sizes
	dayEvents, restateUsers          int

	budgets                                   string
	botEvents, manyUsers, smallObjects, bigMB int
}

// sizes is a flag: numbers with commas between them.
type sizes []int

func (s *sizes) String() string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint([]int(*s)), " ", ","), "[]")
}

func (s *sizes) Set(text string) error {
	*s = nil
	for part := range strings.SplitSeq(text, ",") {
		n, err := strconv.Atoi(part)
		if err != nil {
			return err
		}
		*s = append(*s, n)
	}
	return nil
}

func (b *bench) run(ctx context.Context, only string, memory bool) (err error) {
	if b.dir, err = os.MkdirTemp("", "sojourn-growth-"); err != nil {
		return err
	}
	if b.keep {
		fmt.Fprintln(os.Stderr, b.dir)
	} else {
		defer os.RemoveAll(b.dir)
	}
	for _, args := range [][]string{
		{"build", "-C", "..", "-o", filepath.Join(b.dir, "sojourn"), "./cmd/sojourn"},
		{"build", "-o", b.dir + "/", "./duckdb"},
	} {
		if out, err := exec.CommandContext(ctx, "go", args...).CombinedOutput(); err != nil {
			return fmt.Errorf("go %v: %w\n%s", args, err, out)
		}
	}
	fmt.Println(process.Machine(filepath.Join(b.dir, "duckdb")))
	wanted := func(name string) bool { return only == "" || slices.Contains(strings.Split(only, ","), name) }
	if memory {
		return b.memory(ctx, wanted)
	}
	for _, m := range b.growths() {
		if !wanted(m.name) {
			continue
		}
		table, err := m.make(ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
		fmt.Printf("\n%s", table)
	}
	return nil
}

// A measurement makes a table in Markdown.
type measurement struct {
	name string
	make func(context.Context) (string, error)
}
