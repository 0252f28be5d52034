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

// unknownKeys reports every key of a YAML text that the value it is meant for
// has no field for, each with its line and a caret. Strict decoding would stop
// at the first.
func unknownKeys(data []byte, into any) error {
	file, err := parser.ParseBytes(data, 0)
	if err != nil {
		return errors.New(yaml.FormatError(err, false, true))
	}
	var problems []error
	for _, doc := range file.Docs {
		walkKeys(doc.Body, reflect.TypeOf(into), &problems)
	}
	return errors.Join(problems...)
}

func walkKeys(node ast.Node, t reflect.Type, problems *[]error) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch n := node.(type) {
	case *ast.MappingNode:
		for _, pair := range n.Values {
			walkPair(pair, t, problems)
		}
	case *ast.MappingValueNode:
		walkPair(n, t, problems)
	case *ast.AnchorNode:
		walkKeys(n.Value, t, problems)
	case *ast.SequenceNode:
		if t.Kind() == reflect.Slice {
			for _, v := range n.Values {
				walkKeys(v, t.Elem(), problems)
			}
		}
	}
}

func walkPair(pair *ast.MappingValueNode, t reflect.Type, problems *[]error) {
	switch t.Kind() {
	case reflect.Map:
		walkKeys(pair.Value, t.Elem(), problems)
	case reflect.Struct:
		key := pair.Key.GetToken().Value
		fields := yamlFields(t)
		if f, ok := fields[key]; ok {
			walkKeys(pair.Value, f, problems)
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
