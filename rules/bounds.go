package rules

import (
	"reflect"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
)

// builtin refuses functions that make lists or take more than linear time: the
// parser takes those that come with a predicate (map, filter, reduce, sortBy and the
// like) whatever the configuration says. A reduce that joins what it has to
// itself doubles it with every element.
func (g *guard) builtin(x *ast.BuiltinNode) {
	switch {
	case !slices.Contains(builtins, x.Name):
		g.refuse(x, "%s is not used in conditions", x.Name).remedy = intoLists
	case x.Name == "lower" || x.Name == "upper":
		if path := longText(x); path != "" {
			g.refuse(x, "%s of %s", x.Name, path).remedy = "begin the pattern with (?i) instead"
		}
	case x.Name == "trim" && len(x.Arguments) > 1:
		if _, ok := x.Arguments[1].(*ast.StringNode); !ok { // it is gone over for every sign that goes
			g.refuse(x, "trim of signs that are computed").remedy = "write them out as a text"
		}
	}
}

// longText is the path of a text field that a node reads, "" for none.
func longText(n ast.Node) string {
	f := &fieldFinder{}
	ast.Walk(&n, f)
	return f.path
}

type fieldFinder struct{ path string }

// Visit is called for every node.
func (f *fieldFinder) Visit(n *ast.Node) {
	if t, ok := textField(pathOf(*n)); ok {
		f.path = t.path
	}
}

func (g *guard) binary(n *ast.Node, x *ast.BinaryNode) {
	g.compared(x)
	switch x.Operator {
	case "..":
		g.refuse(x, "ranges are not used in conditions")
	case "+":
		if !isNumber(x.Left) || !isNumber(x.Right) {
			g.refuse(x, "conditions join no texts").remedy = "+ is for numbers"
		}
	case "matches":
		g.matches(n, x)
	}
}

func isNumber(n ast.Node) bool {
	switch n.Type().Kind() {
	case reflect.Int, reflect.Int64, reflect.Float64:
		return true
	}
	return false
}

// loop looks into what is done for every element of a list: loops in loops,
// and going over a whole text each time, would be quadratic.
type loop struct{ *guard }

// Visit is called for every node inside.
func (l *loop) Visit(n *ast.Node) {
	switch x := (*n).(type) {
	case *ast.PredicateNode:
		l.refuse(x, "a loop within a loop")
	case *ast.IdentifierNode:
		if _, ok := textField(x.Value); ok {
			l.refuse(x, "%s within a loop", x.Value)
		}
	case *ast.BinaryNode:
		l.binary(x)
	case *ast.CallNode:
		if callee, ok := x.Callee.(*ast.IdentifierNode); ok && strings.HasPrefix(callee.Value, "header") {
			l.refuse(x, "%s within a loop", callee.Value)
		}
	}
}

// binary refuses to go over a whole list for every element.
func (l *loop) binary(x *ast.BinaryNode) {
	switch x.Operator {
	case "in", "==", "!=":
		for _, n := range []ast.Node{x.Left, x.Right} {
			if path := pathOf(n); path == "headers" || path == "urls" || path == "attachments" {
				l.refuse(x, "%s within a loop", path)
			}
		}
	}
}
