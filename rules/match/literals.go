package match

import (
	"cmp"
	"regexp/syntax"
	"slices"
	"unicode"
	"unicode/utf8"
)

// Bounds on the literals of one expression.
const (
	maxAny     = 128          // literals of one clause
	maxLiteral = 24           // bytes of one literal
	maxClass   = 16           // runes of a class that are written out
	maxClauses = 3            // clauses of one variant
	maxReach   = 2 << 10      // bytes; what may be longer is looked for in the whole text
	unbounded  = maxReach + 1 // the reach of what may be longer
)

// A clause is a set of literals, one of which must stand in the text. Literals
// are bytes, ASCII letters in lower case, as the automaton sees the text, and
// boundaries.
type clause []string

// facts is what is known of the texts that an expression matches.
type facts struct {
	exact    []string // all of them; nil when they are too many to write out
	faithful bool     // exact tells them from others, though the case is lost
	clauses  []clause // what every one of them holds
	reach    int      // bytes of the longest, or unbounded
	gaps     int      // runs of blanks in it that reach does not count
	asserts  bool     // where they match depends on what stands beside them, boundaries in exact apart
	lines    bool     // they may go beyond a line
	cut      bool     // within a concatenation: exact is its end only
}

// plan reads from an expression what has to be in the text before it is run.
func plan(tree *syntax.Regexp) (variant, []clause) {
	f := study(tree.Simplify())
	p := variant{reach: f.reach, gaps: f.gaps, line: !f.lines}
	clauses := f.required()
	slices.SortStableFunc(clauses, func(a, b clause) int { return b.compare(a) })
	if len(clauses) > maxClauses {
		clauses = clauses[:maxClauses]
	}
	p.exact = len(clauses) > 0 && f.exact != nil && f.faithful && !f.asserts && !clause(f.exact).holdsBoundary()
	p.need = 1<<len(clauses) - 1
	return p, clauses
}

// required are the clauses, the exact texts among them.
func (f facts) required() []clause {
	if c := clause(f.exact).possible(); c.useful() {
		return append(slices.Clone(f.clauses), c)
	}
	return f.clauses
}

// compare orders clauses by how rarely they are met: the longer the literals
// and the fewer, the rarer.
func (c clause) compare(d clause) int {
	return cmp.Or(cmp.Compare(c.shortest(), d.shortest()), cmp.Compare(len(d), len(c)))
}

func (c clause) shortest() int {
	n := maxLiteral
	for _, l := range c {
		n = min(n, len(trimBoundaries(l)))
	}
	return n
}

// useful tells whether texts without any of the literals are common enough for
// looking.
func (c clause) useful() bool {
	for _, l := range c {
		if l = trimBoundaries(l); len(l) < 2 && (l == "" || isCommon(l[0])) {
			return false
		}
	}
	return len(c) > 0
}

// isCommon tells of a byte that nearly every text holds.
func isCommon(b byte) bool {
	return b <= ' ' || b == '.' || b == ',' || b == '-' || '0' <= b && b <= '9' || 'a' <= b && b <= 'z'
}

func study(re *syntax.Regexp) facts {
	switch re.Op {
	case syntax.OpEmptyMatch:
		return facts{exact: []string{""}, faithful: true}
	case syntax.OpWordBoundary:
		return facts{exact: []string{boundary}, faithful: true}
	case syntax.OpBeginLine, syntax.OpEndLine, syntax.OpBeginText, syntax.OpEndText, syntax.OpNoWordBoundary:
		return facts{exact: []string{""}, faithful: true, asserts: true}
	case syntax.OpLiteral:
		return studyLiteral(re)
	case syntax.OpCharClass:
		return studyClass(re.Rune)
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return facts{reach: utf8.UTFMax, lines: re.Op == syntax.OpAnyChar}
	case syntax.OpCapture:
		return study(re.Sub[0])
	case syntax.OpConcat:
		return studyConcat(re.Sub)
	case syntax.OpAlternate:
		return studyAlternate(re.Sub)
	case syntax.OpQuest:
		return studyAlternate([]*syntax.Regexp{re.Sub[0], {Op: syntax.OpEmptyMatch}})
	case syntax.OpStar, syntax.OpPlus:
		if isBlank(re.Sub[0]) {
			return facts{gaps: 1, lines: true}
		}
		f := study(re.Sub[0])
		out := facts{reach: unbounded, asserts: f.asserts, lines: f.lines}
		if re.Op == syntax.OpPlus {
			out.clauses = f.required()
		}
		return out
	}
	return facts{reach: unbounded, asserts: true, lines: true}
}

// isBlank tells of what matches one sign of \s and nothing else.
func isBlank(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpLiteral:
		return len(re.Rune) == 1 && re.Rune[0] < utf8.RuneSelf && isSpace(byte(re.Rune[0]))
	case syntax.OpCharClass:
		for i := 0; i < len(re.Rune); i += 2 {
			for r := re.Rune[i]; r <= re.Rune[i+1]; r++ {
				if r >= utf8.RuneSelf || !isSpace(byte(r)) {
					return false
				}
			}
		}
		return len(re.Rune) > 0
	}
	return false
}

// isSpace is \s of package regexp.
func isSpace(b byte) bool { return b == ' ' || b == '\t' || b == '\n' || b == '\f' || b == '\r' }

func studyLiteral(re *syntax.Regexp) facts {
	f := facts{exact: []string{""}, faithful: true}
	for _, r := range re.Rune {
		f = follow(f, studyRune(r, re.Flags&syntax.FoldCase != 0))
	}
	return f.settle()
}

