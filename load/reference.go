package load

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

//go:generate go test -run TestReferenceIsUpToDate -update

// WriteReference writes the column reference for analysts, docs/tables.md.
func WriteReference(w io.Writer) error {
	tables := append(Tables(), PublishedPartitions())
	out := bufio.NewWriter(w)
	fmt.Fprintln(out, "<!-- Generated from the row types by go generate ./load: do not edit. -->")
	fmt.Fprintln(out, "# Tables")
	fmt.Fprintln(out)
	fmt.Fprintln(out, "The tables that Sojourn publishes, the same in DuckDB and in BigQuery. Days are local days of the")
	fmt.Fprintln(out, "reporting time zone; a TIMESTAMP is an instant in UTC. A table is replaced day by day, never appended to.")
	fmt.Fprintln(out, "BigQuery refuses a query on a partitioned table that does not filter on the partition column.")
	fmt.Fprintln(out)
	for _, t := range tables {
		fmt.Fprintf(out, "- [%s](#%s): %s\n", t.Name, t.Name, t.Doc)
	}
	for _, t := range tables {
		fmt.Fprintf(out, "\n## %s\n\n%s\n\n", t.Name, t.Doc)
		fmt.Fprintf(out, "Key: %s.", codeList(t.Key))
		if t.Partition != "" {
			fmt.Fprintf(out, " Partitioned by `%s`.", t.Partition)
		} else {
			fmt.Fprint(out, " Not partitioned: the table is replaced whole.")
		}
		if len(t.Cluster) > 0 {
			fmt.Fprintf(out, " Clustered by %s (BigQuery).", codeList(t.Cluster))
		}
		fmt.Fprint(out, "\n\n| column | type | null | meaning |\n| --- | --- | --- | --- |\n")
		for _, c := range t.Columns {
			null := "never"
			if c.Nullable {
				null = "may be"
			}
			fmt.Fprintf(out, "| `%s` | %s | %s | %s |\n", c.Name, c.Type, null, strings.ReplaceAll(c.Doc, "|", `\|`))
		}
	}
	return out.Flush()
}

func codeList(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = "`" + name + "`"
	}
	return strings.Join(quoted, ", ")
}
