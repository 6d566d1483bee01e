package text

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// cleanCSS makes style text easy to cut up (CSS Syntax Level 3 section 4.3):
// comments become blanks, escapes what they stand for, and what is in strings
// and addresses cannot be taken for the signs of the syntax any more.
func cleanCSS(s string) string {
	if !strings.ContainsAny(s, `\"'`) && !strings.Contains(s, "/*") && !strings.Contains(s, "<!--") && !strings.Contains(s, "(") {
		return s
	}
	b := make([]byte, 0, len(s))
	var quote byte // that ends the string or address that we are in
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '\\':
			var n int
			b, n = appendEscape(b, s[i+1:])
			i += n
		case quote != 0:
			if c == quote || c == '\n' && quote != ')' {
				quote = 0
				if c == '"' || c == '\'' {
					b = append(b, c)
					continue
				}
			}
			if quote != 0 {
				c = harmless(c)
			}
			b = append(b, c)
		case c == '"' || c == '\'':
			quote = c
			b = append(b, c)
		case c == '/' && strings.HasPrefix(s[i:], "/*"):
			b = append(b, ' ')
			end := strings.Index(s[i+2:], "*/")
			if end < 0 {
				return string(b)
			}
			i += end + 3
		case c == '<' && strings.HasPrefix(s[i:], "<!--"):
			i += 3
		case c == '-' && strings.HasPrefix(s[i:], "-->"):
			i += 2
		case c == '(' && endsFold(b, "url"):
			b = append(b, c)
			rest := strings.TrimLeft(s[i+1:], " \t\r\n\f")
			if rest != "" && rest[0] != '"' && rest[0] != '\'' {
				quote = ')'
			}
		default:
			b = append(b, c)
		}
	}
	return string(b)
}

func endsFold(b []byte, suffix string) bool {
	return len(b) >= len(suffix) && strings.EqualFold(string(b[len(b)-len(suffix):]), suffix)
}

// appendEscape adds what an escape stands for and tells how many bytes behind
// the backslash it took (section 4.3.7).
func appendEscape(b []byte, s string) ([]byte, int) {
	n, r := 0, rune(0)
	for n < len(s) && n < 6 && hexDigit(s[n]) >= 0 {
		r = r<<4 | rune(hexDigit(s[n]))
		n++
	}
	switch {
	case n > 0 && n < len(s) && isSpace(s[n]):
		n++
	case n == 0 && s != "" && s[0] < utf8.RuneSelf:
		r, n = rune(s[0]), 1
	case n == 0:
		return b, 0
	}
	if r < utf8.RuneSelf {
		return append(b, harmless(byte(r))), n
	}
	return utf8.AppendRune(b, r), n
}

// harmless gives "_" for what would have a meaning in the syntax.
func harmless(c byte) byte {
	if isLetter(c) || c >= '0' && c <= '9' || c == '-' || c == ' ' || c >= utf8.RuneSelf {
		return c
	}
	return '_'
}

// property is one of the properties that decide whether text is seen.
type property uint8

const (
	propDisplay property = iota
	propVisibility
	propOpacity
	propSize // of letters
	propColor
	propGround
	propImage
	propHeight
	propMaxHeight
	propMinHeight
	propWidth
	propMaxWidth
	propMinWidth
	propPadding
	propLine
	propOverflowX
	propOverflowY
	propPosition
	propLeft
	propRight
	propTop
	propBottom
	propMargin
	propIndent
	propClip
	propTransform
	propFloat
	propCount
)

// Values of properties; those of colours are in color.go.
const (
	no  = 0
	yes = 1 // in all but those at shows, this is what hides

	displayInline = 0
	displayNone   = 1
	displayBox    = 2

	sizeTiny   = 1
	sizeParent = 2 // a part of what the parent has

	placed   = 2 // given, and not off the page
	absolute = 2
)

// value is what a property is set to, and how firmly: what ranks higher wins,
// and among equals the last (CSS Cascading Level 4 section 6).
type value struct {
	rank uint32
	is   int32
}

// Ranks: importance, then specificity, then order.
const (
	rankImportant = 1 << 31
	rankSpecific  = 1 << 20
	rankInline    = 1000 * rankSpecific
)

// style is a value for each property; a rank of 0 is one that is not given.
type style [propCount]value

func (s *style) set(p property, rank uint32, is int32) {
	if rank >= s[p].rank {
		s[p] = value{rank, is}
	}
}

func (s *style) has(p property, is int32) bool { return s[p].rank > 0 && s[p].is == is }

// add puts another style over this one.
func (s *style) add(t *style, rank uint32) {
	for p := range t {
		if v := t[p]; v.rank > 0 {
			s.set(property(p), v.rank+rank, v.is)
		}
	}
}

// soften leaves of a style what shows text: for rules of which it is not known
// whether they apply. Colours are not known then.
func (s *style) soften() {
	for p := range s {
		switch v := &s[p]; property(p) {
		case propColor, propGround, propImage:
			v.is = unknown
		case propMinHeight, propMinWidth, propPadding:
		case propDisplay:
			if v.is == displayBox {
				v.is = displayInline
			} else if v.is == displayNone {
				v.rank = 0
			}
		case propPosition:
			if v.is != no {
				v.rank = 0
			}
		default:
			if v.is == yes {
				v.rank = 0
			}
		}
	}
}

