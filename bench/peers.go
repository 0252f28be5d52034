package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// peers measures chDB and Polars beside DuckDB on a part of the job that all
// three do, and makes sure that they come to the same. It says what they are and
// what they took.
func peers(ctx context.Context, dir string, data dataSet, times int) (string, error) {
	versions, err := exec.CommandContext(ctx, "node", filepath.Join(dir, "peers/versions.js")).Output()
	if err != nil {
		return "", fmt.Errorf("versions of the peers: %w", err)
	}
	contenders := partContenders(dir, data)
	if err := measure(ctx, contenders, times); err != nil {
		return "", err
	}
	var first []byte
	for _, c := range contenders {
		days, err := os.ReadFile(filepath.Join(c.makes[0], "days.csv"))
		if err != nil {
			return "", err
		}
		if first == nil {
			first = days
		}
		if !bytes.Equal(days, first) {
			return "", fmt.Errorf("%s comes to other days than %s", c.name, contenders[0].name)
		}
	}
	return fmt.Sprintf("A part of the job, with the same result; %s\n%s", versions, table(contenders)), nil
}

// installPeers puts the scripts of the peers into the folder peers of a
// directory, and there what they need.
func installPeers(ctx context.Context, dir string) error {
	scripts := filepath.Join(dir, "peers")
	if err := os.CopyFS(scripts, os.DirFS("peers")); err != nil {
		return err
	}
	npm := exec.CommandContext(ctx, "npm", "install", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund")
	npm.Dir = scripts
	if out, err := npm.CombinedOutput(); err != nil {
		return fmt.Errorf("npm install: %w\n%s", err, out)
	}
	return nil
}

// partContenders do the part of part.sql.
func partContenders(dir string, data dataSet) []*contender {
	in := func(name string) string { return filepath.Join(dir, name) }
	raw := in("raw/events/" + data.objects)
	return []*contender{
		{
			name:  "DuckDB, a part",
			args:  []string{in("duckdb"), "-source", data.records, "-script", "part.sql", "-raw", raw, "-out", in("part-duckdb")},
			makes: []string{in("part-duckdb")},
		},
		{
			name:  "chDB, a part",
			args:  []string{"node", in("peers/clickhouse.js"), data.format, raw, in("part-clickhouse")},
			makes: []string{in("part-clickhouse")},
		},
		{
			name:  "Polars, a part",
			args:  []string{"node", in("peers/polars.js"), data.format, raw, in("part-polars")},
			makes: []string{in("part-polars")},
		},
	}
}
