package extract

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/parquet-go/parquet-go"
)

// The library takes a file at its word: a length that was damaged would have
// it allocate gigabytes. What follows checks such words before the library
// reads them. Damage inside the values of a page is not looked for.

const (
	maxPageBytes  = 256 << 20 // of the values of a page, once decompressed
	maxPageValues = 64 << 20
	maxPageHeader = 64 << 20 // it may have the least and the greatest value of the page
)

// openParquet opens a Parquet file.
func openParquet(file *spooled) (*parquet.File, error) {
	if err := checkMagic(file); err != nil {
		return nil, err
	}
	if err := checkFooter(file); err != nil {
		return nil, fmt.Errorf("not a Parquet file: %w", err)
	}
	f, err := parquet.OpenFile(file, file.size,
		parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true), parquet.ReadBufferSize(blockSize))
	if err != nil {
		return nil, fmt.Errorf("not a Parquet file: %w", err)
	}
	return f, nil
}

// checkFooter checks the lengths that the description at the end of a file
// tells: none may be more than there is.
func checkFooter(file *spooled) error {
	const tail = 8 // a length and PAR1
	var end [tail]byte
	if file.size < int64(len(parquetMagic))+tail {
		return errors.New("it ends early")
	}
	if _, err := file.ReadAt(end[:], file.size-tail); err != nil {
		return err
	}
	if string(end[4:]) != string(parquetMagic) {
		return fmt.Errorf("it ends with %s, want PAR1: the end is missing", excerpt(end[4:]))
	}
	size := int64(binary.LittleEndian.Uint32(end[:]))
	if size > file.size-tail {
		return fmt.Errorf("its description is %d bytes long, more than the file", size)
	}
	data := make([]byte, size)
	if _, err := file.ReadAt(data, file.size-tail-size); err != nil {
		return err
	}
	t := thrift{data: data}
	if !t.passStruct(0) {
		return errors.New("its description is damaged")
	}
	return nil
}

// A pageCheck checks the lengths that the pages of a column of a row group
// tell, each before the library reads it.
type pageCheck struct {
	file    *spooled
	at, end int64 // of what has not been checked
}

// newPageCheck returns the check of a column of a row group.
func newPageCheck(file *spooled, f *parquet.File, group, column int) (pageCheck, error) {
	meta := &f.Metadata().RowGroups[group].Columns[column].MetaData
	at := meta.DataPageOffset
	if meta.DictionaryPageOffset != 0 {
		at = meta.DictionaryPageOffset
	}
	if at < 0 || meta.TotalCompressedSize < 0 || at > file.size-meta.TotalCompressedSize {
		return pageCheck{}, fmt.Errorf("%d bytes from byte %d on, but the file has %d", meta.TotalCompressedSize, at, file.size)
	}
	return pageCheck{file, at, at + meta.TotalCompressedSize}, nil
}

// next checks the next page with data, and a dictionary before it.
func (p *pageCheck) next() error {
	const dictionary = 2
	for p.at < p.end {
		h, err := readPageHeader(p.file, p.at, p.end)
		if err != nil {
			return err
		}
		p.at += h.length
		switch {
		case h.compressed < 0 || h.compressed > p.end-p.at:
			return fmt.Errorf("a page of %d bytes where %d are left", h.compressed, p.end-p.at)
		case h.bytes < 0 || h.bytes > maxPageBytes:
			return fmt.Errorf("a page of %d bytes, more than %d MiB", h.bytes, maxPageBytes>>20)
		case h.values < 0 || h.values > maxPageValues:
			return fmt.Errorf("a page of %d values, more than %d million", h.values, maxPageValues>>20)
		}
		p.at += h.compressed
		if h.kind != dictionary {
			break
		}
	}
	return nil
}

// A pageHeader is what a page tells of its lengths.
type pageHeader struct {
	length            int64 // of the header itself, in bytes
	kind              int64
	bytes, compressed int64
	values            int64
}

