package phish

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/postern-mail/postern/mail/text"
)

// plainer are Latin letters with a stroke or without a dot, which decomposition
// leaves as they are.
var plainer = strings.NewReplacer("ø", "o", "đ", "d", "ł", "l", "ħ", "h", "ŧ", "t", "ı", "i",
	"0", "o", "1", "l", "i", "l", "|", "l", "rn", "m", "vv", "w")

// skeleton brings text into a form that is equal for all that looks equal: lower
// case, letters without marks, look-alikes by the one Latin letter, i and l and 1 the
// same, rn like m. After Unicode Technical Standard 39 section 4, for the letters
// that matter here.
func skeleton(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Cf, r) {
			return -1
		}
		r = unicode.ToLower(r)
		if l := text.LooksLike(r); l != 0 {
			return l
		}
		return r
	}, norm.NFKD.String(s))
	return plainer.Replace(plainer.Replace(s)) // once for letters, once for the pairs that come of it
}

// deceives tells whether a word pretends to be Latin: it has letters of
// another script, and each of them looks like a Latin one. Pure says whether it
// must be mixed with Latin letters to be said to, as words of whole scripts are words.
func deceives(word string, pure bool) bool {
	other, latin := 0, 0
	for _, r := range word {
		switch {
		case r < 0x80:
			if unicode.IsLetter(r) {
				latin++
			}
		case text.LooksLike(r) != 0:
			other++
		case unicode.IsLetter(r):
			return false // plainly of another script, or Latin with a mark
		}
	}
	return other > 0 && (latin > 0 || !pure)
}

// maxWords bounds the words that are looked at in a text.
const maxWords = 200

// isLetter tells of letters and their marks; fillers are letters that show a blank.
func isLetter(r rune) bool {
	switch r {
	case 0x115f, 0x1160, 0x3164, 0xffa0:
		return false
	}
	return unicode.IsLetter(r) || unicode.Is(unicode.Mn, r)
}

// words cuts text into runs of letters.
func words(s string) []string {
	list := strings.FieldsFunc(s, func(r rune) bool { return !isLetter(r) })
	return list[:min(len(list), maxWords)]
}

// minMixed is the least letters of a word that is said to mix scripts: "μm" is
// a unit.
const minMixed = 4

// mixedWord finds a word that mixes scripts so as to look Latin.
func mixedWord(s string) string {
	for _, w := range words(s) {
		if len([]rune(w)) >= minMixed && deceives(w, true) {
			return w
		}
	}
	return ""
}

// styled tells of letters in another type: mathematical alphanumerics.
func styled(r rune) bool { return r >= 0x1d400 && r <= 0x1d7ff || r >= 0x1f130 && r <= 0x1f189 }
