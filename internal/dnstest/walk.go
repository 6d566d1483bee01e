package dnstest

import "strings"

// maxAliases is how many aliases a walk follows before it calls them a loop.
const maxAliases = 8

// outcome is what a Zone says to one question.
type outcome struct {
	aliases []alias // in the order in which they were followed
	owner   string  // the name at which the walk ended
	node    Node    // what is there
	rcode   string  // "" for NOERROR, else as in Node.Rcode
}

// alias is one CNAME on the way.
type alias struct {
	owner string
	node  Node
}

// walk answers a question for a type given by name ("TXT"), following aliases.
func (z Zone) walk(name, typ string) outcome {
	var o outcome
	for o.owner = fold(name); len(o.aliases) <= maxAliases; o.owner = fold(o.node.CNAME) {
		var ok bool
		if o.node, ok = z.find(o.owner); !ok {
			if !z.hasBelow(o.owner) {
				o.rcode = "NXDOMAIN"
			}
			return o
		}
		if o.rcode = o.node.Rcode; o.node.Rcodes[typ] != "" {
			o.rcode = o.node.Rcodes[typ]
		}
		if o.rcode != "" || o.node.CNAME == "" || typ == "CNAME" {
			return o
		}
		o.aliases = append(o.aliases, alias{o.owner, o.node})
	}
	o.rcode = "SERVFAIL"
	return o
}

// find returns the node of a name, or the wildcard that stands for it: that of
// the closest ancestor which exists (RFC 4592 section 3.3.1).
func (z Zone) find(name string) (Node, bool) {
	if n, ok := z[name]; ok || z.hasBelow(name) {
		return n, ok
	}
	for above, ok := parent(name); ok; above, ok = parent(above) {
		if n, ok := z["*."+above]; ok {
			return n, true
		}
		if _, ok := z[above]; ok || z.hasBelow(above) {
			break
		}
	}
	return Node{}, false
}

func (z Zone) hasBelow(name string) bool {
	for n := range z {
		if len(n) > len(name) && n[len(n)-len(name)-1] == '.' && strings.HasSuffix(n, name) {
			return true
		}
	}
	return false
}

func parent(name string) (string, bool) {
	_, above, ok := strings.Cut(name, ".")
	return above, ok
}

func fold(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".")) }
