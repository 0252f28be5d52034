package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"

	"sojourn/load/duckdb"
	"sojourn/schedules"
)

type eraseVerifyCmd struct {
	Receipt  string `arg:"" help:"Id of the erasure, or its receipt."`
	Subjects string `placeholder:"FILE" help:"The ids, to look for them in bytes that are no text, too; without it they are known by their hashes."`
}

func (c *eraseVerifyCmd) Help() string {
	return `Looks for the ids of an erasure as words in every text of the lake (columns of Parquet files,
JSON, names) and of the DuckDB warehouse, and with --subjects in the bytes of the files. It
names the places and ends with status 5 if there are any. It writes nothing.

  sojourn erase verify 0003 --subjects gone.txt`
}

func (c *eraseVerifyCmd) Run(ctx context.Context, a *app) error {
	var ids []string
	if c.Subjects != "" {
		var err error
		if ids, err = readSubjects(c.Subjects); err != nil {
			return err
		}
	}
	p, err := a.openTables(ctx)
	if err != nil {
		return err
	}
	defer p.Close()
	if err := p.hasLake(); err != nil {
		return err
	}
	id := strings.TrimSuffix(path.Base(c.Receipt), ".json")
	search, err := p.pipeline.NewSearch(ctx, id, ids)
	if err != nil {
		return err
	}
	if err := p.pipeline.SearchLake(ctx, search); err != nil {
		return err
	}
	where := "the lake"
	if p.config.Warehouse.BigQuery == nil {
		w, err := p.duckdb(ctx)
		if err != nil {
			return err
		}
		if err := searchDuckDB(ctx, w, search); err != nil {
			return err
		}
		where += " and the warehouse"
	} else {
		fmt.Fprintln(a.stderr, "BigQuery is not looked through: its partitions are loaded from the files of the lake")
	}
	traces := search.Traces()
	if len(traces) == 0 {
		fmt.Fprintf(a.stdout, "erasure %s: no id in %s\n", id, where)
		return nil
	}
	for _, t := range traces {
		fmt.Fprintf(a.stdout, "%s  %s: found in %s\n", t.Object, t.Place, plural(t.Times, "place"))
	}
	return differsError(fmt.Sprintf("erasure %s: ids are still in %s", id, plural(len(traces), "place")))
}

// searchDuckDB looks through the texts of all tables and the bytes of the file.
func searchDuckDB(ctx context.Context, w *duckdb.Warehouse, search *schedules.Search) error {
	file := path.Base(w.Path())
	data, err := os.Open(w.Path())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer data.Close() // read-only: nothing to lose
	if err := search.Bytes(file, data); err != nil {
		return err
	}
	columns, err := duckRows(ctx, w, `SELECT schema_name, table_name, column_name FROM duckdb_columns()
WHERE NOT internal AND data_type LIKE 'VARCHAR%' AND table_name IN (SELECT table_name FROM duckdb_tables()) ORDER BY ALL`)
	if err != nil {
		return err
	}
	if len(columns) == 0 {
		return nil
	}
	quoted := func(v any) string { return `"` + strings.ReplaceAll(fmt.Sprint(v), `"`, `""`) + `"` }
	var parts []string
	for i, c := range columns {
		parts = append(parts, fmt.Sprintf("SELECT DISTINCT %d AS number, CAST(%s AS VARCHAR) AS word FROM %s.%s", i, quoted(c[2]), quoted(c[0]), quoted(c[1])))
	}
	texts, err := duckRows(ctx, w, strings.Join(parts, " UNION ALL ")) // one query, as each opens the file
	if err != nil {
		return err
	}
	for _, t := range texts {
		number, _ := t[0].(int64)
		if text, ok := t[1].(string); ok {
			search.Text(fmt.Sprintf("%s, table %v", file, columns[number][1]), fmt.Sprint(columns[number][2]), []byte(text))
		}
	}
	return nil
}

func duckRows(ctx context.Context, w *duckdb.Warehouse, query string) (list [][]any, err error) {
	rows, err := w.Query(ctx, query)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for row, err := range rows.All() {
		if err != nil {
			return nil, err
		}
		list = append(list, append([]any(nil), row...))
	}
	return list, nil
}
