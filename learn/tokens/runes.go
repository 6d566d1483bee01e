package tokens

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// The kinds of characters.
const (
	other  = iota // parts words
	letter        // makes words
	digit
	sign  // is a word by itself
	dense // of a script that puts no blanks between words
)

// kind tells what a character does to the words around it.
func kind(r rune) int {
	switch {
	case r < utf8.RuneSelf:
		return int(asciiKind[r])
	case denseScript(r):
		return dense
	case unicode.IsLetter(r) || unicode.IsMark(r):
		return letter
	case unicode.IsNumber(r):
		return digit
	case unicode.Is(unicode.Sc, r), unicode.Is(unicode.So, r): // currencies, pictures
		return sign
	}
	return other
}

// asciiKind is the kind of each ASCII character.
var asciiKind = func() (k [utf8.RuneSelf]uint8) {
	for c := range k {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z':
			k[c] = letter
		case c >= '0' && c <= '9':
			k[c] = digit
		case strings.ContainsRune("!?$%*", rune(c)):
			k[c] = sign
		}
	}
	return k
}()

// denseScript tells whether a character belongs to Thai, Lao, Myanmar, Khmer,
// Hangul, kana or Han. (Hangul has blanks, but its words carry endings.)
func denseScript(r rune) bool {
	switch {
	case r < 0x0e00:
		return false
	case r <= 0x0eff, r >= 0x1000 && r <= 0x109f, r >= 0x1100 && r <= 0x11ff, r >= 0x1780 && r <= 0x17ff:
		return true
	case r >= 0x3040 && r <= 0x30ff, r >= 0x3130 && r <= 0x318f, r >= 0x3400 && r <= 0x4dbf, r >= 0x4e00 && r <= 0x9fff:
		return true
	}
	return r >= 0xac00 && r <= 0xd7a3 || r >= 0xf900 && r <= 0xfaff || r >= 0x20000 && r <= 0x3ffff
}

// magnitude names a number by its binary logarithm.
func magnitude(n int) string {
	b := 0
	for ; n > 1; n >>= 1 {
		b++
	}
	return string(rune('a' + min(b, 25)))
}

func allDigits(w string) bool {
	for i := range len(w) {
		if w[i] < '0' || w[i] > '9' {
			return false
		}
	}
	return true
}

// randomLooking tells whether a word of ASCII letters and digits was likely
// made by a machine: digits here and there, or hardly a vowel.
func randomLooking(w string) bool {
	vowels, digits, changes := 0, 0, 0
	wasDigit := false
	for i := range len(w) {
		c := w[i]
		if c >= utf8.RuneSelf {
			return false
		}
		isDigit := c >= '0' && c <= '9'
		switch {
		case isDigit:
			digits++
		case strings.IndexByte("aeiouy", c|0x20) >= 0:
			vowels++
		}
		if i > 0 && isDigit != wasDigit {
			changes++
		}
		wasDigit = isDigit
	}
	return changes >= 3 || digits*3 > len(w) || vowels*6 < len(w)-digits
}

// lookalikes writes Cyrillic and Greek letters that look like Latin ones as these.
var lookalikes = strings.NewReplacer(
	"а", "a", "в", "b", "е", "e", "ё", "e", "і", "i", "ї", "i", "ј", "j", "к", "k", "м", "m", "н", "h", "о", "o",
	"р", "p", "с", "c", "ѕ", "s", "т", "t", "у", "y", "х", "x", "ԁ", "d", "ԛ", "q", "ԝ", "w", "һ", "h", "ӏ", "l",
	"α", "a", "β", "b", "ε", "e", "η", "n", "ι", "i", "κ", "k", "ν", "v", "ο", "o", "ρ", "p", "τ", "t", "υ", "u",
	"χ", "x", "ω", "w")

// cut shortens text to n bytes at a character's border.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