// readPageHeader reads the header of a page that begins at a byte of the file,
// before another.
func readPageHeader(file *spooled, at, end int64) (pageHeader, error) {
	for size := int64(512); ; size *= 8 {
		data := make([]byte, min(size, maxPageHeader, end-at))
		if _, err := file.ReadAt(data, at); err != nil && err != io.EOF {
			return pageHeader{}, err
		}
		var h pageHeader
		t := thrift{data: data}
		// The numbers of the fields are those of PageHeader in the format's
		// parquet.thrift.
		ok := t.eachField(0, func(id int16, kind byte) bool {
			switch {
			case id == 1 && kind == thriftInt32:
				return t.int(&h.kind)
			case id == 2 && kind == thriftInt32:
				return t.int(&h.bytes)
			case id == 3 && kind == thriftInt32:
				return t.int(&h.compressed)
			case (id == 5 || id == 7 || id == 8) && kind == thriftStruct:
				return t.eachField(1, func(id int16, kind byte) bool {
					if id == 1 && kind == thriftInt32 {
						return t.int(&h.values)
					}
					return t.pass(kind, 1)
				})
			}
			return t.pass(kind, 0)
		})
		if ok {
			h.length = int64(t.pos)
			return h, nil
		}
		if int64(len(data)) < size || size >= maxPageHeader {
			return pageHeader{}, errors.New("the header of a page is damaged")
		}
	}
}

// thrift passes over values in Thrift's compact protocol, in which the
// descriptions in a Parquet file are written. Its methods report whether
// the values are whole.
type thrift struct {
	data []byte
	pos  int
}

// The types of values.
const (
	thriftTrue   = 1
	thriftFalse  = 2
	thriftByte   = 3
	thriftInt16  = 4
	thriftInt32  = 5
	thriftInt64  = 6
	thriftDouble = 7
	thriftBytes  = 8
	thriftList   = 9
	thriftSet    = 10
	thriftMap    = 11
	thriftStruct = 12
	thriftUUID   = 13
)

// maxThrift bounds how deep values may be nested.
const maxThrift = 32

func (t *thrift) passStruct(depth int) bool {
	return t.eachField(depth, func(_ int16, kind byte) bool { return t.pass(kind, depth) })
}

// eachField calls visit for each field of a struct, whose value is next.
func (t *thrift) eachField(depth int, visit func(id int16, kind byte) bool) bool {
	if depth > maxThrift {
		return false
	}
	var id int16
	for {
		head, ok := t.byte()
		if !ok || head == 0 {
			return ok
		}
		if delta := head >> 4; delta != 0 {
			id += int16(delta)
		} else {
			var n int64
			if !t.int(&n) {
				return false
			}
			id = int16(n)
		}
		if !visit(id, head&15) {
			return false
		}
	}
}

// pass passes over the value of a field.
func (t *thrift) pass(kind byte, depth int) bool {
	if kind == thriftTrue || kind == thriftFalse {
		return true // the type is the value
	}
	return t.passElement(kind, depth)
}

// passElement passes over a value that may be one of a list.
func (t *thrift) passElement(kind byte, depth int) bool {
	switch kind {
	case thriftTrue, thriftFalse, thriftByte:
		return t.skip(1)
	case thriftInt16, thriftInt32, thriftInt64:
		_, ok := t.uvarint()
		return ok
	case thriftDouble:
		return t.skip(8)
	case thriftUUID:
		return t.skip(16)
	case thriftBytes:
		n, ok := t.uvarint()
		return ok && t.skip(n)
	case thriftList, thriftSet:
		head, ok := t.byte()
		n := uint64(head >> 4)
		if ok && n == 15 {
			n, ok = t.uvarint()
		}
		return ok && t.passElements(n, depth, head&15)
	case thriftMap:
		n, ok := t.uvarint()
		if !ok || n == 0 {
			return ok
		}
		kinds, ok := t.byte()
		return ok && t.passElements(n, depth, kinds>>4, kinds&15)
	case thriftStruct:
		return t.passStruct(depth + 1)
	}
	return false
}

func (t *thrift) passElements(n uint64, depth int, kinds ...byte) bool {
	// Each takes a byte at least.
	if depth > maxThrift || n > uint64(len(t.data)-t.pos) {
		return false
	}
	for range n {
		for _, kind := range kinds {
			if !t.passElement(kind, depth+1) {
				return false
			}
		}
	}
	return true
}

func (t *thrift) byte() (byte, bool) {
	if t.pos == len(t.data) {
		return 0, false
	}
	t.pos++
	return t.data[t.pos-1], true
}

func (t *thrift) skip(n uint64) bool {
	if n > uint64(len(t.data)-t.pos) {
		return false
	}
	t.pos += int(n)
	return true
}

func (t *thrift) uvarint() (uint64, bool) {
	n, length := binary.Uvarint(t.data[t.pos:])
	if length <= 0 {
		return 0, false
	}
	t.pos += length
	return n, true
}

// int reads a number; one that is no 32-bit number becomes -1.
func (t *thrift) int(to *int64) bool {
	u, ok := t.uvarint()
	if *to = int64(u>>1) ^ -int64(u&1); *to > math.MaxInt32 || *to < math.MinInt32 {
		*to = -1
	}
	return ok
}
