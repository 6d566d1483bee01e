package config

import (
	"errors"
	"regexp"
	"strconv"
	"strings"
)

// kind is what a node was written as.
type kind uint8

const (
	kindNull   kind = iota // a key without a value
	kindText               // quoted, a block, or plain and like nothing else
	kindNumber             // plain
	kindBool               // plain
	kindLoose              // from the environment or a flag: takes the type of its key
	kindMap
	kindList
)

var kindNames = [...]string{"nothing", "text", "a number", "true or false", "text", "a section", "a list"}

// node is one value as it was written, in whatever layer.
type node struct {
	kind kind
	text string  // the scalars
	keys []entry // kindMap
	list []*node // kindList
	at   Origin  // of the key, or of the list's entry
}

type entry struct {
	name string
	node *node
}

// get finds a key's value, nil where it is not given.
func (n *node) get(name string) *node {
	for _, e := range n.keys {
		if e.name == name {
			return e.node
		}
	}
	return nil
}

// place gives the node and all below it an origin.
func (n *node) place(at Origin) *node {
	n.at = at
	for _, e := range n.keys {
		e.node.place(at)
	}
	for _, item := range n.list {
		item.place(at)
	}
	return n
}

var plainKey = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// join adds a key to a path: a.b, and a["b.c"] where the key holds more than
// letters, digits, hyphens and underscores.
func join(path, key string) string {
	switch {
	case !plainKey.MatchString(key):
		return path + "[" + strconv.QuoteToASCII(key) + "]"
	case path == "":
		return key
	}
	return path + "." + key
}

func index(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

var errPath = errors.New("not a key such as limits.total")

// split is join's inverse.
func split(path string) ([]string, error) {
	var keys []string
	for rest := path; rest != ""; {
		if quoted, ok := strings.CutPrefix(rest, "["); ok {
			text, err := strconv.QuotedPrefix(quoted)
			if err != nil {
				return nil, errPath
			}
			key, err := strconv.Unquote(text)
			if err != nil || !strings.HasPrefix(quoted[len(text):], "]") {
				return nil, errPath
			}
			keys, rest = append(keys, key), quoted[len(text)+1:]
			continue
		}
		if len(keys) > 0 {
			if rest[0] != '.' {
				return nil, errPath
			}
			rest = rest[1:]
		}
		end := strings.IndexAny(rest, ".[")
		if end < 0 {
			end = len(rest)
		}
		if !plainKey.MatchString(rest[:end]) {
			return nil, errPath
		}
		keys, rest = append(keys, rest[:end]), rest[end:]
	}
	if len(keys) == 0 {
		return nil, errPath
	}
	return keys, nil
}
