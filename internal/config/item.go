package config

import (
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// item is one key with its value, as show, explain, init and reference print it.
type item struct {
	name  string // key; "" for a list's entry
	path  string
	doc   string
	typ   string
	entry []string // what the entries of a list or map of sections hold, a line each
	form  form
	text  string // formText, formPlain, formRaw
	kids  []*item
}

type form uint8

const (
	formSection form = iota // a struct, or a map
	formList
	formText  // any text: quoted where YAML asks for it
	formPlain // a text that needs no quotes in YAML: 5s, 10MiB, off
	formRaw   // a number, true, false
)

// items makes the tree of a configuration. Secrets are stars in it.
func (c *Config) items() *item {
	return itemOf(reflect.ValueOf(c).Elem(), field{}, "", false)
}

// itemOf makes the item of one value. A sparse one leaves out what an entry of
// a list need not say: a zero that is no other than its default.
func itemOf(v reflect.Value, f field, path string, sparse bool) *item {
	it := &item{name: f.name, path: path, doc: f.doc, typ: describe(v.Type(), f)}
	switch {
	case v.Type() == typeFilters:
		it.form = formSection
		filters := v.Interface().(Filters)
		for _, name := range sortedKeys(v) {
			it.kids = append(it.kids, filterItem(name, filters[name], join(path, name)))
		}
	case isText(v.Type()) || v.Kind() != reflect.Struct && v.Kind() != reflect.Map && v.Kind() != reflect.Slice:
		it.form, it.text = scalarText(v)
	case v.Kind() == reflect.Struct:
		it.kids = fieldItems(v, path, sparse)
	case v.Kind() == reflect.Map:
		it.entry = entryLines(v.Type().Elem(), "")
		for _, key := range sortedKeys(v) {
			elem := f
			elem.name = key
			it.kids = append(it.kids, itemOf(v.MapIndex(reflect.ValueOf(key).Convert(v.Type().Key())), elem, join(path, key), true))
		}
	case v.Kind() == reflect.Slice:
		it.form, it.entry = formList, entryLines(v.Type().Elem(), "")
		for i := range v.Len() {
			elem := f
			elem.name = ""
			it.kids = append(it.kids, itemOf(v.Index(i), elem, index(path, i), true))
		}
	}
	return it
}

// fieldItems are the keys of a section; a nil pointer is a key not given.
func fieldItems(v reflect.Value, path string, sparse bool) []*item {
	var kids []*item
	for _, f := range fieldsOf(v.Type()) {
		sub := v.Field(f.index)
		if sparse && sub.IsZero() && f.preset == "" {
			continue
		}
		if sub.Kind() == reflect.Pointer {
			if sub.IsNil() {
				continue
			}
			sub = sub.Elem()
		}
		kids = append(kids, itemOf(sub, f, join(path, f.name), sparse))
	}
	return kids
}

func filterItem(name string, f *Filter, path string) *item {
	it := &item{name: name, path: path, typ: "section"}
	if f.Kind != name {
		it.kids = append(it.kids, &item{name: keyKind, path: join(path, keyKind), typ: "text", doc: "Which filter it is.", form: formText, text: f.Kind})
	}
	it.kids = append(it.kids, &item{name: keyEnabled, path: join(path, keyEnabled), typ: "true | false",
		doc: "Whether it runs.", form: formRaw, text: strconv.FormatBool(f.Enabled)})
	if f.Config != nil {
		it.kids = append(it.kids, fieldItems(reflect.ValueOf(f.Config).Elem(), path, false)...)
	}
	return it
}

func sortedKeys(v reflect.Value) []string {
	var keys []string
	for _, k := range v.MapKeys() {
		keys = append(keys, k.String())
	}
	slices.Sort(keys)
	return keys
}

func scalarText(v reflect.Value) (form, string) {
	switch x := v.Interface().(type) {
	case time.Duration:
		return formPlain, durationText(x)
	case Size:
		return formPlain, x.String()
	case Points:
		if x.IsOff() {
			return formPlain, x.String()
		}
		return formRaw, x.String()
	case encoding.TextMarshaler:
		text, err := x.MarshalText()
		if err != nil {
			return formText, ""
		}
		return formText, string(text)
	}
	switch {
	case v.Kind() == reflect.String:
		return formText, v.String()
	case v.CanFloat():
		return formRaw, strconv.FormatFloat(v.Float(), 'f', -1, 64)
	}
	return formRaw, fmt.Sprint(v.Interface())
}

// describe is a type with its bounds.
func describe(t reflect.Type, f field) string {
	s := typeName(t, f)
	if f.min != "" || f.max != "" {
		s += ", " + f.min + " to " + f.max
	}
	return s
}

// entryLines describe the keys of the sections in a list or map: key, type,
// default, meaning. There are none for scalars.
func entryLines(t reflect.Type, prefix string) []string {
	if t.Kind() != reflect.Struct || isText(t) {
		return nil
	}
	var lines []string
	for _, f := range fieldsOf(t) {
		sub := t.Field(f.index).Type
		key := prefix + f.name
		if sub.Kind() == reflect.Struct && !isText(sub) {
			lines = append(lines, entryLines(sub, key+".")...)
			continue
		}
		what := describe(sub, f)
		if f.need {
			what += ", needed"
		}
		if f.preset != "" {
			what += ", default " + f.preset
		}
		lines = append(lines, strings.TrimSpace(key+" ("+what+") "+f.doc))
		if sub.Kind() == reflect.Slice || sub.Kind() == reflect.Map {
			lines = append(lines, entryLines(sub.Elem(), key+"[].")...)
		}
	}
	return lines
}

// leaves are all items below that hold a value of their own, in order.
func (it *item) leaves() []*item {
	if it.isLeaf() {
		return []*item{it}
	}
	var list []*item
	for _, kid := range it.kids {
		list = append(list, kid.leaves()...)
	}
	return list
}

// isLeaf tells whether the item is shown in one line.
func (it *item) isLeaf() bool {
	if it.form == formSection || it.form == formList {
		for _, kid := range it.kids {
			if it.form == formSection || kid.form == formSection || kid.form == formList {
				return false
			}
		}
	}
	return true
}

// find gives the item at a path, nil where there is none.
func (it *item) find(path string) *item {
	if it.path == path {
		return it
	}
	for _, kid := range it.kids {
		if found := kid.find(path); found != nil {
			return found
		}
	}
	return nil
}
