package extract

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go"
	types "github.com/parquet-go/parquet-go/format"
	"github.com/pierrec/lz4/v4"
)

// The library decodes the values of a page to their end, as many as runs and
// lengths inside of the page tell: twenty bytes can tell of gigabytes. So each
// page is first decompressed here, into no more than it says it has, and what
// its runs and lengths tell is compared with the number of its values.

// plainDictionary is the encoding of dictionaries, and of the places in them, by
// older writers.
const plainDictionary = 2

// A pageReader decompresses pages and checks what is in them.
type pageReader struct {
	leafShape
	codec    types.CompressionCodec
	raw      []byte // of the page, as it is in the file
	plain    []byte // decompressed
	zstd     *zstd.Decoder
	packed   bytes.Reader
	unpacked io.Reader
}

// A leafShape is what has to be known of a column to read its pages.
type leafShape struct {
	index          int // of the leaf column in the file
	maxRep, maxDef int // the greatest levels
	kind           parquet.Kind
}

// check checks a page that begins after its header, at a byte of the file.
func (p *pageReader) check(file *spooled, at int64, h pageHeader) error {
	if int64(cap(p.raw)) < h.compressed {
		p.raw = make([]byte, h.compressed)
	}
	p.raw = p.raw[:h.compressed]
	if _, err := file.ReadAt(p.raw, at); err != nil && err != io.EOF {
		return err
	}
	if h.kind == dataPageV2 {
		levels := h.repBytes + h.defBytes
		if h.repBytes < 0 || h.defBytes < 0 || levels > h.compressed || levels > h.bytes {
			return fmt.Errorf("a page of %d bytes, of which %d would be levels", h.compressed, levels)
		}
		if err := p.levels(p.raw[:h.repBytes], p.maxRep, h.values); err != nil {
			return err
		}
		if err := p.levels(p.raw[h.repBytes:levels], p.maxDef, h.values); err != nil {
			return err
		}
		values := p.raw[levels:]
		if !h.isPlain && p.codec != types.Uncompressed {
			var err error
			if values, err = p.decompress(values, h.bytes); err != nil {
				return err
			}
		}
		return p.values(values, h)
	}
	data, err := p.decompress(p.raw, h.bytes)
	if err != nil {
		return err
	}
	if h.kind == dictionaryPage {
		if types.Encoding(h.encoding) != types.Plain && h.encoding != plainDictionary {
			return fmt.Errorf("a dictionary of encoding %d", h.encoding)
		}
		if p.kind == parquet.ByteArray && h.values > int64(len(data))/4 {
			return fmt.Errorf("a dictionary of %d values in %d bytes", h.values, len(data))
		}
		return nil
	}
	for _, level := range []struct {
		greatest int
		encoding int64
	}{{p.maxRep, h.repEncoding}, {p.maxDef, h.defEncoding}} {
		if level.greatest == 0 {
			continue
		}
		if len(data) < 4 || int64(binary.LittleEndian.Uint32(data)) > int64(len(data)-4) {
			return errors.New("the levels of a page are longer than it")
		}
		end := 4 + binary.LittleEndian.Uint32(data)
		if types.Encoding(level.encoding) == types.RLE { // of the other one, a bit is a value at least
			if err := p.levels(data[4:end], level.greatest, h.values); err != nil {
				return err
			}
		}
		data = data[end:]
	}
	return p.values(data, h)
}

func (p *pageReader) levels(data []byte, greatest int, values int64) error {
	if greatest == 0 {
		return nil
	}
	return checkRuns(data, bits.Len(uint(greatest)), values)
}

// values checks the values of a page with data.
func (p *pageReader) values(data []byte, h pageHeader) error {
	switch types.Encoding(h.encoding) {
	case plainDictionary, types.RLEDictionary:
		if len(data) == 0 {
			return nil
		}
		return checkRuns(data[1:], int(data[0]), h.values)
	case types.RLE:
		if len(data) < 4 || int64(binary.LittleEndian.Uint32(data)) > int64(len(data)-4) {
			return errors.New("the values of a page are longer than it")
		}
		return checkRuns(data[4:4+binary.LittleEndian.Uint32(data)], 1, h.values)
	case types.DeltaBinaryPacked:
		_, _, err := deltaSum(data, h.values)
		return err
	case types.DeltaLengthByteArray:
		return checkSum(data, 1, h.values, int64(len(data)))
	case types.DeltaByteArray:
		// Each value may begin like the one before it: a few bytes can become
		// the square of them.
		return checkSum(data, 2, h.values, maxPageBytes)
	}
	return nil
}

// decompress returns what data, compressed by the codec, becomes; more than
// size bytes are an error.
func (p *pageReader) decompress(data []byte, size int64) ([]byte, error) {
	if p.codec == types.Uncompressed || len(data) == 0 {
		return data, nil
	}
	if p.codec == types.Snappy { // which says itself how much it becomes
		n, err := snappy.DecodedLen(data)
		if err != nil {
			return nil, err
		}
		if int64(n) > size {
			return nil, fmt.Errorf("a page of %d bytes that says %d", n, size)
		}
		size = int64(n)
	}
	if int64(cap(p.plain)) < size {
		p.plain = make([]byte, size)
	}
	plain := p.plain[:size]
	n, err := 0, error(nil)
	switch p.codec {
	case types.Snappy:
		n = int(size)
		_, err = snappy.Decode(plain, data)
	case types.Lz4Raw:
		if size == 0 {
			return nil, errors.New("a page of something that says that it is nothing")
		}
		n, err = lz4.UncompressBlock(data, plain)
	case types.Zstd:
		if p.zstd == nil {
			p.zstd, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecodeAllCapLimit(true))
			if err != nil {
				return nil, err
			}
		}
		var all []byte
		all, err = p.zstd.DecodeAll(data, plain[:0:size])
		n = len(all)
	case types.Gzip, types.Brotli:
		n, err = p.stream(data, plain)
	default:
		return nil, fmt.Errorf("a page of codec %v, which is not read", p.codec)
	}
	if err != nil {
		return nil, fmt.Errorf("a page that cannot be decompressed into the %d bytes that it says: %w", size, err)
	}
	return plain[:n], nil
}

