package extract

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"
)

// plain passes over the bytes of a text that stand for themselves, up to a
// quote, a backslash, a control character or the end.
func (s *scanner) plain() {
	const (
		ones  = 0x0101010101010101
		highs = 0x8080808080808080
	)
	data, pos := s.data, s.pos
	// Eight bytes at a time: a subtraction borrows into the high bit of a
	// byte that is zero after the XOR, or below a space.
	for ; pos+8 <= len(data); pos += 8 {
		word := binary.LittleEndian.Uint64(data[pos:])
		quote, slash := word^(ones*'"'), word^(ones*'\\')
		if found := ((quote-ones)&^quote | (slash-ones)&^slash | (word-ones*' ')&^word) & highs; found != 0 {
			s.pos = pos + bits.TrailingZeros64(found)>>3
			return
		}
	}
	for pos < len(data) && data[pos] != '"' && data[pos] != '\\' && data[pos] >= ' ' {
		pos++
	}
	s.pos = pos
}

// string reads the text whose opening quote is next.
func (s *scanner) string() ([]byte, bool) {
	s.pos++
	start := s.pos
	s.plain()
	if s.pos < len(s.data) && s.data[s.pos] == '"' {
		s.pos++
		return s.data[start : s.pos-1 : s.pos-1], true
	}
	return s.unescape(start)
}

func (s *scanner) skipString() bool {
	s.pos++
	for {
		s.plain()
		switch {
		case s.pos == len(s.data):
			return s.fail("the text ends inside quotes")
		case s.data[s.pos] == '"':
			s.pos++
			return true
		case s.data[s.pos] == '\\':
			if _, ok := s.escape(); !ok {
				return false
			}
		default:
			return s.fail("control character inside quotes")
		}
	}
}

// unescape reads the rest of a text that began at start, up to and with its
// closing quote; the next byte is the first that does not stand for itself.
func (s *scanner) unescape(start int) ([]byte, bool) {
	from := len(s.scratch)
	s.scratch = append(s.scratch, s.data[start:s.pos]...)
	for {
		switch {
		case s.pos == len(s.data):
			return nil, s.fail("the text ends inside quotes")
		case s.data[s.pos] == '"':
			s.pos++
			return s.scratch[from:len(s.scratch):len(s.scratch)], true
		case s.data[s.pos] == '\\':
			r, ok := s.escape()
			if !ok {
				return nil, false
			}
			s.scratch = utf8.AppendRune(s.scratch, r)
		default:
			return nil, s.fail("control character inside quotes")
		}
		start := s.pos
		s.plain()
		s.scratch = append(s.scratch, s.data[start:s.pos]...)
	}
}

// escape reads an escape, whose backslash is next. Half of a surrogate pair
// becomes the replacement character.
func (s *scanner) escape() (rune, bool) {
	s.pos++
	if s.pos == len(s.data) {
		return 0, s.fail("the text ends inside quotes")
	}
	c := s.data[s.pos]
	s.pos++
	switch c {
	case '"', '\\', '/':
		return rune(c), true
	case 'b':
		return '\b', true
	case 'f':
		return '\f', true
	case 'n':
		return '\n', true
	case 'r':
		return '\r', true
	case 't':
		return '\t', true
	case 'u':
		r, ok := s.hex4(s.pos)
		if !ok {
			return 0, s.fail("want four hex digits after \\u")
		}
		s.pos += 4
		if !utf16.IsSurrogate(r) {
			return r, true
		}
		if s.pos+1 < len(s.data) && s.data[s.pos] == '\\' && s.data[s.pos+1] == 'u' {
			if low, ok := s.hex4(s.pos + 2); ok {
				if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
					s.pos += 6
					return pair, true
				}
			}
		}
		return utf8.RuneError, true
	}
	s.pos--
	return 0, s.fail("unknown escape")
}

func (s *scanner) hex4(pos int) (rune, bool) {
	if pos+4 > len(s.data) {
		return 0, false
	}
	var r rune
	for _, c := range s.data[pos : pos+4] {
		switch {
		case c-'0' <= 9:
			c -= '0'
		case (c|0x20)-'a' <= 5:
			c = (c | 0x20) - 'a' + 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}
