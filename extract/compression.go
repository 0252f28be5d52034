package extract

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// maxWindow bounds the memory that a zstd object may ask for, in bytes.
const maxWindow = 128 << 20

var (
	gzipMagic = []byte{0x1f, 0x8b}
	zstdMagic = []byte{0x28, 0xb5, 0x2f, 0xfd}

	parquetMagic = []byte("PAR1")
	zipMagic     = []byte("PK\x03\x04")
)

// errZip is the error of an archive, whose files are what should be given.
var errZip = errors.New("the object is a zip archive: unpack it and give the files that are in it")

// decompress returns the contents of an object, whose first bytes tell how it
// is compressed: gzip, of one or more members, zstd, or not at all. Brotli is
// told by the name.
func decompress(r io.Reader, name string) (io.ReadCloser, error) {
	b := bufio.NewReaderSize(r, 128<<10)
	head, err := b.Peek(len(zstdMagic))
	if err != nil && err != io.EOF {
		return nil, err
	}
	switch {
	case bytes.Equal(head, parquetMagic):
		return nil, errParquet
	case bytes.Equal(head, zipMagic):
		return nil, errZip
	case bytes.HasPrefix(head, gzipMagic):
		return newGzipMembers(b)
	case bytes.Equal(head, zstdMagic), isSkippable(head):
		d, err := zstd.NewReader(b, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, err
		}
		return d.IOReadCloser(), nil
	case isBrotli(name, head):
		return io.NopCloser(brotli.NewReader(b)), nil
	}
	return io.NopCloser(b), nil
}

// unpacked returns contents, or says that they are packed once more: what is
// inside of them would be in quarantine as thousands of lines.
func unpacked(data io.Reader) (io.Reader, error) {
	b := bufio.NewReaderSize(data, 16) // reads that are longer go by it
	head, _ := b.Peek(len(zstdMagic))  // an error comes again with the next read
	for _, inner := range []struct {
		magic []byte
		what  string
	}{{gzipMagic, "gzip"}, {zstdMagic, "zstd"}, {zipMagic, "a zip archive"}, {parquetMagic, "Parquet"}} {
		if bytes.HasPrefix(head, inner.magic) {
			return nil, fmt.Errorf("there is %s inside of another compression, which is not read: decompress it once", inner.what)
		}
	}
	return b, nil
}

// gzipMembers reads the members of a gzip object. Zero bytes after a member,
// as tapes and block devices leave there, are nothing.
type gzipMembers struct {
	member *gzip.Reader
	b      *bufio.Reader
}

func newGzipMembers(b *bufio.Reader) (*gzipMembers, error) {
	member, err := gzip.NewReader(b)
	if err != nil {
		return nil, err
	}
	member.Multistream(false)
	return &gzipMembers{member, b}, nil
}

// Read reads on in the next member at the end of one.
func (g *gzipMembers) Read(p []byte) (int, error) {
	n, err := g.member.Read(p)
	if err != io.EOF {
		return n, err
	}
	if err := skipZeros(g.b); err != nil {
		return n, err
	}
	err = g.member.Reset(g.b)
	g.member.Multistream(false)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF // inside the name in a header
	}
	return n, err
}

func (g *gzipMembers) Close() error { return g.member.Close() }

// skipZeros goes to the next byte that is not zero; its error is [io.EOF] if
// there is none.
func skipZeros(b *bufio.Reader) error {
	for {
		c, err := b.ReadByte()
		if err != nil {
			return err
		}
		if c != 0 {
			return b.UnreadByte()
		}
	}
}

// isSkippable says whether zstd content begins with a frame of something else,
// as seekable and parallel writers put there.
func isSkippable(head []byte) bool {
	return len(head) == 4 && head[0]&0xf0 == 0x50 && bytes.Equal(head[1:], []byte{0x2a, 0x4d, 0x18})
}
