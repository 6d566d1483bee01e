package config

import (
	"encoding"
	"net/netip"
	"reflect"
	"strings"
	"time"
)

// field is a key of a section: its place in the struct and its tags. The
// entries of a list and the values of a map obey the tags of the field that holds them.
type field struct {
	index    int
	name     string
	doc      string
	oneof    []string
	min, max string
	check    string
	preset   string // default of a list entry's field
	need     bool
	keys     string // symbol, group
}

// fieldsOf lists the keys of a struct type in the order of the source. A field
// without a yaml tag has its name in lower case as key.
func fieldsOf(t reflect.Type) []field {
	var fields []field
	for i := range t.NumField() {
		sf := t.Field(i)
		name, _, _ := strings.Cut(sf.Tag.Get("yaml"), ",")
		if !sf.IsExported() || name == "-" {
			continue
		}
		if name == "" {
			name = strings.ToLower(sf.Name)
		}
		f := field{
			index: i, name: name, doc: sf.Tag.Get("doc"),
			min: sf.Tag.Get("min"), max: sf.Tag.Get("max"),
			check: sf.Tag.Get("check"), preset: sf.Tag.Get("default"),
			need: sf.Tag.Get("need") == "true", keys: sf.Tag.Get("keys"),
		}
		if words := sf.Tag.Get("oneof"); words != "" {
			f.oneof = strings.Split(words, ",")
		}
		fields = append(fields, f)
	}
	return fields
}

func names(fields []field) []string {
	list := make([]string, len(fields))
	for i, f := range fields {
		list[i] = f.name
	}
	return list
}

var (
	typeDuration = reflect.TypeFor[time.Duration]()
	typePrefix   = reflect.TypeFor[netip.Prefix]()
	typeSecret   = reflect.TypeFor[Secret]()
	typePoints   = reflect.TypeFor[Points]()
	typeSize     = reflect.TypeFor[Size]()
	typeFilters  = reflect.TypeFor[Filters]()
	typeText     = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// isText tells whether a type reads itself from text.
func isText(t reflect.Type) bool {
	return t == typeDuration || t == typePrefix || t == typeSecret || reflect.PointerTo(t).Implements(typeText)
}

// typeName is what the reference and the faults call a type.
func typeName(t reflect.Type, f field) string {
	switch {
	case t.Kind() == reflect.Pointer:
		return typeName(t.Elem(), f)
	case t == typeDuration:
		return "duration"
	case t == typeSize:
		return "size"
	case t == typePoints:
		return "number or off"
	case t == typePrefix:
		return "network"
	case t == typeSecret:
		return "secret"
	case len(f.oneof) > 0 && t.Kind() == reflect.String:
		return strings.Join(f.oneof, " | ")
	case isText(t), t.Kind() == reflect.String:
		return "text"
	}
	switch t.Kind() {
	case reflect.Bool:
		return "true | false"
	case reflect.Float32, reflect.Float64:
		return "number"
	case reflect.Slice:
		return "list of " + typeName(t.Elem(), f)
	case reflect.Map:
		if f.keys != "" {
			return "map from " + f.keys + " to " + typeName(t.Elem(), f)
		}
		return "map of " + typeName(t.Elem(), f)
	case reflect.Struct:
		return "section"
	}
	return "whole number"
}
