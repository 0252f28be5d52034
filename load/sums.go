package load

import (
	"reflect"
	"unsafe"
)

// A sum is that of a whole-number column so far; a null counts nothing.
type sum struct {
	total, size int64 // size: of the values without their signs
	overflows   bool  // it may not fit: warehouses refuse to compute it, in whatever order they add
}

// addSums adds rows to the sums of a table's columns.
func addSums[R any](sums []sum, t Table, rows []R) {
	for i, column := range t.Columns {
		if column.Type != Int64 || sums[i].overflows {
			continue
		}
		field := reflect.TypeFor[R]().Field(i)
		mayBeNull := field.Type.Kind() == reflect.Pointer
		s := sums[i]
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
			s.total += value
			if value < 0 {
				value = -value
			}
			if s.size += value; s.size < 0 {
				s.overflows = true
				break
			}
		}
		sums[i] = s
	}
}

// byColumn returns the sums that fit, by column.
func byColumn(sums []sum, t Table) map[string]int64 {
	of := map[string]int64{}
	for i, column := range t.Columns {
		if column.Type == Int64 && !sums[i].overflows {
			of[column.Name] = sums[i].total
		}
	}
	return of
}
