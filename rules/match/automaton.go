package match

import "slices"

// denseCells bounds the rows that hold a transition for every class of byte:
// they take 4 bytes a cell.
const denseCells = 1 << 20

// automaton finds all literals of a set in one pass over a text, the ASCII
// letters of which count as lower case.
//
// States are numbered breadth first. The first ones, where nearly all text
// keeps the automaton, have a full row of transitions; those deeper down have
// their children only, and fall back to shallower states.
type automaton struct {
	class   [256]uint8 // bytes that no literal holds share class 0
	classes uint32
	dense   uint32    // states below have a row
	rows    []uint32  // next state by dense state and class; the top bit tells of output
	fail    []uint32  // by state beyond the dense ones
	edges   [][]edge  // by state beyond the dense ones
	out     [][]int32 // literals that end at the state
}

type edge struct {
	class uint8
	to    uint32
}

// outBit marks a transition to a state at which literals end.
const outBit = 1 << 31

// node is a state of the trie that is being built.
type node struct {
	children []edge
	fail     uint32
	out      []int32
}

// newAutomaton builds the automaton; literal numbers are their places in the list.
func newAutomaton(literals []string) *automaton {
	a := &automaton{classes: 1}
	a.classify(literals)
	nodes := a.trie(literals)
	link(nodes)
	a.dense = min(uint32(len(nodes)), max(1, denseCells/a.classes))
	a.out = make([][]int32, len(nodes))
	for i := range nodes {
		a.out[i] = nodes[i].out
	}
	a.rows = make([]uint32, a.dense*a.classes)
	for s := range a.dense {
		a.fillRow(nodes, s)
	}
	for _, n := range nodes[a.dense:] {
		for i := range n.children {
			n.children[i].to = a.marked(n.children[i].to)
		}
		a.fail, a.edges = append(a.fail, n.fail), append(a.edges, n.children)
	}
	return a
}

// classify numbers the bytes that occur in literals. Letters of either case
// are one.
func (a *automaton) classify(literals []string) {
	for _, l := range literals {
		for i := range len(l) {
			if a.class[l[i]] == 0 {
				a.class[l[i]] = uint8(a.classes)
				a.classes++
			}
		}
	}
	for c := 'A'; c <= 'Z'; c++ {
		a.class[c] = a.class[c-'A'+'a']
	}
}

// trie makes the tree of the literals, numbered breadth first.
func (a *automaton) trie(literals []string) []node {
	nodes := []node{{}}
	at := make([]uint32, len(literals)) // where each literal has come to
	live := len(literals)
	for depth := 0; live > 0; depth++ {
		live = 0
		for i, l := range literals {
			if depth >= len(l) {
				continue
			}
			live++
			c := a.class[l[depth]]
			to, ok := child(nodes[at[i]].children, c)
			if !ok {
				to = uint32(len(nodes))
				nodes = append(nodes, node{})
				parent := &nodes[at[i]]
				parent.children = append(parent.children, edge{c, to})
			}
			at[i] = to
			if depth == len(l)-1 {
				nodes[to].out = append(nodes[to].out, int32(i))
			}
		}
	}
	return nodes
}

// link sets each state's fallback, the state of its longest suffix, and adds
// the literals which end there. Breadth first: fallbacks are done before.
func link(nodes []node) {
	for s := range nodes {
		for _, e := range nodes[s].children {
			f := uint32(0)
			if s != 0 {
				f = step(nodes, nodes[s].fail, e.class)
			}
			nodes[e.to].fail = f
			nodes[e.to].out = append(slices.Clip(nodes[e.to].out), nodes[f].out...)
		}
	}
}

func step(nodes []node, s uint32, c uint8) uint32 {
	for {
		if to, ok := child(nodes[s].children, c); ok || s == 0 {
			return to
		}
		s = nodes[s].fail
	}
}

func child(edges []edge, c uint8) (uint32, bool) {
	for _, e := range edges {
		if e.class == c {
			return e.to, true
		}
	}
	return 0, false
}

// fillRow gives a dense state its row: that of its fallback, changed by its
// children.
func (a *automaton) fillRow(nodes []node, s uint32) {
	row := a.rows[s*a.classes : (s+1)*a.classes]
	if s != 0 {
		copy(row, a.rows[nodes[s].fail*a.classes:])
	}
	for _, e := range nodes[s].children {
		row[e.class] = a.marked(e.to)
	}
}

func (a *automaton) marked(s uint32) uint32 {
	if len(a.out[s]) > 0 {
		return s | outBit
	}
	return s
}

// scan calls hit for every state with output that the text leads to, with the
// end of the literals.
func (a *automaton) scan(text string, hit func(literals []int32, end int)) {
	s := uint32(0)
	for i := range len(text) {
		c := a.class[text[i]]
		if s < a.dense {
			s = a.rows[s*a.classes+uint32(c)]
		} else {
			s = a.stepDeep(s, c)
		}
		if s&outBit != 0 {
			s &^= outBit
			hit(a.out[s], i+1)
		}
	}
}

// stepDeep goes on from a state that has no row. Fallbacks are shallower, so
// over a text there are no more of them than bytes.
func (a *automaton) stepDeep(s uint32, c uint8) uint32 {
	for s >= a.dense {
		if to, ok := child(a.edges[s-a.dense], c); ok {
			return to
		}
		s = a.fail[s-a.dense]
	}
	return a.rows[s*a.classes+uint32(c)]
}
