package extract

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth bounds how deep values may be nested.
const maxDepth = 512

// A kind is the type of a value in a record.
type kind uint8

const (
	absent kind = iota
	null
	text
	number
	boolean
	object
	array
	moment // a time, already in microseconds
)

func (k kind) String() string {
	return [...]string{"missing", "null", "text", "a number", "true or false", "an object", "a list", "a time"}[k]
}

// A value is one value of a record. Its bytes are valid until the next record.
type value struct {
	kind  kind
	bytes []byte // of a text: without quotes and escapes; of all else: as written
	at    int64  // of a moment
}

// A node is a place in a JSON object whose value, or values inside it, are wanted.
type node struct {
	name     string
	slots    []int // which values to set from the value at this place
	children []node
	next     int    // child that is likely to come next: records repeat the order of their keys
	lengths  uint64 // bit n is set if a child's name has n bytes (63: or more)
}

// newNode returns the root of the places named by paths: the value at
// paths[i] is wanted in slot i. Empty paths are not wanted.
func newNode(paths [][]string) *node {
	root := &node{}
	for slot, path := range paths {
		if len(path) > 0 {
			root.add(path, slot)
		}
	}
	return root
}

func (n *node) add(path []string, slot int) {
	if len(path) == 0 {
		n.slots = append(n.slots, slot)
		return
	}
	for i := range n.children {
		if n.children[i].name == path[0] {
			n.children[i].add(path[1:], slot)
			return
		}
	}
	n.children = append(n.children, node{name: path[0]})
	n.lengths |= 1 << min(len(path[0]), 63)
	n.children[len(n.children)-1].add(path[1:], slot)
}

// child returns the node of a key, nil if nothing there is wanted.
func (n *node) child(key []byte) *node {
	if n.lengths&(1<<min(len(key), 63)) == 0 {
		return nil
	}
	for i := n.next; i < len(n.children); i++ {
		if n.children[i].name == string(key) {
			n.next = i + 1
			return &n.children[i]
		}
	}
	for i := 0; i < n.next; i++ {
		if n.children[i].name == string(key) {
			n.next = i + 1
			return &n.children[i]
		}
	}
	return nil
}

// set gives a value to every slot at or below the node.
func (n *node) set(values []value, v value) {
	for _, slot := range n.slots {
		values[slot] = v
	}
	for i := range n.children {
		n.children[i].set(values, v)
	}
}

// A scanner reads JSON texts, one after the other: it visits wanted values and
// passes over all others, checking their syntax, without building anything.
type scanner struct {
	data    []byte
	pos     int
	scratch []byte // texts of this record that had escapes
	fault   string // what was found wrong at pos; empty if nothing was
}

// record reads one JSON object and sets the values that root wants; others
// become absent. If a key is given twice the last one counts. It returns what
// is wrong with the text, nil if nothing.
func (s *scanner) record(data []byte, root *node, values []value) *flaw {
	s.data, s.pos, s.scratch, s.fault = data, 0, s.scratch[:0], ""
	clear(values)
	s.space()
	isObject := s.pos < len(data) && data[s.pos] == '{'
	if isObject {
		s.object(root, values, 1)
	} else {
		s.skip(0)
	}
	if s.fault == "" {
		if s.space(); s.pos < len(data) {
			s.fail("text after the end of the value")
		}
	}
	switch {
	case s.fault != "":
		return &flaw{badJSON, fmt.Sprintf("%s at byte %d", s.fault, s.pos+1)}
	case !isObject:
		return &flaw{notAnObject, fmt.Sprintf("the line begins with %s: want an object in { }", excerpt(data))}
	}
	return nil
}

// begin makes the scanner ready for the elements of a list, whose syntax must
// be right.
func (s *scanner) begin(list []byte) {
	s.data, s.pos, s.scratch, s.fault = list, 1, s.scratch[:0], ""
}

// element reads the next element of the list and sets the values that root
// wants of it; others become absent. It reports whether there was one.
func (s *scanner) element(root *node, values []value) bool {
	if s.peek() == ',' {
		s.pos++
	}
	clear(values)
	switch s.peek() {
	case ']':
		return false
	case '{':
		return s.object(root, values, 1)
	}
	return s.skip(0)
}

func (s *scanner) fail(fault string) bool {
	if s.fault == "" {
		s.fault = fault
	}
	return false
}

func (s *scanner) space() {
	for s.pos < len(s.data) {
		switch s.data[s.pos] {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return
		}
	}
}

// peek returns the next byte that is not space, 0 at the end.
func (s *scanner) peek() byte {
	if s.pos < len(s.data) && s.data[s.pos] > ' ' {
		return s.data[s.pos]
	}
	s.space()
	if s.pos < len(s.data) {
		return s.data[s.pos]
	}
	return 0
}

