package load

import (
	"cmp"
	"fmt"
	"math"
	"reflect"
	"strings"

	"sojourn/transform"
)

// Breaches returns what the rows of a day have in them that no row may have:
// the key of another, rows out of order, numbers that are none. It names the
// table and the key, and is empty if all is well.
func Breaches(t *transform.Tables) []string {
	var all []string
	for _, table := range daily() {
		if why := table.breach(t); why != "" {
			all = append(all, fmt.Sprintf("%s: %s", table.Name, why))
		}
	}
	return all
}

// breachOf returns the first thing wrong with rows that are in the order of
// their key, "" if there is none.
func breachOf[R any](key []string, rows []R) string {
	row := reflect.TypeFor[R]()
	var keys, numbers []int
	for _, name := range key {
		for i := range row.NumField() {
			if column, _, _ := strings.Cut(row.Field(i).Tag.Get("parquet"), ","); column == name {
				keys = append(keys, i)
			}
		}
	}
	for i := range row.NumField() {
		if kind := row.Field(i).Type; kind.Kind() == reflect.Float64 || kind == reflect.TypeFor[*float64]() {
			numbers = append(numbers, i)
		}
	}
	list := reflect.ValueOf(rows)
	for i := range rows {
		r := list.Index(i)
		for _, n := range numbers {
			v := r.Field(n)
			if v.Kind() == reflect.Pointer {
				if v.IsNil() {
					continue
				}
				v = v.Elem()
			}
			if f := v.Float(); math.IsNaN(f) || math.IsInf(f, 0) {
				return fmt.Sprintf("%s is %v in the row %s", row.Field(n).Name, f, keyText(r, keys))
			}
		}
		if i == 0 {
			continue
		}
		switch c := compareKeys(list.Index(i-1), r, keys); {
		case c == 0:
			return "two rows have the key " + keyText(r, keys)
		case c > 0:
			return "out of order at the row " + keyText(r, keys)
		}
	}
	return ""
}

// compareKeys orders two rows by some of their fields; a null is first.
func compareKeys(a, b reflect.Value, keys []int) int {
	for _, k := range keys {
		if c := compareValues(a.Field(k), b.Field(k)); c != 0 {
			return c
		}
	}
	return 0
}

func compareValues(a, b reflect.Value) int {
	switch a.Kind() {
	case reflect.String:
		return strings.Compare(a.String(), b.String())
	case reflect.Int32, reflect.Int64:
		return cmp.Compare(a.Int(), b.Int())
	case reflect.Pointer:
		if a.IsNil() || b.IsNil() {
			return cmp.Compare(present(a), present(b))
		}
		return compareValues(a.Elem(), b.Elem())
	}
	return 0 // of no key
}

func present(v reflect.Value) int {
	if v.IsNil() {
		return 0
	}
	return 1
}

func keyText(r reflect.Value, keys []int) string {
	var parts []string
	for _, k := range keys {
		v := r.Field(k)
		if v.Kind() == reflect.Pointer && v.IsNil() {
			parts = append(parts, "null")
			continue
		}
		parts = append(parts, fmt.Sprint(reflect.Indirect(v).Interface()))
	}
	return strings.Join(parts, ", ")
}
