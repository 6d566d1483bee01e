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

// maxHits bounds how often one literal is noted. Patterns that it places are
// then looked for in the whole text, so that a text full of a word on which
// many rules hang costs no more than one that holds it now and then.
const maxHits = 64

// scratch is what one pass needs. It is used by one goroutine at a time.
type scratch struct {
	mask     []uint8             // by pattern: bits of the clauses that were hit
	folded   []bool              // by pattern: hit in the second pass
	spans    [][maxClauses]spans // by pattern and clause
	seen     []int32             // patterns hit at all
	times    []uint8             // by literal: how often it was noted
	words    []int32             // literals noted at all
	verdicts []verdict           // by pattern
	judged   []int32             // patterns that have a verdict
}

// verdict is what is known of a pattern.
type verdict uint8

const (
	unknown verdict = iota
	absent
	present
)

func newScratch(patterns, literals int) *scratch {
	return &scratch{
		mask: make([]uint8, patterns), folded: make([]bool, patterns), spans: make([][maxClauses]spans, patterns),
		times: make([]uint8, literals), verdicts: make([]verdict, patterns),
	}
}

// reset empties it at the cost of what was hit.
func (sc *scratch) reset() {
	for _, i := range sc.seen {
		sc.mask[i], sc.folded[i] = 0, false
		for c := range sc.spans[i] {
			sc.spans[i][c] = spans{list: sc.spans[i][c].list[:0]}
		}
	}
	for _, i := range sc.judged {
		sc.verdicts[i] = unknown
	}
	sc.seen, sc.judged = sc.seen[:0], sc.judged[:0]
	sc.forgetWords()
}

func (sc *scratch) forgetWords() {
	for _, l := range sc.words {
		sc.times[l] = 0
	}
	sc.words = sc.words[:0]
}

// note counts a literal, and tells how often it was noted with this time; 0
// when that was often enough before.
func (sc *scratch) note(literal int32, most uint8) uint8 {
	n := sc.times[literal]
	if n == most {
		return 0
	}
	if n == 0 {
		sc.words = append(sc.words, literal)
	}
	sc.times[literal]++
	return n + 1
}

// find notes for every pattern which of its clauses the text holds, and where.
func (s *Set) find(text string, sc *scratch) {
	s.auto.scan(text, func(literals []int32, end int) {
		for _, l := range literals {
			if !s.literals[l].stands(text, end) {
				continue
			}
			times := sc.note(l, maxHits)
			if times == 0 {
				continue
			}
			for _, r := range s.refs[l] {
				sc.hit(r)
				if p := &s.patterns[r.pattern]; !p.exact {
					at := &sc.spans[r.pattern][r.clause]
					at.add(p, text, end)
					at.all = at.all || times == maxHits
				}
			}
		}
	})
	if sc.times[0] > 0 || sc.times[1] > 0 { // the signs that fold to s and k
		sc.forgetWords()
		s.findUnfolded(unfold.Replace(text), sc)
	}
}

// findUnfolded is the second pass. Its hits stand elsewhere in the text
// itself, and tell of no match by themselves.
func (s *Set) findUnfolded(text string, sc *scratch) {
	s.auto.scan(text, func(literals []int32, _ int) {
		for _, l := range literals {
			if sc.note(l, 1) == 0 {
				continue
			}
			for _, r := range s.refs[l] {
				sc.hit(r)
				sc.folded[r.pattern] = true
				for c := range sc.spans[r.pattern] {
					sc.spans[r.pattern][c].all = true
				}
			}
		}
	})
}

func (sc *scratch) hit(r ref) {
	if sc.mask[r.pattern] == 0 {
		sc.seen = append(sc.seen, r.pattern)
	}
	sc.mask[r.pattern] |= 1 << r.clause
}

// literal is what the automaton looks for, and where it counts.
type literal struct {
	text         string
	begins, ends bool // at a boundary of words
}

// newLiteral reads the boundaries at the ends.
func newLiteral(l string) literal {
	return literal{strings.Trim(l, boundary), strings.HasPrefix(l, boundary), strings.HasSuffix(l, boundary)}
}

// stands tells whether the literal that ends at end has the boundaries it needs.
func (l *literal) stands(text string, end int) bool {
	start, n := end-len(l.text), len(l.text)
	return !(l.begins && isWord(l.text[0]) == (start > 0 && isWord(text[start-1])) ||
		l.ends && isWord(l.text[n-1]) == (end < len(text) && isWord(text[end])))
}

// vocabulary collects the literals of all patterns, each once. The first two
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

func (v *vocabulary) add(c clause, r ref) {
	for _, l := range c {
		n := v.intern(newLiteral(l))
		if have := v.refs[n]; len(have) == 0 || have[len(have)-1] != r {
			v.refs[n] = append(have, r)
		}
	}
}
