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

// maxHits bounds how often one literal is noted. Variants that it places are
// then looked for in the whole text, so that a text full of a word on which
// many rules hang costs no more than one that holds it now and then.
const maxHits = 64

// found is where a text holds a literal.
type found struct {
	ends   []int // of the first maxHits
	folded bool  // with the signs that fold, too: places in the text are not known
}

// anywhere tells whether there may be more places than are noted.
func (f *found) anywhere() bool { return f.folded || len(f.ends) == maxHits }

// scratch is what one pass needs. It is used by one goroutine at a time.
type scratch struct {
	found    []found   // by literal
	words    []int32   // literals found
	mask     []uint8   // by variant: bits of the clauses that were hit
	seen     []int32   // variants hit at all
	verdicts []verdict // by expression
	likely   []int32   // expressions with a verdict beyond absent
	ends     []int     // of one clause, while windows are made
	blank    int       // the longest run of blanks; 0 until it is asked for
}

// verdict is what is known of an expression.
type verdict uint8

const (
	absent  verdict = iota
	likely          // all clauses of a variant were hit
	refuted         // and yet it does not match
	present
)

func newScratch(exprs, variants, literals int) *scratch {
	return &scratch{found: make([]found, literals), mask: make([]uint8, variants), verdicts: make([]verdict, exprs)}
}

// reset empties it at the cost of what was hit.
func (sc *scratch) reset() {
	for _, l := range sc.words {
		sc.found[l] = found{ends: sc.found[l].ends[:0]}
	}
	for _, i := range sc.seen {
		sc.mask[i] = 0
	}
	for _, i := range sc.likely {
		sc.verdicts[i] = absent
	}
	sc.words, sc.seen, sc.likely, sc.blank = sc.words[:0], sc.seen[:0], sc.likely[:0], 0
}

// find notes which literals the text holds, and where.
func (s *Set) find(text string, sc *scratch) {
	s.auto.scan(text, func(literals []int32, end int) {
		for _, l := range literals {
			f := &sc.found[l]
			if len(f.ends) == maxHits || !s.literals[l].stands(text, end) {
				continue
			}
			if f.ends = append(f.ends, end); len(f.ends) == 1 {
				s.hit(l, sc)
			}
		}
	})
	if len(sc.found[0].ends) > 0 || len(sc.found[1].ends) > 0 { // the signs that fold to s and k
		s.findUnfolded(unfold.Replace(text), sc)
	}
}

// findUnfolded is the second pass. Its hits stand elsewhere in the text
// itself, and tell of no match by themselves.
func (s *Set) findUnfolded(text string, sc *scratch) {
	s.auto.scan(text, func(literals []int32, _ int) {
		for _, l := range literals {
			f := &sc.found[l]
			if known := f.folded || len(f.ends) > 0; !known {
				s.hit(l, sc)
			}
			f.folded = true
		}
	})
}

// hit notes a literal for the variants that hang on it.
func (s *Set) hit(l int32, sc *scratch) {
	sc.words = append(sc.words, l)
	for _, r := range s.refs[l] {
		if sc.mask[r.variant] == 0 {
			sc.seen = append(sc.seen, r.variant)
		}
		sc.mask[r.variant] |= 1 << r.clause
		v := &s.variants[r.variant]
		if sc.mask[r.variant] == v.need && sc.verdicts[v.expr] == absent {
			sc.verdicts[v.expr] = likely
			sc.likely = append(sc.likely, v.expr)
		}
	}
}

// literal is what the automaton looks for, and where it counts.
type literal struct {
	text         string
	begins, ends bool // at a boundary of words
}

// newLiteral reads the boundaries at the ends.
func newLiteral(l string) literal {
	return literal{trimBoundaries(l), strings.HasPrefix(l, boundary), strings.HasSuffix(l, boundary)}
}

// stands tells whether the literal that ends at end has the boundaries it needs.
func (l *literal) stands(text string, end int) bool {
	start, n := end-len(l.text), len(l.text)
	return !(l.begins && isWord(l.text[0]) == (start > 0 && isWord(text[start-1])) ||
		l.ends && isWord(l.text[n-1]) == (end < len(text) && isWord(text[end])))
}

// vocabulary collects the literals of all variants, each once. The first two
// are the signs that ask for a second pass.
type vocabulary struct {
	literals []literal
	refs     [][]ref
	number   map[literal]int
}

func newVocabulary() *vocabulary {
	v := &vocabulary{number: map[literal]int{}}
	v.intern(newLiteral(longS))
	v.intern(newLiteral(kelvin))
	return v
}

func (v *vocabulary) intern(l literal) int {
	n, ok := v.number[l]
	if !ok {
		n = len(v.literals)
		v.number[l] = n
		v.literals, v.refs = append(v.literals, l), append(v.refs, nil)
	}
	return n
}

func (v *vocabulary) texts() []string {
	texts := make([]string, len(v.literals))
	for i, l := range v.literals {
		texts[i] = l.text
	}
	return texts
}

// add gives a clause of a variant its literals.
func (v *vocabulary) add(c clause, r ref) []int32 {
	var list []int32
	for _, l := range c {
		n := v.intern(newLiteral(l))
		if have := v.refs[n]; len(have) == 0 || have[len(have)-1] != r {
			v.refs[n] = append(have, r)
			list = append(list, int32(n))
		}
	}
	return list
}
