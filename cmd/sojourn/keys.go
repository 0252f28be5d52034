package main

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// misfits reports every key of a YAML text that the value it is meant for has
// no field for, and every scalar that its field cannot hold, each with its line
// and a caret. Strict decoding would stop at the first.
func misfits(data []byte, into any) error {
	file, err := parser.ParseBytes(data, 0)
	if err != nil {
		return errors.New(yaml.FormatError(err, false, true))
	}
	var problems []error
	for _, doc := range file.Docs {
		walkKeys(doc.Body, "", reflect.TypeOf(into), &problems)
	}
	return errors.Join(problems...)
}

func walkKeys(node ast.Node, path string, t reflect.Type, problems *[]error) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch node.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		if t.Kind() == reflect.Slice {
			t = t.Elem() // one that stands for a list of one
		}
	}
	switch n := node.(type) {
	case *ast.MappingNode:
		for _, pair := range n.Values {
			walkPair(pair, path, t, problems)
		}
	case *ast.MappingValueNode:
		walkPair(n, path, t, problems)
	case *ast.AnchorNode:
		walkKeys(n.Value, path, t, problems)
	case *ast.SequenceNode:
		if t.Kind() == reflect.Slice {
			for i, v := range n.Values {
				walkKeys(v, fmt.Sprintf("%s[%d]", path, i), t.Elem(), problems)
			}
		}
	case ast.ScalarNode:
		checkScalar(n, path, t, problems)
	}
}

// checkScalar reports a scalar that its field cannot hold.
func checkScalar(n ast.ScalarNode, path string, t reflect.Type, problems *[]error) {
	into := reflect.New(t)
	_, ours := into.Interface().(yaml.InterfaceUnmarshaler)
	what := map[reflect.Kind]string{
		reflect.Int: "a whole number", reflect.Int64: "a whole number", reflect.Float64: "a number", reflect.Bool: "true or false",
		reflect.Slice: "a list", reflect.Map: "a mapping", reflect.Struct: "a mapping",
	}[t.Kind()]
	if _, null := n.(*ast.NullNode); null || !ours && what == "" {
		return
	}
	err := yaml.NodeToValue(n, into.Interface())
	if !ours && (t.Kind() == reflect.Int || t.Kind() == reflect.Int64) {
		if _, fraction := n.(*ast.FloatNode); fraction {
			err = errors.New("a fraction") // which decoding would cut off
		}
	}
	if err == nil {
		return
	}
	message := fmt.Sprintf("%s: %s is not %s", path, n.GetToken().Value, what)
	if ours {
		message = fmt.Sprintf("%s: %s", path, plainError(err))
		if strings.Contains(message, "was used where") {
			message = fmt.Sprintf("%s: %s stands alone: want a list, or a mapping of its keys", path, n.GetToken().Value)
		}
	}
	*problems = append(*problems, errors.New(yaml.FormatErrorWithToken(message, n.GetToken(), false, true)))
}

// plainError is what an error says, without the place that YAML adds: it is
// that of a part, not of the file.
func plainError(err error) string {
	var placed yaml.Error
	if errors.As(err, &placed) {
		return placed.GetMessage()
	}
	return err.Error()
}

func walkPair(pair *ast.MappingValueNode, path string, t reflect.Type, problems *[]error) {
	key := pair.Key.GetToken().Value
	inner := strings.TrimPrefix(path+"."+key, ".")
	switch t.Kind() {
	case reflect.Map:
		walkKeys(pair.Value, inner, t.Elem(), problems)
	case reflect.Struct:
		fields := yamlFields(t)
		if f, ok := fields[key]; ok {
			walkKeys(pair.Value, inner, f, problems)
			return
		}
		var names []string
		for name := range fields {
			names = append(names, name)
		}
		slices.Sort(names)
		message := fmt.Sprintf("unknown key %q: want one of %s", key, strings.Join(names, ", "))
		*problems = append(*problems, errors.New(yaml.FormatErrorWithToken(message, pair.Key.GetToken(), false, true)))
	}
}

// yamlFields returns the types of the fields of a struct by their keys.
func yamlFields(t reflect.Type) map[string]reflect.Type {
	fields := map[string]reflect.Type{}
	for f := range t.Fields() {
		if name := f.Tag.Get("yaml"); name != "" {
			fields[name] = f.Type
		}
	}
	return fields
}
