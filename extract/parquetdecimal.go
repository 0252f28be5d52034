package extract

import (
	"math/big"
	"strconv"
	"strings"

	"github.com/parquet-go/parquet-go"
)

// maxScale bounds the decimals of a number.
const maxScale = 100

// maxDecimal bounds a number in bytes: it has 154 digits, and to write one of a
// million takes minutes.
const maxDecimal = 64

// decimalConverter returns the converter of numbers that are written as an
// integer, of which scale digits come after the point; nil for a scale that no
// writer uses.
func decimalConverter(kind parquet.Kind, scale int32) parquetConverter {
	if scale < 0 || scale > maxScale {
		return nil
	}
	var digits func(parquet.Value) string
	switch kind {
	case parquet.Int32:
		digits = func(v parquet.Value) string { return strconv.FormatInt(int64(v.Int32()), 10) }
	case parquet.Int64:
		digits = func(v parquet.Value) string { return strconv.FormatInt(v.Int64(), 10) }
	case parquet.ByteArray, parquet.FixedLenByteArray:
		digits = func(v parquet.Value) string { return twosComplement(v.ByteArray()).String() }
	default:
		return nil
	}
	return written(number, func(b []byte, v parquet.Value) []byte {
		if kind != parquet.Int32 && kind != parquet.Int64 && len(v.ByteArray()) > maxDecimal {
			return append(b, "NaN"...)
		}
		text := digits(v)
		text, negative := strings.CutPrefix(text, "-")
		if negative {
			b = append(b, '-')
		}
		if missing := int(scale) + 1 - len(text); missing > 0 {
			text = strings.Repeat("0", missing) + text
		}
		point := len(text) - int(scale)
		b = append(b, text[:point]...)
		if scale > 0 {
			b = append(append(b, '.'), text[point:]...)
		}
		return b
	})
}

// twosComplement reads an integer, the highest byte first.
func twosComplement(b []byte) *big.Int {
	n := new(big.Int).SetBytes(b)
	if len(b) > 0 && b[0]&0x80 != 0 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
	}
	return n
}
