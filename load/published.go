package load

import (
	"cmp"
	"slices"

	"sojourn/internal/calendar"
	"sojourn/internal/parquetfile"
)

// A publication is a row of published_partitions.
type publication struct {
	Table  string       `parquet:"table_name" doc:"Table that the partition is of."`
	Day    calendar.Day `parquet:"date,date,optional" doc:"Day of the partition; null for a reference table."`
	SHA256 string       `parquet:"sha256" doc:"Digest of the Parquet file that was published."`
	Rows   int64        `parquet:"rows" doc:"Rows in the partition."`
}

// PublishedPartitions returns the table in which a warehouse keeps what it
// holds. It changes last in a publish: a partition counts as published once it
// is listed there.
func PublishedPartitions() Table {
	return withColumns[publication](Table{
		Name: "published_partitions",
		Doc:  "One row for each partition that has been published.",
		Key:  []string{"table_name", "date"},
	})
}

// EncodePublished returns the Parquet file of published_partitions for the
// partitions that a warehouse holds.
func EncodePublished(partitions []Partition) ([]byte, error) {
	rows := make([]publication, len(partitions))
	for i, p := range partitions {
		rows[i] = publication{p.Table, p.Day, p.SHA256, p.Rows}
	}
	slices.SortFunc(rows, func(a, b publication) int {
		return cmp.Or(cmp.Compare(a.Table, b.Table), cmp.Compare(a.Day, b.Day))
	})
	return parquetfile.Encode(rows)
}
