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
// reads them; parquetpage.go looks into the pages. Why it is so, and not in a
// process of its own: docs/adr/0021-hostile-parquet.md.

const (
	maxPageBytes  = 128 << 20 // of the values of a page, once decompressed
	maxPageValues = 16 << 20
	maxFooter     = 64 << 20
	maxColumns    = 50_000
	maxNesting    = 64       // of columns
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
	if size > maxFooter {
		return fmt.Errorf("its description is %d bytes long, more than %d MiB", size, maxFooter>>20)
	}
	data := make([]byte, size)
	if _, err := file.ReadAt(data, file.size-tail-size); err != nil {
		return err
	}
	var d description
	if err := d.read(data); err != nil {
		return err
	}
	if memory := d.memory(); memory > memoryFor(file) {
		return fmt.Errorf("its description of %d bytes would take %d MiB: %d row groups, %d columns", size, memory>>20, d.groups, d.columns)
	}
	return nil
}

// memoryFor is how much memory a file may take at once, in bytes.
func memoryFor(file *spooled) int64 { return min(64<<20+20*min(file.size, 1<<30), 1<<30) }

// A description is what the end of a file tells, as far as it costs memory.
type description struct {
	columns, groups, chunks, structs int64
}

// memory is what the library takes for the description, in bytes, about.
func (d *description) memory() int64 {
	return d.columns*1024 + d.groups*(256+256*d.columns) + d.chunks*1024 + d.structs*128
}

// read counts what is in a description and checks the tree of its columns: the
// library goes down into it as deep as it is.
func (d *description) read(data []byte) error {
	t := thrift{data: data}
	tooDeep := false
	var open []int64 // children that the groups around have yet
	ok := t.eachField(0, func(id int16, kind byte) bool {
		switch {
		case id == 2 && kind == thriftList:
			return t.eachElement(func() bool {
				children := int64(0)
				if !t.eachField(1, func(id int16, kind byte) bool {
					if id == 5 && kind == thriftInt32 {
						return t.int(&children)
					}
					return t.pass(kind, 1)
				}) {
					return false
				}
				for len(open) > 0 && open[len(open)-1] == 0 {
					open = open[:len(open)-1]
				}
				if len(open) > 0 {
					open[len(open)-1]--
				}
				if children > 0 {
					open = append(open, children)
				}
				d.columns++
				tooDeep = tooDeep || len(open) > maxNesting || d.columns > maxColumns || children < 0
				return !tooDeep
			})
		case id == 4 && kind == thriftList:
			return t.eachElement(func() bool {
				d.groups++
				return t.eachField(1, func(id int16, kind byte) bool {
					if id == 1 && kind == thriftList {
						return t.eachElement(func() bool { d.chunks++; return t.passStruct(2) })
					}
					return t.pass(kind, 1)
				})
			})
		}
		return t.pass(kind, 0)
	})
	d.structs = t.structs
	switch {
	case tooDeep:
		return fmt.Errorf("more than %d columns, or nested deeper than %d", maxColumns, maxNesting)
	case !ok:
		return errors.New("its description is damaged")
	}
	return nil
}

// pageCosts are what the pages that a reader holds take.
type pageCosts struct {
	held, most int64 // bytes, about
	allowed    *allowance
}

func newPageCosts(file *spooled, l Limits) *pageCosts {
	c := &pageCosts{most: memoryFor(file), allowed: newAllowance(l)}
	c.allowed.size.Store(file.size)
	return c
}

// hold takes what a page takes in the place of what the one before it took.
func (c *pageCosts) hold(takes *int64, bytes int64) error {
	c.held += bytes - *takes
	*takes = bytes
	if c.held > c.most {
		return fmt.Errorf("its pages take %d MiB at once, more than %d MiB: write smaller ones", c.held>>20, c.most>>20)
	}
	return c.allowed.take(bytes)
}

// A pageCheck checks the lengths that the pages of a column of a row group
// tell, each before the library reads it.
type pageCheck struct {
	file    *spooled
	at, end int64 // of what has not been checked
	reader  *pageReader
	costs   *pageCosts

	dictionary, page int64 // what they take, in bytes
}

