package rules

import (
	"math"
	"strings"

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

// never tells of a condition that plainly holds for no message: what has to
// hold together cannot. exprs are the patterns by slot.
func (c *condition) never(exprs map[int]string) bool { return neverHolds(&c.gate, exprs) }

func neverHolds(g *gate, exprs map[int]string) bool {
	switch g.op {
	case opConstant:
		return g.n == 0
	case opPattern:
		return match.Never(exprs[g.n])
	case opOr:
		return neverHolds(&g.subs[0], exprs) && neverHolds(&g.subs[1], exprs)
	case opAtLeast:
		left := 0
		for i := range g.subs {
			if !neverHolds(&g.subs[i], exprs) {
				left++
			}
		}
		return left < g.n
	case opAnd:
		var all []claim
		return !together(g, exprs, &all) || contradict(all)
	}
	return false
}

// together gathers the claims of what has to hold at once; false where one
// part alone never holds.
func together(g *gate, exprs map[int]string, all *[]claim) bool {
	switch g.op {
	case opAnd:
		return together(&g.subs[0], exprs, all) && together(&g.subs[1], exprs, all)
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
	return !neverHolds(g, exprs)
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
	if !ok || pathOf(x.Left) == "" {
		return claim{}
	}
	switch right := x.Right.(type) {
	case *ast.IntegerNode:
		if isComparison(x.Operator) {
			return claim{about: "number " + pathOf(x.Left), op: x.Operator, number: right.Value}
		}
	case *ast.StringNode:
		if x.Operator == "==" || x.Operator == "!=" {
			return claim{about: "text " + pathOf(x.Left), op: x.Operator, text: right.Value}
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
