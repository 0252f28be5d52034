package lake

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"unicode/utf8"
)

// SkippedErased is the reason in [Batch.Skips] of records of erased people.
const SkippedErased = "erased"

// Erased tells whether an id has been erased. A nil Erased says no of every
// one. It is safe for concurrent use.
type Erased struct {
	salt    []byte
	hashes  map[string]bool
	lengths []int // of the ids, each once
}

func newErased(salt []byte, stones []Tombstone) *Erased {
	e := &Erased{salt: salt, hashes: map[string]bool{}}
	for _, t := range stones {
		e.add(t)
	}
	return e
}

func (e *Erased) add(t Tombstone) {
	for _, id := range t.IDs {
		e.hashes[id.HMAC] = true
		if !slices.Contains(e.lengths, id.Bytes) {
			e.lengths = append(e.lengths, id.Bytes)
		}
	}
}

// With returns an Erased that also knows a tombstone.
func (e *Erased) With(t Tombstone) *Erased {
	more := newErased(e.salt, []Tombstone{t})
	for hash := range e.hashes {
		more.hashes[hash] = true
	}
	for _, length := range e.lengths {
		if !slices.Contains(more.lengths, length) {
			more.lengths = append(more.lengths, length)
		}
	}
	return more
}

// Only returns an Erased that knows a tombstone and no other.
func (e *Erased) Only(t Tombstone) *Erased { return newErased(e.salt, []Tombstone{t}) }

func (e *Erased) hash(id []byte) string {
	mac := hmac.New(sha256.New, e.salt)
	mac.Write(id)
	return hex.EncodeToString(mac.Sum(nil))
}

// Anybody says whether anybody has been erased.
func (e *Erased) Anybody() bool { return e != nil && len(e.hashes) > 0 }

// Has says whether an id has been erased.
func (e *Erased) Has(id string) bool {
	return e.Anybody() && slices.Contains(e.lengths, len(id)) && e.hashes[e.hash([]byte(id))]
}

// In says whether an erased id stands in a text as a whole word: not inside a
// longer run of letters, digits and the signs that ids are made of. Text of
// JSON and of URLs is also read without its escapes.
func (e *Erased) In(text []byte) bool {
	return e.inPlain(text, IsWordEdge)
}

// InName says whether an erased id stands in the name of a raw object. There
// it may also follow or be followed by one of the signs that join the parts of
// a name: user-ann.json has ann in it.
func (e *Erased) InName(object string) bool {
	return e.inPlain([]byte(object), func(text []byte, at int) bool {
		return IsWordEdge(text, at) || isJoint(text[at-1]) || isJoint(text[at])
	})
}

func isJoint(c byte) bool { return c == '_' || c == '-' || c == '.' }

// ErasedObject stands in the place of the name of a raw object that has an
// erased id in it.
const ErasedObject = "(erased)"

// Hide puts [ErasedObject] in the place of such names. It returns the causes
// that it was given if none has one.
func (e *Erased) Hide(causes []Cause) (shown []Cause, hidden bool) {
	for i, c := range causes {
		if !e.InName(c.Object) {
			continue
		}
		if !hidden {
			causes, hidden = slices.Clone(causes), true
		}
		causes[i].Object = ErasedObject
	}
	return causes, hidden
}

// inPlain looks for an erased id between edges, in a text and in what it is
// without escapes.
func (e *Erased) inPlain(text []byte, isEdge func(text []byte, at int) bool) bool {
	if !e.Anybody() {
		return false
	}
	if e.in(text, isEdge) {
		return true
	}
	plain := unescape(text)
	return !bytes.Equal(plain, text) && e.in(plain, isEdge)
}

func (e *Erased) in(text []byte, isEdge func(text []byte, at int) bool) bool {
	for from := range text {
		if !isEdge(text, from) {
			continue
		}
		for _, length := range e.lengths {
			to := from + length
			if to <= len(text) && isEdge(text, to) && e.hashes[e.hash(text[from:to])] {
				return true
			}
		}
	}
	return false
}

// IsWordEdge says whether place at of a text is not inside a word.
func IsWordEdge(text []byte, at int) bool {
	return at == 0 || at == len(text) || !isWord(text[at-1]) || !isWord(text[at])
}

// isWord tells bytes that an id goes on with from those that end it.
func isWord(c byte) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c >= utf8.RuneSelf:
		return true
	}
	return c == '_' || c == '-' || c == '.' || c == '@' || c == '+'
}

// unescape resolves the escapes of JSON and of URLs in a text as far as they
// are right.
func unescape(text []byte) []byte {
	if !bytes.ContainsAny(text, `\%`) {
		return text
	}
	plain := make([]byte, 0, len(text))
	for i := 0; i < len(text); {
		rest := text[i:]
		switch {
		case rest[0] == '%' && len(rest) > 2:
			if n, err := strconv.ParseUint(string(rest[1:3]), 16, 8); err == nil {
				plain = append(plain, byte(n))
				i += 3
				continue
			}
		case rest[0] == '\\' && len(rest) > 5 && rest[1] == 'u':
			if n, err := strconv.ParseUint(string(rest[2:6]), 16, 16); err == nil {
				plain = utf8.AppendRune(plain, rune(n))
				i += 6
				continue
			}
		case rest[0] == '\\' && len(rest) > 1 && (rest[1] == '/' || rest[1] == '"' || rest[1] == '\\'):
			plain = append(plain, rest[1])
			i += 2
			continue
		}
		plain = append(plain, rest[0])
		i++
	}
	return plain
}
