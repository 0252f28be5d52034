package parquetfile

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"unsafe"

	"github.com/parquet-go/parquet-go"
)

// A column turns a field of a row into the value of its column, and back.
type column struct {
	name   string
	kind   parquet.Kind
	offset uintptr // of the field in the row
	fill   func(to []parquet.Value, fields field)
	set    func(p unsafe.Pointer, v parquet.Value, seen texts) // v is not null
}

// columnsOf returns the columns of a row struct, in the order of its fields.
// A field whose type no table has is an error.
//
// Rows are written column by column because the library's row writer turns
// some nulls of an optional field that is no pointer into zeros (v0.32.0), and
// at fixed offsets because reflection on every field doubles the time.
func columnsOf(row reflect.Type) ([]column, error) {
	columns := make([]column, row.NumField())
	for i := range columns {
		f := row.Field(i)
		of := f.Type
		if of.Kind() == reflect.Pointer {
			of = of.Elem()
		}
		k, ok := kindOf(of.Kind())
		if !ok {
			return nil, fmt.Errorf("field %s of %s: no column for a %s", f.Name, row, f.Type)
		}
		tag := strings.Split(f.Tag.Get("parquet"), ",")
		c := column{tag[0], k.kind, f.Offset, k.fill, k.set}
		switch {
		case f.Type.Kind() == reflect.Pointer:
			c.fill = k.fillPointers
			c.set = func(p unsafe.Pointer, v parquet.Value, seen texts) {
				to := k.zero()
				k.set(to, v, seen)
				*(*unsafe.Pointer)(p) = to
			}
		case slices.Contains(tag, "optional"):
			c.fill = k.fillOptional
		}
		columns[i] = c
	}
	return columns, nil
}

// A field is one of a row, and at equal distances those of the rows after it.
type field struct {
	first unsafe.Pointer
	size  uintptr // of a row
}

func (f field) at(row int) unsafe.Pointer { return unsafe.Add(f.first, uintptr(row)*f.size) }

// A kind is how values of one Go type are written and read.
type kind struct {
	kind parquet.Kind
	// Whole columns at a time, as a call for each value doubles the time.
	fill, fillOptional, fillPointers func(to []parquet.Value, fields field)
	set                              func(unsafe.Pointer, parquet.Value, texts)
	zero                             func() unsafe.Pointer
}

// kindOf returns the kind of fields of a Go kind; ok is false if no column is
// of that kind.
func kindOf(k reflect.Kind) (_ kind, ok bool) {
	switch k {
	case reflect.String:
		return kindFor(parquet.ByteArray, func(s string) parquet.Value {
			// The writer copies the bytes and never changes them.
			return parquet.ByteArrayValue(unsafe.Slice(unsafe.StringData(s), len(s)))
		}, func(v parquet.Value, seen texts) string { return seen.text(v.ByteArray()) }), true
	case reflect.Int64:
		return kindFor(parquet.Int64, parquet.Int64Value, func(v parquet.Value, _ texts) int64 { return v.Int64() }), true
	case reflect.Int32:
		return kindFor(parquet.Int32, parquet.Int32Value, func(v parquet.Value, _ texts) int32 { return v.Int32() }), true
	case reflect.Float64:
		return kindFor(parquet.Double, parquet.DoubleValue, func(v parquet.Value, _ texts) float64 { return v.Double() }), true
	case reflect.Bool:
		return kindFor(parquet.Boolean, parquet.BooleanValue, func(v parquet.Value, _ texts) bool { return v.Boolean() }), true
	}
	return kind{}, false
}

func kindFor[T comparable](k parquet.Kind, write func(T) parquet.Value, read func(parquet.Value, texts) T) kind {
	// A value that repeats, as most do in sorted rows, is not made again. A
	// fraction is: zero and minus zero are equal and not the same.
	var none T
	again := k == parquet.Double
	return kind{
		kind: k,
		fill: func(to []parquet.Value, fields field) {
			last, value := none, write(none)
			for i := range to {
				if v := *(*T)(fields.at(i)); v != last || again {
					last, value = v, write(v)
				}
				to[i] = value
			}
		},
		fillOptional: func(to []parquet.Value, fields field) {
			last, value := none, parquet.NullValue()
			for i := range to {
				if v := *(*T)(fields.at(i)); v == none {
					last, value = none, parquet.NullValue()
				} else if v != last || again {
					last, value = v, write(v).Level(0, 1, 0)
				}
				to[i] = value
			}
		},
		fillPointers: func(to []parquet.Value, fields field) {
			for i := range to {
				to[i] = parquet.NullValue()
				if v := *(**T)(fields.at(i)); v != nil {
					to[i] = write(*v).Level(0, 1, 0)
				}
			}
		},
		set:  func(p unsafe.Pointer, v parquet.Value, seen texts) { *(*T)(p) = read(v, seen) },
		zero: func() unsafe.Pointer { return unsafe.Pointer(new(T)) },
	}
}

// A columnReader reads the values of a column into the fields of rows.
type columnReader struct {
	column
	values parquet.ColumnChunkValueReader
	seen   texts
}

// read reads as many values as the buffer has room for, into rows of a size
// that stand one after the other.
func (r *columnReader) read(row unsafe.Pointer, size uintptr, buffer []parquet.Value) error {
	for len(buffer) > 0 {
		n, err := r.values.ReadValues(buffer)
		for i, v := range buffer[:n] {
			if !v.IsNull() {
				r.set(unsafe.Add(row, uintptr(i)*size+r.offset), v, r.seen)
			}
		}
		if buffer = buffer[n:]; len(buffer) == 0 {
			return nil
		}
		row = unsafe.Add(row, uintptr(n)*size)
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// texts are the texts seen in a column, so that one that repeats is stored once.
type texts map[string]string

// text returns the text of bytes that are about to change.
func (t texts) text(b []byte) string {
	if s, ok := t[string(b)]; ok {
		return s
	}
	s := string(b)
	// A column of ids would only fill memory.
	if len(t) < 1000 {
		t[s] = s
	}
	return s
}
