package rules

import (
	"math"
	"slices"
	"strings"
	"time"

	"github.com/expr-lang/expr/ast"

	"github.com/postern-mail/postern/rules/match"
)

// claim is what a simple part of a condition says about one thing. Two claims
// about the same thing may exclude each other.
type claim struct {
	about  string // a field, a pattern, a symbol
	op     string // ==, != with texts; <, <=, >, >=, ==, != with numbers; "" for true or false
	number int
	text   string
	holds  bool
}

// world is what is known of patterns and symbols beyond one condition.
type world struct {
	names   map[string]int // numbers of symbols
	exprs   map[int]string // patterns by slot
	never   map[int]bool   // symbols of rules that never hold
	shadow  map[int]bool   // symbols of rules in the shadow
	missing []map[int]bool // those of them that the rule at hand never sees
	nothing map[int]bool   // by slot, whether the pattern matches nothing, once it was asked for
}

func newWorld(c *compiler) *world {
	return &world{names: c.names, exprs: c.exprs(), never: map[int]bool{}, shadow: map[int]bool{}, nothing: map[int]bool{}}
}

// plainly is why a condition never holds where nothing more is to be said.
const plainly = "\x00"

// why tells why the condition of a rule plainly holds for no message, "" where
// it may: what has to hold together cannot, or the symbols it reads are never
// there. Rules are asked about in the order of their evaluation.
func (w *world) why(r *Rule, now time.Time) (why string) {
	if r.cond != nil {
		why = w.judge(r, now)
	}
	n, read := w.names[r.Symbol]
	switch {
	case !read:
	case why != "":
		w.never[n] = true
	case r.inShadow(now):
		w.shadow[n] = true
	}
	return why
}

func (w *world) judge(r *Rule, now time.Time) string {
	w.missing = nil
	if w.neverHolds(&r.cond.gate) {
		return plainly
	}
	if w.missing = []map[int]bool{w.never, w.shadow}; r.inShadow(now) {
		w.missing = w.missing[:1]
	}
	if !w.neverHolds(&r.cond.gate) {
		return ""
	}
	for _, name := range r.reads() {
		switch n, ok := w.names[name]; {
		case !ok:
		case w.never[n]:
			return name + " never holds"
		case w.misses(n):
			return name + " is in the shadow, which rules that act never see"
		}
	}
	return plainly
}

// matchesNothing remembers what it found: many rules may share a pattern.
func (w *world) matchesNothing(slot int) bool {
	nothing, known := w.nothing[slot]
	if !known {
		nothing = match.Never(w.exprs[slot])
		w.nothing[slot] = nothing
	}
	return nothing
}

// misses tells of a symbol that the rule at hand never sees.
func (w *world) misses(n int) bool {
	return slices.ContainsFunc(w.missing, func(m map[int]bool) bool { return m[n] })
}

func (w *world) neverHolds(g *gate) bool {
	switch g.op {
	case opConstant:
		return g.n == 0
	case opPattern:
		return w.matchesNothing(g.n)
	case opSymbol:
		return w.misses(g.n)
	case opLength, opProgram:
		return slices.ContainsFunc(claims(g), claim.impossible)
	case opOr:
		return w.neverHolds(&g.subs[0]) && w.neverHolds(&g.subs[1])
	case opAtLeast:
		left := 0
		for i := range g.subs {
			if !w.neverHolds(&g.subs[i]) {
				left++
			}
		}
		return left < g.n
	case opAnd:
		var all []claim
		return !w.together(g, &all) || contradict(all)
	}
	return false
}

// together gathers the claims of what has to hold at once; false where one
// part alone never holds.
func (w *world) together(g *gate, all *[]claim) bool {
	switch g.op {
	case opAnd:
		return w.together(&g.subs[0], all) && w.together(&g.subs[1], all)
	case opNot:
		for _, c := range claims(&g.subs[0]) {
			if c.op == "" {
				c.holds = !c.holds
				*all = append(*all, c)
			}
		}
		return true
	}
	*all = append(*all, claims(g)...)
	return !w.neverHolds(g)
}

func claims(g *gate) []claim {
	switch g.op {
	case opPattern:
		return []claim{{about: "pattern", number: g.n, holds: true}}
	case opSymbol:
		return []claim{{about: "symbol", number: g.n, holds: true}}
	case opLength:
		return []claim{{about: "length", text: string(rune(g.n)), op: g.compare, number: g.length}}
	case opProgram:
		if g.claim.about != "" {
			return []claim{g.claim}
		}
	}
	return nil
}

// claimOf reads a comparison of a field with a constant, or a field that is
// true or false.
func claimOf(n ast.Node) claim {
	if path := pathOf(n); path != "" {
		return claim{about: path, holds: true}
	}
	x, ok := n.(*ast.BinaryNode)
	if !ok {
		return claim{}
	}
	path := pathOf(x.Left)
	if call, ok := x.Left.(*ast.BuiltinNode); ok && call.Name == "len" {
		if of := pathOf(call.Arguments[0]); of != "" {
			path = "len " + of
		}
	}
	if path == "" || strings.HasPrefix(path, "factors.") { // these are no whole numbers
		return claim{}
	}
	switch right := x.Right.(type) {
	case *ast.IntegerNode:
		if isComparison(x.Operator) {
			return claim{about: "number " + path, op: x.Operator, number: right.Value}
		}
	case *ast.StringNode:
		if x.Operator == "==" || x.Operator == "!=" {
			return claim{about: "text " + path, op: x.Operator, text: right.Value}
		}
	}
	return claim{}
}

// contradict tells whether two of the claims cannot both hold.
func contradict(all []claim) bool {
	for i, a := range all {
		for _, b := range all[:i] {
			if a.excludes(b) {
				return true
			}
		}
	}
	return false
}

func (c claim) excludes(d claim) bool {
	switch {
	case c.about != d.about || (c.op == "") != (d.op == ""):
		return false
	case c.op == "":
		return c.number == d.number && c.holds != d.holds
	case c.about == "length" && c.text != d.text:
		return false
	case c.about == "length" || strings.HasPrefix(c.about, "number "):
		return c.excludesNumber(d)
	}
	if c.op == "==" && d.op == "==" {
		return c.text != d.text
	}
	return c.op != d.op && c.text == d.text
}

func (c claim) excludesNumber(d claim) bool {
	if c.op == "!=" || d.op == "!=" {
		return c.number == d.number && (c.op == "==" || d.op == "==")
	}
	least, most := c.numbers()
	l, m := d.numbers()
	return max(least, l) > min(most, m)
}

// impossible tells of a number that is out of what there can be.
func (c claim) impossible() bool {
	most := math.MaxInt
	switch {
	case c.op == "" || c.op == "!=" || c.about != "length" && !strings.HasPrefix(c.about, "number "):
		return false
	case c.about == "length":
		most = maxText
	case c.about == "number len headers" || c.about == "number len urls" || c.about == "number len attachments":
		most = maxItems
	}
	l, m := c.numbers()
	return m < 0 || l > most
}

// numbers are the least and the most that a comparison allows.
func (c claim) numbers() (least, most int) {
	switch c.op {
	case "<":
		return math.MinInt, c.number - 1
	case "<=":
		return math.MinInt, c.number
	case ">":
		return c.number + 1, math.MaxInt
	case ">=":
		return c.number, math.MaxInt
	}
	return c.number, c.number
}
