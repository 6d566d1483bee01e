package text

import (
	"strings"

	"golang.org/x/net/html"
)

// tokenKind is what a token is.
type tokenKind uint8

const (
	tokenEnd tokenKind = iota
	tokenText
	tokenStart
	tokenClose
	tokenComment
)

// tokenizer cuts HTML into tokens by the rules of the HTML Standard section
// 13.2.5, as far as they decide what is text and what is markup. It goes over
// its input once and keeps no token but the one it is at, so that no length of
// one can hurt it. What it hands out are pieces of its input, not copies.
type tokenizer struct {
	src string
	pos int
	raw string // name of the element whose content is text up to its end tag, "" for none

	name  []byte // of a tag, lower case, at most maxName bytes of it
	data  string // text, or the inside of a comment, as it stands
	attrs attrs  // of a start tag
}

// maxName bounds the name of a tag; none that means anything is as long.
const maxName = 64

func newTokenizer(src string) *tokenizer {
	return &tokenizer{src: src, attrs: attrs{src: src}}
}

// next reads one token.
func (z *tokenizer) next() tokenKind {
	if z.pos >= len(z.src) {
		return tokenEnd
	}
	if z.raw != "" {
		return z.rawText()
	}
	for i := z.pos; ; {
		j := strings.IndexByte(z.src[i:], '<')
		if j < 0 || i+j+1 == len(z.src) {
			return z.textTo(len(z.src))
		}
		i += j
		c := z.src[i+1]
		if !isLetter(c) && c != '/' && c != '!' && c != '?' {
			i++ // section 13.2.5.6: a "<" before anything else is text
			continue
		}
		if i > z.pos {
			return z.textTo(i)
		}
		return z.markup(c)
	}
}

func (z *tokenizer) textTo(end int) tokenKind {
	z.data, z.pos = z.src[z.pos:end], end
	return tokenText
}

// rawText takes everything up to the end tag of the raw element.
func (z *tokenizer) rawText() tokenKind {
	name := z.raw
	z.raw = ""
	for i := z.pos; i < len(z.src); {
		j := strings.Index(z.src[i:], "</")
		if j < 0 {
			break
		}
		i += j + 2
		end := i + len(name)
		if end <= len(z.src) && strings.EqualFold(z.src[i:end], name) && (end == len(z.src) || endsName(z.src[end])) {
			return z.textTo(i - 2)
		}
	}
	return z.textTo(len(z.src))
}

// markup reads what begins with "<" and c.
func (z *tokenizer) markup(c byte) tokenKind {
	rest := z.src[z.pos:]
	switch {
	case isLetter(c):
		return z.startTag()
	case c == '/' && len(rest) > 2 && isLetter(rest[2]):
		return z.closeTag()
	case c == '/' && len(rest) > 2 && rest[2] == '>':
		z.data, z.pos = "", z.pos+3
		return tokenComment
	case c == '!' && strings.HasPrefix(rest, "<!--"):
		return z.comment(rest[4:])
	}
	// Sections 13.2.5.6 and 13.2.5.42: anything else up to ">" is a comment.
	end := strings.IndexByte(rest, '>')
	if end < 0 {
		end = len(rest) - 1
	}
	z.data = rest[2:max(end, 2)]
	z.pos += end + 1
	return tokenComment
}

// comment reads a comment whose text begins with rest. "-->" and "--!>" end
// it, ">" and "->" at once end an empty one (section 13.2.5.43).
func (z *tokenizer) comment(rest string) tokenKind {
	start := len(z.src) - len(rest)
	for _, abrupt := range []string{">", "->"} {
		if strings.HasPrefix(rest, abrupt) {
			z.data, z.pos = "", start+len(abrupt)
			return tokenComment
		}
	}
	for i := start; i < len(z.src); {
		j := strings.Index(z.src[i:], "--")
		if j < 0 {
			break
		}
		i += j
		tail := z.src[i+2:]
		tail = strings.TrimPrefix(tail, "!")
		if len(tail) > 0 && tail[0] == '>' {
			z.data, z.pos = z.src[start:i], len(z.src)-len(tail)+1
			return tokenComment
		}
		i++
	}
	z.data, z.pos = z.src[start:], len(z.src)
	return tokenComment
}

