package load

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"sojourn/internal/calendar"
)

// A Publication is what a warehouse says of a partition: a row of
// published_partitions.
type Publication struct {
	Table    string       `parquet:"table_name" doc:"Table that the partition is of."`
	Day      calendar.Day `parquet:"date,date,optional" doc:"Day of the partition; null for a reference table."`
	Revision int64        `parquet:"revision" doc:"Counts the contents that the partition has had; 1 for the first."`
	SHA256   string       `parquet:"sha256,optional" doc:"Digest of the Parquet file with the content; null if the partition has been emptied."`
	Rows     int64        `parquet:"rows" doc:"Rows of the content."`
	Complete bool         `parquet:"is_complete" doc:"False if an earlier version of Sojourn was interrupted while it put this content there: it is replaced by the next publish."`
}

// PublishedPartitions returns the table in which a warehouse keeps what it
// holds. If rows of it are deleted, revisions are counted from 1 again in the
// same table, and a load may be taken for done that was done before another;
// a table that was dropped and made again begins a count of its own.
func PublishedPartitions() Table {
	return withColumns[Publication](Table{
		Name: "published_partitions",
		Doc:  "One row for each partition that has been published or is being published. To have all loaded again drop the table, and never delete rows of it.",
		Key:  []string{"table_name", "date"},
	})
}

// String names the partition for people: sessions of 2026-10-01, or benchmarks.
func (k PartitionKey) String() string {
	if k.Day == 0 {
		return k.Table
	}
	return k.Table + " of " + k.Day.String()
}

// Key names the partition.
func (p Partition) Key() PartitionKey { return PartitionKey{p.Table, p.Day} }

// Publications are the rows of published_partitions.
type Publications map[PartitionKey]Publication

// Digests returns the digest of each partition that has content, all of it in
// the warehouse.
func (held Publications) Digests() map[PartitionKey]string {
	digests := map[PartitionKey]string{}
	for key, p := range held {
		if p.Complete && p.SHA256 != "" {
			digests[key] = p.SHA256
		}
	}
	return digests
}

// A Change is a partition that is to be replaced, and the revision it will be.
type Change struct {
	Partition
	Revision int64
}

// Changes returns the partitions whose content is not held yet, by table and
// day. A replacement that an earlier version left half-way is a change of the same
// revision if it is tried again, and of the next one if the content is another.
func (held Publications) Changes(partitions []Partition) ([]Change, error) {
	known := map[string]bool{}
	for _, t := range Tables() {
		known[t.Name] = true
	}
	seen := map[PartitionKey]bool{}
	var changes []Change
	for _, p := range partitions {
		key := p.Key()
		switch {
		case !known[p.Table]:
			return nil, fmt.Errorf("%s is not a published table", p.Table)
		case seen[key]:
			return nil, fmt.Errorf("%s is to be published twice at once", key)
		case p.Object == "":
			p.SHA256, p.Rows, p.Sums = "", 0, nil
		}
		seen[key] = true
		before, ok := held[key]
		same := ok && before.SHA256 == p.SHA256
		switch {
		case same && before.Complete:
		case same:
			changes = append(changes, Change{p, before.Revision})
		default:
			changes = append(changes, Change{p, before.Revision + 1})
		}
	}
	slices.SortFunc(changes, func(a, b Change) int {
		return cmp.Or(cmp.Compare(a.Table, b.Table), cmp.Compare(a.Day, b.Day))
	})
	return changes, nil
}

// With returns the publications once the changes are made.
func (held Publications) With(changes []Change) Publications {
	after := maps.Clone(held)
	if after == nil {
		after = Publications{}
	}
	for _, c := range changes {
		after[c.Key()] = Publication{c.Table, c.Day, c.Revision, c.SHA256, c.Rows, true}
	}
	return after
}

// Encode returns the file of published_partitions.
func (held Publications) Encode() (File, error) {
	rows := slices.SortedFunc(maps.Values(held), func(a, b Publication) int {
		return cmp.Or(cmp.Compare(a.Table, b.Table), cmp.Compare(a.Day, b.Day))
	})
	f, err := encode(PublishedPartitions(), 0, rows)
	if err != nil {
		return File{}, fmt.Errorf("table published_partitions: %w", err)
	}
	return f, nil
}
