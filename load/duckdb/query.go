//go:build cgo

package duckdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"math/big"
	"strings"
	"time"

	driverduckdb "github.com/duckdb/duckdb-go/v2"
)

// Rows are the answer to a query. Close them.
type Rows struct {
	Columns []Column

	db   *sql.DB
	rows *sql.Rows
}

// Query asks the warehouse, which stays as it is: the file is opened read-only.
// The error is fs.ErrNotExist if there is no warehouse yet.
func (w *Warehouse) Query(ctx context.Context, query string) (*Rows, error) {
	if err := w.exists(); err != nil {
		return nil, err
	}
	db, err := w.connect(ctx, readOnly)
	if err != nil {
		return nil, err
	}
	r := &Rows{db: db}
	if err := r.start(ctx, query); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

func (r *Rows) start(ctx context.Context, query string) (err error) {
	if r.rows, err = r.db.QueryContext(ctx, query); err != nil {
		return err
	}
	types, err := r.rows.ColumnTypes()
	for _, t := range types {
		r.Columns = append(r.Columns, Column{t.Name(), t.DatabaseTypeName()})
	}
	return err
}

// All yields the rows, once. A value is nil, bool, int64, float64 or string;
// a date is written as in 2026-10-01, a time as in RFC 3339 in UTC, a number
// too big for int64 or with a fixed number of decimals in digits. Lists and
// structs are []any and map[string]any of such values. An error is the last
// thing yielded.
func (r *Rows) All() iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		for r.rows.Next() {
			row := make([]any, len(r.Columns))
			cells := make([]any, len(row))
			for i := range row {
				cells[i] = &row[i]
			}
			if err := r.rows.Scan(cells...); err != nil {
				yield(nil, err)
				return
			}
			for i := range row {
				row[i] = plain(row[i], r.Columns[i].Type)
			}
			if !yield(row, nil) {
				return
			}
		}
		if err := r.rows.Err(); err != nil {
			yield(nil, err)
		}
	}
}

// Close ends the query and closes the warehouse.
func (r *Rows) Close() error {
	var err error
	if r.rows != nil {
		err = r.rows.Close()
	}
	return errors.Join(err, r.db.Close())
}

// plain returns a value of the driver as one of the types that All promises.
func plain(value any, dataType string) any {
	switch v := value.(type) {
	case nil, bool, int64, float64, string:
		return v
	case int8:
		return int64(v)
	case int16:
		return int64(v)
	case int32:
		return int64(v)
	case uint8:
		return int64(v)
	case uint16:
		return int64(v)
	case uint32:
		return int64(v)
	case uint64:
		return plain(new(big.Int).SetUint64(v), dataType)
	case float32:
		return float64(v)
	case *big.Int:
		if v.IsInt64() {
			return v.Int64()
		}
		return v.String()
	case time.Time:
		switch dataType {
		case "DATE":
			return v.Format(time.DateOnly)
		case "TIME":
			return v.Format("15:04:05.999999")
		}
		return v.UTC().Format(time.RFC3339Nano)
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = plain(v[i], strings.TrimSuffix(dataType, "[]"))
		}
		return list
	case map[string]any:
		object := make(map[string]any, len(v))
		for key := range v {
			object[key] = plain(v[key], "")
		}
		return object
	case driverduckdb.Decimal:
		return v.String()
	}
	return fmt.Sprint(value)
}
