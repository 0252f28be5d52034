package extract

import (
	"encoding/hex"
	"math"
	"strconv"

	"github.com/parquet-go/parquet-go"
	types "github.com/parquet-go/parquet-go/format"

	"sojourn/internal/calendar"
)

// A parquetConverter returns a value that is not null in our terms, with its
// bytes appended to texts.
type parquetConverter func(v parquet.Value, texts []byte) (value, []byte)

// converterOf returns the converter of a column type, nil if it has none.
func converterOf(t parquet.Type) parquetConverter {
	var logical types.LogicalTypeValue
	if l := t.LogicalType(); l != nil {
		logical = l.Value
	}
	switch l := logical.(type) {
	case *types.TimestampType:
		return timestampConverter(l.Unit)
	case *types.DateType:
		return written(text, func(b []byte, v parquet.Value) []byte {
			return append(b, calendar.Day(v.Int32()).String()...)
		})
	case *types.UUIDType:
		return written(text, appendUUID)
	case *types.IntType:
		if !l.IsSigned && t.Kind() == parquet.Int64 {
			return written(number, func(b []byte, v parquet.Value) []byte { return strconv.AppendUint(b, v.Uint64(), 10) })
		}
		if !l.IsSigned {
			return written(number, func(b []byte, v parquet.Value) []byte { return strconv.AppendUint(b, uint64(v.Uint32()), 10) })
		}
	case *types.DecimalType:
		return decimalConverter(t.Kind(), l.Scale)
	case *types.StringType, *types.EnumType, *types.JsonType, nil:
	default:
		return nil
	}
	switch t.Kind() {
	case parquet.Boolean:
		return written(boolean, func(b []byte, v parquet.Value) []byte { return strconv.AppendBool(b, v.Boolean()) })
	case parquet.Int32:
		return written(number, func(b []byte, v parquet.Value) []byte { return strconv.AppendInt(b, int64(v.Int32()), 10) })
	case parquet.Int64:
		return written(number, func(b []byte, v parquet.Value) []byte { return strconv.AppendInt(b, v.Int64(), 10) })
	case parquet.Int96:
		return int96Time
	case parquet.Float:
		return written(number, func(b []byte, v parquet.Value) []byte {
			return strconv.AppendFloat(b, float64(v.Float()), 'f', -1, 32)
		})
	case parquet.Double:
		return written(number, func(b []byte, v parquet.Value) []byte { return strconv.AppendFloat(b, v.Double(), 'f', -1, 64) })
	case parquet.ByteArray:
		return written(text, func(b []byte, v parquet.Value) []byte { return append(b, v.ByteArray()...) })
	}
	return nil
}

// written makes the converter of values that are written as bytes.
func written(k kind, write func([]byte, parquet.Value) []byte) parquetConverter {
	return func(v parquet.Value, texts []byte) (value, []byte) {
		start := len(texts)
		texts = write(texts, v)
		return value{kind: k, bytes: texts[start:len(texts):len(texts)]}, texts
	}
}

// timestampConverter returns the converter of times in a unit. All are UTC, also
// where isAdjustedToUTC is false: writers seldom mean another zone by it, and
// none says which.
func timestampConverter(unit types.TimeUnit) parquetConverter {
	var micros func(int64) int64
	switch unit.Value.(type) {
	case *types.MilliSeconds:
		micros = func(n int64) int64 { return max(min(n, math.MaxInt64/1000), math.MinInt64/1000) * 1000 }
	case *types.MicroSeconds:
		micros = func(n int64) int64 { return n }
	case *types.NanoSeconds:
		micros = func(n int64) int64 { return n / 1000 }
	default:
		return nil
	}
	return func(v parquet.Value, texts []byte) (value, []byte) {
		return value{kind: moment, at: micros(v.Int64())}, texts
	}
}

// int96Time converts the time of older writers: nanoseconds of the day and a
// Julian day.
func int96Time(v parquet.Value, texts []byte) (value, []byte) {
	const julian1970 = 2440588
	t := v.Int96()
	nanos := int64(t[1])<<32 | int64(t[0])
	return value{kind: moment, at: (int64(t[2])-julian1970)*86400e6 + nanos/1000}, texts
}

func appendUUID(b []byte, v parquet.Value) []byte {
	id := v.ByteArray()
	b = append(hex.AppendEncode(b, id[:4]), '-')
	b = append(hex.AppendEncode(b, id[4:6]), '-')
	b = append(hex.AppendEncode(b, id[6:8]), '-')
	b = append(hex.AppendEncode(b, id[8:10]), '-')
	return hex.AppendEncode(b, id[10:16])
}
