package rules

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"github.com/postern-mail/postern/internal/utf8file"
)

// Bounds on one rule file. The parser recurses once a level and takes more
// than linear time in the number of tokens, so they are counted before.
const (
	maxFile   = 2 << 20 // bytes
	maxTokens = 200_000
	maxDepth  = 20
	maxKeys   = 1000 // of one table
)

type kind uint8

const (
	null kind = iota
	scalar
	list
	table
)

var kindNames = [...]string{"nothing", "a single value", "a list", "a table of keys"}

// node is one YAML value with its place.
type node struct {
	kind         kind
	line, column int
	text         string // of a scalar
	quoted       bool   // the scalar is a string, whatever it looks like
	items        []*node
	keys         []string // of a table, with their values in items
	keyAt        []*node  // and their places
}

// has tells whether a table has all the keys, whatever their values are.
func (n *node) has(keys ...string) bool {
	for _, key := range keys {
		if !slices.Contains(n.keys, key) {
			return false
		}
	}
	return true
}

// reader turns one file into nodes and collects what is wrong with it.
type reader struct {
	file   string
	text   string
	rule   string // symbol of the rule that is being read
	faults Faults
}

func (r *reader) fault(at *node, format string, args ...any) *Fault {
	f := Fault{File: r.file, Rule: r.rule, Message: fmt.Sprintf(format, args...)}
	if at != nil {
		f.Line, f.Column, f.Excerpt = at.line, at.column, excerpt(r.text, at.line, at.column)
	}
	r.faults = append(r.faults, f)
	return &r.faults[len(r.faults)-1]
}

// parse gives the file's one document, nil where it is empty or has a fault. The
// parser's panics are faults in syntax that it does not know.
func (r *reader) parse() (root *node) {
	defer func() {
		if recover() != nil {
			r.fault(nil, "no valid YAML")
			root = nil
		}
	}()
	if len(r.text) > maxFile {
		r.fault(nil, "more than %d bytes", maxFile).Remedy = "split the file"
		return nil
	}
	if line, column, found := utf8file.Fault(r.text); found {
		r.fault(&node{line: line, column: column}, "no valid UTF-8").Remedy = "save the file as UTF-8"
		return nil
	}
	tokens := lexer.Tokenize(r.text)
	if len(tokens) > maxTokens {
		r.fault(nil, "more than %d words and signs", maxTokens).Remedy = "split the file"
		return nil
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		r.syntax(err)
		return nil
	}
	for _, doc := range file.Docs {
		if doc.Body == nil {
			continue
		}
		if root != nil {
			r.fault(place(doc.Body), "a second document in the file").Remedy = "put it into a file of its own"
			break
		}
		root = r.node(doc.Body, 0)
	}
	return root
}

func (r *reader) syntax(err error) {
	at := &node{}
	message := "no valid YAML"
	var located yaml.Error
	if errors.As(err, &located) {
		message += ": " + located.GetMessage()
		if tk := located.GetToken(); tk != nil && tk.Position != nil {
			at.line, at.column = tk.Position.Line, tk.Position.Column
		}
	}
	r.fault(at, "%s", message).Remedy = r.syntaxRemedy(at.line, at.column)
}

// syntaxRemedy looks at the line for what most often is the reason.
func (r *reader) syntaxRemedy(line, column int) string {
	whole, _ := lineOf(r.text, line)
	switch s := strings.TrimLeft(whole, " "); {
	case strings.HasPrefix(s, "\t"):
		return "indent with blanks"
	case strings.Contains(s, "："):
		return `write ":" and a blank`
	case strings.HasPrefix(strings.TrimPrefix(s, "- "), "when:") && column > strings.Index(whole, ":"):
		return "put the condition between single quotes"
	}
	return ""
}

func place(n ast.Node) *node {
	at := &node{}
	if n == nil {
		return at
	}
	if tk := n.GetToken(); tk != nil && tk.Position != nil {
		at.line, at.column = tk.Position.Line, tk.Position.Column
	}
	return at
}

// node reads one value. Anchors, aliases and tags have no place in rules:
// every rule is read by itself.
func (r *reader) node(n ast.Node, depth int) *node {
	out := place(n)
	if depth > maxDepth {
		r.fault(out, "more than %d levels", maxDepth)
		return out
	}
	switch n := n.(type) {
	case nil, *ast.NullNode:
	case *ast.StringNode:
		out.kind, out.text, out.quoted = scalar, n.Value, n.Token.Type != token.StringType
	case *ast.LiteralNode:
		out.kind, out.text, out.quoted = scalar, n.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		out.kind, out.text = scalar, n.GetToken().Value
	case *ast.SequenceNode:
		out.kind = list
		for _, item := range n.Values {
			out.items = append(out.items, r.node(item, depth+1))
		}
	case *ast.MappingNode:
		out.kind = table
		if len(n.Values) > maxKeys {
			r.fault(out, "more than %d keys in one table", maxKeys)
			return out
		}
		for _, pair := range n.Values {
			r.pair(out, pair, depth)
		}
		if len(n.Values) > 0 { // the node's own token is the first colon
			out.line, out.column = out.keyAt[0].line, out.keyAt[0].column
		}
	case *ast.MappingValueNode:
		out.kind = table
		r.pair(out, n, depth)
		out.line, out.column = out.keyAt[0].line, out.keyAt[0].column
	case *ast.CommentGroupNode:
	default:
		r.fault(out, "%s is not used in rule files", strings.ToLower(n.Type().String()))
	}
	return out
}

func (r *reader) pair(table *node, pair *ast.MappingValueNode, depth int) {
	key := r.node(pair.Key, depth+1)
	if key.kind != scalar {
		r.fault(key, "a key must be a word")
	}
	for _, k := range table.keys {
		if k == key.text {
			r.fault(key, "%q is given twice", k)
		}
	}
	table.keys, table.keyAt = append(table.keys, key.text), append(table.keyAt, key)
	table.items = append(table.items, r.node(pair.Value, depth+1))
}

// want tells whether a value is of the kind, and reports it otherwise.
func (r *reader) want(n *node, k kind, what string) bool {
	if n.kind != k {
		f := r.fault(n, "%s is %s, but must be %s", what, kindNames[n.kind], kindNames[k])
		if n.kind == scalar && strings.Contains(n.text, "：") {
			f.Remedy = `write ":" and a blank`
		}
	}
	return n.kind == k
}

// fields calls the reader of every key of a table; unknown keys are reported
// with the nearest known one.
func (r *reader) fields(n *node, what string, readers map[string]func(*node)) {
	if !r.want(n, table, what) {
		return
	}
	for i, key := range n.keys {
		if read, ok := readers[key]; ok {
			read(n.items[i])
			continue
		}
		r.fault(n.keyAt[i], "%q is no key of %s", key, what).Remedy = didYouMean(key, sortedKeys(readers))
	}
}
