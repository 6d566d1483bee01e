package rules

import (
	"fmt"
	"reflect"
	"regexp/syntax"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/expr-lang/expr/ast"

	"github.com/postern-mail/postern/mail"
	"github.com/postern-mail/postern/mail/text"
)

// Some fields come in one form only, or are one of a few words; their tags say
// so. What is compared with them and has another form is a mistake: it is
// warned of.

// fieldOf is the field of Facts that a node names, within loops too.
func fieldOf(n ast.Node) (reflect.StructField, bool) {
	switch x := n.(type) {
	case *ast.IdentifierNode:
		return tagged(reflect.TypeFor[env](), x.Value)
	case *ast.MemberNode:
		if name, ok := x.Property.(*ast.StringNode); ok {
			return tagged(x.Node.Type(), name.Value)
		}
	}
	return reflect.StructField{}, false
}

func tagged(t reflect.Type, name string) (reflect.StructField, bool) {
	if t == nil || t.Kind() != reflect.Struct {
		return reflect.StructField{}, false
	}
	for _, f := range reflect.VisibleFields(t) {
		if f.Tag.Get("expr") == name {
			return f, true
		}
	}
	return reflect.StructField{}, false
}

// compared warns of what a field is compared with.
func (g *guard) compared(x *ast.BinaryNode) {
	switch x.Operator {
	case "==", "!=":
		g.against(x.Left, x.Right, true)
		g.against(x.Right, x.Left, true)
	case "contains", "startsWith", "endsWith":
		g.against(x.Left, x.Right, false)
	case "in":
		list, ok := x.Right.(*ast.ArrayNode)
		if !ok {
			g.against(x.Right, x.Left, false)
			return
		}
		if len(list.Nodes) == 0 {
			g.warn(x, "nothing is in an empty list")
		}
		for _, n := range list.Nodes {
			g.against(x.Left, n, true)
		}
	case "matches":
		f, known := fieldOf(x.Left)
		pattern, ok := x.Right.(*ast.StringNode)
		if fits := forms[f.Tag.Get("form")]; known && ok && fits != nil {
			if piece := odd(pattern.Value, fits); piece != "" {
				g.nowhere(pattern, piece, f)
			}
		}
	}
}

// against warns where a field never is, or holds, a text.
func (g *guard) against(field, n ast.Node, whole bool) {
	f, known := fieldOf(field)
	s, ok := n.(*ast.StringNode)
	if !known || !ok {
		return
	}
	name, form := f.Tag.Get("expr"), f.Tag.Get("form")
	if whole && !oneOf(f, s.Value) {
		g.warn(n, "%q is no %s", s.Value, name).remedy = didYouMean(s.Value, wordsOf(f))
	} else if fits := forms[form]; fits != nil && !fits(s.Value) {
		g.nowhere(n, s.Value, f)
	}
}

// wordsOf are the words that a field may hold; none where it may hold any.
func wordsOf(f reflect.StructField) []string { return strings.Fields(f.Tag.Get("of")) }

// oneOf tells whether a field may hold a text. Each may be empty.
func oneOf(f reflect.StructField, s string) bool {
	words := wordsOf(f)
	return s == "" || len(words) == 0 || slices.Contains(words, s)
}

func (g *guard) nowhere(n ast.Node, piece string, f reflect.StructField) {
	form := f.Tag.Get("form")
	w := g.warn(n, "%q is nowhere in %s: %s", piece, f.Tag.Get("expr"), formNames[form])
	if lower := strings.ToLower(piece); forms[form](lower) {
		w.remedy = fmt.Sprintf("write %q", lower)
	} else if domain, ok := mail.ASCIIDomain(piece); ok && form == "lower" {
		w.remedy = fmt.Sprintf("write %q", domain)
	} else if plain := text.Normalize(piece); form == "plain" && plain != "" {
		w.remedy = fmt.Sprintf("write %q", plain)
	}
}

// forms tell whether a text may stand in a field of the form.
var forms = map[string]func(string) bool{
	"lower": func(s string) bool { return s == strings.ToLower(s) && strings.IndexFunc(s, isWide) < 0 },
	"plain": isPlain,
}

var formNames = map[string]string{
	"lower": "it is in lower case, domains in A-labels",
	"plain": "it is in lower case, with full width made plain and each run of blanks one blank",
}

func isWide(r rune) bool { return r >= utf8.RuneSelf }

// isPlain tells whether package text leaves a text alone. Two lines are as far
// as a pattern may look.
func isPlain(s string) bool {
	s = "x" + strings.ReplaceAll(s, "\n", "x") + "x"
	return text.Normalize(s) == s
}

// odd is a piece of a pattern that stands in no text of a form, "" for none.
func odd(expr string, fits func(string) bool) string {
	tree, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return ""
	}
	return oddPiece(tree, fits)
}

func oddPiece(re *syntax.Regexp, fits func(string) bool) string {
	switch re.Op {
	case syntax.OpLiteral:
		s := string(re.Rune)
		if re.Flags&syntax.FoldCase != 0 {
			s = strings.Map(unicode.ToLower, s)
		}
		if !fits(s) {
			return s
		}
	case syntax.OpCharClass:
		if len(re.Rune) > 0 && !anyFits(re.Rune, fits) {
			return re.String()
		}
	}
	for _, sub := range re.Sub {
		if piece := oddPiece(sub, fits); piece != "" {
			return piece
		}
	}
	return ""
}

// anyFits looks at the runes of a class; a large one holds some that fit.
func anyFits(pairs []rune, fits func(string) bool) bool {
	seen := 0
	for i := 0; i < len(pairs); i += 2 {
		for r := pairs[i]; r <= pairs[i+1]; r++ {
			if seen++; seen > 128 || r == ' ' || fits(string(r)) {
				return true
			}
		}
	}
	return false
}
