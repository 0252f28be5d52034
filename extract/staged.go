package extract

import (
	"context"
	"fmt"
	"io"
	"unsafe"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"

	"sojourn/internal/bucket"
	"sojourn/internal/lake"
	"sojourn/transform"
)

// A stagedRow is the schema of the files of staged events, which are sorted in
// the order of transform.Event.Compare. What is unknown is null. A file of events
// that say nothing in its last columns lacks those, as do files that are older
// than the columns.
type stagedRow struct {
	plainRow
	clientRow

	DeviceClass string `parquet:"device_class,optional,dict"`
	UTCOffset   string `parquet:"utc_offset,optional,dict"`
	Properties  string `parquet:"properties,optional,dict"`
}

// plainRow is the columns that every file has.
type plainRow struct {
	UserID            string `parquet:"user_id,optional,dict"`
	DeviceID          string `parquet:"device_id,optional,dict"`
	EventID           string `parquet:"event_id"`
	EventName         string `parquet:"event_name,dict"`
	OccurredAt        int64  `parquet:"occurred_at,timestamp(microsecond)"`
	ReceivedAt        int64  `parquet:"received_at,optional,timestamp(microsecond)"`
	Screen            string `parquet:"screen,optional,dict"`
	SessionID         string `parquet:"session_id,optional,dict"`
	EngagedMillis     int64  `parquet:"engaged_ms,optional"`
	Crash             bool   `parquet:"crash"`
	Background        bool   `parquet:"background"`
	Platform          string `parquet:"platform,optional,dict"`
	OSVersion         string `parquet:"os_version,optional,dict"`
	AppVersion        string `parquet:"app_version,optional,dict"`
	DeviceModel       string `parquet:"device_model,optional,dict"`
	Country           string `parquet:"country,optional,dict"`
	Language          string `parquet:"language,optional,dict"`
	AcquisitionSource string `parquet:"acquisition_source,optional,dict"`
	Campaign          string `parquet:"campaign,optional,dict"`
	Source            string `parquet:"source,dict"`
	Object            string `parquet:"object,dict"`
	Line              int64  `parquet:"line"`
}

// clientRow is what some clients tell beside.
type clientRow struct {
	ClientAt   int64  `parquet:"client_at,optional,timestamp(microsecond)"`
	SentAt     int64  `parquet:"sent_at,optional,timestamp(microsecond)"`
	Sequence   int64  `parquet:"sequence,optional"`
	View       string `parquet:"view_id,optional,dict"`
	Launch     bool   `parquet:"launch"`
	NewSession bool   `parquet:"new_session"`
}

const (
	plainColumns  = 22
	clientColumns = plainColumns + 6 // and those of plainRow
)

// stagedSchemas are the schemas of files, by their number of columns.
var stagedSchemas = map[int]*parquet.Schema{
	plainColumns: parquet.NewSchema("stagedRow", parquet.SchemaOf(plainRow{})),
	clientColumns: parquet.NewSchema("stagedRow", parquet.SchemaOf(struct {
		plainRow
		clientRow
	}{})),
	len(stagedColumns): parquet.SchemaOf(stagedRow{}),
}

// columnsOf is how many columns are not all unknown.
func columnsOf(events []*transform.Event) int {
	columns := plainColumns
	for _, e := range events {
		if e.DeviceClass != "" || e.UTCOffset != "" || e.Properties != "" {
			return len(stagedColumns)
		}
		if e.ClientAt != 0 || e.SentAt != 0 || e.Sequence != 0 || e.View != "" || e.Launch || e.NewSession {
			columns = clientColumns
		}
	}
	return columns
}

// A filler turns a field of events into the values of its column.
type filler func(to []parquet.Value, events []*transform.Event)

