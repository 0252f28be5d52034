// Duckdb runs the peer's script over the objects of a directory and writes the
// tables, or those of one day, into another; with -version it prints the version of DuckDB.
package main

import (
	"context"
	"database/sql"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	_ "github.com/duckdb/duckdb-go/v2"
)

func main() {
	source := flag.String("source", "from_json.sql", "the script that opens the raw records")
	script := flag.String("script", "duckdb.sql", "the script")
	raw := flag.String("raw", "", "the raw objects: a file, or a pattern")
	out := flag.String("out", "", "directory to write to; made")
	day := flag.String("day", "", "the one day to make; all, if empty")
	version := flag.Bool("version", false, "print the version and do nothing")
	flag.Parse()
	do := func(ctx context.Context) error { return run(ctx, []string{*source, *script}, *raw, *out, *day) }
	if *version {
		do = printVersion
	}
	if err := do(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "duckdb:", err)
		os.Exit(1)
	}
}

// run lets DuckDB use two threads and, as is its default, 80 % of the memory.
func run(ctx context.Context, scripts []string, raw, out, day string) error {
	var texts []string
	for _, script := range scripts {
		text, err := os.ReadFile(script)
		if err != nil {
			return err
		}
		texts = append(texts, string(text))
	}
	raw, err := filepath.Abs(raw)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	// COPY takes no variable, so the script writes relative to here.
	if err := os.Chdir(out); err != nil {
		return err
	}
	db, err := sql.Open("duckdb", "?threads=2")
	if err != nil {
		return err
	}
	defer db.Close() // in memory: nothing to lose
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	if _, err := conn.ExecContext(ctx, "SET VARIABLE raw = ?", raw); err != nil {
		return err
	}
	if day != "" {
		if _, err := conn.ExecContext(ctx, "SET VARIABLE day = ?", day); err != nil {
			return err
		}
	}
	for _, text := range texts {
		if _, err := conn.ExecContext(ctx, text); err != nil {
			return err
		}
	}
	return nil
}

func printVersion(ctx context.Context) error {
	db, err := sql.Open("duckdb", "")
	if err != nil {
		return err
	}
	defer db.Close() // in memory: nothing to lose
	var version string
	if err := db.QueryRowContext(ctx, "SELECT version()").Scan(&version); err != nil {
		return err
	}
	fmt.Println(version)
	return nil
}
