package extract

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// A snowplowJSON reads a column of JSON: a list of objects, each with the
// schema that says what it is, or one such object.
type snowplowJSON struct {
	name   string // of the column
	column *value // what it holds
	single bool   // one object, not a list

	outer   scanner
	data    *node    // where the list or object is
	inside  [2]value // schema and data of the single object, or the list
	list    scanner
	element *node // where an element has schema and data
	pair    [2]value

	wanted []*snowplowEntity
	kind   []byte // name of the schema of the single object
}

// A snowplowEntity is an object inside a column of JSON of which something is
// wanted.
type snowplowEntity struct {
	schema string // name, or vendor/name
	own    bool   // only a schema of Snowplow's

	paths  [][]string
	to     []*value // where the values at paths go
	root   *node
	values []value
	scan   scanner // of its own: its values are valid until the next record
	found  bool
}

func newSnowplowJSON(name string, column *value) *snowplowJSON {
	j := &snowplowJSON{name: name, column: column, single: name == "unstruct_event"}
	if j.single {
		j.data = newNode([][]string{{"data", "schema"}, {"data", "data"}})
	} else {
		j.data = newNode([][]string{{"data"}})
		j.element = newNode([][]string{{"schema"}, {"data"}})
	}
	return j
}

// want returns where the value of a property will be; that of any vendor's
// schema of the name, unless it must be Snowplow's own.
func (j *snowplowJSON) want(schema string, property []string, own bool) *value {
	i := slices.IndexFunc(j.wanted, func(e *snowplowEntity) bool { return e.schema == schema && e.own == own })
	if i < 0 {
		i = len(j.wanted)
		j.wanted = append(j.wanted, &snowplowEntity{schema: schema, own: own})
	}
	e := j.wanted[i]
	to := new(value)
	e.paths, e.to = append(e.paths, property), append(e.to, to)
	e.root, e.values = newNode(e.paths), make([]value, len(e.paths))
	return to
}

// read sets what is wanted of the column. Of several objects of one schema the
// first counts.
func (j *snowplowJSON) read() *flaw {
	for _, e := range j.wanted {
		e.found = false
		for _, to := range e.to {
			*to = value{}
		}
	}
	j.kind = nil
	if !j.column.known() {
		return nil
	}
	if f := j.outer.record(j.column.bytes, j.data, j.inside[:]); f != nil {
		if f.reason == notAnObject {
			return &flaw{wrongType, fmt.Sprintf("%s begins with %s, want an object with schema and data", j.name, excerpt(j.column.bytes))}
		}
		f.detail = j.name + ": " + f.detail
		return f
	}
	if j.single {
		return j.take(j.inside[0], j.inside[1])
	}
	list := j.inside[0]
	if list.kind != array {
		return &flaw{wrongType, fmt.Sprintf("%s.data is %s, want a list", j.name, list.kind)}
	}
	for j.list.begin(list.bytes); j.list.element(j.element, j.pair[:]); {
		if flaw := j.take(j.pair[0], j.pair[1]); flaw != nil {
			return flaw
		}
	}
	return nil
}

// take sets what is wanted of one object.
func (j *snowplowJSON) take(schema, data value) *flaw {
	vendor, name := parseSchema(schema.bytes)
	if j.single {
		j.kind = name
	}
	for _, e := range j.wanted {
		if e.found || !e.is(vendor, name) {
			continue
		}
		e.found = true
		if data.kind != object {
			return &flaw{wrongType, fmt.Sprintf("%s.%s is %s, want an object", j.name, name, data.kind)}
		}
		// Its syntax is right: the whole column has been read before.
		if f := e.scan.record(data.bytes, e.root, e.values); f != nil {
			return f
		}
		for i, v := range e.values {
			*e.to[i] = v
		}
	}
	return nil
}

// is says whether the entity has a schema.
func (e *snowplowEntity) is(vendor, name []byte) bool {
	if e.own {
		return e.schema == string(name) && bytes.HasPrefix(vendor, []byte("com.snowplowanalytics."))
	}
	if v, n, ok := strings.Cut(e.schema, "/"); ok {
		return v == string(vendor) && n == string(name)
	}
	return e.schema == string(name)
}

// parseSchema takes vendor and name from the URI of a schema, such as
// iglu:com.acme/user/jsonschema/1-0-0.
func parseSchema(uri []byte) (vendor, name []byte) {
	vendor, rest, _ := bytes.Cut(bytes.TrimPrefix(uri, []byte("iglu:")), []byte("/"))
	name, _, _ = bytes.Cut(rest, []byte("/"))
	return vendor, name
}
