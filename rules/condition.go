package rules

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/checker"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/optimizer"

	"github.com/postern-mail/postern/rules/match"
)

// Bounds on one condition.
const (
	maxWhen  = 16 << 10 // bytes
	maxNodes = 2000     // signs and words in it
)

// builtins are the functions of the expression language that conditions may
// use: those that take no more than linear time and memory.
var builtins = []string{
	"all", "none", "any", "one", "count", "len", "lower", "upper", "trim", "hasPrefix", "hasSuffix",
	"abs", "min", "max", "int", "float", "first", "last",
}

// condition is a compiled condition. It is immutable.
type condition struct {
	gate    gate
	symbols []string // whose presence it reads
	slots   []int    // of the patterns that it reads
	odd     []*refusal
}

// compiler compiles the conditions of a set and collects what they share.
type compiler struct {
	lists   []string        // names of the lists there are
	uses    map[string]bool // fields that are read, by the first word of their path
	byField map[string]*patterns
	slots   int
	names   map[string]int // numbers of the symbols that are read
	lengths []field        // fields whose length is read
}

// patterns are the patterns that are looked for in one field.
type patterns struct {
	field field
	exprs []string
	slots []int          // by pattern, where its verdict is put
	known map[string]int // slots by expression
	set   *match.Set
}

func newCompiler(lists []string) *compiler {
	return &compiler{lists: lists, uses: map[string]bool{}, byField: map[string]*patterns{}, names: map[string]int{}}
}

// pattern gives the slot of a pattern in a field; the same one again where
// it is already there.
func (c *compiler) pattern(f field, expr string) int {
	c.uses[firstWord(f.path)] = true
	p := c.byField[f.path]
	if p == nil {
		p = &patterns{field: f, known: map[string]int{}}
		c.byField[f.path] = p
	}
	if slot, ok := p.known[expr]; ok {
		return slot
	}
	p.known[expr] = c.slots
	p.exprs, p.slots = append(p.exprs, expr), append(p.slots, c.slots)
	c.slots++
	return c.slots - 1
}

// exprs are the patterns by slot.
func (c *compiler) exprs() map[int]string {
	out := map[int]string{}
	for _, p := range c.byField {
		for i, slot := range p.slots {
			out[slot] = p.exprs[i]
		}
	}
	return out
}

func firstWord(path string) string {
	word, _, _ := strings.Cut(path, ".")
	return word
}

// compile compiles one condition. The error may be a *file.Error, which knows
// the place.
func (c *compiler) compile(when string) (*condition, error) {
	if len(when) > maxWhen {
		return nil, fmt.Errorf("condition of %d bytes, at most %d are taken", len(when), maxWhen)
	}
	g := &guard{compiler: c}
	config := newConfig(g)
	tree, err := checker.ParseCheck(when, config)
	if err == nil && g.err == nil && g.runs { // the checker does not look into the calls that the guard put in
		_, err = checker.ParseCheck(when, newConfig(nil))
	}
	if err == nil && g.err == nil {
		err = optimizer.Optimize(&tree.Node, config)
	}
	if g.err != nil { // ours says more than what follows from it
		g.err.at.Bind(file.NewSource(when))
		return nil, g.err
	}
	if err != nil && strings.Contains(err.Error(), "exceeds maximum allowed nodes") {
		return nil, fmt.Errorf("condition of more than %d signs and words: make several rules of it", maxNodes)
	}
	if at := (*file.Error)(nil); errors.As(err, &at) {
		return nil, at.Bind(file.NewSource(when))
	}
	if err != nil {
		return nil, err
	}
	if g.bare != 0 {
		return nil, errors.New("symbols and factors are read by name, as in symbols.SPF_FAIL")
	}
	b := &builder{compiler: c, config: config, source: tree.Source}
	for _, r := range g.odd {
		r.at.Bind(tree.Source)
	}
	out := &condition{gate: b.gate(tree.Node), symbols: g.symbols, slots: g.slots, odd: g.odd}
	return out, b.err
}

// newConfig is the language of conditions. Without a guard it is checked only.
func newConfig(g *guard) *conf.Config {
	config := conf.New(&env{})
	config.Expect, config.MaxNodes = reflect.Bool, maxNodes
	if g != nil {
		config.Visitors = append(config.Visitors, g)
	}
	for name := range config.Builtins {
		if !slices.Contains(builtins, name) {
			config.Disabled[name] = true
			delete(config.Builtins, name)
		}
	}
	return config
}

// guard looks at every node of a condition: it refuses what has no bound,
// notes what is read, and puts look-ups in place of patterns.
type guard struct {
	*compiler
	symbols []string
	slots   []int
	bare    int  // symbols and factors that are not followed by a name
	runs    bool // a pattern is run on a value that is no text field
	err     *refusal
	odd     []*refusal // what is allowed and likely a mistake
}

// refusal is what a condition may not hold, with its place.
type refusal struct {
	at     *file.Error
	remedy string // what to write instead, ""
}