func (z *tokenizer) readName(i int) int {
	start := i
	for i < len(z.src) && !endsName(z.src[i]) {
		i++
	}
	z.name = appendLower(z.name[:0], z.src[start:min(i, start+maxName)])
	return i
}

func (z *tokenizer) startTag() tokenKind {
	i := z.readName(z.pos + 1)
	z.attrs.reset()
	for {
		name, value, next := readAttr(z.src, i)
		if next < 0 || next >= len(z.src) { // section 13.2.5: a tag that the end cuts off is dropped
			z.pos = len(z.src)
			return tokenEnd
		}
		z.attrs.add(name, value)
		if z.src[next] == '>' {
			z.attrs.closed = z.src[next-1] == '/'
			z.pos = next + 1
			return tokenStart
		}
		i = next
	}
}

func (z *tokenizer) closeTag() tokenKind {
	i := z.readName(z.pos + 2)
	end := tagEnd(z.src, i)
	if end < 0 {
		z.pos = len(z.src)
		return tokenEnd
	}
	z.pos = end + 1
	return tokenClose
}

// tagEnd finds the ">" that ends the tag whose attributes begin at i: not one
// within a quoted value. It is -1 where there is none.
func tagEnd(src string, i int) int {
	for {
		_, _, next := readAttr(src, i)
		if next < 0 || next >= len(src) {
			return -1
		}
		if src[next] == '>' {
			return next
		}
		i = next
	}
}

// span is a piece of the source: its first byte and the one after its last.
type span struct{ from, to int }

// readAttr reads one attribute at i (sections 13.2.5.32 to 39): where its name
// stands and its value, and where the next one begins, which is a ">" at the
// end of the tag. Next is -1 when the source ends within.
func readAttr(src string, i int) (name, value span, next int) {
	for i < len(src) && (isSpace(src[i]) || src[i] == '/') {
		i++
	}
	if i >= len(src) || src[i] == '>' {
		return span{}, span{}, i
	}
	name.from = i
	for i < len(src) && (!endsName(src[i]) && (src[i] != '=' || i == name.from)) {
		i++
	}
	name.to = i
	for i < len(src) && isSpace(src[i]) {
		i++
	}
	if i >= len(src) || src[i] != '=' {
		return name, span{}, i
	}
	i++
	for i < len(src) && isSpace(src[i]) {
		i++
	}
	if i >= len(src) {
		return name, span{}, i
	}
	if q := src[i]; q == '"' || q == '\'' {
		end := strings.IndexByte(src[i+1:], q)
		if end < 0 {
			return name, span{i + 1, len(src)}, -1
		}
		return name, span{i + 1, i + 1 + end}, i + end + 2
	}
	value.from = i
	for i < len(src) && !isSpace(src[i]) && src[i] != '>' {
		i++
	}
	value.to = i
	return name, value, i
}

// unescape decodes character references where there are any. Those of most
// addresses are all "&amp;", for which the library makes two copies too many.
func unescape(s string) string {
	i := strings.IndexByte(s, '&')
	if i < 0 {
		return s
	}
	var b strings.Builder
	for rest := s; ; {
		after, ok := strings.CutPrefix(rest[i+1:], "amp;")
		if !ok {
			return html.UnescapeString(s)
		}
		if b.Cap() == 0 {
			b.Grow(len(s))
		}
		b.WriteString(rest[:i+1])
		rest = after
		if i = strings.IndexByte(rest, '&'); i < 0 {
			b.WriteString(rest)
			return b.String()
		}
	}
}

// appendLower adds s to b with ASCII letters in lower case.
func appendLower(b []byte, s string) []byte {
	n := len(b)
	b = append(b, s...)
	for i, c := range b[n:] {
		if c >= 'A' && c <= 'Z' {
			b[n+i] = c + 'a' - 'A'
		}
	}
	return b
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// spaces and enders are the bytes that part attributes and that end names.
var spaces, enders = func() (s, e [256]bool) {
	for _, c := range []byte(" \n\t\r\f") {
		s[c], e[c] = true, true
	}
	e['/'], e['>'] = true, true
	return s, e
}()

func isSpace(c byte) bool { return spaces[c] }

func endsName(c byte) bool { return enders[c] }
