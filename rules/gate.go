package rules

import (
	"fmt"

	"github.com/expr-lang/expr/ast"
	exprcompiler "github.com/expr-lang/expr/compiler"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/vm"
)

// A gate is a condition as it is evaluated: what joins patterns, symbols and
// lengths is done here, and whatever else there is by programs of the
// expression language. So nearly all conditions are known not to hold from one
// pass over the text, and a pattern is run only where its verdict decides.
type gate struct {
	op      op
	n       int // opConstant: 1 when true; opPattern: slot; opSymbol, opLength: number; opAtLeast: how many
	subs    []gate
	program *vm.Program
	slots   []int // that the program reads
	compare string
	length  int   // that the length is compared with
	claim   claim // what the program says, where that is simple
}

type op uint8

const (
	opConstant op = iota
	opPattern
	opSymbol
	opLength
	opNot
	opAnd
	opOr
	opAtLeast
	opProgram
)

// builder makes gates of a condition that was checked.
type builder struct {
	*compiler
	config *conf.Config
	source file.Source
	err    error
}

func (b *builder) gate(n ast.Node) gate {
	switch x := n.(type) {
	case *ast.BoolNode:
		if x.Value {
			return gate{op: opConstant, n: 1}
		}
		return gate{op: opConstant}
	case *ast.UnaryNode:
		if x.Operator == "not" || x.Operator == "!" {
			return gate{op: opNot, subs: []gate{b.gate(x.Node)}}
		}
	case *ast.BinaryNode:
		return b.binary(x)
	case *ast.BuiltinNode:
		if g, ok := b.atLeast(x, 1); ok && x.Name == "any" {
			return g
		}
	case *ast.MemberNode:
		if slot, ok := slotOf(x); ok {
			return gate{op: opPattern, n: slot}
		}
		if name, ok := symbolOf(x); ok {
			return gate{op: opSymbol, n: b.number(name)}
		}
	}
	return b.program(n)
}

func (b *builder) binary(x *ast.BinaryNode) gate {
	switch x.Operator {
	case "and", "&&":
		return gate{op: opAnd, subs: []gate{b.gate(x.Left), b.gate(x.Right)}}
	case "or", "||":
		return gate{op: opOr, subs: []gate{b.gate(x.Left), b.gate(x.Right)}}
	}
	call, ok := x.Left.(*ast.BuiltinNode)
	limit, whole := x.Right.(*ast.IntegerNode)
	if !ok || !whole {
		return b.program(x)
	}
	switch {
	case call.Name == "len" && isComparison(x.Operator):
		if f, ok := textField(pathOf(call.Arguments[0])); ok {
			return gate{op: opLength, n: b.measured(f), compare: x.Operator, length: limit.Value}
		}
	case call.Name == "count" && (x.Operator == ">=" || x.Operator == ">"):
		least := limit.Value
		if x.Operator == ">" {
			least++
		}
		if g, ok := b.atLeast(call, least); ok {
			return g
		}
	}
	return b.program(x)
}

// atLeast is a count over a list of conditions that is written out.
func (b *builder) atLeast(x *ast.BuiltinNode, least int) (gate, bool) {
	if len(x.Arguments) != 2 || x.Map != nil {
		return gate{}, false
	}
	list, ok := x.Arguments[0].(*ast.ArrayNode)
	each, predicate := x.Arguments[1].(*ast.PredicateNode)
	if !ok || !predicate {
		return gate{}, false
	}
	if p, itself := each.Node.(*ast.PointerNode); !itself || p.Name != "" {
		return gate{}, false
	}
	g := gate{op: opAtLeast, n: least}
	for _, n := range list.Nodes {
		g.subs = append(g.subs, b.gate(n))
	}
	return g, true
}

func (b *builder) program(n ast.Node) gate {
	program, err := exprcompiler.Compile(&parser.Tree{Node: n, Source: b.source}, b.config)
	if err != nil && b.err == nil {
		b.err = fmt.Errorf("when: %w", err)
	}
	reads := &slotFinder{}
	ast.Walk(&n, reads)
	return gate{op: opProgram, program: program, slots: reads.slots, claim: claimOf(n)}
}

// number gives a symbol its number.
func (b *builder) number(name string) int {
	n, ok := b.names[name]
	if !ok {
		n = len(b.names)
		b.names[name] = n
	}
	return n
}

// measured gives a field whose length is read its number.
func (b *builder) measured(f field) int {
	for i, known := range b.lengths {
		if known.path == f.path {
			return i
		}
	}
	b.lengths = append(b.lengths, f)
	return len(b.lengths) - 1
}

// slotFinder collects the slots of patterns.
type slotFinder struct{ slots []int }

// Visit is called for every node.
func (s *slotFinder) Visit(n *ast.Node) {
	if x, ok := (*n).(*ast.MemberNode); ok {
		if slot, ok := slotOf(x); ok {
			s.slots = append(s.slots, slot)
		}
	}
}

func slotOf(x *ast.MemberNode) (int, bool) {
	of, ok := x.Node.(*ast.IdentifierNode)
	slot, whole := x.Property.(*ast.IntegerNode)
	if !ok || !whole || of.Value != hitsName {
		return 0, false
	}
	return slot.Value, true
}

func symbolOf(x *ast.MemberNode) (string, bool) {
	of, ok := x.Node.(*ast.IdentifierNode)
	name, text := x.Property.(*ast.StringNode)
	if !ok || !text || of.Value != "symbols" {
		return "", false
	}
	return name.Value, true
}

func isComparison(operator string) bool {
	switch operator {
	case "<", "<=", ">", ">=", "==", "!=":
		return true
	}
	return false
}

// always tells of a condition that holds for every message.
func (c *condition) always() bool { return c.gate.op == opConstant && c.gate.n == 1 }
