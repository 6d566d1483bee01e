package text

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// unseen tells whether a character has no width: zero-width spaces and
// joiners, the soft hyphen, tags, variation selectors, fillers.
func unseen(r rune) bool {
	switch {
	case r == 0xad || r == 0x34f || r == 0x115f || r == 0x1160 || r == 0x17b4 || r == 0x17b5:
		return true
	case r >= 0x180b && r <= 0x180e, r >= 0x200b && r <= 0x200f, r >= 0x2060 && r <= 0x2064:
		return true
	case r >= 0x206a && r <= 0x206f, r >= 0xfe00 && r <= 0xfe0f, r == 0xfeff, r == 0x3164, r == 0xffa0:
		return true
	}
	return r >= 0xe0000 && r <= 0xe0fff
}

// bidi tells whether a character turns the direction of the text around.
func bidi(r rune) bool {
	return r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069
}

// control tells whether a character is a control character that no reader
// shows, not even as a blank.
func control(r rune) bool {
	return r < ' ' && (r < '\t' || r > '\r') || r >= 0x7f && r < 0xa0 && r != 0x85
}

// clean takes out what is not seen and turns odd blanks into plain ones. Broken says how many unseen characters stood within
// words: that is no typography.
func (x *extractor) clean(s string) (out string, broken int) {
	if plainASCII(s) {
		return s, 0
	}
	var b strings.Builder
	b.Grow(len(s))
	last, gap, turned := rune(' '), false, false
	for i := 0; i < len(s); {
		r, size := rune(s[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(s[i:])
		}
		i += size
		switch {
		case r == '\r' || control(r):
			continue
		case r < ' ' && r != '\n' && r != '\t' || r == 0x85:
			r = ' '
		case r < utf8.RuneSelf:
		case unseen(r):
			gap = gap || unicode.IsLetter(last)
			continue
		case bidi(r):
			turned = true
			continue
		case r == 0xa0 || unicode.Is(unicode.Zs, r):
			r = ' '
		}
		if gap && latin(last) && latin(r) {
			broken++
		}
		gap, last = false, r
		b.WriteRune(r)
	}
	if turned {
		x.find("MIME_TEXT_BIDI", "")
	}
	if broken > 2 {
		x.find("MIME_TEXT_ZERO_WIDTH", "")
	}
	return b.String(), broken
}

// latin tells whether a letter belongs to a script that needs no joiners.
func latin(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || unicode.In(r, unicode.Latin, unicode.Han, unicode.Cyrillic, unicode.Greek)
}

// plainASCII tells whether text needs no cleaning.
func plainASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c >= 0x7f || c < ' ' && c != '\n' && c != '\t' {
			return false
		}
	}
	return true
}

// Normalize brings text into the form in which words are compared: NFKC (full
// width becomes plain, ligatures and circled letters fall apart), lower case,
// unseen and direction characters gone, every run of blanks one blank. It
// takes linear time.
func Normalize(s string) string {
	if plainASCII(s) {
		return normalizeASCII(s)
	}
	s = norm.NFKC.String(s)
	out := make([]byte, 0, len(s))
	blank := true
	for i := 0; i < len(s); {
		c, size := rune(s[i]), 1
		if c >= utf8.RuneSelf {
			c, size = utf8.DecodeRuneInString(s[i:])
		}
		i += size
		switch {
		case c <= ' ' || c == 0x7f || c >= utf8.RuneSelf && (unicode.IsSpace(c) || unicode.IsControl(c)):
			if !blank {
				out = append(out, ' ')
			}
			blank = true
			continue
		case c >= 'A' && c <= 'Z':
			c += 'a' - 'A'
		case c < utf8.RuneSelf:
		case unseen(c) || bidi(c):
			continue
		default:
			c = unicode.ToLower(c)
		}
		blank = false
		out = utf8.AppendRune(out, c)
	}
	return strings.TrimSuffix(string(out), " ")
}

// normalizeASCII is Normalize for what plainASCII says is plain: most mail, without a look at each character's tables.
func normalizeASCII(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	blank := true
	for i := range len(s) {
		c := s[i]
		switch {
		case c == ' ' || c == '\n' || c == '\t':
			if !blank {
				b.WriteByte(' ')
			}
			blank = true
			continue
		case c >= 'A' && c <= 'Z':
			c += 'a' - 'A'
		}
		blank = false
		b.WriteByte(c)
	}
	return strings.TrimSuffix(b.String(), " ")
}