// readStyle reads declarations, cleaned. They rank 1, and the important ones
// above.
func readStyle(s string) (read style, any bool) {
	for s != "" {
		var decl string
		decl, s, _ = strings.Cut(s, ";")
		name, value, ok := strings.Cut(decl, ":")
		if !ok {
			continue
		}
		rank := uint32(1)
		if v, mark, ok := strings.Cut(value, "!"); ok {
			if !strings.EqualFold(strings.TrimSpace(mark), "important") {
				continue
			}
			rank, value = 1|rankImportant, v
		}
		any = read.declare(strings.TrimSpace(name), strings.TrimSpace(value), rank) || any
	}
	return read, any
}

// longestProperty is the length of the longest name that declare knows.
const longestProperty = len("background-color")

// declare takes one declaration and tells whether it means anything here.
func (s *style) declare(name, value string, rank uint32) bool {
	if len(name) > longestProperty || value == "" {
		return false
	}
	var buf [longestProperty]byte
	put := func(p property, is int32, ok bool) bool {
		if ok {
			s.set(p, rank, is)
		}
		return ok
	}
	switch string(appendLower(buf[:0], name)) {
	case "display":
		is, ok := display(value)
		return put(propDisplay, is, ok)
	case "visibility":
		hides := strings.EqualFold(value, "hidden") || strings.EqualFold(value, "collapse")
		return put(propVisibility, flag(hides), hides || strings.EqualFold(value, "visible"))
	case "opacity":
		n, unit, ok := length(value)
		return put(propOpacity, flag(n < 0.1 || n < 10 && unit == "%"), ok)
	case "font-size":
		is, ok := letterSize(value)
		return put(propSize, is, ok)
	case "font":
		is, ok := fontSize(value)
		return put(propSize, is, ok)
	case "color":
		c, ok := textColor(value)
		return put(propColor, c, ok)
	case "background-color":
		c, ok := groundColor(value)
		return put(propGround, c, ok)
	case "background":
		c, image, ok := background(value)
		return put(propGround, c, ok) && put(propImage, image, ok)
	case "background-image":
		return put(propImage, flag(!strings.EqualFold(value, "none")), true)
	case "height":
		return put(propHeight, flag(empty(value, false)), true)
	case "max-height":
		return put(propMaxHeight, flag(empty(value, false)), true)
	case "width":
		return put(propWidth, flag(empty(value, true)), true)
	case "max-width":
		return put(propMaxWidth, flag(empty(value, true)), true)
	case "min-height":
		return put(propMinHeight, flag(!zero(value)), true)
	case "min-width":
		return put(propMinWidth, flag(!zero(value)), true)
	case "padding", "padding-top", "padding-bottom", "padding-left", "padding-right":
		return put(propPadding, flag(!zero(value)), true)
	case "line-height":
		n, _, ok := length(value)
		return put(propLine, flag(ok && n == 0), true)
	case "overflow":
		return put(propOverflowX, clips(value), true) && put(propOverflowY, clips(value), true)
	case "overflow-x":
		return put(propOverflowX, clips(value), true)
	case "overflow-y":
		return put(propOverflowY, clips(value), true)
	case "position":
		return put(propPosition, position(value), true)
	case "left":
		return put(propLeft, offset(value), true)
	case "right":
		return put(propRight, offset(value), true)
	case "top":
		return put(propTop, offset(value), true)
	case "bottom":
		return put(propBottom, offset(value), true)
	case "margin-left":
		return put(propMargin, flag(offset(value) == yes), true)
	case "margin":
		return put(propMargin, no, true)
	case "text-indent":
		return put(propIndent, flag(offset(value) == yes), true)
	case "clip":
		return put(propClip, flag(clippedAway(value)), true)
	case "transform":
		return put(propTransform, flag(scaledAway(value)), true)
	case "float":
		return put(propFloat, flag(strings.EqualFold(value, "left") || strings.EqualFold(value, "right")), true)
	}
	return false
}

func flag(b bool) int32 {
	if b {
		return yes
	}
	return no
}

// number reads the number that a value begins with.
func number(s string) (float64, bool) {
	f, n := leading(s)
	return f, n > 0
}

// leading reads the number that a value begins with, and how long it is.
func leading(s string) (float64, int) {
	n := 0
	for n < len(s) && n < 12 && (s[n] >= '0' && s[n] <= '9' || s[n] == '.' || n == 0 && (s[n] == '-' || s[n] == '+')) {
		n++
	}
	f, err := strconv.ParseFloat(s[:n], 64)
	if err != nil {
		return 0, 0
	}
	return f, n
}

// length reads a number with its unit, in lower case.
func length(s string) (n float64, unit string, ok bool) {
	n, end := leading(s)
	return n, strings.ToLower(s[end:min(len(s), end+8)]), end > 0
}