func studyRune(r rune, fold bool) facts {
	switch {
	case r == utf8.RuneError || !utf8.ValidRune(r): // every byte that is no UTF-8 reads as the first, none as a surrogate
		return facts{reach: utf8.UTFMax}
	case !fold:
		lower, letter := lowerASCII(r)
		return facts{exact: []string{string(lower)}, faithful: !letter, reach: utf8.RuneLen(r), lines: r == '\n'}
	}
	f := facts{faithful: true}
	for o := r; ; {
		f.reach = max(f.reach, utf8.RuneLen(o))
		if lower, letter := lowerASCII(o); letter {
			// The other forms of s and k are seen to by the second pass.
			f.exact = []string{string(lower)}
			f.reach = utf8.UTFMax
			return f
		}
		f.exact = append(f.exact, string(o))
		if o = unicode.SimpleFold(o); o == r {
			return f
		}
	}
}

// studyClass writes out a small class.
func studyClass(pairs []rune) facts {
	f := facts{faithful: true, lines: inClass(pairs, '\n')}
	count := 0
	for i := 0; i < len(pairs); i += 2 { // in order
		if f.reach = utf8.RuneLen(pairs[i+1]); f.reach < 0 { // a surrogate, which no text holds
			f.reach = utf8.UTFMax
			count += maxClass
		}
		count += int(pairs[i+1]-pairs[i]) + 1
	}
	if count == 0 || count > maxClass || inClass(pairs, utf8.RuneError) {
		return facts{reach: f.reach, lines: f.lines}
	}
	for i := 0; i < len(pairs); i += 2 {
		for r := pairs[i]; r <= pairs[i+1]; r++ {
			lower, letter := lowerASCII(r)
			f.exact = append(f.exact, string(lower))
			f.faithful = f.faithful && (!letter || inClass(pairs, lower) && inClass(pairs, lower-'a'+'A'))
		}
	}
	slices.Sort(f.exact)
	f.exact = slices.Compact(f.exact)
	return f
}

func inClass(pairs []rune, r rune) bool {
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i] <= r && r <= pairs[i+1] {
			return true
		}
	}
	return false
}

// lowerASCII is the rune as the automaton sees it, and whether its case is
// lost thereby. The signs that fold to s and k are these letters: a text that
// holds them is gone over again.
func lowerASCII(r rune) (lower rune, letter bool) {
	switch {
	case string(r) == longS:
		return 's', true
	case string(r) == kelvin:
		return 'k', true
	case 'A' <= r && r <= 'Z':
		return r - 'A' + 'a', true
	default:
		return r, 'a' <= r && r <= 'z'
	}
}

func studyConcat(subs []*syntax.Regexp) facts {
	f := facts{exact: []string{""}, faithful: true}
	for _, sub := range subs {
		f = follow(f, study(sub))
	}
	return f.settle()
}

// follow is what is known of a text of a followed by one of b, while a
// concatenation is read: exact holds the run of literals that is at its end.
func follow(a, b facts) facts {
	out := facts{
		clauses:  append(a.clauses, b.clauses...),
		reach:    min(a.reach+b.reach, unbounded),
		gaps:     a.gaps + b.gaps,
		asserts:  a.asserts || b.asserts,
		lines:    a.lines || b.lines,
		faithful: a.faithful && b.faithful,
	}
	if both, ok := cross(a.exact, b.exact); ok {
		out.exact = both
		out.cut = a.cut
		return out
	}
	out.cut = true
	if c := clause(a.exact).possible(); c.useful() {
		out.clauses = append(out.clauses, c)
	}
	out.exact = b.exact
	if b.exact == nil {
		out.exact = []string{""}
	}
	return out
}

// settle ends a concatenation: a run that is not the whole becomes a clause.
func (f facts) settle() facts {
	if !f.cut {
		return f
	}
	if c := clause(f.exact).possible(); c.useful() {
		f.clauses = append(f.clauses, c)
	}
	f.exact, f.faithful, f.cut = nil, false, false
	return f
}

// cross joins every text of a with every text of b, if the result stays small.
func cross(a, b []string) ([]string, bool) {
	if b == nil || len(a)*len(b) > maxAny {
		return nil, false
	}
	out := make([]string, 0, len(a)*len(b))
	for _, x := range a {
		for _, y := range b {
			if len(x)+len(y) > maxLiteral {
				return nil, false
			}
			out = append(out, x+y)
		}
	}
	return out, true
}

func studyAlternate(subs []*syntax.Regexp) facts {
	out := facts{faithful: true}
	exact, any := []string{}, clause{}
	whole, bound := true, true // exact is all they match; any is what all need
	for _, sub := range subs {
		f := study(sub)
		out.reach, out.gaps = max(out.reach, f.reach), max(out.gaps, f.gaps)
		out.asserts = out.asserts || f.asserts
		out.lines = out.lines || f.lines
		out.faithful = out.faithful && f.faithful
		if whole = whole && f.exact != nil && len(exact)+len(f.exact) <= maxAny; whole {
			exact = append(exact, f.exact...)
		}
		needs := f.required()
		if bound = bound && len(needs) > 0; bound {
			any = append(any, slices.MaxFunc(needs, clause.compare)...)
			bound = len(any) <= maxAny
		}
	}
	switch {
	case whole:
		out.exact = exact
	case bound:
		out.clauses = []clause{any}
	}
	return out
}