// stream decompresses data of a codec that is read as a stream; more than fits
// is an error.
func (p *pageReader) stream(data, plain []byte) (n int, err error) {
	p.packed.Reset(data)
	switch r := p.unpacked.(type) {
	case nil:
		if p.codec == types.Brotli {
			p.unpacked = brotli.NewReader(&p.packed)
		} else {
			p.unpacked, err = gzip.NewReader(&p.packed)
		}
	case *gzip.Reader:
		err = r.Reset(&p.packed)
	case *brotli.Reader:
		err = r.Reset(&p.packed)
	}
	if err != nil {
		return 0, err
	}
	n, err = io.ReadFull(p.unpacked, plain)
	if err == io.ErrUnexpectedEOF || err == io.EOF {
		return n, nil
	}
	if err != nil {
		return n, err
	}
	var more [1]byte
	if extra, err := io.ReadFull(p.unpacked, more[:]); extra > 0 {
		return n, errors.New("it becomes more")
	} else if err != io.EOF {
		return n, err
	}
	return n, nil
}

// padding is how many values more than there are runs may have: the last of
// some writers are filled up.
const padding = 1024

// checkRuns checks runs of numbers of a width in bits, as the format calls
// RLE/bit-packing hybrid: they may not have more numbers than a page has values.
func checkRuns(data []byte, width int, values int64) error {
	if width > 32 {
		return fmt.Errorf("numbers of %d bits in a page", width)
	}
	for total := int64(0); len(data) > 0; {
		header, n := binary.Uvarint(data)
		if n <= 0 {
			return errors.New("a run of a page is damaged")
		}
		data = data[n:]
		count := int64(header >> 1)
		bytes := int64(width+7) / 8
		if header&1 != 0 {
			if count > values {
				return errRuns(values)
			}
			bytes = count * int64(width)
			count *= 8
		}
		if total += count; count > values+padding || total > values+padding {
			return errRuns(values)
		}
		if bytes > int64(len(data)) {
			return errors.New("a run of a page ends early")
		}
		data = data[bytes:]
	}
	return nil
}

func errRuns(values int64) error {
	return fmt.Errorf("a page has more than the %d values that it says", values)
}

// checkSum checks lists of lengths that are written as differences: their sum
// may not be more than most.
func checkSum(data []byte, lists int, values, most int64) error {
	var total int64
	for range lists {
		sum, rest, err := deltaSum(data, values)
		if err != nil {
			return err
		}
		if total += sum; sum < 0 || total > most {
			return fmt.Errorf("a page with values of %d bytes in %d", total, len(data))
		}
		data = rest
	}
	return nil
}

// deltaSum returns the sum of numbers that are written as differences, as the
// format calls DELTA_BINARY_PACKED, -1 if one of them is negative or great, and
// what is after them.
func deltaSum(data []byte, values int64) (sum int64, rest []byte, err error) {
	damaged := errors.New("the differences of a page are damaged")
	var head [3]uint64 // numbers in a block, parts of a block, numbers in all
	for i := range head {
		n := 0
		if head[i], n = binary.Uvarint(data); n <= 0 {
			return 0, nil, damaged
		}
		data = data[n:]
	}
	value, n := binary.Varint(data)
	if n <= 0 {
		return 0, nil, damaged
	}
	data = data[n:]
	block, parts, left := head[0], head[1], head[2]
	switch {
	case left > uint64(values):
		return 0, nil, errRuns(values)
	case block == 0 || block > 1<<20 || parts == 0 || parts > block || block%parts != 0 || block/parts%8 != 0:
		return 0, nil, damaged
	}
	impossible := false
	add := func() {
		if sum += value; value < 0 || value > maxPageBytes {
			impossible = true
		}
		left--
	}
	if left > 0 {
		add()
	}
	for left > 0 && len(data) > 0 {
		least, n := binary.Varint(data)
		if n <= 0 || uint64(len(data)-n) < parts {
			return 0, nil, damaged
		}
		widths := data[n : n+int(parts)]
		data = data[n+int(parts):]
		for _, width := range widths {
			if left == 0 {
				break
			}
			if width > 64 {
				return 0, nil, damaged
			}
			size := int(block/parts) * int(width) / 8
			part := data[:min(size, len(data))]
			data = data[len(part):]
			for i := range block / parts {
				if left == 0 {
					break
				}
				value += least + int64(bitsAt(part, int(i)*int(width), int(width)))
				add()
			}
		}
	}
	if impossible {
		sum = -1
	}
	return sum, data, nil
}

// bitsAt returns a number of a width in bits that begins at a bit; bits after
// the end are 0.
func bitsAt(data []byte, at, width int) (n uint64) {
	for got := 0; got < width; {
		i, shift := (at+got)/8, (at+got)%8
		if i >= len(data) {
			break
		}
		n |= uint64(data[i]>>shift) << got
		got += 8 - shift
	}
	if width < 64 {
		n &= 1<<width - 1
	}
	return n
}
