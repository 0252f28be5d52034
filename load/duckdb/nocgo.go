//go:build !cgo

package duckdb

import (
	"context"
	"errors"
	"iter"

	"sojourn/internal/bucket"
	"sojourn/load"
)

// A Warehouse cannot be had without cgo.
type Warehouse struct {
	load.Warehouse
}

// Rows are the answer to a query; there are none without cgo.
type Rows struct {
	Columns []Column
}

// Path is never reached, as there is no Warehouse.
func (*Warehouse) Path() string { return "" }

// Open returns an error: the program was built without cgo.
func Open(context.Context, string, *bucket.Bucket, Options) (*Warehouse, error) {
	return nil, errors.New("this sojourn was built without cgo, so it has no embedded DuckDB: install gcc and g++ (without them Go turns cgo off by itself) and build with CGO_ENABLED=1, or configure warehouse.bigquery")
}

// Query is never reached, as there is no Warehouse.
func (*Warehouse) Query(context.Context, string) (*Rows, error) { return nil, errors.ErrUnsupported }

// All yields nothing.
func (*Rows) All() iter.Seq2[[]any, error] { return func(func([]any, error) bool) {} }

// Close does nothing.
func (*Rows) Close() error { return nil }
