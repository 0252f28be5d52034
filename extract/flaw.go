package extract

import "fmt"

// A flaw is why a record cannot be used.
type flaw struct {
	reason string // one of the constants below
	detail string // for a person: what was found, its values in marks, and what was expected
}

// Reasons of quarantine.
const (
	badJSON           = "bad_json"
	badCSV            = "bad_csv"
	badTSV            = "bad_tsv"
	notAnObject       = "not_an_object"
	wrongFormat       = "wrong_format"
	missingTimestamp  = "missing_timestamp"
	badTimestamp      = "bad_timestamp"
	timestampTooEarly = "timestamp_too_early"
	timestampInFuture = "timestamp_in_future"
	missingEventName  = "missing_event_name"
	missingSubject    = "missing_subject"
	wrongType         = "wrong_type"
	invalidText       = "invalid_text"
	lineTooLong       = "line_too_long"
	truncatedObject   = "truncated_object"
	unreadableObject  = "unreadable_object"
	objectTooBig      = "object_too_big"
)

// maxExcerpt bounds how much of a value a detail shows, in bytes.
const maxExcerpt = 60

// excerpt shows the beginning of what was found in a record, between the marks
// of a value: see [Privacy.shown].
func excerpt(data []byte) string {
	if len(data) > maxExcerpt {
		return inMarks(fmt.Sprintf("%q…", data[:maxExcerpt]))
	}
	return inMarks(fmt.Sprintf("%q", data))
}

// inMarks puts text, which is made of a record's value, between the marks of one.
func inMarks(text string) string { return string(valueBegins) + text + string(valueEnds) }
