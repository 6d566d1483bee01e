package config

import (
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

const envPrefix = "POSTERN_"

// notKeys matches variables of ours that are no keys: CONFIG names the main
// file, SHARED the test material; the rest are those that Kubernetes sets for a
// service of the name postern.
var notKeys = regexp.MustCompile(`^(CONFIG|SHARED|SERVICE_HOST|SERVICE_PORT(_.*)?|PORT(_[0-9]+_.*)?)$`)

// environment reads POSTERN_A__B=value as the key a.b.
func environment(environ []string) (*node, Faults) {
	root := &node{kind: kindMap}
	var faults Faults
	for _, kv := range environ {
		name, value, _ := strings.Cut(kv, "=")
		rest, ours := strings.CutPrefix(name, envPrefix)
		if !ours || notKeys.MatchString(rest) {
			continue
		}
		keys := spell(strings.Split(rest, "__"))
		leaf := &node{kind: kindLoose, text: value, at: Origin{Env: name}}
		if !put(root, keys, leaf) {
			faults = append(faults, Fault{Origin: leaf.at, Message: "not a key such as POSTERN_LIMITS__TOTAL, or in the way of another variable"})
		}
	}
	return root, faults
}

// flags reads key paths and their values.
func flags(given map[string]string) (*node, Faults) {
	root := &node{kind: kindMap}
	var faults Faults
	for _, path := range slices.Sorted(maps.Keys(given)) {
		leaf := &node{kind: kindLoose, text: given[path], at: Origin{Flag: path}}
		keys, err := split(path)
		if err != nil {
			faults = append(faults, Fault{Origin: leaf.at, Message: err.Error()})
		} else if !put(root, keys, leaf) {
			faults = append(faults, Fault{Origin: leaf.at, Message: "in the way of another flag"})
		}
	}
	return root, faults
}

// put hangs a leaf into a tree of maps. It gives false where a key is empty,
// too deep, or is both a value and a section.
func put(root *node, keys []string, leaf *node) bool {
	if slices.Contains(keys, "") || len(keys) > maxDepth {
		return false
	}
	n := root
	for _, key := range keys[:len(keys)-1] {
		next := n.get(key)
		if next == nil {
			next = &node{kind: kindMap, at: leaf.at}
			n.keys = append(n.keys, entry{key, next})
		}
		if next.kind != kindMap {
			return false
		}
		n = next
	}
	last := keys[len(keys)-1]
	if n.get(last) != nil {
		return false
	}
	n.keys = append(n.keys, entry{last, leaf})
	return true
}

// spell turns the words of a variable into keys: lower case, but for symbols,
// which are upper case.
func spell(words []string) []string {
	keys := make([]string, len(words))
	t, symbol := reflect.TypeFor[Config](), false
	for i, w := range words {
		keys[i] = strings.ToLower(w)
		if symbol {
			keys[i] = strings.ToUpper(w)
		}
		t, symbol = below(t, keys[i])
	}
	return keys
}

// below gives the type of a section's key, nil where there is none, and
// whether the keys below that are symbols.
func below(t reflect.Type, key string) (reflect.Type, bool) {
	if t == nil || t.Kind() != reflect.Struct {
		return nil, false
	}
	for _, f := range fieldsOf(t) {
		if f.name == key {
			return t.Field(f.index).Type, f.keys == keysSymbol
		}
	}
	return nil, false
}
