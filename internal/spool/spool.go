// Package spool keeps what a run has no memory for in temporary files, which
// go with the run whatever ends it.
package spool

import (
	"bytes"
	"io"
	"os"
)

// An Error says that a temporary file could not be made, written or read, as
// where there is no room for it.
type Error struct{ Err error }

func (e *Error) Error() string {
	return "a temporary file for what there is no memory for (TMPDIR says where): " + e.Err.Error()
}

func (e *Error) Unwrap() error { return e.Err }

// A File is a temporary file. The zero File is made when it is first written.
type File struct {
	file *os.File
	size int64
}

// A Section is a part of a [File].
type Section struct{ offset, size int64 }

// Append writes data to the end of the file.
func (f *File) Append(data []byte) (Section, error) {
	if f.file == nil {
		file, err := os.CreateTemp("", "sojourn-*.spool")
		if err != nil {
			return Section{}, &Error{err}
		}
		// Gone by name, it cannot be left behind. Where that is refused for an
		// open file, Close removes it.
		os.Remove(file.Name())
		f.file = file
	}
	at := Section{f.size, int64(len(data))}
	n, err := f.file.WriteAt(data, f.size)
	f.size += int64(n)
	if err != nil {
		return Section{}, &Error{err}
	}
	return at, nil
}

// Read returns what a section holds.
func (f *File) Read(at Section) ([]byte, error) {
	data := make([]byte, at.size)
	if at.size == 0 {
		return data, nil
	}
	if _, err := f.file.ReadAt(data, at.offset); err != nil {
		return nil, &Error{err}
	}
	return data, nil
}

// Close removes the file. It may be closed twice.
func (f *File) Close() error {
	if f.file == nil {
		return nil
	}
	file := f.file
	f.file, f.size = nil, 0
	err := file.Close()
	os.Remove(file.Name()) // most often it has gone
	return err
}

// A Buffer holds bytes that are written once and read often: in memory, or in
// a temporary file where they are more than Most. The zero Buffer holds any
// number of bytes in memory. Close it; nothing can be read from it then.
type Buffer struct {
	Most   int // bytes in memory; 0 for no limit
	memory bytes.Buffer
	file   File
	size   int64 // of both
	closed bool
}

// Write adds bytes.
func (b *Buffer) Write(p []byte) (int, error) {
	if b.closed {
		return 0, os.ErrClosed
	}
	if b.Most > 0 && b.memory.Len()+len(p) > b.Most {
		if _, err := b.file.Append(b.memory.Bytes()); err != nil {
			return 0, err
		}
		b.memory = bytes.Buffer{}
		if len(p) > b.Most {
			at, err := b.file.Append(p)
			b.size += at.size
			return int(at.size), err
		}
	}
	b.size += int64(len(p))
	return b.memory.Write(p)
}

// Size returns how many bytes there are.
func (b *Buffer) Size() int64 { return b.size }

// Open returns a reader of all bytes.
func (b *Buffer) Open() io.Reader { return io.NewSectionReader(b, 0, b.size) }

// ReadAt reads bytes at any place.
func (b *Buffer) ReadAt(p []byte, at int64) (n int, err error) {
	if b.closed {
		return 0, os.ErrClosed
	}
	if at < b.file.size {
		if n, err = b.file.file.ReadAt(p[:min(int64(len(p)), b.file.size-at)], at); err != nil {
			return n, &Error{err}
		}
	}
	if n == len(p) {
		return n, nil
	}
	more, err := bytes.NewReader(b.memory.Bytes()).ReadAt(p[n:], at+int64(n)-b.file.size)
	return n + more, err
}

// Close lets go of the bytes.
func (b *Buffer) Close() error {
	b.memory, b.closed = bytes.Buffer{}, true
	return b.file.Close()
}
