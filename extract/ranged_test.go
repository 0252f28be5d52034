package extract

import (
	"bytes"
	"io"
	"testing"
	"testing/iotest"
)

// An object that is read in parts has the same bytes, whatever is asked for,
// and no part is fetched twice in a row.
func TestRangedGivesTheSameBytes(t *testing.T) {
	content := bytes.Repeat([]byte("0123456789abc"), (3*partBytes+17)/13)
	fetched := map[int64]int{}
	r := &ranged{size: int64(len(content)), read: func(from, length int64) ([]byte, error) {
		fetched[from]++
		return content[from : from+length], nil
	}}
	if err := iotest.TestReader(io.NewSectionReader(r, 0, r.size), content); err != nil {
		t.Error(err)
	}
	if len(fetched) != 4 {
		t.Errorf("fetched %v, want 4 parts", fetched)
	}
	for from, n := range fetched {
		if n != 1 {
			t.Errorf("the part at %d was fetched %d times", from, n)
		}
	}

	short := &ranged{size: 10, read: func(from, length int64) ([]byte, error) { return []byte("abc"), nil }}
	if n, err := short.ReadAt(make([]byte, 5), 0); n != 3 || err != io.ErrUnexpectedEOF {
		t.Errorf("of an object that became shorter: %d bytes, %v", n, err)
	}
}
