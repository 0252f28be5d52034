package extract

import "fmt"

// maxDepth bounds how deep values may be nested.
const maxDepth = 512

// A scanner reads JSON texts, one after the other: it visits wanted values and
// passes over all others, checking their syntax, without building anything.
type scanner struct {
	data    []byte
	pos     int
	scratch []byte // texts of this record that had escapes
	fault   string // what was found wrong at pos; empty if nothing was

	inner *scanner // of objects inside texts; nil before the first
}

// record reads one JSON object and sets the values that root wants; others
// become absent. If a key is given twice the last one counts. It returns what
// is wrong with the text, nil if nothing.
func (s *scanner) record(data []byte, root *node, values []value) *flaw {
	s.data, s.pos, s.scratch, s.fault = data, 0, s.scratch[:0], ""
	if s.inner != nil {
		s.inner.scratch = s.inner.scratch[:0]
	}
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
		if n.embedded && len(n.children) > 0 && len(bytes) > 0 && bytes[0] == '{' {
			return s.embedded(n, bytes, values, depth)
		}
		v = value{kind: text, bytes: bytes}
	case c == '{' && len(n.children) > 0:
		n.set(values, value{})
		if !s.object(n, values, depth+1) {
			return false
		}
		// The object itself may be wanted too, what it holds has been read.
		n.put(values, value{kind: object, bytes: s.data[start:s.pos]})
		return true
	default:
		if !s.skip(depth) {
			return false
		}
		v = value{kind: kindOf(c), bytes: s.data[start:s.pos]}
	}
	n.set(values, v)
	return true
}

// embedded reads the object inside a text.
func (s *scanner) embedded(n *node, text []byte, values []value, depth int) bool {
	if s.inner == nil {
		s.inner = &scanner{}
	}
	in := s.inner
	in.data, in.pos, in.fault = text, 0, ""
	n.set(values, value{})
	if !in.object(n, values, depth+1) {
		return s.fail("in the object inside the text: " + in.fault)
	}
	if in.space(); in.pos < len(text) {
		return s.fail("in the object inside the text: text after its end")
	}
	n.put(values, value{kind: object, bytes: text})
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
