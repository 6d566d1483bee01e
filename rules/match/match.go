// Package match runs many regular expressions over one text at little more
// than the cost of one pass.
//
// Most expressions cannot match where certain words are missing. Those words
// are read from each expression's syntax (a conjunction of any-of sets of
// literals), and the literals of all expressions are looked for at once by one
// automaton (Aho and Corasick, 1975). An expression is run only when it is asked
// for, each alternative by itself, and only on the stretches where its literals
// stand near each other, when no match can be longer than that. What comes out
// is what running each on its own would give.
//
// Expressions are those of package regexp: RE2 semantics, linear time, no
// backtracking.
package match

import (
	"context"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
	"sync"
)

// Bounds on what is compiled.
const (
	MaxExpr     = 4 << 10 // bytes of one expression
	MaxProgram  = 5000    // instructions of one compiled expression
	MaxPatterns = 50_000  // expressions of one set
)

// Set is a compiled set of expressions. It is immutable and safe for several
// goroutines.
type Set struct {
	exprs    []expression
	variants []variant // of all expressions, in their order
	always   []int32   // expressions without literals
	auto     *automaton
	literals []literal
	refs     [][]ref // by literal
	scratch  sync.Pool
}

// expression is one of the set.
type expression struct {
	program  *Program
	from, to int // its variants; none where it has no literals
}

// variant is an expression, or one of its alternatives, and what is known of
// its matches.
type variant struct {
	expr    int32
	program func() *Program
	clauses [][]int32 // the literals of each
	need    uint8     // one bit for each clause; all must be hit
	exact   bool      // a hit of its clause is a match
	line    bool      // no match goes beyond a line
	reach   int       // the longest match in bytes, or unbounded
	gaps    int       // and so many runs of blanks
}

// ref says what a literal is to a variant.
type ref struct {
	variant int32
	clause  uint8 // its number
}

// Check compiles one expression within the bounds and gives the error that
// Compile would give.
func Check(expr string) error {
	_, _, err := compile(expr)
	return err
}

func compile(expr string) (*Program, *syntax.Regexp, error) {
	if len(expr) > MaxExpr {
		return nil, nil, fmt.Errorf("match: expression of %d bytes, at most %d are taken", len(expr), MaxExpr)
	}
	if strings.Contains(expr, "\b") {
		return nil, nil, fmt.Errorf(`match: %q holds a backspace: for a boundary of words write \\b between double quotes`, expr)
	}
	tree, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return nil, nil, fmt.Errorf("match: %w", err)
	}
	prog, err := syntax.Compile(tree.Simplify())
	if err != nil {
		return nil, nil, fmt.Errorf("match: %w", err)
	}
	if len(prog.Inst) > MaxProgram {
		return nil, nil, fmt.Errorf("match: %q compiles to %d instructions, at most %d are taken", expr, len(prog.Inst), MaxProgram)
	}
	re, err := regexp.Compile(expr)
	if err != nil {
		return nil, nil, fmt.Errorf("match: %w", err)
	}
	return newProgram(re, tree, len(prog.Inst)), tree, nil
}

// Compile makes a set of expressions, numbered by their place in the list. The
// error is that of the first expression which is wrong or beyond the bounds.
func Compile(exprs []string) (*Set, error) {
	if len(exprs) > MaxPatterns {
		return nil, fmt.Errorf("match: %d expressions, at most %d are taken", len(exprs), MaxPatterns)
	}
	s := &Set{}
	words := newVocabulary()
	for i, expr := range exprs {
		program, tree, err := compile(expr)
		if err != nil {
			return nil, err
		}
		s.exprs = append(s.exprs, expression{program: program, from: len(s.variants)})
		for _, a := range alternatives(program, tree) {
			a.expr = int32(i)
			for number, c := range a.words {
				a.clauses = append(a.clauses, words.add(c, ref{int32(len(s.variants)), uint8(number)}))
			}
			s.variants = append(s.variants, a.variant)
		}
		s.exprs[i].to = len(s.variants)
		if s.exprs[i].to == s.exprs[i].from {
			s.always = append(s.always, int32(i))
		}
	}
	s.literals, s.refs, s.auto = words.literals, words.refs, newAutomaton(words.texts())
	s.scratch.New = func() any { return newScratch(len(s.exprs), len(s.variants), len(s.refs)) }
	return s, nil
}

// Len is the number of expressions.
func (s *Set) Len() int { return len(s.exprs) }

// Regexp returns the compiled expression i.
func (s *Set) Regexp(i int) *regexp.Regexp { return s.exprs[i].program.re }

// Program returns expression i with its bounds.
func (s *Set) Program(i int) *Program { return s.exprs[i].program }

// Always lists the expressions that have no usable literal: they are run on
// every text.
func (s *Set) Always() []int {
	all := make([]int, len(s.always))
	for i, p := range s.always {
		all[i] = int(p)
	}
	return all
}

// Hits is the set of expressions that match a text.
type Hits []uint64

// Has tells whether expression i matches.
func (h Hits) Has(i int) bool { return h[i/64]&(1<<(i%64)) != 0 }

// Any tells whether any expression matches.
func (h Hits) Any() bool {
	for _, word := range h {
		if word != 0 {
			return true
		}
	}
	return false
}

func (h Hits) set(i int32) { h[i/64] |= 1 << (i % 64) }

// Match tells which expressions match somewhere in the text. It takes time
// linear in the text for each expression that has to be run. When ctx ends its
// error is returned.
func (s *Set) Match(ctx context.Context, text string) (Hits, error) {
	hits := make(Hits, (len(s.exprs)+63)/64)
	q := s.Search(text)
	defer q.Close()
	for _, list := range [][]int32{q.scratch.likely, s.always} {
		for _, i := range list {
			hit, err := q.Matches(ctx, int(i))
			if err != nil {
				return nil, err
			}
			if hit {
				hits.set(i)
			}
		}
	}
	return hits, nil
}
