package parquetfile

import (
	"reflect"
	"strings"

	"github.com/parquet-go/parquet-go"
)

// dictionaries asks for a dictionary in each text column whose values repeat
// in a sample of the rows. Where they do not, as with ids, building one costs
// time and saves nothing.
func dictionaries[R any](rows []R) []parquet.StructTagOption {
	const sampleSize = 1000
	step := max(1, len(rows)/sampleSize)
	var options []parquet.StructTagOption
	row := reflect.TypeFor[R]()
	for i := range row.NumField() {
		field := row.Field(i)
		if field.Type.Kind() != reflect.String {
			continue
		}
		seen, sampled := map[string]bool{}, 0
		for at := 0; at < len(rows); at += step {
			seen[reflect.ValueOf(&rows[at]).Elem().Field(i).String()] = true
			sampled++
		}
		if len(seen) > sampled/4 {
			continue
		}
		options = append(options, parquet.StructTagOption{
			StructTag:  reflect.StructTag(`parquet:"` + field.Tag.Get("parquet") + `,dict"`),
			ColumnPath: []string{field.Name},
		})
	}
	return options
}

// tagParts returns the parts of a field's parquet tag, the name first.
func tagParts(field reflect.StructField) []string {
	return strings.Split(field.Tag.Get("parquet"), ",")
}