// turn turns to a column of a row group.
func (p *pageCheck) turn(file *spooled, f *parquet.File, group int, leaf leafShape, costs *pageCosts) error {
	p.close()
	meta := &f.Metadata().RowGroups[group].Columns[leaf.index].MetaData
	at := meta.DataPageOffset
	if meta.DictionaryPageOffset != 0 {
		at = meta.DictionaryPageOffset
	}
	if at < 0 || meta.TotalCompressedSize < 0 || at > file.size-meta.TotalCompressedSize {
		return fmt.Errorf("%d bytes from byte %d on, but the file has %d", meta.TotalCompressedSize, at, file.size)
	}
	if p.reader == nil {
		p.reader = &pageReader{leafShape: leaf}
	}
	if p.reader.codec != meta.Codec {
		p.reader = &pageReader{leafShape: leaf, codec: meta.Codec}
	}
	p.file, p.at, p.end, p.costs = file, at, at+meta.TotalCompressedSize, costs
	return nil
}

// next checks the next page with data, and a dictionary before it.
func (p *pageCheck) next() error {
	if p.page > 0 {
		p.costs.held -= p.page
		p.page = 0
	}
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
		case h.compressed > maxPageBytes:
			return fmt.Errorf("a page of %d bytes, more than %d MiB", h.compressed, maxPageBytes>>20)
		}
		// A value takes up to a level of each kind and an offset or an index.
		takes := &p.page
		if h.kind == dictionaryPage {
			takes = &p.dictionary
		}
		if err := p.costs.hold(takes, h.bytes+6*h.values); err != nil {
			return err
		}
		if err := p.reader.check(p.file, p.at, h); err != nil {
			return err
		}
		p.at += h.compressed
		if h.kind != dictionaryPage { // pages of other kinds count as ones with data, as the library takes them
			break
		}
	}
	return nil
}

// close lets go of what the pages took.
func (p *pageCheck) close() {
	if p.costs != nil {
		p.costs.held -= p.page + p.dictionary
	}
	*p = pageCheck{reader: p.reader}
}

// The kinds of pages.
const (
	dataPage       = 0
	dictionaryPage = 2
	dataPageV2     = 3
)

// A pageHeader is what a page tells of its lengths.
type pageHeader struct {
	length            int64 // of the header itself, in bytes
	kind              int64
	bytes, compressed int64
	pageNumbers
}

// pageNumbers are what the header says that is of the kind of the page.
type pageNumbers struct {
	values, encoding         int64
	repEncoding, defEncoding int64 // of levels, in the first version
	repBytes, defBytes       int64 // that levels take, in the second one
	isPlain                  bool  // the values are not compressed, whatever the column is
}

// place is where the number of a field belongs; nil for others.
func (n *pageNumbers) place(kind int64, id int16) *int64 {
	switch {
	case id == 1:
		return &n.values
	case id == 2 && kind != dataPageV2, id == 4 && kind == dataPageV2:
		return &n.encoding
	case id == 3 && kind == dataPage:
		return &n.defEncoding
	case id == 4 && kind == dataPage:
		return &n.repEncoding
	case id == 5 && kind == dataPageV2:
		return &n.defBytes
	case id == 6 && kind == dataPageV2:
		return &n.repBytes
	}
	return nil
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
		var numbers [dataPageV2 + 1]pageNumbers
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
				of := int64(id - 5) // the kind of page that has such a header
				return t.eachField(1, func(id int16, kind byte) bool {
					if of == dataPageV2 && id == 7 {
						numbers[of].isPlain = kind == thriftFalse
					}
					if place := numbers[of].place(of, id); place != nil && kind == thriftInt32 {
						return t.int(place)
					}
					return t.pass(kind, 1)
				})
			}
			return t.pass(kind, 0)
		})
		if ok {
			h.length = int64(t.pos)
			if h.kind >= 0 && h.kind <= dataPageV2 {
				h.pageNumbers = numbers[h.kind]
			}
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
	data    []byte
	pos     int
	structs int64 // passed over
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
	t.structs++
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

// eachElement calls visit for each struct of a list.
func (t *thrift) eachElement(visit func() bool) bool {
	head, ok := t.byte()
	n := uint64(head >> 4)
	if ok && n == 15 {
		n, ok = t.uvarint()
	}
	if !ok || n > 0 && head&15 != thriftStruct || n > uint64(len(t.data)-t.pos) {
		return false
	}
	for range n {
		if !visit() {
			return false
		}
	}
	return true
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
