// Package load writes the rows of package transform as Parquet files into the
// lake and publishes those files in a warehouse.
//
// The row structs are the only schema: [Tables] reads their tags, and Parquet
// files, warehouse tables and the column reference are derived from it. Files
// are deterministic: equal rows make equal bytes. A day of a table is replaced,
// never appended to, so publishing it again changes nothing.
package load

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"

	"sojourn/internal/calendar"
)

// A Table is a published table.
type Table struct {
	Name      string
	Doc       string   // what a row is
	Partition string   // name of the DATE column that partitions it; empty for a reference table
	Key       []string // columns that identify a row, in sort order
	Cluster   []string // columns to cluster by, at most four
	Columns   []Column

	// State says that a day of the table is what the next day goes on from:
	// later days never change it.
	State bool
}

// A Column is a column of a table, in the order of the row struct.
type Column struct {
	Name     string
	Type     Type
	Nullable bool
	Doc      string
}

// A Type is a column type that Parquet, BigQuery and DuckDB all have.
type Type string

// The column types.
const (
	Date      Type = "DATE"
	Timestamp Type = "TIMESTAMP" // microseconds, UTC
	String    Type = "STRING"
	Int64     Type = "INT64"
	Float64   Type = "FLOAT64"
	Bool      Type = "BOOL"
)

// A Partition is one day of a table, or a whole reference table, as it is in
// the lake.
type Partition struct {
	Table  string
	Day    calendar.Day // zero for a reference table
	Object string       // the Parquet file in the lake; empty if the partition is to be emptied
	Rows   int64
	SHA256 string // digest of the file: what makes two versions equal

	// Sums are the sums of the file's whole-number columns, by column: what a
	// warehouse audits the rows by that it has loaded. Columns that are not in
	// it are not audited.
	Sums map[string]int64
}

// Check returns the reader of the partition's file, which ends with an error if
// it is not the file that the partition means: a warehouse would load a damaged
// one, and hold it for the right one ever after.
func (p Partition) Check(file io.Reader) io.Reader {
	return &checked{file: file, sum: sha256.New(), want: p.SHA256, object: p.Object}
}

type checked struct {
	file         io.Reader
	sum          hash.Hash
	want, object string
}

func (c *checked) Read(data []byte) (int, error) {
	n, err := c.file.Read(data)
	c.sum.Write(data[:n])
	if err == io.EOF && hex.EncodeToString(c.sum.Sum(nil)) != c.want {
		err = fmt.Errorf("%s is damaged, or was changed: it is not what its manifest says; sojourn verify finds all such files and says how to mend them", c.object)
	}
	return n, err
}

// A PartitionKey names a partition.
type PartitionKey struct {
	Table string
	Day   calendar.Day
}

// A Warehouse serves the tables to analysts.
type Warehouse interface {
	// Published returns the digests of the partitions that the warehouse
	// holds. It is empty for a warehouse that does not exist yet.
	Published(ctx context.Context) (map[PartitionKey]string, error)

	// Publish creates what is missing (data set, tables, views) and replaces
	// the partitions of the group, all of them for readers at once. Calling it
	// again with the same group changes nothing, also after a call that failed
	// half-way.
	Publish(ctx context.Context, g Group) error

	Close() error
}

// A Group is what becomes visible together.
type Group struct {
	Partitions []Partition
	AsOf       calendar.Day // the last day that views show

	// Purge asks that nothing of what the partitions held before is left in
	// files of the warehouse's own, also of partitions replaced earlier.
	Purge bool

	Run   string // the run that publishes
	Token int64  // its fencing token: later runs have greater ones

	// Fence is asked right before the group becomes visible, and its error
	// stops the publish: the run is not the one at work any more. Nil admits all.
	Fence func(context.Context) error
}
