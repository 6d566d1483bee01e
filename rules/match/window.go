package match

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxPlaces bounds the places of one clause that are looked at apart.
const maxPlaces = 64

// span is a stretch of the text, from and to in bytes.
type span struct{ from, to int }

// verify runs the expression where literals of all its clauses stand near
// enough to each other.
//
// A stretch reaches from a literal as far as a match that holds it can, and one
// more rune on either side makes it as good as the text: every match in it
// holds a literal of each clause, so it keeps that distance from where the
// stretch is cut, and ^, $ and \b see what really stands beside it, never the
// cut or half a rune. A line is cut outside the signs that end it, which no
// match holds.
func (v *variant) verify(ctx context.Context, text string, sc *scratch) (bool, error) {
	return v.within(ctx, text, span{0, len(text)}, v.clauses, sc)
}

func (v *variant) within(ctx context.Context, text string, w span, clauses [][]int32, sc *scratch) (bool, error) {
	if len(clauses) == 0 {
		return v.program().Match(ctx, text[w.from:w.to])
	}
	list, all := v.spans(text, clauses[0], sc)
	if all {
		return v.within(ctx, text, w, clauses[1:], sc)
	}
	for _, p := range list {
		both := span{max(p.from, w.from), min(p.to, w.to)}
		if both.from >= both.to {
			continue
		}
		if hit, err := v.within(ctx, text, both, clauses[1:], sc); err != nil || hit {
			return hit, err
		}
	}
	return false, nil
}

// spans are the stretches in which matches must lie for the sake of one
// clause; all when that is anywhere.
func (v *variant) spans(text string, clause []int32, sc *scratch) (list []span, all bool) {
	if v.reach == unbounded && !v.line {
		return nil, true
	}
	ends := sc.ends[:0]
	for _, l := range clause {
		if sc.found[l].anywhere() {
			return nil, true
		}
		ends = append(ends, sc.found[l].ends...)
	}
	if sc.ends = ends; len(ends) > maxPlaces {
		return nil, true
	}
	slices.Sort(ends)
	reach := v.reach
	if v.gaps > 0 {
		reach += v.gaps * sc.longestBlank(text)
	}
	for _, end := range ends {
		last := len(list) - 1
		if v.reach == unbounded && last >= 0 && end < list[last].to { // in the line of the one before
			continue
		}
		w := v.around(text, end, reach)
		if last >= 0 && w.from <= list[last].to {
			list[last].to = w.to
		} else {
			list = append(list, w)
		}
	}
	return outsideWords(text, list), false
}

// outsideWords moves cuts that fall within a word to its ends. The word's parts
// would begin and end at the cut, and a literal that needs a boundary would be
// found there which was passed over in the text.
func outsideWords(text string, list []span) []span {
	out := list[:0]
	for _, w := range list {
		before := 0 // where the stretch before ends
		if len(out) > 0 {
			before = out[len(out)-1].to
		}
		for w.from > before && isWord(text[w.from-1]) && isWord(text[w.from]) {
			w.from--
		}
		w.to = max(w.to, before)
		for w.to < len(text) && isWord(text[w.to-1]) && isWord(text[w.to]) {
			w.to++
		}
		if len(out) > 0 && w.from <= before {
			out[len(out)-1].to = w.to
		} else {
			out = append(out, w)
		}
	}
	return out
}

// around is where a match must lie that holds what ends at end.
func (v *variant) around(text string, end, reach int) span {
	if v.reach != unbounded {
		return span{max(0, end-reach-utf8.UTFMax), min(len(text), end+reach+utf8.UTFMax)}
	}
	w := span{max(0, strings.LastIndexByte(text[:end], '\n')), len(text)}
	if i := strings.IndexByte(text[end:], '\n'); i >= 0 {
		w.to = end + i + 1
	}
	return w
}

// longestBlank is the length of the longest run of blanks. It is looked for
// once.
func (sc *scratch) longestBlank(text string) int {
	if sc.blank > 0 {
		return sc.blank
	}
	sc.blank = 1
	for i, run := 0, 0; i < len(text); i++ {
		if !isSpace(text[i]) {
			run = 0
			continue
		}
		run++
		sc.blank = max(sc.blank, run)
	}
	return sc.blank
}
