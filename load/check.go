package load

import (
	"cmp"
	"fmt"
	"math"
	"reflect"
	"strings"
)

// A checker looks for what no row of a table may have: the key of another, a
// place out of order, a number that is none.
type checker[R any] struct {
	keys, numbers []int  // fields
	last          *R     // the row before; nil at first
	breach        string // the first thing wrong; empty if all is well
}

func newChecker[R any](key []string) checker[R] {
	var c checker[R]
	row := reflect.TypeFor[R]()
	for _, name := range key {
		for i := range row.NumField() {
			if column, _, _ := strings.Cut(row.Field(i).Tag.Get("parquet"), ","); column == name {
				c.keys = append(c.keys, i)
			}
		}
	}
	for i := range row.NumField() {
		if kind := row.Field(i).Type; kind.Kind() == reflect.Float64 || kind == reflect.TypeFor[*float64]() {
			c.numbers = append(c.numbers, i)
		}
	}
	return c
}

// check checks rows that come after those before.
func (c *checker[R]) check(rows []R) {
	if c.breach != "" || len(rows) == 0 {
		return
	}
	list := reflect.ValueOf(rows)
	var before reflect.Value
	if c.last != nil {
		before = reflect.ValueOf(c.last).Elem()
	}
	for i := range rows {
		r := list.Index(i)
		if c.breach = c.breachOf(before, r); c.breach != "" {
			return
		}
		before = r
	}
	last := rows[len(rows)-1]
	c.last = &last
}

// breachOf returns what is wrong with a row and its place after another, which
// may be invalid.
func (c *checker[R]) breachOf(before, r reflect.Value) string {
	for _, n := range c.numbers {
		v := r.Field(n)
		if v.Kind() == reflect.Pointer {
			if v.IsNil() {
				continue
			}
			v = v.Elem()
		}
		if f := v.Float(); math.IsNaN(f) || math.IsInf(f, 0) {
			return fmt.Sprintf("%s is %v in the row %s", r.Type().Field(n).Name, f, keyText(r, c.keys))
		}
	}
	if !before.IsValid() {
		return ""
	}
	switch order := compareKeys(before, r, c.keys); {
	case order == 0:
		return "two rows have the key " + keyText(r, c.keys)
	case order > 0:
		return "out of order at the row " + keyText(r, c.keys)
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
