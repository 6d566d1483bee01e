package match

import "regexp/syntax"

// Never tells of an expression that plainly matches no text at all, such as one
// with an empty class, a word boundary within a word, or something before the
// begin of the text. One of which it is false may match nothing all the same.
func Never(expr string) bool {
	tree, err := syntax.Parse(expr, syntax.Perl)
	return err == nil && never(tree.Simplify())
}

func never(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpNoMatch:
		return true
	case syntax.OpCharClass:
		return len(re.Rune) == 0
	case syntax.OpCapture, syntax.OpPlus:
		return never(re.Sub[0])
	case syntax.OpAlternate:
		for _, sub := range re.Sub {
			if !never(sub) {
				return false
			}
		}
		return true
	case syntax.OpConcat:
		return neverInRow(re)
	}
	return false
}

func neverInRow(re *syntax.Regexp) bool {
	text := false // something before needs a sign at least
	for _, sub := range re.Sub {
		if never(sub) || text && sub.Op == syntax.OpBeginText {
			return true
		}
		text = text || sub.Op == syntax.OpLiteral || sub.Op == syntax.OpCharClass
	}
	f := study(re)
	return len(f.exact) > 0 && len(clause(f.exact).possible()) == 0
}
