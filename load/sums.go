package load

import "reflect"

// sumsOf returns the sums of the whole-number columns of rows; a null counts
// nothing. A column whose sum may not fit is left out: warehouses refuse to
// compute it, in whatever order they add.
func sumsOf[R any](t Table, rows []R) map[string]int64 {
	list := reflect.ValueOf(rows)
	sums := map[string]int64{}
	for i, column := range t.Columns {
		if column.Type != Int64 {
			continue
		}
		var sum, size int64 // size: of the values without their signs
		for r := range rows {
			field := list.Index(r).Field(i)
			if field.Kind() == reflect.Pointer {
				if field.IsNil() {
					continue
				}
				field = field.Elem()
			}
			value := field.Int()
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
