package load

import (
	"reflect"
	"unsafe"
)

// sumsOf returns the sums of the whole-number columns of rows; a null counts
// nothing. A column whose sum may not fit is left out: warehouses refuse to
// compute it, in whatever order they add.
func sumsOf[R any](t Table, rows []R) map[string]int64 {
	sums := map[string]int64{}
	for i, column := range t.Columns {
		if column.Type != Int64 {
			continue
		}
		field := reflect.TypeFor[R]().Field(i)
		mayBeNull := field.Type.Kind() == reflect.Pointer
		var sum, size int64 // size: of the values without their signs
		for r := range rows {
			// By its place, as reflection on every field takes longer than
			// adding all the rest of the table up.
			at := unsafe.Add(unsafe.Pointer(&rows[r]), field.Offset)
			if mayBeNull {
				if at = *(*unsafe.Pointer)(at); at == nil {
					continue
				}
			}
			value := *(*int64)(at)
			sum += value
			if value < 0 {
				value = -value
			}
			if size += value; size < 0 {
				break
			}
		}
		if size >= 0 {
			sums[column.Name] = sum
		}
	}
	return sums
}
