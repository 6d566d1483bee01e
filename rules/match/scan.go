package match

import "strings"

// Beside s and k stand two signs that fold to them (Unicode simple folding)
// and are no ASCII letters: long s and the Kelvin sign. Literals know only the
// letters, so a text that holds the signs is gone over again with the letters
// in their place.
const (
	longS  = "\u017f"
	kelvin = "\u212a"
)

var unfold = strings.NewReplacer(longS, "s", kelvin, "k")

// maxSpans bounds the stretches of one pattern that are looked at apart.
const maxSpans = 32

// span is a stretch of the text, from and to in bytes.
type span struct{ from, to int }

// spans are the stretches in which a pattern's matches must lie.
type spans struct {
	list []span
	all  bool // anywhere
}

// scratch is what one pass needs, by pattern. It is used by one goroutine at
// a time.
type scratch struct {
	mask   []uint8 // clauses that were hit
	folded []bool  // hit in the second pass
	spans  []spans
	seen   []int32 // patterns hit at all
}

func newScratch(patterns int) *scratch {
	return &scratch{mask: make([]uint8, patterns), folded: make([]bool, patterns), spans: make([]spans, patterns)}
}

// reset empties it at the cost of what was hit.
func (sc *scratch) reset() {
	for _, i := range sc.seen {
		sc.mask[i], sc.folded[i] = 0, false
		sc.spans[i] = spans{list: sc.spans[i].list[:0]}
	}
	sc.seen = sc.seen[:0]
}

// find notes for every pattern which of its clauses the text holds, and where.
func (s *Set) find(text string, sc *scratch) {
	strange := false
	s.auto.scan(text, func(literals []int32, end int) {
		for _, l := range literals {
			strange = strange || l == 0 || l == 1
			for _, r := range s.refs[l] {
				sc.hit(r)
				if p := &s.patterns[r.pattern]; r.clause == 1 && !p.exact {
					sc.spans[r.pattern].add(p.reach, end, len(text))
				}
			}
		}
	})
	if strange {
		s.findUnfolded(unfold.Replace(text), sc)
	}
}

// findUnfolded is the second pass. Its hits stand elsewhere in the text
// itself, and tell of no match by themselves.
func (s *Set) findUnfolded(text string, sc *scratch) {
	s.auto.scan(text, func(literals []int32, _ int) {
		for _, l := range literals {
			for _, r := range s.refs[l] {
				sc.hit(r)
				sc.folded[r.pattern] = true
				sc.spans[r.pattern].all = true
			}
		}
	})
}

func (sc *scratch) hit(r ref) {
	if sc.mask[r.pattern] == 0 {
		sc.seen = append(sc.seen, r.pattern)
	}
	sc.mask[r.pattern] |= r.clause
}

// vocabulary collects the literals of all patterns, each once. The first two
// are the signs that ask for a second pass.
type vocabulary struct {
	literals []string
	refs     [][]ref
	number   map[string]int
}

func newVocabulary() *vocabulary {
	v := &vocabulary{number: map[string]int{}}
	v.intern(longS)
	v.intern(kelvin)
	return v
}

func (v *vocabulary) intern(literal string) int {
	n, ok := v.number[literal]
	if !ok {
		n = len(v.literals)
		v.number[literal] = n
		v.literals, v.refs = append(v.literals, literal), append(v.refs, nil)
	}
	return n
}

func (v *vocabulary) add(c clause, r ref) {
	for _, l := range c {
		n := v.intern(l)
		if have := v.refs[n]; len(have) == 0 || have[len(have)-1] != r {
			v.refs[n] = append(have, r)
		}
	}
}
