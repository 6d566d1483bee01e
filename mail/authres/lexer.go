package authres

import "strings"

// The bounds on what is read. All are far above what honest mail holds.
const (
	maxValue   = 64 << 10 // bytes of one field
	maxDepth   = 32       // comments within comments
	maxResults = 100      // results of one field
	maxProps   = 100      // properties of one result
)

// lexer reads a field value once, left to right.
type lexer struct {
	s   string
	pos int
}

// peek is the next byte, 0 at the end. A NUL in the text is no token either,
// so that the two need not be told apart.
func (l *lexer) peek() byte {
	if l.pos < len(l.s) {
		return l.s[l.pos]
	}
	return 0
}

func (l *lexer) done() bool { return l.pos >= len(l.s) }

// take steps over c, where it is next.
func (l *lexer) take(c byte) bool {
	if l.peek() != c || l.done() {
		return false
	}
	l.pos++
	return true
}

// skip steps over white space and comments (RFC 5322 section 3.2.2, CFWS).
func (l *lexer) skip() error {
	for !l.done() {
		switch l.s[l.pos] {
		case ' ', '\t', '\r', '\n':
			l.pos++
		case '(':
			end, ok := comment(l.s, l.pos)
			if !ok {
				return errComment
			}
			l.pos = end
		default:
			return nil
		}
	}
	return nil
}

// comment tells where the comment that starts at start ends.
func comment(s string, start int) (end int, ok bool) {
	depth := 0
	for i := start; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '(':
			if depth++; depth > maxDepth {
				return 0, false
			}
		case ')':
			if depth--; depth == 0 {
				return i + 1, true
			}
		}
	}
	return 0, false
}

// run reads the longest run of bytes for which ok holds.
func (l *lexer) run(ok func(byte) bool) string {
	start := l.pos
	for l.pos < len(l.s) && ok(l.s[l.pos]) {
		l.pos++
	}
	return l.s[start:l.pos]
}

// quoted reads a quoted-string (RFC 5322 section 3.2.4) and takes the quoting away.
func (l *lexer) quoted() (string, error) {
	var b strings.Builder
	for i := l.pos + 1; i < len(l.s); i++ {
		switch c := l.s[i]; c {
		case '"':
			l.pos = i + 1
			return b.String(), nil
		case '\r', '\n': // a fold: the white space after it stays
		case '\\':
			if i++; i < len(l.s) {
				b.WriteByte(l.s[i])
			}
		default:
			b.WriteByte(c)
		}
	}
	return "", errQuote
}

// value reads a value: a token or a quoted-string (RFC 2045 section 5.1).
func (l *lexer) value() (string, error) {
	if l.peek() == '"' {
		return l.quoted()
	}
	return l.run(isToken), nil
}

// pvalue reads the value of a property (RFC 8601 section 2.2). Beyond the
// grammar it takes what is met without quotes in real mail: base64, addresses
// and IPv6 addresses. A quoted local part keeps its quotes.
func (l *lexer) pvalue() (string, error) {
	start := l.pos
	for {
		l.run(isPlain)
		if l.peek() != '"' {
			return l.s[start:l.pos], nil
		}
		alone := l.pos == start
		text, err := l.quoted()
		if err != nil {
			return "", err
		}
		if next := l.peek(); alone && !isPlain(next) && next != '"' {
			return text, nil
		}
	}
}

// isToken: RFC 2045 section 5.1, and RFC 6532 section 3.2 for 8-bit text.
func isToken(c byte) bool {
	return c > ' ' && c != 0x7f && !strings.ContainsRune(`()<>@,;:\"/[]?=`, rune(c))
}

// isKeyword: RFC 5321 section 4.1.2, and the underscore that some write.
func isKeyword(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_'
}

// isPlain: what may stand in a property without quotes.
func isPlain(c byte) bool {
	return c > ' ' && c != 0x7f && c != ';' && c != '(' && c != ')' && c != '"' && c != '\\'
}
