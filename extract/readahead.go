package extract

import "io"

// A readAhead reads in a goroutine of its own, so that an object is
// decompressed and decoded at once.
type readAhead struct {
	filled chan block
	empty  chan []byte
	quit   chan struct{}
	done   chan struct{}

	block  block
	unread []byte // of the block
}

// A block is what was read at once.
type block struct {
	buffer []byte
	length int
	err    error // of the reader, after the block
}

// newReadAhead reads from r, from now until Close.
func newReadAhead(r io.Reader) *readAhead {
	const blocks = 3 // one being filled, one waiting, one being decoded
	a := &readAhead{
		filled: make(chan block, blocks), empty: make(chan []byte, blocks),
		quit: make(chan struct{}), done: make(chan struct{}),
	}
	for range blocks {
		a.empty <- make([]byte, blockSize)
	}
	go a.fill(r)
	return a
}

func (a *readAhead) fill(r io.Reader) {
	defer close(a.done)
	for {
		select {
		case <-a.quit:
			return
		case buffer := <-a.empty:
			n, err := fillBlock(r, buffer)
			a.filled <- block{buffer, n, err} // has room for every block
			if err != nil {
				return
			}
		}
	}
}

// fillBlock reads until the buffer is full or there is an error. Other than
// [io.ReadFull] it returns the reader's own error after some bytes.
func fillBlock(r io.Reader, buffer []byte) (n int, err error) {
	for n < len(buffer) && err == nil {
		var got int
		got, err = r.Read(buffer[n:])
		n += got
	}
	return n, err
}

// Read returns what has been read ahead.
func (a *readAhead) Read(p []byte) (int, error) {
	for len(a.unread) == 0 {
		if a.block.err != nil {
			return 0, a.block.err
		}
		if a.block.buffer != nil {
			a.empty <- a.block.buffer
		}
		a.block = <-a.filled
		a.unread = a.block.buffer[:a.block.length]
	}
	n := copy(p, a.unread)
	a.unread = a.unread[n:]
	return n, nil
}

// Close stops reading; the reader is not used any more when it returns.
func (a *readAhead) Close() {
	close(a.quit)
	<-a.done
}
