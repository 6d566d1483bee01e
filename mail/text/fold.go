package text

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// stands says for which letter a sign is written.
var stands = map[byte]byte{'0': 'o', '3': 'e', '4': 'a', '5': 's', '7': 't', '@': 'a', '$': 's'}

// fold puts letters in place of what stands for them, and leaves the other
// signs out.
func fold(w string, one byte) (out string, ambiguous bool) {
	var b []byte
	upper := strings.ToLower(w) != w && strings.Count(w, "l") == 1 && strings.ToUpper(strings.Replace(w, "l", "", 1)) == strings.Replace(w, "l", "", 1)
	for i := 0; i < len(w); {
		r, size := utf8.DecodeRuneInString(w[i:])
		switch letter := stands[w[i]]; {
		case strings.HasPrefix(w[i:], `\/`):
			b, size = append(b, 'v'), 2
		case strings.HasPrefix(w[i:], `/\`):
			b, size = append(b, 'a'), 2
		case w[i] == '1' || w[i] == '!' || w[i] == '|':
			b, ambiguous = append(b, one), true
		case upper && w[i] == 'l':
			b = append(b, 'i')
		case w[i] == 'I' && i > 0 && byteKinds[w[i-1]]&isLower != 0:
			b = append(b, 'l')
		case letter != 0:
			b = append(b, letter)
		case isLetter(w[i]):
			b = append(b, w[i]|0x20)
		case r >= utf8.RuneSelf:
			b = appendAlike(b, r)
		}
		i += size
	}
	return string(undouble(b)), ambiguous
}

// appendAlike adds the Latin letter that another looks like.
func appendAlike(b []byte, r rune) []byte {
	plain, _ := utf8.DecodeRuneInString(norm.NFD.String(string(unicode.ToLower(r))))
	switch like := LooksLike(r); {
	case like != 0:
		return append(b, byte(like))
	case plain < utf8.RuneSelf && isLetter(byte(plain)):
		return append(b, byte(plain))
	case unicode.In(r, unicode.Greek, unicode.Cyrillic):
		return append(b, '?')
	}
	return b
}

// undouble leaves one of those letters that no word doubles.
func undouble(b []byte) []byte {
	out := b[:0]
	for _, c := range b {
		if n := len(out); n > 0 && out[n-1] == c && strings.IndexByte("aiuxyhjkqvw", c) >= 0 {
			continue
		}
		out = append(out, c)
	}
	return out
}

func isPlainByte(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
