// Package duckdb publishes the tables in a DuckDB file, the default warehouse,
// and answers queries on it.
//
// A publish is one transaction: a reader sees the tables of before or those of
// after, never some of each, and a publish that fails leaves nothing behind.
// The file is open only while something is published or asked, so others may
// use it in between; DuckDB allows one writer or several readers at a time.
//
// DuckDB is C++ linked in by cgo. A program built without cgo has this package
// too, but every call ends in an error that says so.
package duckdb

// Options bound what DuckDB may use. The zero value is 80 % of the memory, and
// all cores for an answer but one for a publish.
type Options struct {
	MemoryLimit string // such as 512MiB
	Threads     int
}

// A Column is a column of an answer.
type Column struct {
	Name string
	Type string // as DuckDB names it, such as BIGINT or DATE
}
