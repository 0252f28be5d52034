package sql

import (
	"strings"

	"sojourn/internal/calendar"
)

// PublishedGroup is the table with one row in which a BigQuery data set keeps
// what its last publish was; as_of is the last day that views show.
const PublishedGroup = "published_group"

// Turn returns a query that answers as one query while the group that is
// published is as of a day, and as another afterwards. Both have the same
// columns. Table is the full name of [PublishedGroup].
//
// BigQuery replaces views one by one. A view that has been turned before a
// publish is committed changes at that moment, with all others.
func Turn(before, after, table string, asOf calendar.Day) string {
	still := "(SELECT 1 FROM " + table + " AS p WHERE p.as_of = DATE '" + asOf.String() + "')"
	return turnHead + before + turnWhile + still + turnOr + after + turnElse + still
}

const (
	turnHead  = "-- While a publish is under way: what was published before, or what is now.\nSELECT * FROM (\n"
	turnWhile = "\n) WHERE EXISTS "
	turnOr    = "\nUNION ALL\nSELECT * FROM (\n"
	turnElse  = "\n) WHERE NOT EXISTS "
)

// Shows reports whether a view that says text answers as query does while the
// group is as of the day that query is about: it is the query, or a [Turn] to
// or from it.
func Shows(text, query string) bool {
	return text == query ||
		strings.HasPrefix(text, turnHead+query+turnWhile) ||
		strings.HasPrefix(text, turnHead) && strings.Contains(text, turnOr+query+turnElse)
}
