package bigquery

import (
	"fmt"

	"sojourn/load"
)

// What BigQuery allows, by its documentation. Failed loads count as well.
const (
	loadsADay             = 100_000 // of a project
	loadsOfTableADay      = 1_500
	partitionsOfStatement = 4_000 // that one statement changes
	partitionsOfTableADay = 30_000
	tablesOfTransaction   = 100
	partitionsOfCommit    = 100_000 // that one transaction changes
)

// A Use is what a publish takes of the quotas of BigQuery, at most.
type Use struct {
	Days       int // of which every table changes
	Loads      int // load jobs
	Tables     int // that the transaction changes
	Partitions int // that the transaction changes
}

// UseOf returns what a publish of some days takes, with the reference tables.
func UseOf(days int) Use {
	daily, references := 0, 0
	for _, t := range load.Tables() {
		if t.Partition != "" {
			daily++
		} else {
			references++
		}
	}
	u := Use{Days: days, Tables: references + 2} // published_partitions and published_group
	if days > 0 {
		u.Tables += daily
	}
	u.Loads = daily*days + references + 1 // published_group is written by the transaction alone
	u.Partitions = daily*days + references + 2
	return u
}

// Over says which limit the publish would go beyond; empty if it is none.
func (u Use) Over() string {
	for _, l := range []struct {
		what      string
		is, limit int
	}{
		{"loads into one table a day", u.Days, loadsOfTableADay},
		{"loads a day", u.Loads, loadsADay},
		{"partitions of one table in a statement", u.Days, partitionsOfStatement},
		{"changed partitions of one table a day", u.Days, partitionsOfTableADay},
		{"tables in a transaction", u.Tables, tablesOfTransaction},
		{"partitions in a transaction", u.Partitions, partitionsOfCommit},
	} {
		if l.is > l.limit {
			return fmt.Sprintf("%d %s, where %d are allowed", l.is, l.what, l.limit)
		}
	}
	return ""
}

func (u Use) String() string {
	text := fmt.Sprintf("BigQuery: at most %d of %d loads a day, %d of %d into one table, and a transaction on %d of %d tables and %d of %d partitions",
		u.Loads, loadsADay, u.Days, loadsOfTableADay, u.Tables, tablesOfTransaction, u.Partitions, partitionsOfCommit)
	if over := u.Over(); over != "" {
		text += "; too much: " + over
	}
	return text
}
