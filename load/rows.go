package load

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"sojourn/internal/calendar"
	"sojourn/transform"
)

// A Row is a row of a table by the names of its columns. Values are nil for
// null, or of type bool, int64, float64, string, [calendar.Day] or [time.Time]
// in UTC.
type Row map[string]any

// TableNamed returns a published table; ok is false if there is none of that
// name.
func TableNamed(name string) (_ Table, ok bool) {
	all := Tables()
	i := slices.IndexFunc(all, func(t Table) bool { return t.Name == name })
	if i < 0 {
		return Table{}, false
	}
	return all[i], true
}

// ReadRows returns the rows of a file of a table that has a partition a day.
func ReadRows(name string, data []byte) ([]Row, error) {
	t, err := dailyNamed(name)
	if err != nil {
		return nil, err
	}
	return t.read(data)
}

// RowsOf returns the rows of a day of a table.
func RowsOf(t *transform.Tables, name string) ([]Row, error) {
	table, err := dailyNamed(name)
	if err != nil {
		return nil, err
	}
	return table.rows(t), nil
}

func dailyNamed(name string) (dailyTable, error) {
	for _, t := range daily() {
		if t.Name == name {
			return t, nil
		}
	}
	return dailyTable{}, fmt.Errorf("no table %s has a partition a day", name)
}

// RowsFrom turns row structs into rows.
func RowsFrom[R any](list []R) []Row {
	rows := make([]Row, len(list))
	for i := range list {
		rows[i] = rowOf(reflect.ValueOf(&list[i]).Elem())
	}
	return rows
}

func rowOf(v reflect.Value) Row {
	row := Row{}
	for i := range v.NumField() {
		name, options, _ := strings.Cut(v.Type().Field(i).Tag.Get("parquet"), ",")
		row[name] = valueOf(v.Field(i), strings.Split(options, ","))
	}
	return row
}

// valueOf is the value of a field whose type [columns] takes.
func valueOf(v reflect.Value, options []string) any {
	switch {
	case v.Kind() == reflect.Pointer && v.IsNil():
		return nil
	case v.Kind() == reflect.Pointer:
		v = v.Elem()
	case slices.Contains(options, "optional") && v.IsZero():
		return nil
	}
	switch {
	case v.Kind() == reflect.Int32:
		return calendar.Day(v.Int())
	case slices.Contains(options, "timestamp(microsecond)"):
		return time.UnixMicro(v.Int()).UTC()
	}
	return v.Interface()
}