// Error gives the message with its place.
func (r *refusal) Error() string { return r.at.Error() }

// Unwrap gives the place.
func (r *refusal) Unwrap() error { return r.at }

// refuse notes the first refusal. Its remedy may be set on what it returns.
func (g *guard) refuse(n ast.Node, format string, args ...any) *refusal {
	r := newRefusal(n, format, args...)
	if g.err == nil {
		g.err = r
	}
	return r
}

// warn notes what is no more than a warning.
func (g *guard) warn(n ast.Node, format string, args ...any) *refusal {
	r := newRefusal(n, format, args...)
	g.odd = append(g.odd, r)
	return r
}

func newRefusal(n ast.Node, format string, args ...any) *refusal {
	return &refusal{at: &file.Error{Location: n.Location(), Message: fmt.Sprintf(format, args...)}}
}

// Visit is called for every node, children first.
func (g *guard) Visit(n *ast.Node) {
	switch x := (*n).(type) {
	case *ast.IdentifierNode:
		g.identifier(x)
	case *ast.MemberNode:
		g.member(x)
	case *ast.CallNode:
		g.call(x)
	case *ast.BinaryNode:
		g.binary(n, x)
	case *ast.BuiltinNode:
		g.builtin(x)
	case *ast.PredicateNode:
		inner := &loop{guard: g}
		ast.Walk(&x.Node, inner)
	case *ast.NilNode:
		g.refuse(x, "nothing is nil in conditions").remedy = `what a message lacks is "", 0, false or an empty list`
	case *ast.VariableDeclaratorNode, *ast.SequenceNode:
		g.refuse(x, "a condition has no variables and steps")
	}
}

func (g *guard) identifier(x *ast.IdentifierNode) {
	switch x.Value {
	case "$env":
		g.refuse(x, "$env is not used in conditions")
	case "symbols", "factors":
		g.bare++
	}
	g.uses[x.Value] = true
}

// member notes symbols.NAME and factors.NAME.
func (g *guard) member(x *ast.MemberNode) {
	of, ok := x.Node.(*ast.IdentifierNode)
	name, constant := x.Property.(*ast.StringNode)
	if ok && constant && (of.Value == "symbols" || of.Value == "factors") {
		g.bare--
		g.symbols = append(g.symbols, name.Value)
	}
}

// call sees that a list is there before mail comes.
func (g *guard) call(x *ast.CallNode) {
	callee, ok := x.Callee.(*ast.IdentifierNode)
	if !ok {
		g.refuse(x, "a function is called by its name")
		return
	}
	if len(x.Arguments) == 0 {
		return
	}
	name, ok := x.Arguments[0].(*ast.StringNode)
	if callee.Value != "in_list" {
		if ok && strings.HasPrefix(callee.Value, "header") {
			g.fieldName(name)
		}
		return
	}
	if !ok {
		g.refuse(x, "the name of a list must be written out")
		return
	}
	for _, l := range g.lists {
		if l == name.Value {
			return
		}
	}
	g.refuse(name, "there is no list %q", name.Value)
}

// fieldName warns of names that no header field has.
func (g *guard) fieldName(n *ast.StringNode) {
	if name := strings.Trim(n.Value, " \t:"); name != n.Value || name == "" {
		w := g.warn(n, "%q is the name of no header field", n.Value)
		if name != "" {
			w.remedy = fmt.Sprintf("write %q", name)
		}
	}
}

// matches puts a look-up in place of a pattern on a text field. On other
// values the pattern is run by itself, within the time there is.
func (g *guard) matches(n *ast.Node, x *ast.BinaryNode) {
	pattern, ok := x.Right.(*ast.StringNode)
	if !ok {
		g.refuse(x.Right, "a pattern must be written out as a text")
		return
	}
	program, err := match.New(pattern.Value)
	if err != nil {
		g.refuse(pattern, "%v", err)
		return
	}
	if f, ok := textField(pathOf(x.Left)); ok {
		slot := g.pattern(f, pattern.Value)
		g.slots = append(g.slots, slot)
		ast.Patch(n, &ast.MemberNode{
			Node:     &ast.IdentifierNode{Value: hitsName},
			Property: &ast.IntegerNode{Value: slot},
		})
		return
	}
	if kind := x.Left.Type().Kind(); kind == reflect.String || kind == reflect.Interface { // what else there is has a wrong type
		g.runs = true
		ast.Patch(n, &ast.CallNode{
			Callee:    &ast.IdentifierNode{Value: runName},
			Arguments: []ast.Node{x.Left, &ast.ConstantNode{Value: program}},
		})
	}
}

// pathOf is the path of a field that is named outright, "" for other nodes.
func pathOf(n ast.Node) string {
	switch x := n.(type) {
	case *ast.IdentifierNode:
		return x.Value
	case *ast.MemberNode:
		name, ok := x.Property.(*ast.StringNode)
		if of := pathOf(x.Node); ok && of != "" {
			return of + "." + name.Value
		}
	}
	return ""
}
