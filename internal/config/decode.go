package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// decoder lays what was written over a value that holds the defaults, and
// collects every fault. What has a fault keeps its default.
type decoder struct {
	sections []Section
	origins  map[string]Origin // of each path that was given
	faults   Faults
}

func (d *decoder) fault(n *node, path, message, remedy string) {
	d.faults = append(d.faults, Fault{Origin: n.at, Key: path, Message: message, Remedy: remedy})
}

// value decodes one node into v, which may be set.
func (d *decoder) value(n *node, v reflect.Value, path string, f field) {
	if n.kind == kindNull {
		return
	}
	d.origins[path] = n.at
	if v.Kind() == reflect.Pointer {
		elem := reflect.New(v.Type().Elem())
		d.value(n, elem.Elem(), path, f)
		v.Set(elem)
		return
	}
	switch {
	case isText(v.Type()):
		d.scalar(n, v, path, f)
	case v.Type() == typeFilters:
		d.filters(d.expand(n, kindMap), v.Interface().(Filters), path)
	case v.Kind() == reflect.Struct:
		d.structure(d.expand(n, kindMap), v, path, nil)
	case v.Kind() == reflect.Map:
		d.mapping(d.expand(n, kindMap), v, path, f)
	case v.Kind() == reflect.Slice:
		d.list(d.expand(n, kindList), v, path, f)
	default:
		d.scalar(n, v, path, f)
	}
}

// structure decodes a section. extra names keys that the caller has dealt with.
func (d *decoder) structure(n *node, v reflect.Value, path string, extra []string) {
	if !d.want(n, kindMap, path) {
		return
	}
	fields := fieldsOf(v.Type())
	for _, e := range n.keys {
		at := slices.IndexFunc(fields, func(f field) bool { return f.name == e.name })
		if at >= 0 {
			d.value(e.node, v.Field(fields[at].index), join(path, e.name), fields[at])
		} else if !slices.Contains(extra, e.name) {
			d.unknown(e, path, append(names(fields), extra...))
		}
	}
}

func (d *decoder) unknown(e entry, path string, known []string) {
	d.fault(e.node, join(path, e.name), "unknown key", didYouMean(e.name, known))
}

// mapping decodes a map: what is given joins what is there.
func (d *decoder) mapping(n *node, v reflect.Value, path string, f field) {
	if !d.want(n, kindMap, path) {
		return
	}
	if v.IsNil() {
		v.Set(reflect.MakeMap(v.Type()))
	}
	for _, e := range n.keys {
		sub := join(path, e.name)
		elem := reflect.New(v.Type().Elem()).Elem()
		preset(elem)
		if e.node.kind == kindNull && elem.Kind() != reflect.Struct {
			d.fault(e.node, sub, "has no value", "")
			continue
		}
		before := len(d.faults)
		d.value(e.node, elem, sub, f)
		d.needed(e.node, elem, sub)
		if len(d.faults) == before {
			v.SetMapIndex(reflect.ValueOf(e.name).Convert(v.Type().Key()), elem)
		}
	}
}

// list decodes a list, which takes the place of what is there.
func (d *decoder) list(n *node, v reflect.Value, path string, f field) {
	if !d.want(n, kindList, path) {
		return
	}
	list := reflect.MakeSlice(v.Type(), len(n.list), len(n.list))
	for i, item := range n.list {
		sub := index(path, i)
		if item.kind == kindNull {
			d.fault(item, sub, "an entry without a value", "")
			continue
		}
		preset(list.Index(i))
		d.value(item, list.Index(i), sub, f)
		d.needed(item, list.Index(i), sub)
	}
	v.Set(list)
}

// needed reports the keys that a list's entry must give and does not.
func (d *decoder) needed(n *node, v reflect.Value, path string) {
	if v.Kind() != reflect.Struct || isText(v.Type()) || n.kind != kindMap && n.kind != kindNull {
		return
	}
	for _, f := range fieldsOf(v.Type()) {
		if given := n.get(f.name); f.need && (given == nil || given.kind == kindNull) {
			d.fault(n, join(path, f.name), "missing", "every entry needs it")
		}
	}
}

// preset fills a new list entry with the defaults in its tags.
func preset(v reflect.Value) {
	if v.Kind() != reflect.Struct || isText(v.Type()) {
		return
	}
	for _, f := range fieldsOf(v.Type()) {
		if f.preset != "" {
			quiet := decoder{origins: map[string]Origin{}}
			quiet.value(&node{kind: kindLoose, text: f.preset}, v.Field(f.index), "", f)
		}
	}
}

// want tells whether a node is of the kind, and reports it where it is not.
func (d *decoder) want(n *node, k kind, path string) bool {
	if n.kind == k {
		return true
	}
	d.fault(n, path, fmt.Sprintf("must be %s, is %s", kindNames[k], kindNames[n.kind]), "")
	return false
}

// expand reads a section or a list out of an environment variable or a flag:
// YAML in its flow form, or words with commas between them.
func (d *decoder) expand(n *node, want kind) *node {
	if n.kind != kindLoose {
		return n
	}
	text := strings.TrimSpace(n.text)
	if strings.HasPrefix(text, "{") || strings.HasPrefix(text, "[") {
		flow, faults := parseYAML("", []byte(text))
		for _, f := range faults {
			f.Origin = n.at
			d.faults = append(d.faults, f)
		}
		return flow.place(n.at)
	}
	if want != kindList {
		return n
	}
	list := &node{kind: kindList, at: n.at}
	for _, word := range strings.Split(text, ",") {
		if word = strings.TrimSpace(word); word != "" {
			list.list = append(list.list, &node{kind: kindLoose, text: word, at: n.at})
		}
	}
	return list
}
