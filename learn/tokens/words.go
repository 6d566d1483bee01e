package tokens

import (
	"strings"
	"unicode/utf8"
)

// window is how many words before it a word makes pairs with.
const window = 3

// The lengths at which words are folded, in characters.
const (
	longWord   = 24 // longer: only the length counts
	randomWord = 9  // as long as this a word must be to look random
	longNumber = 12 // longer: only the length counts
)

// place is a place in a message where words stand, and the groups their tokens belong to.
type place struct {
	label        string
	single, pair Group
}

// stream is the row of words of one place.
type stream struct {
	*tokenizer
	place
	base  uint64         // hash of the label
	last  [window]uint64 // hashes of the words before, the nearest first; 0 for none
	words [window]string // the words themselves, when names are asked for
}

// words adds the words of normalised text.
func (z *tokenizer) words(s string, p place) {
	st := stream{tokenizer: z, place: p, base: hashString(seed, p.label)}
	for i := 0; i < len(s); {
		if z.left[p.single] <= 0 && z.left[p.pair] <= 0 {
			return
		}
		r, size := decode(s, i)
		switch kind(r) {
		case dense:
			i = st.run(s, i)
		case letter, digit:
			end, mixed := wordEnd(s, i)
			st.word(s[i:end], mixed)
			i = end
		case sign:
			end := i + size
			for end < len(s) && size == 1 && s[end] == s[i] && end-i < 4 {
				end++
			}
			st.token(s[i:end])
			i = end
		default:
			i += size
		}
	}
}

// decode returns the character at i.
func decode(s string, i int) (rune, int) {
	if c := s[i]; c < utf8.RuneSelf {
		return rune(c), 1
	}
	return utf8.DecodeRuneInString(s[i:])
}

// token adds one word and its pairs.
func (st *stream) token(w string) {
	st.alone(w)
	h := hashString(seed, w)
	for d, before := range st.last {
		if before == 0 {
			break
		}
		gap := uint64(d+1) * 0x9e3779b97f4a7c15 // any odd constant: the distance must not cancel out
		if t, fresh := st.add(st.pair, (st.base^before*prime)*prime+gap^h); fresh && st.names != nil {
			st.names[t] = st.label + st.words[d] + strings.Repeat(" _", d) + " " + w
		}
	}
	copy(st.last[1:], st.last[:window-1])
	st.last[0] = h
	if st.names != nil {
		copy(st.words[1:], st.words[:window-1])
		st.words[0] = w
	}
}

// alone adds one word without pairs.
func (st *stream) alone(w string) {
	if t, fresh := st.add(st.single, hashString(st.base, w)); fresh && st.names != nil {
		st.names[t] = st.label + w
	}
}

// word adds a run of letters and digits. Mixed says that Latin letters stand
// in it beside letters that look like Latin ones.
func (st *stream) word(w string, mixed bool) {
	if mixed {
		if folded := lookalikes.Replace(w); folded != w {
			st.text(Shape, "look-alike letters", "")
			w = folded
		}
	}
	n := utf8.RuneCountInString(w)
	switch {
	case n > longWord:
		w = "(long " + magnitude(n) + ")"
	case n > 2 && allDigits(w):
		if n <= longNumber {
			st.alone(w)
		}
		w = "(digits " + magnitude(n) + ")"
	case n >= randomWord && randomLooking(w):
		w = "(random " + magnitude(n) + ")"
	}
	st.token(w)
}

// run adds the overlapping bigrams of a script without blanks; a character
// that stands alone is a word. It returns where the run ends.
func (st *stream) run(s string, i int) int {
	start, before := i, -1
	for i < len(s) {
		r, size := decode(s, i)
		if kind(r) != dense {
			break
		}
		if before >= 0 {
			st.token(s[before : i+size])
		}
		before = i
		i += size
	}
	if before == start {
		st.token(s[start:i])
	}
	return i
}

// wordEnd finds the end of the word at i. An apostrophe before a letter
// belongs to it.
func wordEnd(s string, i int) (end int, mixed bool) {
	latin, foreign := false, false
	for i < len(s) {
		r, size := decode(s, i)
		switch k := kind(r); {
		case k == letter || k == digit:
			latin = latin || k == letter && r < utf8.RuneSelf
			foreign = foreign || r >= 0x370 && r <= 0x58f // Greek, Cyrillic, Armenian
		case r != '\'' || i+1 == len(s) || kind(rune(s[i+1])) != letter:
			return i, latin && foreign
		}
		i += size
	}
	return i, latin && foreign
}

// gramLen is the length of the runs of characters.
const gramLen = 5

// grams adds the runs of gramLen characters of normalised text. Scripts
// without blanks are left to the bigrams.
func (z *tokenizer) grams(s string) {
	var starts [gramLen]int // where the last characters begin
	for i, count := 0, 0; i < len(s) && z.left[Gram] > 0; {
		r, size := decode(s, i)
		if kind(r) == dense {
			i, count = i+size, 0
			continue
		}
		starts[count%gramLen] = i
		i += size
		if count++; count < gramLen {
			continue
		}
		run := s[starts[count%gramLen]:i]
		if t, fresh := z.add(Gram, hashString(seed, run)); fresh && z.names != nil {
			z.names[t] = "~" + run
		}
	}
}
