//go:build cgo

package duckdb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	driverduckdb "github.com/duckdb/duckdb-go/v2"

	"sojourn/internal/bucket"
	"sojourn/load"
)

// A Warehouse is a DuckDB file. It is not safe for concurrent use.
type Warehouse struct {
	path string
	lake *bucket.Bucket
	opts Options
}

var _ load.Warehouse = (*Warehouse)(nil)

// Open returns the warehouse in the file at path, which publishes Parquet
// files of the lake. The file need not exist; the first publish creates it.
func Open(_ context.Context, path string, lake *bucket.Bucket, opts Options) (*Warehouse, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("warehouse %s: %w", path, err)
	}
	if strings.ContainsAny(absolute, "?%") {
		return nil, fmt.Errorf("warehouse %s: DuckDB cannot open a path with ? or %%", path)
	}
	return &Warehouse{path: absolute, lake: lake, opts: opts}, nil
}

// Path is the file of the warehouse.
func (w *Warehouse) Path() string { return w.path }

// Close does nothing: the file is closed after each use.
func (w *Warehouse) Close() error { return nil }

// exists is nil if there is a warehouse, and [fs.ErrNotExist] if there is not.
func (w *Warehouse) exists() error {
	_, err := os.Stat(w.path)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("no warehouse at %s yet: run `sojourn run` first: %w", w.path, fs.ErrNotExist)
	}
	return err
}

type access string

const (
	readOnly  access = "read_only"
	readWrite access = "read_write"
)

// session makes every connection answer like BigQuery where the two differ,
// and keeps DuckDB from fetching extensions, from keeping the contents of
// files that are read once, and from trying FSST on every text: that takes a
// fifth of the time of a publish, for a file that is a ninth smaller.
const session = `
SET TimeZone = 'UTC';
SET default_null_order = 'nulls_first_on_asc_last_on_desc';
SET autoinstall_known_extensions = false;
SET autoload_known_extensions = false;
SET enable_external_file_cache = false;
SET disabled_compression_methods = 'fsst';`

// blockSize is that of a new file. A publish takes and clears a block for each
// column that it adds rows to: with DuckDB's own 256 KiB that is most of a
// night of few users. Below 64 KiB texts of many users take more room.
const blockSize = 64 << 10

// connect opens the file. The caller closes it.
func (w *Warehouse) connect(ctx context.Context, mode access) (*sql.DB, error) {
	config := url.Values{"access_mode": {string(mode)}, "default_block_size": {strconv.Itoa(blockSize)}}
	if w.opts.MemoryLimit != "" {
		config.Set("memory_limit", w.opts.MemoryLimit)
	}
	threads := w.opts.Threads
	if threads == 0 && mode == readWrite {
		threads = 1 // rows go in in their order: a second thread does little but wait, and that busily
	}
	if threads > 0 {
		config.Set("threads", strconv.Itoa(threads))
	}
	connector, err := driverduckdb.NewConnector(w.path+"?"+config.Encode(), func(conn driver.ExecerContext) error {
		_, err := conn.ExecContext(ctx, session, nil)
		return err
	})
	if err != nil {
		if strings.Contains(err.Error(), "Could not set lock") {
			return nil, &load.InUseError{Warehouse: w.path, Err: err}
		}
		return nil, fmt.Errorf("open warehouse %s: %w", w.path, err)
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(1)
	return db, nil
}
