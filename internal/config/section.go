package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Section describes a filter kind's part of the configuration.
type Section struct {
	Kind    string
	Summary string     // one line
	OptIn   bool       // off unless enabled: true
	Symbols []Symbol   // what it can report
	New     func() any // a pointer to a struct that holds the defaults; nil: no settings
}

// Symbol is a finding that the configuration may name. A * in the name stands
// for any text, for names that are made at run time.
type Symbol struct {
	Name    string
	Group   string
	Score   float64 // default points at full factor
	Meaning string  // one sentence
}

// the keys that every filter's section has besides its own
const (
	keyKind    = "kind"
	keyEnabled = "enabled"
)

// presetFilters makes an instance of every kind under its own name.
func presetFilters(sections []Section) Filters {
	filters := Filters{}
	for i := range sections {
		filters[sections[i].Kind] = sections[i].instance()
	}
	return filters
}

func (s *Section) instance() *Filter {
	f := &Filter{Kind: s.Kind, Enabled: !s.OptIn}
	if s.New != nil {
		f.Config = s.New()
	}
	return f
}

func findSection(sections []Section, kind string) *Section {
	at := slices.IndexFunc(sections, func(s Section) bool { return s.Kind == kind })
	if at < 0 {
		return nil
	}
	return &sections[at]
}

func kindsOf(sections []Section) []string {
	list := make([]string, len(sections))
	for i, s := range sections {
		list[i] = s.Kind
	}
	return list
}

// filters decodes the filters' sections.
func (d *decoder) filters(n *node, filters Filters, path string) {
	if !d.want(n, kindMap, path) {
		return
	}
	for _, e := range n.keys {
		sub := join(path, e.name)
		d.origins[sub] = e.node.at
		section := d.expand(e.node, kindMap)
		if section.kind == kindNull {
			section = &node{kind: kindMap, at: e.node.at}
		}
		if d.want(section, kindMap, sub) {
			d.filter(e.name, section, filters, sub)
		}
	}
}

func (d *decoder) filter(name string, n *node, filters Filters, path string) {
	kind := name
	if k := n.get(keyKind); k != nil {
		d.value(k, reflect.ValueOf(&kind).Elem(), join(path, keyKind), field{check: "word"})
	}
	section := findSection(d.sections, kind)
	if section == nil {
		remedy := didYouMean(kind, kindsOf(d.sections))
		if remedy == "" {
			remedy = "kind: says which filter an instance of another name is"
		}
		d.fault(n, path, fmt.Sprintf("no filter of the kind %q", kind), remedy)
		return
	}
	if p := checkWord(name); p != nil {
		d.fault(n, path, p.message, p.remedy)
		return
	}
	f := section.instance()
	filters[name] = f
	if on := n.get(keyEnabled); on != nil {
		d.value(on, reflect.ValueOf(&f.Enabled).Elem(), join(path, keyEnabled), field{})
	}
	own := reflect.ValueOf(&struct{}{}).Elem()
	if f.Config != nil {
		own = reflect.ValueOf(f.Config).Elem()
	}
	d.structure(n, own, path, []string{keyKind, keyEnabled})
}

// FilterNames lists the instances in alphabetical order.
func (c *Config) FilterNames() []string {
	list := make([]string, 0, len(c.Filters))
	for name := range c.Filters {
		list = append(list, name)
	}
	slices.Sort(list)
	return list
}

// SymbolPrefix is how the symbols of a filter instance begin that tell of its
// failures: SPF_ERROR, MY_LIST_TIMEOUT.
func SymbolPrefix(name string) string {
	return strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}
