package load

import (
	"fmt"

	"sojourn/internal/calendar"
)

// A Restatement is a row of restatements: what a revision of a day has moved.
type Restatement struct {
	Date        calendar.Day `parquet:"date,date" doc:"Day whose tables were made again."`
	Revision    int64        `parquet:"revision" doc:"Counts the contents that the day has had; 1 for the first."`
	Table       string       `parquet:"table_name" doc:"Table that changed; headline for the numbers that a day is known by."`
	Metric      string       `parquet:"metric" doc:"Of a table rows, its number of rows; of the headline sessions, users_with_sessions, new_users, crashed_sessions, duration_seconds or events_staged."`
	Before      *float64     `parquet:"value_before,optional" doc:"Value of the revision before; null for the first revision."`
	After       float64      `parquet:"value_after" doc:"Value of this revision: what is known from as_of on."`
	Change      *float64     `parquet:"value_change,optional" doc:"value_after - value_before; null for the first revision. 0 for a table whose rows changed but not their number."`
	AsOf        int64        `parquet:"as_of,timestamp(microsecond)" doc:"When the revision was made."`
	Run         string       `parquet:"run" doc:"Run that made it."`
	Reason      string       `parquet:"reason" doc:"Why it was made."`
	Objects     string       `parquet:"objects,optional" doc:"Raw objects that were the reason, up to 20; null if it was something else."`
	ObjectCount int64        `parquet:"object_count" doc:"How many raw objects were the reason."`
	Accepted    string       `parquet:"accepted,optional" doc:"Why an operator let it pass a check that blocks; null if none did."`
	Definition  string       `parquet:"definition_digest" doc:"Digest of the session definition it was made by."`
}

// headline is the table_name of rows about no single table.
const headline = "headline"

// Restatements returns the table that tells of the revisions of days.
func Restatements() Table {
	return withColumns[Restatement](Table{
		Name:      "restatements",
		Doc:       "What each revision of a day has moved, by how much and because of which raw objects. The latest row of a metric with as_of up to a moment is what was known then.",
		Partition: "date",
		Key:       []string{"date", "revision", "table_name", "metric"},
		Cluster:   []string{"table_name", "metric"},
	})
}

// EncodeRestatements returns the file of a day's rows, which are in order; an
// empty Table stands for the headline.
func EncodeRestatements(day calendar.Day, rows []Restatement) (File, error) {
	for i := range rows {
		if rows[i].Table == "" {
			rows[i].Table = headline
		}
	}
	f, err := encode(Restatements(), day, rows)
	if err != nil {
		return File{}, fmt.Errorf("table restatements of %s: %w", day, err)
	}
	return f, nil
}

// A LateArrival is a row of late: events that arrived after the late limit.
type LateArrival struct {
	Batch     string       `parquet:"batch" doc:"Batch that read them."`
	ArrivedAt int64        `parquet:"arrived_at,timestamp(microsecond)" doc:"When they were read."`
	Source    string       `parquet:"source" doc:"Source of the raw object."`
	Object    string       `parquet:"object" doc:"Raw object that has them."`
	Date      calendar.Day `parquet:"date,date" doc:"Day on which they happened."`
	Events    int64        `parquet:"events" doc:"Number of events."`
	AgeDays   int64        `parquet:"age_days" doc:"Days from the day they happened to the one they were read on."`
	IsApplied bool         `parquet:"is_applied" doc:"True if a backfill has let them count; otherwise they are in no other table."`
	AppliedBy string       `parquet:"applied_by,optional" doc:"Run that did; null if none has."`
}

func late() Table {
	return withColumns[LateArrival](Table{
		Name: "late",
		Doc:  "Events that arrived later than late_limit after their day had tables: they do not count until sojourn backfill --affected applies them.",
		Key:  []string{"batch", "source", "object", "date"},
	})
}

// EncodeLate returns the file of late, which has no days.
func EncodeLate(rows []LateArrival) (File, error) {
	f, err := encode(late(), 0, rows)
	if err != nil {
		return File{}, fmt.Errorf("table late: %w", err)
	}
	return f, nil
}