// object reads an object, whose brace is next, of which n wants something.
func (s *scanner) object(n *node, values []value, depth int) bool {
	if depth > maxDepth {
		return s.fail("nested too deep")
	}
	s.pos++
	if s.peek() == '}' {
		s.pos++
		return true
	}
	n.next = 0
	for {
		if s.peek() != '"' {
			return s.fail("want a key in quotes")
		}
		key, ok := s.string()
		if !ok {
			return false
		}
		if s.peek() != ':' {
			return s.fail("want a colon after the key")
		}
		s.pos++
		if child := n.child(key); child == nil {
			ok = s.skip(depth)
		} else {
			ok = s.visit(child, values, depth)
		}
		if !ok {
			return false
		}
		switch s.peek() {
		case ',':
			s.pos++
		case '}':
			s.pos++
			return true
		default:
			return s.fail("want a comma or } after the value")
		}
	}
}

// visit reads the value of a node.
func (s *scanner) visit(n *node, values []value, depth int) bool {
	var v value
	c := s.peek()
	start := s.pos
	switch {
	case c == '"':
		bytes, ok := s.string()
		if !ok {
			return false
		}
		v = value{kind: text, bytes: bytes}
	case c == '{' && len(n.children) > 0:
		n.set(values, value{})
		if !s.object(n, values, depth+1) {
			return false
		}
		if len(n.slots) == 0 {
			return true
		}
		// The object itself is wanted too, what it holds has been read.
		for _, slot := range n.slots {
			values[slot] = value{kind: object, bytes: s.data[start:s.pos]}
		}
		return true
	default:
		if !s.skip(depth) {
			return false
		}
		v = value{kind: kindOf(c), bytes: s.data[start:s.pos]}
	}
	if len(n.children) == 0 {
		for _, slot := range n.slots {
			values[slot] = v
		}
		return true
	}
	n.set(values, v)
	return true
}

// kindOf tells the kind of a valid value by its first byte.
func kindOf(c byte) kind {
	switch c {
	case '"':
		return text
	case '{':
		return object
	case '[':
		return array
	case 't', 'f':
		return boolean
	case 'n':
		return null
	}
	return number
}

// skip passes over a value.
func (s *scanner) skip(depth int) bool {
	switch c := s.peek(); c {
	case '"':
		return s.skipString()
	case '{':
		return s.skipObject(depth + 1)
	case '[':
		return s.skipArray(depth + 1)
	case 't':
		return s.literal("true")
	case 'f':
		return s.literal("false")
	case 'n':
		return s.literal("null")
	case 0:
		if s.pos == len(s.data) {
			return s.fail("the text ends where a value should be")
		}
		fallthrough
	default:
		return s.number()
	}
}

func (s *scanner) skipObject(depth int) bool {
	if depth > maxDepth {
		return s.fail("nested too deep")
	}
	s.pos++
	if s.peek() == '}' {
		s.pos++
		return true
	}
	for {
		if s.peek() != '"' {
			return s.fail("want a key in quotes")
		}
		if !s.skipString() {
			return false
		}
		if s.peek() != ':' {
			return s.fail("want a colon after the key")
		}
		s.pos++
		if !s.skip(depth) {
			return false
		}
		switch s.peek() {
		case ',':
			s.pos++
		case '}':
			s.pos++
			return true
		default:
			return s.fail("want a comma or } after the value")
		}
	}
}

func (s *scanner) skipArray(depth int) bool {
	if depth > maxDepth {
		return s.fail("nested too deep")
	}
	s.pos++
	if s.peek() == ']' {
		s.pos++
		return true
	}
	for {
		if !s.skip(depth) {
			return false
		}
		switch s.peek() {
		case ',':
			s.pos++
		case ']':
			s.pos++
			return true
		default:
			return s.fail("want a comma or ] after the value")
		}
	}
}

func (s *scanner) literal(word string) bool {
	end := s.pos + len(word)
	if end > len(s.data) || string(s.data[s.pos:end]) != word {
		return s.fail("want a value")
	}
	s.pos = end
	return true
}

func (s *scanner) number() bool {
	if s.pos < len(s.data) && s.data[s.pos] == '-' {
		s.pos++
	}
	if s.pos < len(s.data) && s.data[s.pos] == '0' {
		s.pos++
	} else if !s.digits() {
		return s.fail("want a value")
	}
	if s.pos < len(s.data) && s.data[s.pos] == '.' {
		s.pos++
		if !s.digits() {
			return s.fail("want digits after the decimal point")
		}
	}
	if s.pos < len(s.data) && s.data[s.pos]|0x20 == 'e' {
		s.pos++
		if s.pos < len(s.data) && (s.data[s.pos] == '+' || s.data[s.pos] == '-') {
			s.pos++
		}
		if !s.digits() {
			return s.fail("want digits in the exponent")
		}
	}
	return true
}

// digits passes over digits, of which there must be one at least.
func (s *scanner) digits() bool {
	start := s.pos
	for s.pos < len(s.data) && s.data[s.pos]-'0' <= 9 {
		s.pos++
	}
	return s.pos > start
}

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
