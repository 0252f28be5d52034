// Package seal lets a JSON document carry the digest of itself, so that one of
// which a bit has changed is not taken for what was written.
package seal

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// ErrBroken is the error of a document that is not what was written.
var ErrBroken = errors.New("it is not what was written: its seal does not fit")

// The last member of a sealed document is the SHA-256 of the document without
// it.
const (
	before = ",\n  \"seal\": \""
	after  = "\"\n}\n"
	ending = "\n}\n" // of a document that has no seal yet
	length = len(before) + 2*sha256.Size + len(after)
)

// Encode returns a struct that is not empty as a sealed document.
func Encode(v any) ([]byte, error) {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return nil, err
	}
	data = append(data, '\n')
	digest := digestOf(data)
	return fmt.Appendf(bytes.TrimSuffix(data, []byte(ending)), "%s%s%s", before, digest, after), nil
}

// Decode reads a document and says whether it was sealed: those of earlier
// versions are not. What the type of v does not know is an error, and so is
// what comes after the document.
func Decode(data []byte, v any) (sealed bool, err error) {
	document, sealed, err := open(data)
	if err != nil {
		return sealed, err
	}
	decoder := json.NewDecoder(bytes.NewReader(document))
	decoder.DisallowUnknownFields() // a seal with a broken bit would be one
	if err := decoder.Decode(v); err != nil {
		return sealed, err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return sealed, errors.New("something comes after the end")
	}
	return sealed, nil
}

// open returns a document without its seal.
func open(data []byte) (document []byte, sealed bool, err error) {
	at := len(data) - length
	if at < 0 || !bytes.HasPrefix(data[at:], []byte(before)) || !bytes.HasSuffix(data, []byte(after)) {
		return data, false, nil
	}
	document = append(bytes.Clone(data[:at]), ending...)
	if digestOf(document) != string(data[at+len(before):len(data)-len(after)]) {
		return nil, true, ErrBroken
	}
	return document, true, nil
}

func digestOf(document []byte) string {
	sum := sha256.Sum256(document)
	return hex.EncodeToString(sum[:])
}