// stagedColumns fill the columns of stagedRow, in its order.
var stagedColumns = [...]filler{
	optionalTexts(func(e *transform.Event) string { return e.UserID }),
	optionalTexts(func(e *transform.Event) string { return e.DeviceID }),
	plainTexts(func(e *transform.Event) string { return e.ID }),
	plainTexts(func(e *transform.Event) string { return e.Name }),
	ints(func(e *transform.Event) int64 { return e.At }),
	optionalInts(0, func(e *transform.Event) int64 { return e.ReceivedAt }),
	optionalTexts(func(e *transform.Event) string { return e.Screen }),
	optionalTexts(func(e *transform.Event) string { return e.SourceSession }),
	optionalInts(-1, func(e *transform.Event) int64 { return e.EngagedMillis }),
	bools(func(e *transform.Event) bool { return e.Crash }),
	bools(func(e *transform.Event) bool { return e.Background }),
	optionalTexts(func(e *transform.Event) string { return e.Platform }),
	optionalTexts(func(e *transform.Event) string { return e.OSVersion }),
	optionalTexts(func(e *transform.Event) string { return e.AppVersion }),
	optionalTexts(func(e *transform.Event) string { return e.DeviceModel }),
	optionalTexts(func(e *transform.Event) string { return e.Country }),
	optionalTexts(func(e *transform.Event) string { return e.Language }),
	optionalTexts(func(e *transform.Event) string { return e.AcquisitionSource }),
	optionalTexts(func(e *transform.Event) string { return e.Campaign }),
	plainTexts(func(e *transform.Event) string { return e.Source }),
	plainTexts(func(e *transform.Event) string { return e.Object }),
	ints(func(e *transform.Event) int64 { return e.Line }),
	optionalInts(0, func(e *transform.Event) int64 { return e.ClientAt }),
	optionalInts(0, func(e *transform.Event) int64 { return e.SentAt }),
	optionalInts(0, func(e *transform.Event) int64 { return e.Sequence }),
	optionalTexts(func(e *transform.Event) string { return e.View }),
	bools(func(e *transform.Event) bool { return e.Launch }),
	bools(func(e *transform.Event) bool { return e.NewSession }),
	optionalTexts(func(e *transform.Event) string { return e.DeviceClass }),
	optionalTexts(func(e *transform.Event) string { return e.UTCOffset }),
	optionalTexts(func(e *transform.Event) string { return e.Properties }),
}

func textValue(s string) parquet.Value {
	// The writer copies the bytes and never changes them.
	return parquet.ByteArrayValue(unsafe.Slice(unsafe.StringData(s), len(s)))
}

// Most texts of sorted events are those of the event before, which is seen at
// once: a text that repeats has one copy.

func plainTexts(of func(*transform.Event) string) filler {
	return func(to []parquet.Value, events []*transform.Event) {
		last, value := "", textValue("")
		for i, e := range events {
			if s := of(e); s != last {
				last, value = s, textValue(s)
			}
			to[i] = value
		}
	}
}

func optionalTexts(of func(*transform.Event) string) filler {
	return func(to []parquet.Value, events []*transform.Event) {
		last, value := "", parquet.NullValue()
		for i, e := range events {
			switch s := of(e); {
			case s == last:
			case s == "":
				last, value = "", parquet.NullValue()
			default:
				last, value = s, textValue(s).Level(0, 1, 0)
			}
			to[i] = value
		}
	}
}

func ints(of func(*transform.Event) int64) filler {
	return func(to []parquet.Value, events []*transform.Event) {
		for i, e := range events {
			to[i] = parquet.Int64Value(of(e))
		}
	}
}

func optionalInts(unknown int64, of func(*transform.Event) int64) filler {
	return func(to []parquet.Value, events []*transform.Event) {
		for i, e := range events {
			to[i] = parquet.NullValue()
			if n := of(e); n != unknown {
				to[i] = parquet.Int64Value(n).Level(0, 1, 0)
			}
		}
	}
}

func bools(of func(*transform.Event) bool) filler {
	return func(to []parquet.Value, events []*transform.Event) {
		for i, e := range events {
			to[i] = parquet.BooleanValue(of(e))
		}
	}
}

const (
	batchRows = 512             // rows handed to a column at once
	groupRows = 200 * batchRows // rows of a row group
	pageBytes = 64 << 10        // size of a page before compression
)

// writeStaged writes a file of staged events, which must be in order.
func writeStaged(ctx context.Context, b *bucket.Bucket, name string, events []*transform.Event) (lake.File, error) {
	file, err := put(ctx, b, name, func(w io.Writer) error { return encodeStaged(w, events) })
	if err != nil {
		return lake.File{}, fmt.Errorf("staged events: %w", err)
	}
	file.Rows = int64(len(events))
	return file, nil
}

// compression is one for all files: it keeps encoders of several megabytes.
var compression = &zstd.Codec{Level: zstd.SpeedFastest}

func encodeStaged(w io.Writer, events []*transform.Event) error {
	options := []parquet.WriterOption{
		parquet.Compression(compression),
		parquet.PageBufferSize(pageBytes),
	}
	width := columnsOf(events)
	schema := stagedSchemas[width]
	options = append(options, schema)
	// Files are read whole: nobody looks for the bounds of a page.
	for _, path := range schema.Columns() {
		options = append(options, parquet.SkipPageBounds(path...), parquet.SkipPageStatistics(path...))
	}
	pw := parquet.NewGenericWriter[any](w, options...)
	columns := pw.ColumnWriters()
	values := make([]parquet.Value, batchRows)
	for row := 0; row < len(events); {
		batch := events[row:min(row+batchRows, len(events))]
		for c, fill := range stagedColumns[:width] {
			fill(values, batch)
			if _, err := columns[c].WriteRowValues(values[:len(batch)]); err != nil {
				return err
			}
		}
		if row += len(batch); row%groupRows == 0 {
			if err := pw.Flush(); err != nil {
				return err
			}
		}
	}
	return pw.Close()
}
