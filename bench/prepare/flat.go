package main

import "bytes"

// as leaves a record as it was generated.
func as(line []byte) ([]byte, error) { return line, nil }

// flat puts the properties of a record, and the item that they may end with,
// beside its other values. No names are the same.
func flat(line []byte) ([]byte, error) {
	line = bytes.Replace(line, []byte(`"properties":{`), nil, 1)
	line = bytes.Replace(line, []byte(`"item":{`), nil, 1)
	return append(bytes.TrimRight(line, "}"), '}'), nil
}
