package extract_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"

	"sojourn/extract"
)

func parquetFile[T any](t testing.TB, rows []T, options ...parquet.WriterOption) string {
	t.Helper()
	var b bytes.Buffer
	w := parquet.NewGenericWriter[T](&b, options...)
	if _, err := w.Write(rows); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

type flatRow struct {
	EventID   [16]byte `parquet:"event_id,uuid"`
	UserID    *int64   `parquet:"user_id"`
	EventName string   `parquet:"event_name,dict"`
	Timestamp int64    `parquet:"timestamp,timestamp(millisecond)"`
	Crash     bool     `parquet:"crash"`
	Unmapped  string   `parquet:"unmapped"`
}

func TestParquetFlat(t *testing.T) {
	seven := int64(7)
	rows := []flatRow{
		{[16]byte{0, 0x11, 0x22, 15: 0xff}, &seven, "open", 1790856000_123, true, "x"},
		{[16]byte{}, nil, "open", 1790856000_123, false, "y"},
	}
	events, rejects := staged(t, extract.Source{Format: "parquet"}, parquetFile(t, rows))
	want := []string{"7/ open 1790856000123000 id=00112200-0000-0000-0000-0000000000ff in:1"}
	if diff := cmp.Diff(want, events); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	want = []string{"2 missing_subject: user_id and device_id are missing or empty: want one of them"}
	if diff := cmp.Diff(want, rejects); diff != "" {
		t.Errorf("in quarantine (-want +got):\n%s", diff)
	}
}

type nestedRow struct {
	Name  string  `parquet:"name"`
	Time  float64 `parquet:"time"`
	Actor *struct {
		ID     string `parquet:"id"`
		Device *struct {
			Key *string `parquet:"key"`
		} `parquet:"device"`
	} `parquet:"actor"`
	Tags []string `parquet:"tags,list"`
}

var nested = extract.Source{Format: "parquet", Fields: map[string]extract.Field{
	"event_name": {Path: "name"}, "timestamp": {Path: "time", Unit: "s"},
	"user_id": {Path: "actor.id"}, "device_id": {Path: "actor.device.key"},
}}

func TestParquetNested(t *testing.T) {
	rows := make([]nestedRow, 1000)
	var want []string
	for i := range rows {
		rows[i].Name, rows[i].Time = "open", 1790856000+float64(i)/2
		rows[i].Actor = &struct {
			ID     string `parquet:"id"`
			Device *struct {
				Key *string `parquet:"key"`
			} `parquet:"device"`
		}{ID: "ann"}
		if i%10 == 0 {
			rows[i].Actor = nil
			continue
		}
		want = append(want, fmt.Sprintf("ann/ open %d", 1790856000_000000+i*500_000))
	}
	// Small pages and row groups, so that columns turn pages at different rows.
	content := parquetFile(t, rows, parquet.PageBufferSize(512), parquet.MaxRowsPerRowGroup(300), parquet.Compression(&parquet.Snappy))
	events, rejects := staged(t, nested, content)
	for i := range events {
		var subject, name string
		var at int64
		fmt.Sscan(events[i], &subject, &name, &at) // a failure shows in the diff
		events[i] = fmt.Sprintf("%s %s %d", subject, name, at)
	}
	if diff := cmp.Diff(want, events); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	if len(rejects) != 100 {
		t.Errorf("%d in quarantine, want the 100 without an actor", len(rejects))
	}
}

func TestParquetTimes(t *testing.T) {
	at := time.Date(2026, 10, 1, 12, 0, 0, 123456789, time.UTC)
	type row struct {
		Text  string    `parquet:"text"`
		Nanos time.Time `parquet:"nanos,timestamp(nanosecond)"`
		Int32 int32     `parquet:"int32"`
		Local int64     `parquet:"local,timestamp(microsecond:local)"` // isAdjustedToUTC is false
	}
	content := parquetFile(t, []row{{at.Format(time.RFC3339Nano), at, int32(at.Unix()), at.UnixMicro()}})
	for _, test := range []struct {
		field extract.Field
		want  int64
	}{
		{extract.Field{Path: "text"}, at.UnixMicro()},
		{extract.Field{Path: "nanos"}, at.UnixMicro()},
		{extract.Field{Path: "local"}, at.UnixMicro()},
		{extract.Field{Path: "int32", Unit: "s"}, at.Unix() * 1e6},
	} {
		source := extract.Source{Format: "parquet", Fields: map[string]extract.Field{
			"event_name": {Path: "text"}, "user_id": {Path: "text"}, "timestamp": test.field,
		}}
		if got := stagedOne(t, source, content); got.At != test.want {
			t.Errorf("%s: got %d, want %d", test.field.Path, got.At, test.want)
		}
	}
}

func TestParquetUnreadable(t *testing.T) {
	good := parquetFile(t, make([]nestedRow, 2))
	list := nested
	list.Fields = map[string]extract.Field{
		"event_name": {Path: "name"}, "timestamp": {Path: "time", Unit: "s"}, "user_id": {Path: "tags.list.element"},
	}
	missing := nested
	missing.Fields = map[string]extract.Field{
		"event_name": {Path: "title"}, "timestamp": {Path: "time", Unit: "s"}, "user_id": {Path: "actor.id"},
	}
	for _, test := range []struct {
		name    string
		source  extract.Source
		content string
		want    string
	}{
		{"another format", nested, one, `1 unreadable_object: not a Parquet file: it begins with "{\"id", want PAR1`},
		{"cut off", nested, good[:len(good)-20], "1 unreadable_object: not a Parquet file: "},
		{"list", list, good, "1 unreadable_object: column tags.list.element is a list, want one value a row"},
		{"missing column", missing, good, "1 unreadable_object: no column event_name (title)"},
	} {
		t.Run(test.name, func(t *testing.T) {
			events, rejects := staged(t, test.source, test.content)
			if len(events) > 0 {
				t.Errorf("events %q", events)
			}
			if len(rejects) != 1 || !strings.HasPrefix(rejects[0], test.want) {
				t.Errorf("in quarantine: %q, want %q", rejects, test.want)
			}
		})
	}
}

// However a file is damaged, what is read of it is counted, and nothing panics.
func FuzzParquet(f *testing.F) {
	seven := int64(7)
	good := parquetFile(f, []flatRow{{[16]byte{0, 0x11, 0x22, 15: 0xff}, &seven, "open", 1790856000_123, true, "x"}})
	f.Add(20, byte(1))
	f.Add(len(good)-6, byte(255))
	f.Fuzz(func(t *testing.T, position int, change byte) {
		if position < 0 || position >= len(good) {
			return
		}
		damaged := []byte(good)
		damaged[position] ^= change
		staged(t, extract.Source{Format: "parquet"}, string(damaged))
	})
}
