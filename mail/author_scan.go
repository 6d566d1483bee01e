package mail

import (
	"strings"
	"unicode/utf8"
)

// token is a lexical token of an address list (RFC 5322 section 3.2).
type token struct {
	kind   byte   // one of the kinds below, or the special character itself
	text   string // without quotes, parentheses or brackets, quoted pairs resolved
	spaced bool   // white space stands before it
}

// The kinds of token that are no single special character.
const (
	tokenEnd     byte = 0
	tokenAtom    byte = 'a'
	tokenQuoted  byte = '"'
	tokenComment byte = '('
	tokenLiteral byte = 'l'
	tokenBad     byte = '!' // what may not stand there at all, such as a backslash outside quotes
)

// checkBytes notes the bytes that no From field may hold.
func (a *Author) checkBytes(value string) {
	for i := range len(value) {
		switch c := value[i]; {
		case c == 0:
			a.flaw(FromNUL)
		case c == '\r':
			if !isFold(value[i:]) && value[i:] != "\r\n" {
				a.flaw(FromControl)
			}
		case c == '\n':
			if i == 0 || value[i-1] != '\r' {
				a.flaw(FromControl)
			}
		case c < ' ' && c != '\t' || c == 0x7f:
			a.flaw(FromControl)
		}
	}
	if !utf8.ValidString(value) {
		a.flaw(From8Bit)
	}
}

// isFold tells whether s starts with a fold (RFC 5322 section 2.2.3).
func isFold(s string) bool {
	return len(s) > 2 && s[0] == '\r' && s[1] == '\n' && (s[2] == ' ' || s[2] == '\t')
}

// scanAddresses cuts a field value into tokens, in one pass.
func scanAddresses(s string) []token {
	var tokens []token
	spaced := false
	for i := 0; i < len(s); {
		if isSpace(s[i]) {
			spaced = true
			i++
			continue
		}
		t, end := scanToken(s, i)
		t.spaced = spaced
		tokens = append(tokens, t)
		spaced = false
		i = end
	}
	return tokens
}

// scanToken reads the token that starts at s[i], and tells where it ends.
func scanToken(s string, i int) (token, int) {
	switch c := s[i]; c {
	case '"':
		text, end, ok := scanQuoted(s, i)
		return token{kind: kindIf(ok, tokenQuoted), text: text}, end
	case '(':
		text, end, ok := scanComment(s, i)
		return token{kind: kindIf(ok, tokenComment), text: text}, end
	case '[':
		// A literal holds no specials, so what does not end is known at the next one.
		end := i + 1
		for end < len(s) && (isAtomChar(s[end]) || strings.IndexByte(" \t:.@", s[end]) >= 0) {
			end++
		}
		if end < len(s) && s[end] == ']' {
			return token{kind: tokenLiteral, text: s[i+1 : end]}, end + 1
		}
		return token{kind: '[', text: "["}, i + 1
	case '<', '>', '@', ',', ';', ':', '.', ']':
		return token{kind: c, text: s[i : i+1]}, i + 1
	}
	end := i
	for end < len(s) && isAtomChar(s[end]) {
		end++
	}
	if end == i {
		return token{kind: tokenBad}, i + 1
	}
	return token{kind: tokenAtom, text: s[i:end]}, end
}

func kindIf(ok bool, kind byte) byte {
	if ok {
		return kind
	}
	return tokenBad
}

// scanQuoted reads a quoted-string; one that does not end goes to the end of s.
func scanQuoted(s string, i int) (text string, end int, ok bool) {
	var b strings.Builder
	for i++; i < len(s); i++ {
		switch c := s[i]; c {
		case '"':
			return b.String(), i + 1, true
		case '\r', '\n': // a fold: the white space after it stays
		case '\\':
			if i++; i < len(s) {
				b.WriteByte(s[i])
			}
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), len(s), false
}

// scanComment reads a comment with those in it. Depth needs no bound: it is a
// counter.
func scanComment(s string, i int) (text string, end int, ok bool) {
	var b strings.Builder
	depth := 0
	for ; i < len(s); i++ {
		c := s[i]
		switch c {
		case '(':
			if depth++; depth == 1 {
				continue
			}
		case ')':
			if depth--; depth == 0 {
				return b.String(), i + 1, true
			}
		case '\r', '\n':
			continue
		case '\\':
			if i++; i == len(s) {
				continue
			}
			c = s[i]
		}
		b.WriteByte(c)
	}
	return b.String(), len(s), false
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// isAtomChar: RFC 5322 section 3.2.3, and RFC 6532 section 3.2 for 8-bit text.
func isAtomChar(c byte) bool {
	return c > ' ' && c != 0x7f && strings.IndexByte("()<>[]:;@\\,.\"", c) < 0
}
