package rules

import (
	"reflect"
	"strings"
	"sync"

	"github.com/postern-mail/postern/rules/match"
)

// hitsName is the name of the patterns' verdicts. It cannot be written in a condition.
const hitsName = "pattern hits"

// runName is the name of the function that runs a pattern on any value.
const runName = "pattern run"

// env is what a condition is evaluated in: the facts, the symbols so far, and
// functions.
type env struct {
	Facts
	Symbols   map[string]bool               `expr:"symbols" doc:"symbols.NAME: the symbol was found, by a filter or by another rule."`
	Factors   map[string]float64            `expr:"factors" doc:"factors.NAME: how surely or how much, 0 to 1."`
	Header    func(name string) string      `expr:"header" doc:"header(\"Name\"): value of the topmost field with the name, decoded; empty when there is none."`
	HeaderAll func(name string) []string    `expr:"header_all" doc:"header_all(\"Name\"): values of all fields with the name."`
	InList    func(name, value string) bool `expr:"in_list" doc:"in_list(\"name\", value): the value is in the list of this name in the configuration."`
	Hits      []bool                        `expr:"pattern hits"` // by slot; those that the program reads

	Run func(value any, p *match.Program) (bool, error) `expr:"pattern run"`
}

// Lists are the named lists of the configuration. Implementations are safe
// for several goroutines.
type Lists interface {
	Names() []string
	Has(list, value string) bool
}

// noLists is a configuration without any.
type noLists struct{}

func (noLists) Names() []string         { return nil }
func (noLists) Has(string, string) bool { return false }

// field is one documented name of the environment.
type field struct {
	path  string // as conditions write it
	typ   string // as the reference writes it
	doc   string
	text  bool // patterns are looked for here
	index []int
}

// fields lists every name of conditions, from the types and their tags.
var fields = sync.OnceValue(func() []field { return describe(reflect.TypeFor[env](), "", nil) })

func describe(t reflect.Type, prefix string, index []int) []field {
	var out []field
	for i := range t.NumField() {
		f := t.Field(i)
		at := append(index[:len(index):len(index)], i)
		if f.Anonymous {
			out = append(out, describe(f.Type, prefix, at)...)
			continue
		}
		d := field{path: prefix + f.Tag.Get("expr"), typ: typeName(f.Type), doc: f.Tag.Get("doc"), text: f.Tag.Get("text") != "", index: at}
		if d.doc == "" {
			continue
		}
		out = append(out, d)
		switch {
		case f.Type.Kind() == reflect.Struct:
			out = append(out, describe(f.Type, d.path+".", at)...)
		case f.Type.Kind() == reflect.Slice && f.Type.Elem().Kind() == reflect.Struct:
			out = append(out, describe(f.Type.Elem(), d.path+"[].", nil)...)
		}
	}
	return out
}

// typeName is a type in the words of the reference.
func typeName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Slice:
		return "list of " + typeName(t.Elem())
	case reflect.Map:
		return "by name, " + typeName(t.Elem())
	case reflect.Func:
		return "function, " + typeName(t.Out(0))
	case reflect.Struct:
		return strings.ToLower(t.Name())
	case reflect.Float64:
		return "number"
	case reflect.Int:
		return "whole number"
	case reflect.Bool:
		return "true or false"
	}
	return t.Kind().String()
}

// textField finds a text field by its path.
func textField(path string) (field, bool) {
	for _, f := range fields() {
		if f.text && f.path == path && !strings.Contains(path, "[]") {
			return f, true
		}
	}
	return field{}, false
}

func textFields() []string {
	var out []string
	for _, f := range fields() {
		if _, ok := textField(f.path); ok {
			out = append(out, f.path)
		}
	}
	return out
}

// value reads a text field of the environment.
func (f field) value(e *env) string { return reflect.ValueOf(e).Elem().FieldByIndex(f.index).String() }
