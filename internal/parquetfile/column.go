package parquetfile

import (
	"fmt"
	"reflect"
	"slices"
	"unsafe"

	"github.com/parquet-go/parquet-go"
)

// A column turns a field of a row into the value of its column.
type column struct {
	offset uintptr // of the field in the row
	value  func(field unsafe.Pointer) parquet.Value
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
		field := row.Field(i)
		of := field.Type
		if of.Kind() == reflect.Pointer {
			of = of.Elem()
		}
		plain, isZero := valueOf(of.Kind())
		if plain == nil {
			return nil, fmt.Errorf("field %s of %s: no column for a %s", field.Name, row, field.Type)
		}
		value := plain
		switch {
		case field.Type.Kind() == reflect.Pointer:
			value = func(p unsafe.Pointer) parquet.Value {
				to := *(*unsafe.Pointer)(p)
				if to == nil {
					return parquet.NullValue()
				}
				return plain(to).Level(0, 1, 0)
			}
		case slices.Contains(tagParts(field), "optional"):
			value = func(p unsafe.Pointer) parquet.Value {
				if isZero(p) {
					return parquet.NullValue()
				}
				return plain(p).Level(0, 1, 0)
			}
		}
		columns[i] = column{field.Offset, value}
	}
	return columns, nil
}

// valueOf returns how a field of a kind is written and whether it is zero;
// nil if no column is of that kind.
func valueOf(kind reflect.Kind) (value func(unsafe.Pointer) parquet.Value, isZero func(unsafe.Pointer) bool) {
	switch kind {
	case reflect.String:
		return func(p unsafe.Pointer) parquet.Value {
			s := *(*string)(p)
			// The writer copies the bytes and never changes them.
			return parquet.ByteArrayValue(unsafe.Slice(unsafe.StringData(s), len(s)))
		}, zero[string]
	case reflect.Int64:
		return func(p unsafe.Pointer) parquet.Value { return parquet.Int64Value(*(*int64)(p)) }, zero[int64]
	case reflect.Int32:
		return func(p unsafe.Pointer) parquet.Value { return parquet.Int32Value(*(*int32)(p)) }, zero[int32]
	case reflect.Float64:
		return func(p unsafe.Pointer) parquet.Value { return parquet.DoubleValue(*(*float64)(p)) }, zero[float64]
	case reflect.Bool:
		return func(p unsafe.Pointer) parquet.Value { return parquet.BooleanValue(*(*bool)(p)) }, zero[bool]
	}
	return nil, nil
}

func zero[T comparable](p unsafe.Pointer) bool {
	var none T
	return *(*T)(p) == none
}
