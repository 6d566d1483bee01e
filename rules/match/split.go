package match

import (
	"regexp"
	"regexp/syntax"
	"sync"
)

// maxAlternatives bounds the variants of one expression.
const maxAlternatives = 64

// alternative is a variant with its clauses written out.
type alternative struct {
	variant
	words []clause
}

// alternatives are the variants under which an expression is looked for: a
// text matches the expression when it matches one of them. Each has literals
// of its own, rarer ones than all have in common, and is run by itself. There
// are none when one of them has no literals.
func alternatives(re *regexp.Regexp, tree *syntax.Regexp) []alternative {
	whole := alternative{}
	whole.variant, whole.words = plan(tree)
	whole.re = func() *regexp.Regexp { return re }
	parts := split(tree)
	if !whole.exact && len(parts) > 1 && len(parts) <= maxAlternatives {
		if list := planAll(parts); list != nil {
			return list
		}
	}
	if len(whole.words) == 0 {
		return nil
	}
	return []alternative{whole}
}

// planAll is nil when one of the parts has no literals, or does not read as an
// expression again.
func planAll(parts []*syntax.Regexp) []alternative {
	var list []alternative
	for _, part := range parts {
		a, text := alternative{}, part.String()
		_, err := syntax.Parse(text, syntax.Perl)
		if a.variant, a.words = plan(part); len(a.words) == 0 || err != nil {
			return nil
		}
		// Most are never run, so they wait for it. What parses compiles.
		a.re = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })
		list = append(list, a)
	}
	return list
}

// split takes an expression apart at its alternatives, those within its first
// concatenation among them.
func split(tree *syntax.Regexp) []*syntax.Regexp {
	switch tree.Op {
	case syntax.OpCapture:
		return split(tree.Sub[0])
	case syntax.OpAlternate:
		var out []*syntax.Regexp
		for _, sub := range tree.Sub {
			out = append(out, split(sub)...)
		}
		return out
	case syntax.OpConcat:
		at, parts := 0, []*syntax.Regexp(nil)
		for i, sub := range tree.Sub {
			if p := split(sub); len(p) > len(parts) {
				at, parts = i, p
			}
		}
		out := make([]*syntax.Regexp, len(parts))
		for i, part := range parts {
			whole := *tree
			whole.Sub = append(append(append([]*syntax.Regexp{}, tree.Sub[:at]...), part), tree.Sub[at+1:]...)
			out[i] = &whole
		}
		return out
	}
	return []*syntax.Regexp{tree}
}
