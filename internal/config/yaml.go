package config

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"github.com/postern-mail/postern/internal/utf8file"
)

// Bounds on one file. The parser takes quadratic time in the number of keys
// and recurses once a level, so the tokens are counted before it sees them.
const (
	maxFile   = 1 << 20 // bytes
	maxTokens = 50000
	maxNodes  = 50000 // after aliases are followed
	maxDepth  = 32
)

// reader turns one YAML text into nodes and collects what is wrong with it.
type reader struct {
	file    string
	text    string
	anchors map[string]ast.Node
	open    map[string]bool // anchors whose value is being read
	nodes   int
	full    bool // maxNodes was reached and reported
	faults  Faults
}

// parseYAML reads one document. A text without content is an empty section.
func parseYAML(file string, data []byte) (*node, Faults) {
	r := &reader{file: file, anchors: map[string]ast.Node{}, open: map[string]bool{}}
	empty := &node{kind: kindMap, at: Origin{File: file}}
	if len(data) > maxFile {
		r.fault(Origin{File: file}, "", fmt.Sprintf("larger than %s", Size(maxFile)), "split it over conf.d")
		return empty, r.faults
	}
	r.text = string(bytes.TrimPrefix(data, []byte("\ufeff")))
	body := r.parse()
	if body == nil {
		return empty, r.faults
	}
	n := r.node(body, "", Origin{File: file, Line: 1, Column: 1}, 0)
	if n.kind == kindNull {
		return empty, r.faults
	}
	return n, r.faults
}

func (r *reader) fault(at Origin, key, message, remedy string) {
	r.faults = append(r.faults, Fault{Origin: at, Key: key, Message: message, Remedy: remedy})
}

// parse gives the only document's body, nil where there is none or it has a
// fault. The parser's panics are its faults in syntax that it does not know.
func (r *reader) parse() (body ast.Node) {
	defer func() {
		if p := recover(); p != nil {
			body = nil
			r.fault(Origin{File: r.file}, "", "not valid YAML", "")
		}
	}()
	if line, column, found := utf8file.Fault(r.text); found {
		at := Origin{File: r.file, Line: line, Column: column}
		r.faults = append(r.faults, Fault{Origin: at, Message: "not valid UTF-8", Remedy: "save the file as UTF-8", Excerpt: excerpt(r.text, line, column)})
		return nil
	}
	tokens := lexer.Tokenize(r.text)
	if len(tokens) > maxTokens {
		r.fault(Origin{File: r.file}, "", fmt.Sprintf("more than %d words and signs", maxTokens), "split it over conf.d")
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
		if body != nil {
			r.fault(r.at(doc.Body), "", "a second document in the file", "put it into a file of its own in conf.d")
			break
		}
		body = doc.Body
	}
	return body
}

// syntax reports what the parser says, with an excerpt.
func (r *reader) syntax(err error) {
	f := Fault{Origin: Origin{File: r.file}, Message: "not valid YAML"}
	var at yaml.Error
	if errors.As(err, &at) {
		said := strings.ReplaceAll(at.GetMessage(), "\t", `\t`)
		f.Message = "not valid YAML: " + printable(said)
		if strings.Contains(said, `'\t'`) {
			f.Remedy = "indent with spaces, not tabs"
		}
		if tk := at.GetToken(); tk != nil && tk.Position != nil {
			f.Line, f.Column = tk.Position.Line, tk.Position.Column
			f.Excerpt = excerpt(r.text, f.Line, f.Column)
		}
	}
	r.faults = append(r.faults, f)
}

// excerpt shows the line with a mark under the column, both counted from 1.
func excerpt(text string, line, column int) string {
	lines := strings.Split(text, "\n")
	if line < 1 || line > len(lines) {
		return ""
	}
	shown := []rune(printable(strings.TrimSuffix(lines[line-1], "\r")))
	if len(shown) > 120 {
		shown = shown[:120]
	}
	if column < 1 || column > len(shown)+1 {
		return "  " + string(shown)
	}
	return "  " + string(shown) + "\n  " + strings.Repeat(" ", column-1) + "^"
}

