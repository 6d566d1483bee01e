package rules

import (
	"reflect"
	"strconv"
	"strings"
)

// examples reads the two lists of a rule's examples.
func (r *reader) examples(n *node, rule *Rule) {
	r.fields(n, "examples", map[string]func(*node){
		"match": func(n *node) { rule.Match = r.exampleList(n) },
		"not":   func(n *node) { rule.Not = r.exampleList(n) },
	})
}

func (r *reader) exampleList(n *node) []Example {
	var out []Example
	if r.want(n, list, "examples") {
		for _, item := range n.items {
			out = append(out, r.example(item))
		}
	}
	return out
}

// example reads one: fields of Facts by their names in conditions, and
// symbols, a list of names.
func (r *reader) example(n *node) Example {
	ex := Example{at: n}
	if !r.want(n, table, "an example") {
		return ex
	}
	facts := &node{kind: table, line: n.line, column: n.column}
	for i, key := range n.keys {
		if key == "symbols" {
			r.value(n.items[i], reflect.ValueOf(&ex.Symbols).Elem(), key)
			for _, name := range ex.Symbols {
				if !symbolForm.MatchString(name) {
					r.fault(n.items[i], "%q is no symbol", name)
				}
			}
			continue
		}
		facts.keys, facts.keyAt, facts.items = append(facts.keys, key), append(facts.keyAt, n.keyAt[i]), append(facts.items, n.items[i])
	}
	r.value(facts, reflect.ValueOf(&ex.Facts).Elem(), "an example")
	return ex
}

// value reads a value of Facts.
func (r *reader) value(n *node, into reflect.Value, what string) {
	if short, ok := into.Addr().Interface().(interface{ setText(string) error }); ok && n.kind == scalar {
		if err := short.setText(n.text); err != nil {
			r.fault(n, "%s: %v", what, err)
		}
		return
	}
	if headers, ok := into.Addr().Interface().(*[]Header); ok && n.kind == table { // name: value
		for i, name := range n.keys {
			*headers = append(*headers, Header{Name: name, Value: r.str(n.items[i], name)})
		}
		return
	}
	switch into.Kind() {
	case reflect.Struct:
		readers := map[string]func(*node){}
		for i := range into.NumField() {
			field := into.Type().Field(i)
			if name := field.Tag.Get("expr"); field.IsExported() {
				readers[name] = func(n *node) {
					if r.value(n, into.Field(i), name); n.kind == scalar && !oneOf(field, n.text) && field.Type.Kind() == reflect.String {
						r.fault(n, "%q is no %s", n.text, name).Remedy = didYouMean(n.text, wordsOf(field))
					}
				}
			}
		}
		r.fields(n, what, readers)
	case reflect.Slice:
		if r.want(n, list, what) {
			into.Set(reflect.MakeSlice(into.Type(), len(n.items), len(n.items)))
			for i, item := range n.items {
				r.value(item, into.Index(i), what)
			}
		}
	default:
		r.scalar(n, into, what)
	}
}

func (r *reader) scalar(n *node, into reflect.Value, what string) {
	if !r.want(n, scalar, what) {
		return
	}
	switch into.Kind() {
	case reflect.String:
		into.SetString(strings.ToValidUTF8(n.text, "\ufffd"))
	case reflect.Bool:
		into.SetBool(r.boolean(n, what))
	case reflect.Int:
		i, err := strconv.ParseInt(n.text, 10, 64)
		if err != nil {
			r.fault(n, "%s: %q is no whole number", what, n.text)
		}
		into.SetInt(i)
	}
}
