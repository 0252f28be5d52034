package extract

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

// known reports whether a value says anything.
func (v *value) known() bool {
	return v.kind > null && (v.kind != text || len(v.bytes) > 0)
}

// isFalse reports whether a value says no: false, or the word.
func (v *value) isFalse() bool {
	return (v.kind == boolean || v.kind == text) && string(v.bytes) == "false"
}

// yes is the value true.
func yes() value { return value{kind: boolean, bytes: []byte("true")} }

// firstKnown returns the first value that says anything.
func firstKnown(values ...value) value {
	for _, v := range values {
		if v.known() {
			return v
		}
	}
	return value{}
}
