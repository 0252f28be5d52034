package schedules

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"sojourn/internal/calendar"
	"sojourn/load"
)

// DiffOptions say what of two versions is compared.
type DiffOptions struct {
	Range
	Tables []string // names; empty for all that both versions may have
	Most   int      // rows of a table's day that are told of
}

// A TableDiff is a day of a table that is not the same file in two versions.
type TableDiff struct {
	Table string       `json:"table"`
	Day   calendar.Day `json:"date"`
	load.Comparison
}

// Diffed counts what was compared.
type Diffed struct {
	Partitions int   `json:"partitions"` // days of tables that either version has
	Equal      int   `json:"equal"`      // that are the same file, and were not read
	Differing  int   `json:"differing"`  // with rows that differ
	OnlyA      int64 `json:"only_a"`     // rows
	OnlyB      int64 `json:"only_b"`
	Changed    int64 `json:"changed"`
}

// Rows returns the number of rows that differ.
func (d Diffed) Rows() int64 { return d.OnlyA + d.OnlyB + d.Changed }

// Diff compares two versions of the daily tables and tells of the days of
// tables that are not the same file, by day and in the order of the reference.
// A table's day that a version has not got has no rows there. It has no more
// than a day of a table of both in memory.
func Diff(ctx context.Context, a, b Version, o DiffOptions, tell func(TableDiff) error) (sum Diffed, err error) {
	tables, err := tablesNamed(o.Tables)
	if err != nil {
		return sum, err
	}
	if a.onlySessions || b.onlySessions {
		tables = slices.DeleteFunc(tables, func(t load.Table) bool { return t.Name != "sessions" && t.Name != "session_days" })
	}
	days := map[calendar.Day]bool{}
	for day := range a.days {
		days[day] = true
	}
	for day := range b.days {
		days[day] = true
	}
	for _, day := range slices.Sorted(maps.Keys(days)) {
		if !o.Includes(day) {
			continue
		}
		for _, table := range tables {
			fa, inA := a.days[day].files[table.Name]
			fb, inB := b.days[day].files[table.Name]
			if !inA && !inB {
				continue
			}
			sum.Partitions++
			if inA && inB && fa.SHA256 == fb.SHA256 {
				sum.Equal++
				continue
			}
			of, err := compareDay(ctx, table, a.days[day], b.days[day], o.Most)
			if err != nil {
				return sum, fmt.Errorf("diff of %s of %s: %w", table.Name, day, err)
			}
			if of.Differ() > 0 {
				sum.Differing++
			}
			sum.OnlyA, sum.OnlyB, sum.Changed = sum.OnlyA+of.OnlyA, sum.OnlyB+of.OnlyB, sum.Changed+of.Changed
			if err := tell(TableDiff{table.Name, day, of}); err != nil {
				return sum, err
			}
		}
	}
	return sum, nil
}

func compareDay(ctx context.Context, table load.Table, a, b tablesOf, most int) (load.Comparison, error) {
	var files [2][]byte
	for i, of := range []tablesOf{a, b} {
		if _, ok := of.files[table.Name]; !ok {
			continue
		}
		var err error
		if files[i], err = of.read(ctx, table.Name); err != nil {
			return load.Comparison{}, err
		}
	}
	return load.Compare(table, files[0], files[1], most)
}

// tablesNamed returns the daily tables of some names, all if there are none.
func tablesNamed(names []string) ([]load.Table, error) {
	var all []load.Table
	known := append(load.DailyTables(true), load.DailyTables(false)...)
	for _, t := range load.Tables() {
		if slices.Contains(known, t.Name) && (len(names) == 0 || slices.Contains(names, t.Name)) {
			all = append(all, t)
		}
	}
	for _, name := range names {
		if !slices.Contains(known, name) {
			slices.Sort(known)
			return nil, &UsageError{fmt.Errorf("there is no daily table %q: want one of %v", name, known)}
		}
	}
	return all, nil
}
