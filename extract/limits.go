package extract

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"sync/atomic"
)

// Limits bound what one object may become once it is decompressed. Small
// objects can be made that become terabytes.
type Limits struct {
	ObjectBytes int64 // bytes of an object, decompressed; 0 for 64 GiB
	Ratio       int64 // how many times its size an object may become, beyond 256 MiB; 0 for 500
}

// The limits that hold where none is set. Events of apps, as JSON lines, become
// ten to thirty times as long, and a log of one and the same event two hundred
// times.
const (
	DefaultObjectBytes = 64 << 30
	DefaultRatio       = 500
)

// freeBytes are never too many for the size of an object.
const freeBytes = 256 << 20

func (l Limits) orDefaults() Limits {
	if l.ObjectBytes <= 0 {
		l.ObjectBytes = DefaultObjectBytes
	}
	if l.Ratio <= 0 {
		l.Ratio = DefaultRatio
	}
	return l
}

// An allowance counts what an object becomes.
type allowance struct {
	limits Limits
	size   atomic.Int64 // bytes of the object, as far as it has been read
	became int64
}

func newAllowance(l Limits) *allowance { return &allowance{limits: l.orDefaults()} }

// take counts more bytes that the object has become.
func (a *allowance) take(n int64) error {
	a.became += n
	size := a.size.Load()
	switch {
	case a.became > a.limits.ObjectBytes:
		return &tooMuch{fmt.Sprintf("it becomes more than %s when it is decompressed: max_object_bytes under limits allows more", bytesText(a.limits.ObjectBytes))}
	case a.became > freeBytes && a.became/a.limits.Ratio > size:
		return &tooMuch{fmt.Sprintf("it becomes more than %d times as long when it is decompressed, as no events do: max_ratio under limits allows more", a.limits.Ratio)}
	}
	return nil
}

// tooMuch is the error of an object that is beyond a limit.
type tooMuch struct{ problem string }

func (t *tooMuch) Error() string { return t.problem }

// bounded reads what an object becomes, until that is too much or ctx ends.
type bounded struct {
	ctx context.Context
	r   io.Reader
	*allowance
}

func (b *bounded) Read(p []byte) (int, error) {
	if err := b.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := b.r.Read(p)
	if tooMuch := b.take(int64(n)); tooMuch != nil {
		return n, tooMuch
	}
	return n, err
}

// bytesText writes a number of bytes, in the greatest unit that leaves no rest.
func bytesText(n int64) string {
	for _, unit := range []struct {
		bytes int64
		name  string
	}{{1 << 30, "GiB"}, {1 << 20, "MiB"}, {1 << 10, "KiB"}} {
		if n >= unit.bytes && n%unit.bytes == 0 {
			return fmt.Sprintf("%d %s", n/unit.bytes, unit.name)
		}
	}
	return fmt.Sprintf("%d bytes", n)
}

// readingWithin identifies how objects are read that are beyond a limit: once
// another limit is set they are read again.
func (s Source) readingWithin() string {
	l := s.Limits.orDefaults()
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d %d", s.reading(), l.ObjectBytes, l.Ratio))
	return hex.EncodeToString(sum[:8])
}
