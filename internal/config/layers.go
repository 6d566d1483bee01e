package config

import (
	"errors"
	"maps"
	"slices"

	"github.com/knadh/koanf/v2"
)

// delim parts the levels inside koanf. Keys may hold dots, so it is a byte that
// none of ours holds.
const delim = "\x1f"

// layers puts one layer over another. What koanf merges are not the values but
// their numbers: so that each value arrives with the place where it was given.
type layers struct {
	ko       *koanf.Koanf
	nodes    []*node
	sections map[string]Origin // where a map was last mentioned, by its path
}

// ref is a value's number among layers.nodes.
type ref int

func newLayers() *layers {
	return &layers{ko: koanf.New(delim), sections: map[string]Origin{}}
}

// add lays a map over what is there.
func (l *layers) add(root *node) error {
	return l.ko.Load(layer{l, root}, nil)
}

// merged is what holds in the end, keys in alphabetical order.
func (l *layers) merged() *node { return l.tree(l.ko.Raw(), "") }

func (l *layers) tree(m map[string]any, path string) *node {
	n := &node{kind: kindMap, at: l.sections[path]}
	for _, key := range slices.Sorted(maps.Keys(m)) {
		var sub *node
		switch v := m[key].(type) {
		case map[string]any:
			sub = l.tree(v, path+delim+key)
		case ref:
			sub = l.nodes[v]
		}
		n.keys = append(n.keys, entry{key, sub})
	}
	return n
}

// layer gives one layer to koanf.
type layer struct {
	*layers
	root *node
}

var errNoBytes = errors.New("config: a layer has no bytes")

// ReadBytes is koanf's other way to be given a layer.
func (l layer) ReadBytes() ([]byte, error) { return nil, errNoBytes }

// Read gives the layer as koanf merges it.
func (l layer) Read() (map[string]any, error) { return l.refs(l.root, ""), nil }

func (l layer) refs(n *node, path string) map[string]any {
	m := make(map[string]any, len(n.keys))
	for _, e := range n.keys {
		sub := path + delim + e.name
		switch {
		case e.node.kind == kindMap:
			l.sections[sub] = e.node.at
			m[e.name] = l.refs(e.node, sub)
		case e.node.kind == kindNull && l.ko.Exists(sub[len(delim):]):
			// A key without a value does not take away what an earlier layer said.
		default:
			m[e.name] = ref(len(l.nodes))
			l.nodes = append(l.nodes, e.node)
		}
	}
	return m
}