func (r *reader) at(n ast.Node) Origin {
	o := Origin{File: r.file}
	if tk := n.GetToken(); tk != nil && tk.Position != nil {
		o.Line, o.Column = tk.Position.Line, tk.Position.Column
	}
	return o
}

// node reads one value, which stands at path. What is wrong counts as not given.
func (r *reader) node(n ast.Node, path string, at Origin, depth int) *node {
	if r.nodes++; r.nodes > maxNodes || depth > maxDepth {
		if !r.full {
			r.fault(at, path, "too much in one file: too deep, or aliases that repeat too much", "")
		}
		r.full = true
		return &node{at: at}
	}
	switch n := n.(type) {
	case *ast.MappingNode:
		return r.mapping(n.Values, path, at, depth)
	case *ast.MappingValueNode:
		return r.mapping([]*ast.MappingValueNode{n}, path, at, depth)
	case *ast.SequenceNode:
		list := &node{kind: kindList, at: at}
		for i, item := range n.Values {
			list.list = append(list.list, r.node(item, index(path, i), r.at(item), depth+1))
		}
		return list
	case *ast.AnchorNode:
		return r.anchor(n, path, at, depth)
	case *ast.AliasNode:
		return r.alias(n, path, at, depth)
	case *ast.TagNode:
		r.fault(at, path, "tags are not understood here", "leave "+printable(n.GetToken().Value)+" out")
		return &node{at: at}
	}
	return scalar(n, at)
}

// scalar reads what is neither map nor list.
func scalar(n ast.Node, at Origin) *node {
	switch n := n.(type) {
	case *ast.NullNode:
		return &node{at: at}
	case *ast.BoolNode:
		return &node{kind: kindBool, text: n.Token.Value, at: at}
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return &node{kind: kindNumber, text: n.GetToken().Value, at: at}
	case *ast.LiteralNode:
		return &node{kind: kindText, text: n.Value.Value, at: at}
	case *ast.StringNode:
		return &node{kind: kindText, text: n.Value, at: at}
	}
	return &node{at: at}
}

func (r *reader) mapping(values []*ast.MappingValueNode, path string, at Origin, depth int) *node {
	m := &node{kind: kindMap, at: at}
	first := map[string]int{}
	for _, mv := range values {
		at := r.at(mv.Key)
		name, ok := r.key(mv.Key, path, at)
		if !ok {
			continue
		}
		sub := join(path, name)
		if line, dup := first[name]; dup {
			r.fault(at, sub, fmt.Sprintf("given twice, first in line %d", line), "keep one of them")
			continue
		}
		first[name] = at.Line
		m.keys = append(m.keys, entry{name, r.node(mv.Value, sub, at, depth+1)})
	}
	return m
}

// key gives a key's text. Keys are words; numbers count as their digits.
func (r *reader) key(n ast.MapKeyNode, path string, at Origin) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.NullNode:
		return n.GetToken().Value, true
	case *ast.MergeKeyNode:
		r.fault(at, path, "merge keys (<<) are not understood here", "write the keys out, or use an alias for a whole value")
		return "", false
	}
	r.fault(at, path, "a key must be a word", "")
	return "", false
}

func (r *reader) anchor(n *ast.AnchorNode, path string, at Origin, depth int) *node {
	name := tokenText(n.Name)
	r.anchors[name] = n.Value
	r.open[name] = true
	defer delete(r.open, name)
	return r.node(n.Value, path, at, depth)
}

// alias reads the anchor's value once more, so that every place has nodes of
// its own; what that may multiply to is bounded by maxNodes.
func (r *reader) alias(n *ast.AliasNode, path string, at Origin, depth int) *node {
	name := tokenText(n.Value)
	value, ok := r.anchors[name]
	if !ok || r.open[name] {
		r.fault(at, path, fmt.Sprintf("no anchor %q before this alias", name), "")
		return &node{at: at}
	}
	return r.node(value, path, at, depth+1)
}

func tokenText(n ast.Node) string {
	if n == nil {
		return ""
	}
	if tk := n.GetToken(); tk != nil && tk.Type != token.InvalidType {
		return tk.Value
	}
	return ""
}
