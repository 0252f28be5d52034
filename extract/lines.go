package extract

import (
	"bytes"
	"fmt"
	"io"
)

// maxLine bounds a line, in bytes: what is longer is not read into memory.
const maxLine = 16 << 20

// blockSize is how much of an object is read at once, in bytes.
const blockSize = 256 << 10

var byteOrderMark = []byte("\xef\xbb\xbf")

// A line is a line of an object, without its end. Its text is valid until the
// next one is read.
type line struct {
	number int64 // from 1
	text   []byte
	length int64 // bytes; more than len(text) if the line is too long
}

// flaw tells if the line is too long, so that text is only its beginning.
func (l line) flaw() *flaw {
	if l.length <= maxLine {
		return nil
	}
	return &flaw{lineTooLong, fmt.Sprintf("%d bytes, more than %d MiB", l.length, maxLine>>20)}
}

// lines reads an object line by line. A line ends with \n or \r\n.
type lines struct {
	r      io.Reader
	buffer []byte
	start  int // of what has not been returned yet
	end    int
	err    error // of r, after what is in the buffer
	number int64
}

func newLines(r io.Reader) *lines { return &lines{r: r, buffer: make([]byte, blockSize)} }

// next returns the next line. At the end of the object the error is io.EOF; on
// any other error the line holds what there was of it.
func (l *lines) next() (line, error) {
	l.number++
	scanned := l.start
	for {
		if i := bytes.IndexByte(l.buffer[scanned:l.end], '\n'); i >= 0 {
			text := l.buffer[l.start : scanned+i]
			l.start = scanned + i + 1
			return l.line(text), nil
		}
		scanned = l.end
		if l.err != nil {
			text := l.buffer[l.start:l.end]
			l.start = l.end
			if l.err == io.EOF && len(text) > 0 {
				return l.line(text), nil
			}
			return l.line(text), l.err
		}
		if l.end-l.start > maxLine {
			return l.passLong()
		}
		scanned -= l.start
		l.fill()
		scanned += l.start
	}
}

// line finishes a line: the first one may begin with a byte order mark.
func (l *lines) line(text []byte) line {
	if l.number == 1 {
		text = bytes.TrimPrefix(text, byteOrderMark)
	}
	if len(text) > maxLine {
		return line{l.number, text[:maxRaw], int64(len(text))}
	}
	text = bytes.TrimSuffix(text, []byte{'\r'})
	return line{l.number, text, int64(len(text))}
}

// fill makes room in the buffer and reads into it.
func (l *lines) fill() {
	if l.start > 0 {
		copy(l.buffer, l.buffer[l.start:l.end])
		l.end -= l.start
		l.start = 0
	}
	if l.end == len(l.buffer) {
		// One block more than the longest line, to tell it from a longer one.
		size := min(2*len(l.buffer), maxLine+blockSize)
		l.buffer = append(make([]byte, 0, size), l.buffer...)[:size]
	}
	l.read(l.end)
}

// read appends to the buffer at end, at least one byte unless there is an error.
func (l *lines) read(end int) {
	n := 0
	for n == 0 && l.err == nil {
		n, l.err = l.r.Read(l.buffer[end:])
	}
	l.end = end + n
}

// passLong passes over a line that does not fit, keeping its beginning.
func (l *lines) passLong() (line, error) {
	kept := l.start + maxRaw
	long := line{l.number, l.buffer[l.start:kept:kept], int64(l.end - l.start)}
	for l.err == nil {
		l.read(kept)
		if i := bytes.IndexByte(l.buffer[kept:l.end], '\n'); i >= 0 {
			long.length += int64(i)
			l.start = kept + i + 1
			return long, nil
		}
		long.length += int64(l.end - kept)
	}
	l.start = l.end
	if l.err != io.EOF {
		return long, l.err
	}
	return long, nil
}
