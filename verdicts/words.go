package verdicts

import (
	"strings"
	"unicode"
)

// Bounds of the words of one text, so that a subject of 500 letters fills no index.
const (
	maxWords = 24
	maxWord  = 32 // runes
)

// Words gives the distinct words of a text in lower case: runs of letters and
// digits. Where a script puts no space between words (Han, Kana, Thai), every
// two neighbours are a word, so that a part of a sentence is found too. At most
// 24 words are given, of 32 letters each.
func Words(text string) []string {
	w := words{seen: map[string]bool{}}
	for _, r := range strings.ToLower(text) {
		if !w.take(r) {
			return w.list
		}
	}
	w.end()
	return w.list
}

type words struct {
	list  []string
	seen  map[string]bool
	run   []rune
	dense bool // the run is in a script without spaces
	pairs bool // and gave a word already
}

// take adds a rune; false says that there are words enough.
func (w *words) take(r rune) bool {
	dense := unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai)
	switch {
	case !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r):
		w.end()
	case dense != w.dense && len(w.run) > 0:
		w.end()
		fallthrough
	default:
		w.dense = dense
		if dense || len(w.run) < maxWord {
			w.run = append(w.run, r)
		}
		if dense && len(w.run) == 2 {
			w.add(string(w.run))
			w.run, w.pairs = append(w.run[:0], r), true
		}
	}
	return len(w.list) < maxWords
}

// end closes the run. The last letter of a dense script was a word already
// with its neighbour, where it had one.
func (w *words) end() {
	if len(w.run) > 0 && !w.pairs {
		w.add(string(w.run))
	}
	w.run, w.pairs = w.run[:0], false
}

func (w *words) add(word string) {
	if !w.seen[word] {
		w.seen[word] = true
		w.list = append(w.list, word)
	}
}
