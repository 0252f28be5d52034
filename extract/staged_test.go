package extract

import (
	"bytes"
	"io"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"

	"sojourn/internal/bucket"
	"sojourn/internal/lake"
	"sojourn/transform"
)

// Whatever single field an event has something to say in, the file has a column
// for it, also where no other event says anything there.
func TestStagedFilesLackNoColumn(t *testing.T) {
	plain := transform.Event{DeviceID: "d", ID: "1", Name: "open", At: 1, EngagedMillis: -1, Attributes: transform.NoAttributes, Source: "app", Object: "a", Line: 1}
	widths := map[int]int{}
	check := func(field string, set func(e *transform.Event)) {
		said := plain
		said.Attributes = &transform.Attributes{}
		said.At, said.ID = 2, "2"
		set(&said)
		var file bytes.Buffer
		if err := encodeStaged(&file, []*transform.Event{&plain, &said}); err != nil {
			t.Fatal(err)
		}
		f, err := parquet.OpenFile(bytes.NewReader(file.Bytes()), int64(file.Len()))
		if err != nil {
			t.Fatal(err)
		}
		widths[len(f.Schema().Columns())]++
		if diff := cmp.Diff([]transform.Event{plain, said}, stagedEvents(t, file.Bytes())); diff != "" {
			t.Errorf("%s (-want +got):\n%s", field, diff)
		}
	}
	for i, field := range reflect.VisibleFields(reflect.TypeFor[transform.Event]()) {
		if field.Anonymous || len(field.Index) > 1 {
			continue // attributes: below
		}
		check(field.Name, func(e *transform.Event) { fill(reflect.ValueOf(e).Elem().FieldByIndex(field.Index), i) })
	}
	for i := range reflect.TypeFor[transform.Attributes]().NumField() {
		check(reflect.TypeFor[transform.Attributes]().Field(i).Name, func(e *transform.Event) { fill(reflect.ValueOf(e.Attributes).Elem().Field(i), i) })
	}
	if len(widths) != len(stagedSchemas) {
		t.Errorf("files by number of columns: %v", widths)
	}
}

// fill gives a field a value that is not zero.
func fill(field reflect.Value, n int) {
	switch field.Kind() {
	case reflect.String:
		field.SetString("x")
	case reflect.Int64:
		field.SetInt(int64(n) + 3)
	case reflect.Bool:
		field.SetBool(true)
	}
}

// stagedEvents are the events of a staged file.
func stagedEvents(t *testing.T, file []byte) (events []transform.Event) {
	t.Helper()
	b, err := bucket.Open(t.Context(), "mem://", true, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if err := b.Put(t.Context(), "file", func(w io.Writer) error { _, err := w.Write(file); return err }); err != nil {
		t.Fatal(err)
	}
	for of, err := range ReadDay(t.Context(), b, []lake.StagedFile{{File: lake.File{Object: "file"}}}) {
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, of...)
	}
	return events
}
