package match

import (
	"strings"
	"unicode/utf8"
)

// add notes that a literal ends at end: a match which holds it lies no further
// than the pattern's reach from there, or in the same line.
//
// One more rune on either side makes the stretch as good as the text. Every
// match holds a literal of this clause, so every match in the stretch keeps
// that distance from where it is cut, and ^, $ and \b see what really stands
// beside it, never the cut or half a rune. A line is cut outside the signs
// that end it, which no match holds.
func (s *spans) add(p *pattern, text string, end int) {
	last := len(s.list) - 1
	switch {
	case s.all:
		return
	case p.reach == unbounded && !p.line:
		s.all = true
		return
	case p.reach == unbounded && last >= 0 && end < s.list[last].to: // in the line of the one before
		return
	}
	w := p.around(text, end)
	switch {
	case last >= 0 && w.from <= s.list[last].to:
		s.list[last].to = w.to
	case len(s.list) == maxSpans:
		s.all = true
	default:
		s.list = append(s.list, w)
	}
}

// around is where a match must lie that holds what ends at end.
func (p *pattern) around(text string, end int) span {
	if p.reach != unbounded {
		return span{max(0, end-p.reach-utf8.UTFMax), min(len(text), end+p.reach+utf8.UTFMax)}
	}
	w := span{max(0, strings.LastIndexByte(text[:end], '\n')), len(text)}
	if i := strings.IndexByte(text[end:], '\n'); i >= 0 {
		w.to = end + i + 1
	}
	return w
}

// verify runs the expression where literals of all its clauses stand near
// enough to each other.
func (p *pattern) verify(text string, places *[maxClauses]spans) bool {
	clauses := 0
	for p.need>>clauses != 0 {
		clauses++
	}
	return p.within(text, span{0, len(text)}, places[:clauses])
}

func (p *pattern) within(text string, w span, places []spans) bool {
	switch {
	case len(places) == 0:
		return p.re.MatchString(text[w.from:w.to])
	case places[0].all:
		return p.within(text, w, places[1:])
	}
	for _, v := range places[0].list {
		both := span{max(v.from, w.from), min(v.to, w.to)}
		if both.from < both.to && p.within(text, both, places[1:]) {
			return true
		}
	}
	return false
}
