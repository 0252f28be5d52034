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
// the order of transform.Event.Compare. What is unknown is null.
type stagedRow struct {
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

	// Columns that were added later, and that older files lack.
	ClientAt   int64  `parquet:"client_at,optional,timestamp(microsecond)"`
	SentAt     int64  `parquet:"sent_at,optional,timestamp(microsecond)"`
	Sequence   int64  `parquet:"sequence,optional"`
	View       string `parquet:"view_id,optional,dict"`
	Launch     bool   `parquet:"launch"`
	NewSession bool   `parquet:"new_session"`

	// Columns that were added after those.
	DeviceClass string `parquet:"device_class,optional,dict"`
	UTCOffset   string `parquet:"utc_offset,optional,dict"`
	Properties  string `parquet:"properties,optional,dict"`
}

// Every file has the first columns of stagedRow, younger ones also the second.
const (
	firstColumns  = 22
	secondColumns = 28
)

// stagedValues give the value of each column of stagedRow, in its order.
var stagedValues = [...]func(*transform.Event) parquet.Value{
	func(e *transform.Event) parquet.Value { return optionalText(e.UserID) },
	func(e *transform.Event) parquet.Value { return optionalText(e.DeviceID) },
	func(e *transform.Event) parquet.Value { return textValue(e.ID) },
	func(e *transform.Event) parquet.Value { return textValue(e.Name) },
	func(e *transform.Event) parquet.Value { return parquet.Int64Value(e.At) },
	func(e *transform.Event) parquet.Value { return optionalInt(e.ReceivedAt, 0) },
	func(e *transform.Event) parquet.Value { return optionalText(e.Screen) },
	func(e *transform.Event) parquet.Value { return optionalText(e.SourceSession) },
	func(e *transform.Event) parquet.Value { return optionalInt(e.EngagedMillis, -1) },
	func(e *transform.Event) parquet.Value { return parquet.BooleanValue(e.Crash) },
	func(e *transform.Event) parquet.Value { return parquet.BooleanValue(e.Background) },
	func(e *transform.Event) parquet.Value { return optionalText(e.Platform) },
	func(e *transform.Event) parquet.Value { return optionalText(e.OSVersion) },
	func(e *transform.Event) parquet.Value { return optionalText(e.AppVersion) },
	func(e *transform.Event) parquet.Value { return optionalText(e.DeviceModel) },
	func(e *transform.Event) parquet.Value { return optionalText(e.Country) },
	func(e *transform.Event) parquet.Value { return optionalText(e.Language) },
	func(e *transform.Event) parquet.Value { return optionalText(e.AcquisitionSource) },
	func(e *transform.Event) parquet.Value { return optionalText(e.Campaign) },
	func(e *transform.Event) parquet.Value { return textValue(e.Source) },
	func(e *transform.Event) parquet.Value { return textValue(e.Object) },
	func(e *transform.Event) parquet.Value { return parquet.Int64Value(e.Line) },
	func(e *transform.Event) parquet.Value { return optionalInt(e.ClientAt, 0) },
	func(e *transform.Event) parquet.Value { return optionalInt(e.SentAt, 0) },
	func(e *transform.Event) parquet.Value { return optionalInt(e.Sequence, 0) },
	func(e *transform.Event) parquet.Value { return optionalText(e.View) },
	func(e *transform.Event) parquet.Value { return parquet.BooleanValue(e.Launch) },
	func(e *transform.Event) parquet.Value { return parquet.BooleanValue(e.NewSession) },
	func(e *transform.Event) parquet.Value { return optionalText(e.DeviceClass) },
	func(e *transform.Event) parquet.Value { return optionalText(e.UTCOffset) },
	func(e *transform.Event) parquet.Value { return optionalText(e.Properties) },
}

func textValue(s string) parquet.Value {
	// The writer copies the bytes and never changes them.
	return parquet.ByteArrayValue(unsafe.Slice(unsafe.StringData(s), len(s)))
}

func optionalText(s string) parquet.Value {
	if s == "" {
		return parquet.NullValue()
	}
	return textValue(s).Level(0, 1, 0)
}

func optionalInt(n, unknown int64) parquet.Value {
	if n == unknown {
		return parquet.NullValue()
	}
	return parquet.Int64Value(n).Level(0, 1, 0)
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
	// Files are read whole: nobody looks for the bounds of a page.
	for _, path := range parquet.SchemaOf(stagedRow{}).Columns() {
		options = append(options, parquet.SkipPageBounds(path...), parquet.SkipPageStatistics(path...))
	}
	pw := parquet.NewGenericWriter[stagedRow](w, options...)
	columns := pw.ColumnWriters()
	values := make([]parquet.Value, batchRows)
	for row := 0; row < len(events); {
		batch := events[row:min(row+batchRows, len(events))]
		for c, value := range stagedValues {
			for i, e := range batch {
				values[i] = value(e)
			}
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
