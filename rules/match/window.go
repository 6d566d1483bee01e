package match

import "unicode/utf8"

// add notes that a literal ends at end: a match which holds it lies no further
// than reach from there.
//
// One more rune on either side makes the stretch as good as the text. Every
// match holds a literal of this clause, so every match in the stretch keeps
// that distance from where it is cut, and ^, $ and \b see what really stands
// beside it, never the cut or half a rune.
func (s *spans) add(reach, end, size int) {
	if s.all {
		return
	}
	w := span{max(0, end-reach-utf8.UTFMax), min(size, end+reach+utf8.UTFMax)}
	switch last := len(s.list) - 1; {
	case reach == unbounded:
		s.all = true
	case last >= 0 && w.from <= s.list[last].to:
		s.list[last].to = w.to
	case len(s.list) == maxSpans:
		s.all = true
	default:
		s.list = append(s.list, w)
	}
}

// verify runs the expression where it could match.
func (p *pattern) verify(text string, s *spans) bool {
	if s.all {
		return p.re.MatchString(text)
	}
	for _, w := range s.list {
		if p.re.MatchString(text[w.from:w.to]) {
			return true
		}
	}
	return false
}
