package bigquery

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"cloud.google.com/go/bigquery"
	"cloud.google.com/go/civil"
	"google.golang.org/api/iterator"

	"sojourn/internal/calendar"
	"sojourn/load"
)

// audit compares the rows that were loaded with what the lake says of their
// files: how many they are, and what their whole-number columns add up to. The
// error is a [*load.AuditError] if they differ.
func (w *Warehouse) audit(ctx context.Context, tables []staged) error {
	got, err := w.measure(ctx, tables)
	if err != nil {
		return fmt.Errorf("audit what is staged: %w", advised(err))
	}
	var differences []string
	for _, s := range tables {
		columns := s.audited()
		for _, c := range s.arrivals() {
			if why := differs(columns, c, got[c.Key()]); why != "" {
				differences = append(differences, fmt.Sprintf("%s: %s", c.Key(), why))
			}
		}
	}
	if len(differences) > 0 {
		return &load.AuditError{Differences: differences}
	}
	return nil
}

// audited returns the columns whose sums are known of all that arrives.
func (s staged) audited() []string {
	var names []string
	for _, column := range s.Columns {
		if !slices.ContainsFunc(s.arrivals(), func(c load.Change) bool {
			_, known := c.Sums[column.Name]
			return !known
		}) {
			names = append(names, column.Name)
		}
	}
	return names
}

// differs says in what a partition is not what was written; empty if it is.
// Got has the rows and the sums of the columns; it is nil without rows.
func differs(columns []string, c load.Change, got []int64) string {
	if got == nil {
		got = make([]int64, 1+len(columns))
	}
	if got[0] != c.Rows {
		return fmt.Sprintf("loaded %d rows, where %d were written", got[0], c.Rows)
	}
	for i, name := range columns {
		if got[1+i] != c.Sums[name] {
			return fmt.Sprintf("%s adds up to %d, where %d was written", name, got[1+i], c.Sums[name])
		}
	}
	return ""
}

// measure returns, for each staged partition with rows, their number and the
// sums of the audited columns.
func (w *Warehouse) measure(ctx context.Context, tables []staged) (map[load.PartitionKey][]int64, error) {
	var parts []string
	for _, s := range tables {
		if len(s.arrivals()) > 0 {
			parts = append(parts, w.measures(s))
		}
	}
	ctx, cancel := context.WithTimeout(ctx, jobTimeout)
	defer cancel()
	query := w.client.Query(strings.Join(parts, "\nUNION ALL\n"))
	query.Labels = labels()
	query.MaxBytesBilled = bytesOf(state{}, tables)
	query.DisableQueryCache = true
	rows, err := query.Read(ctx)
	if err != nil {
		return nil, err
	}
	got := map[load.PartitionKey][]int64{}
	for {
		var row []bigquery.Value
		err := rows.Next(&row)
		if errors.Is(err, iterator.Done) {
			return got, nil
		}
		if err != nil {
			return nil, err
		}
		var key load.PartitionKey
		key.Table, _ = row[0].(string)
		if date, ok := row[1].(civil.Date); ok {
			key.Day = calendar.Date(date.Year, date.Month, date.Day)
		}
		text, _ := row[2].(string)
		for word := range strings.FieldsSeq(text) {
			n, err := strconv.ParseInt(word, 10, 64)
			if err != nil {
				return nil, fmt.Errorf("sums of %s: %w", key, err)
			}
			got[key] = append(got[key], n)
		}
	}
}

// measures selects table, date and, as one text because every table has other
// columns, the measures of each partition.
func (w *Warehouse) measures(s staged) string {
	date, group := "CAST(NULL AS DATE)", ""
	if s.Partition != "" {
		date, group = "s."+s.Partition, "\nGROUP BY s."+s.Partition
	}
	measures := "CAST(COUNT(*) AS STRING)"
	for _, name := range s.audited() {
		measures += " || ' ' || CAST(IFNULL(SUM(s." + name + "), 0) AS STRING)"
	}
	return "SELECT '" + s.Name + "' AS table_name, " + date + " AS date, " + measures + " AS measures\n" +
		"FROM " + w.name(stagingName(s.Name)) + " AS s\nWHERE " + s.days("s.", s.arrivals()) + group
}

// days is the condition that a row is of one of the days, all rows for a
// reference table. Days are constants, so that BigQuery reads no others.
func (s staged) days(prefix string, changes []load.Change) string {
	if s.Partition == "" {
		return "TRUE"
	}
	column := prefix + s.Partition
	var ranges []string
	for i := 0; i < len(changes); {
		last := i
		for last+1 < len(changes) && changes[last+1].Day == changes[last].Day+1 {
			last++
		}
		ranges = append(ranges, fmt.Sprintf("%s BETWEEN DATE '%s' AND DATE '%s'", column, changes[i].Day, changes[last].Day))
		i = last + 1
	}
	return "(" + strings.Join(ranges, " OR ") + ")"
}

// name is the full name of a table in a query.
func (w *Warehouse) name(table string) string {
	return "`" + w.config.Project + "`.`" + w.config.Dataset + "`." + table
}

// bytesPerValue is many times what a value has: queries are bounded so that a
// mistake costs little, not to the byte.
const bytesPerValue = 1024

// leastBytes is more than what BigQuery bills at least for a query on all
// tables.
const leastBytes = 1 << 30

// bytesOf bounds what may be billed for reading the partitions that are
// replaced, new and old, to which BigQuery adds a minimum for each table.
func bytesOf(is state, tables []staged) int64 {
	bytes := int64(leastBytes)
	for _, s := range tables {
		for _, c := range s.changes {
			bytes += bytesPerValue * int64(len(s.Columns)) * (c.Rows + is.held[c.Key()].Rows)
		}
	}
	return bytes
}
