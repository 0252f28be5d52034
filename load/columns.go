package load

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// columns reads the columns of a table from the tags of its row type R, in the
// order of the struct. A column that has no doc tag, or a type that not every
// warehouse has, is an error.
func columns[R any]() ([]Column, error) {
	row := reflect.TypeFor[R]()
	var list []Column
	for i := range row.NumField() {
		field := row.Field(i)
		name, options, _ := strings.Cut(field.Tag.Get("parquet"), ",")
		if name == "" {
			return nil, fmt.Errorf("%s.%s: no column name in its parquet tag", row, field.Name)
		}
		column := Column{Name: name, Doc: field.Tag.Get("doc")}
		if column.Doc == "" {
			return nil, fmt.Errorf("%s.%s: column %s has no doc tag", row, field.Name, name)
		}
		var err error
		if column.Type, column.Nullable, err = columnType(field.Type, strings.Split(options, ",")); err != nil {
			return nil, fmt.Errorf("%s.%s: column %s: %w", row, field.Name, name, err)
		}
		list = append(list, column)
	}
	return list, nil
}

func columnType(t reflect.Type, options []string) (_ Type, nullable bool, _ error) {
	nullable = slices.Contains(options, "optional")
	pointer := t.Kind() == reflect.Pointer
	if pointer {
		t = t.Elem()
	}
	if pointer && !nullable {
		return "", false, fmt.Errorf("a pointer may be nil: tag it optional")
	}
	// Zero becomes null without a pointer, which is right for texts, dates,
	// times and counts from 1, and wrong where zero is a value.
	ambiguous := nullable && !pointer
	switch kind := t.Kind(); {
	case kind == reflect.Int32 && slices.Contains(options, "date"):
		return Date, nullable, nil
	case kind == reflect.Int64 && slices.Contains(options, "timestamp(microsecond)"):
		return Timestamp, nullable, nil
	case kind == reflect.Int64:
		return Int64, nullable, nil
	case kind == reflect.String:
		return String, nullable, nil
	case kind == reflect.Float64 && !ambiguous:
		return Float64, nullable, nil
	case kind == reflect.Bool && !ambiguous:
		return Bool, nullable, nil
	}
	return "", false, fmt.Errorf("%s with tag %q is not a column type", t, strings.Join(options, ","))
}
