package extract

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"strings"
)

// MinKeyBytes is the length of the shortest key that pseudonyms are made with.
const MinKeyBytes = 32

const (
	pseudonymBytes = 16 // of the HMAC: no two of 10^15 ids get the same by chance

	// maxPseudonyms is how many pseudonyms a judge remembers.
	maxPseudonyms = 1 << 14
)

// pseudonymText writes pseudonyms in letters and digits alone, so that they
// need no quotes in a URL, a file name, a spreadsheet or a command line.
var pseudonymText = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// Pseudonyms stand for ids: HMAC-SHA-256 under a secret key, of which 128 bits
// are kept, as 26 lower-case letters and digits. Equal ids have equal
// pseudonyms, whether they are those of users or of devices, and nobody finds
// the id to a pseudonym, or can try ids that may be it, without the key. They
// are safe for concurrent use.
type Pseudonyms struct {
	key   []byte
	keyID string
}

// NewPseudonyms returns the pseudonyms under a key.
func NewPseudonyms(key []byte) (*Pseudonyms, error) {
	if len(key) < MinKeyBytes {
		return nil, fmt.Errorf("the key has %d bytes: want %d at least, such as openssl rand -hex 32 makes", len(key), MinKeyBytes)
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("\x00sojourn key id")) // no id has a NUL
	return &Pseudonyms{key: append([]byte(nil), key...), keyID: hex.EncodeToString(mac.Sum(nil)[:4])}, nil
}

// KeyID tells one key from another, and nothing about it: 8 hex digits; empty
// for none.
func (p *Pseudonyms) KeyID() string {
	if p == nil {
		return ""
	}
	return p.keyID
}

// Of returns what stands for an id: the id itself if p is nil, nothing for
// nothing.
func (p *Pseudonyms) Of(id string) string {
	if p == nil || id == "" {
		return id
	}
	return string(p.maker().of([]byte(id)))
}

// IsPseudonym says whether a text has the form of a pseudonym.
func IsPseudonym(text string) bool {
	return len(text) == pseudonymText.EncodedLen(pseudonymBytes) && !strings.ContainsFunc(text, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '2' || r > '7')
	})
}

// String is what may be printed: never the key.
func (p *Pseudonyms) String() string { return "pseudonyms by key " + p.KeyID() }

// Format prints String for every verb.
func (p *Pseudonyms) Format(f fmt.State, _ rune) { io.WriteString(f, p.String()) }

// A pseudonymMaker makes pseudonyms one after the other. It is not safe for
// concurrent use.
type pseudonymMaker struct {
	mac  hash.Hash
	sum  []byte
	made map[string][]byte // those of late, by id
}

// maker returns nil if there are no pseudonyms.
func (p *Pseudonyms) maker() *pseudonymMaker {
	if p == nil {
		return nil
	}
	return &pseudonymMaker{mac: hmac.New(sha256.New, p.key), made: map[string][]byte{}}
}

// of returns the pseudonym of an id, which is not empty. It is not overwritten.
func (m *pseudonymMaker) of(id []byte) []byte {
	if made, ok := m.made[string(id)]; ok {
		return made
	}
	m.mac.Reset()
	m.mac.Write(id)
	m.sum = m.mac.Sum(m.sum[:0])
	made := pseudonymText.AppendEncode(nil, m.sum[:pseudonymBytes])
	if len(id) > maxRepeated {
		return made
	}
	if len(m.made) >= maxPseudonyms {
		clear(m.made)
	}
	m.made[string(id)] = made
	return made
}
