package main

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	_ "github.com/duckdb/duckdb-go/v2"

	"sojourn/load"
)

// A comparison is a table that both sides write.
type comparison struct {
	table  string
	except []string // columns that the script does not make, or makes otherwise
	where  string   // which rows to compare
	rows   int64    // of the table, once compared
}

// unasked are the tables of a day that have no rows here: those of what only a
// configuration asks, and of installs, which these events do not tell of.
var unasked = []string{
	"daily_features", "daily_funnels", "user_features", "user_funnels", "user_retention", "cohort_retention",
	"daily_onboarding", "daily_onboarding_retention", "daily_incentives", "definition_differences", "daily_installs",
}

// comparisons lists the tables of a day that have rows: every column but ids,
// which are digests made differently, and what is about the definition. It is
// about one day if there is one, else about all.
func comparisons(day string) []comparison {
	except := map[string][]string{
		"sessions":      {"session_id"},
		"users":         {"last_session_id", "first_session_id", "segments", "segments_before"},
		"session_days":  {"session_id"},
		"session_steps": {"session_id"},
		"daily_ledger":  {"events_conflicting"},
	}
	// The script sorts users by sessions as they ended, Sojourn as they were
	// known at the end of the day.
	where := map[string]string{"daily_segments": "segmentation <> 'length_tier'"}
	var list []comparison
	for _, t := range load.Tables() {
		// The script tells of no revisions.
		if t.Partition != "" && t.Name != "restatements" && !slices.Contains(unasked, t.Name) {
			c := comparison{table: t.Name, except: append(except[t.Name], "definition_digest"), where: cmp.Or(where[t.Name], "true")}
			if day != "" {
				c.where += fmt.Sprintf(" AND %s = DATE '%s'", t.Partition, day)
			}
			list = append(list, c)
		}
	}
	return list
}

// compare reports every table whose rows are not the same in the lake and in
// the output of the script, those of one day if there is one.
func compare(ctx context.Context, lake, out, day string) ([]comparison, error) {
	db, err := sql.Open("duckdb", "")
	if err != nil {
		return nil, err
	}
	defer db.Close() // in memory: nothing to lose
	var differences []error
	for _, table := range unasked {
		if err := empty(ctx, db, lake, table); err != nil {
			differences = append(differences, err)
		}
	}
	compared := comparisons(day)
	for i := range compared {
		c := &compared[i]
		if err := c.compare(ctx, db, lake, out); err != nil {
			differences = append(differences, fmt.Errorf("table %s: %w", c.table, err))
		}
	}
	return compared, errors.Join(differences...)
}

// empty is an error if a table that is not compared has rows.
func empty(ctx context.Context, db *sql.DB, lake, table string) error {
	var rows int64
	query := fmt.Sprintf("SELECT count(*) FROM read_parquet('%s/*/*.parquet')", filepath.Join(lake, table))
	if err := db.QueryRowContext(ctx, query).Scan(&rows); err != nil {
		return err
	}
	if rows > 0 {
		return fmt.Errorf("table %s: %d rows that nothing compares", table, rows)
	}
	return nil
}

func (c *comparison) compare(ctx context.Context, db *sql.DB, lake, out string) error {
	ours := fmt.Sprintf("(SELECT COLUMNS(* EXCLUDE (%s)) FROM read_parquet('%s/*/*.parquet', hive_partitioning = false))",
		strings.Join(c.except, ", "), filepath.Join(lake, c.table))
	var columns string
	if err := db.QueryRowContext(ctx, "SELECT string_agg(column_name, ', ') FROM (DESCRIBE "+ours+")").Scan(&columns); err != nil {
		return err
	}
	ours = fmt.Sprintf("SELECT %s FROM %s WHERE %s", columns, ours, c.where)
	peer := fmt.Sprintf("SELECT %s FROM read_parquet('%s/*/*.parquet', hive_partitioning = true) WHERE %s", columns, filepath.Join(out, c.table), c.where)

	if err := db.QueryRowContext(ctx, fmt.Sprintf("SELECT count(*) FROM (%s)", ours)).Scan(&c.rows); err != nil {
		return err
	}
	return errors.Join(
		without(ctx, db, "the script", ours, peer),
		without(ctx, db, "sojourn", peer, ours),
	)
}

// without is an error if there are rows that the other side has not.
func without(ctx context.Context, db *sql.DB, other, rows, others string) error {
	query := fmt.Sprintf("SELECT count(*), coalesce(min(r::VARCHAR), '') FROM (SELECT r FROM (%s EXCEPT ALL %s) AS r)", rows, others)
	var n int64
	var example string
	if err := db.QueryRowContext(ctx, query).Scan(&n, &example); err != nil {
		return err
	}
	if n > 0 {
		return fmt.Errorf("%d rows that %s has not, such as %s", n, other, example)
	}
	return nil
}
