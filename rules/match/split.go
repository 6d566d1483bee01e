package match

import (
	"regexp"
	"regexp/syntax"
	"strings"
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
func alternatives(program *Program, tree *syntax.Regexp) []alternative {
	whole := alternative{}
	whole.variant, whole.words = plan(tree)
	whole.program = func() *Program { return program }
	parts := split(program.re.String())
	if !whole.exact && len(parts) > 1 && len(parts) <= maxAlternatives {
		if list := planAll(parts, program.size); list != nil {
			return list
		}
	}
	if len(whole.words) == 0 {
		return nil
	}
	return []alternative{whole}
}

// planAll is nil when one of the parts has no literals. None has more
// instructions than the whole.
func planAll(parts []string, size int) []alternative {
	var list []alternative
	for _, part := range parts {
		tree, err := syntax.Parse(part, syntax.Perl)
		if err != nil {
			return nil
		}
		a := alternative{}
		if a.variant, a.words = plan(tree); len(a.words) == 0 {
			return nil
		}
		// Most are never run, so they wait for it. What parses compiles.
		a.program = sync.OnceValue(func() *Program { return newProgram(regexp.MustCompile(part), tree, size) })
		list = append(list, a)
	}
	return list
}

// split takes an expression apart at its alternatives, and each of them at
// those of the group which has most. It is nil where that is not simple.
func split(expr string) []string {
	flags := leadingFlags.FindString(expr)
	expr = expr[len(flags):]
	if strings.Contains(expr, `\Q`) || laterFlags.MatchString(expr) || oddClass(expr) {
		return nil
	}
	var out []string
	for _, part := range cut(expr, 0, len(expr)) {
		for _, whole := range splitGroup(part) {
			out = append(out, flags+whole)
		}
	}
	return out
}

var (
	leadingFlags = regexp.MustCompile(`^(\(\?[imsU-]+\))*`)
	namedClass   = regexp.MustCompile(`\[:\^?[a-z]+:\]`)
	laterFlags   = regexp.MustCompile(`\(\?[imsU-]+\)`)
	opener       = regexp.MustCompile(`^\((\?(P?<[^>]*>|[imsU-]*:))?`)
)

// oddClass tells of [: that may begin no class such as [:alpha:]: where the
// class around it ends is then told by package syntax alone.
func oddClass(expr string) bool {
	return strings.Count(expr, "[:") > len(namedClass.FindAllString(expr, -1)) || strings.Contains(expr, "-[:")
}

// splitGroup puts each alternative of the largest group in place of the group.
func splitGroup(expr string) []string {
	best := []string{expr}
	for i := 0; i < len(expr); i = after(expr, i) {
		if expr[i] != '(' {
			continue
		}
		open, end := opener.FindString(expr[i:]), after(expr, i)
		if end < len(expr) && strings.IndexByte("*+?{", expr[end]) >= 0 {
			continue // it is repeated
		}
		if parts := cut(expr, i+len(open), end-1); len(parts) > len(best) {
			best = nil
			for _, part := range parts {
				best = append(best, expr[:i]+open+part+expr[end-1:])
			}
		}
	}
	return best
}

// cut cuts what stands between two places at each | that is in no group.
func cut(expr string, from, to int) []string {
	var out []string
	start := from
	for i := from; i < to; i = after(expr, i) {
		if expr[i] == '|' {
			out = append(out, expr[start:i])
			start = i + 1
		}
	}
	return append(out, expr[start:to])
}

// after is where what begins at i ends: a sign, an escape, a class, a group.
func after(expr string, i int) int {
	switch expr[i] {
	case '\\':
		return min(i+2, len(expr))
	case '[':
		return afterClass(expr, i)
	case '(':
		for i++; i < len(expr) && expr[i] != ')'; {
			i = after(expr, i)
		}
		return min(i+1, len(expr))
	}
	return i + 1
}

func afterClass(expr string, i int) int {
	i++
	if i < len(expr) && expr[i] == '^' {
		i++
	}
	for first := true; i < len(expr) && (first || expr[i] != ']'); first = false {
		switch {
		case expr[i] == '\\':
			i += 2
		case strings.HasPrefix(expr[i:], "[:") && strings.Contains(expr[i:], ":]"):
			i += strings.Index(expr[i:], ":]") + 2
		default:
			i++
		}
	}
	return min(i+1, len(expr))
}
