package text

import (
	"strconv"
	"strings"

	"golang.org/x/net/html/atom"
)

// look is how text in an element looks, as far as it matters here.
type look struct {
	hidden bool
	color  int // 0xRRGGBB, -1 when not known
	ground int // colour of the background
	tiny   bool
}

// mark is an open element that changes the look.
type mark struct {
	tag  atom.Atom
	name string // where the tag is none that is known
	nest int    // elements of the same name open since, itself included
	look look
}

// maxMarks bounds the elements kept track of; deeper ones change nothing.
const maxMarks = 64

// marks are the open elements that change the look, the innermost last. Only
// these are kept, and counts in place of the elements between them: so depth
// costs nothing.
type marks struct {
	list []mark
}

func (m *marks) top() look {
	if n := len(m.list); n > 0 {
		return m.list[n-1].look
	}
	return look{color: 0x000000, ground: 0xffffff}
}

func (m *marks) hidden() bool {
	l := m.top()
	return l.hidden || l.tiny || l.color >= 0 && l.ground >= 0 && near(l.color, l.ground)
}

func (k *mark) is(tag atom.Atom, name []byte) bool {
	return k.tag == tag && (tag != 0 || k.name == string(name))
}

// open counts a start tag.
func (m *marks) open(tag atom.Atom, name []byte) {
	if void(tag) {
		return
	}
	for i := range m.list {
		if m.list[i].is(tag, name) {
			m.list[i].nest++
		}
	}
}

// push begins an element that changes the look.
func (m *marks) push(tag atom.Atom, name []byte, l look) {
	if len(m.list) >= maxMarks {
		return
	}
	k := mark{tag: tag, nest: 1, look: l}
	if tag == 0 {
		k.name = string(name[:min(len(name), 64)])
	}
	m.list = append(m.list, k)
}

// close counts an end tag and ends every mark whose element it ends, with
// those within.
func (m *marks) close(tag atom.Atom, name []byte) {
	for i := range m.list {
		k := &m.list[i]
		if !k.is(tag, name) {
			continue
		}
		if k.nest--; k.nest == 0 {
			m.list = m.list[:i]
			return
		}
	}
}

// paint reads what a start tag says about the look.
func (p *page) paint(tag atom.Atom, name []byte) {
	a := p.attrs
	const interesting = 1<<attrStyle | 1<<attrClass | 1<<attrColor | 1<<attrBgcolor | 1<<attrText | 1<<attrHidden | 1<<attrBackground
	if a.seen&interesting == 0 && !alwaysHidden(tag) || void(tag) {
		return
	}
	old := p.marks.top()
	l := old
	hides, paints := p.classLook(a.get(attrClass))
	l.hidden = l.hidden || hides || a.has(attrHidden) || alwaysHidden(tag)
	if paints {
		l.ground = -1
	}
	if c, ok := color(a.get(attrBgcolor)); ok {
		l.ground = c
	}
	if a.has(attrBackground) {
		l.ground = -1
	}
	if tag == atom.Font {
		if c, ok := color(a.get(attrColor)); ok {
			l.color = c
		}
	}
	if tag == atom.Body {
		if c, ok := color(a.get(attrText)); ok {
			l.color = c
		}
	}
	if a.has(attrStyle) {
		s := p.style(a.get(attrStyle))
		s.apply(&l)
	}
	if l != old {
		p.marks.push(tag, name, l)
	}
}

func alwaysHidden(tag atom.Atom) bool {
	return tag == atom.Template || tag == atom.Datalist
}

// style is what the declarations of a style attribute say.
type style struct {
	hidden        bool
	sized, tiny   bool // a size of letters is given, and it is too small to see
	colored       bool
	grounded      bool
	color, ground int // as in look, where they are given
}

func (s *style) apply(l *look) {
	l.hidden = l.hidden || s.hidden
	if s.sized {
		l.tiny = s.tiny
	}
	if s.colored {
		l.color = s.color
	}
	if s.grounded {
		l.ground = s.ground
	}
}

// maxStyles bounds the different styles that a page remembers.
const maxStyles = 256

// style reads a style attribute, from memory where the page had the same one
// before: most of a newsletter is a few styles many times over.
func (p *page) style(s string) style {
	if known, ok := p.styles[s]; ok {
		return known
	}
	read := readStyle(s)
	if p.styles == nil {
		p.styles = map[string]style{}
	}
	if len(p.styles) < maxStyles {
		p.styles[s] = read
	}
	return read
}

func readStyle(s string) (read style) {
	clipped, empty := false, false
	for s != "" {
		var decl string
		decl, s, _ = strings.Cut(s, ";")
		name, value, ok := strings.Cut(decl, ":")
		if !ok {
			continue
		}
		p := propertyOf(strings.TrimSpace(name))
		if p == propertyNone {
			continue
		}
		value, _, _ = strings.Cut(value, "!") // "!important"
		value = strings.TrimSpace(value)
		switch p {
		case propertyEmpty:
			n, ok := number(value)
			empty = empty || ok && n == 0
		case propertyOverflow:
			clipped = clipped || strings.EqualFold(value, "hidden")
		default:
			read.declare(p, value)
		}
	}
	read.hidden = read.hidden || clipped && empty
	return read
}

// property is one of the properties that hide.
type property uint8

const (
	propertyNone property = iota
	propertyDisplay
	propertyVisibility
	propertyMsoHide
	propertyOpacity
	propertyFontSize
	propertyFont
	propertyColor
	propertyBackground
	propertyEmpty // a size, which may be none
	propertyOverflow
	propertyPlace // where it is, which may be off the page
)

// longestProperty is the length of the longest name that propertyOf knows.
const longestProperty = len("background-color")

func propertyOf(name string) property {
	if len(name) > longestProperty {
		return propertyNone
	}
	var buf [longestProperty]byte
	switch string(appendLower(buf[:0], name)) {
	case "display":
		return propertyDisplay
	case "visibility":
		return propertyVisibility
	case "mso-hide":
		return propertyMsoHide
	case "opacity":
		return propertyOpacity
	case "font-size":
		return propertyFontSize
	case "font":
		return propertyFont
	case "color":
		return propertyColor
	case "background", "background-color":
		return propertyBackground
	case "height", "max-height", "width", "max-width":
		return propertyEmpty
	case "overflow":
		return propertyOverflow
	case "text-indent", "left", "top", "margin-left":
		return propertyPlace
	}
	return propertyNone
}

// declare takes one declaration.
func (s *style) declare(p property, value string) {
	n, isNumber := number(value)
	switch p {
	case propertyDisplay:
		s.hidden = s.hidden || strings.EqualFold(value, "none")
	case propertyVisibility:
		s.hidden = s.hidden || strings.EqualFold(value, "hidden") || strings.EqualFold(value, "collapse")
	case propertyMsoHide:
		s.hidden = s.hidden || strings.EqualFold(value, "all")
	case propertyOpacity:
		s.hidden = s.hidden || isNumber && n < 0.1
	case propertyPlace:
		s.hidden = s.hidden || isNumber && n <= -500
	case propertyFontSize:
		if isNumber {
			s.sized, s.tiny = true, n < 2 && (n == 0 || hasFoldSuffix(value, "px") || hasFoldSuffix(value, "pt"))
		}
	case propertyFont:
		if hasFold(value, "0px") || strings.HasPrefix(value, "0 ") || strings.HasPrefix(value, "0/") {
			s.sized, s.tiny = true, true
		}
	case propertyColor:
		if strings.EqualFold(value, "transparent") {
			s.hidden = true
		} else if c, ok := color(value); ok {
			s.colored, s.color = true, c
		}
	case propertyBackground:
		if c, ok := color(value); ok {
			s.grounded, s.ground = true, c
		} else if value = strings.ToLower(value); strings.Contains(value, "url(") || strings.Contains(value, "gradient") {
			s.grounded, s.ground = true, -1
		}
	}
}

func hasFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

func hasFoldSuffix(s, suffix string) bool {
	return len(s) >= len(suffix) && strings.EqualFold(s[len(s)-len(suffix):], suffix)
}

// number reads the number that a value begins with.
func number(s string) (float64, bool) {
	n := 0
	for n < len(s) && n < 12 && (s[n] >= '0' && s[n] <= '9' || s[n] == '.' || n == 0 && s[n] == '-') {
		n++
	}
	if n == 0 {
		return 0, false
	}
	f, err := strconv.ParseFloat(s[:n], 64)
	return f, err == nil
}

// color reads a colour: #rgb, #rrggbb, rgb(r, g, b), and the names that hide
// most often.
func color(s string) (int, bool) {
	s = strings.TrimSpace(s)
	switch {
	case s == "":
		return 0, false
	case s[0] == '#':
		return hexColor(s[1:])
	case hasFold(s, "rgb("):
		return rgb(s[4:])
	}
	s, _, _ = strings.Cut(s, " ")
	var buf [len("whitesmoke")]byte
	if len(s) > len(buf) {
		return 0, false
	}
	switch string(appendLower(buf[:0], s)) {
	case "white", "snow", "ivory", "ghostwhite", "whitesmoke":
		return 0xffffff, true
	case "black":
		return 0, true
	case "red":
		return 0xff0000, true
	case "blue":
		return 0x0000ff, true
	case "green":
		return 0x008000, true
	case "yellow":
		return 0xffff00, true
	case "gray", "grey":
		return 0x808080, true
	case "silver":
		return 0xc0c0c0, true
	case "navy":
		return 0x000080, true
	}
	if len(s) == 6 {
		return hexColor(s)
	}
	return 0, false
}

// hexColor reads three or six hexadecimal digits.
func hexColor(s string) (int, bool) {
	n, v := 0, 0
	for ; n < len(s) && n < 6; n++ {
		d := hexDigit(s[n])
		if d < 0 {
			break
		}
		v = v<<4 | d
	}
	switch n {
	case 3:
		r, g, b := v>>8, v>>4&15, v&15
		return r*17<<16 | g*17<<8 | b*17, true
	case 6:
		return v, true
	}
	return 0, false
}

func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

func rgb(s string) (int, bool) {
	v := 0
	for i := range 3 {
		s = strings.TrimLeft(s, " ,")
		n, ok := number(s)
		if !ok || n < 0 || n > 255 {
			return 0, false
		}
		v |= int(n) << (16 - 8*i)
		s = strings.TrimLeft(s, "0123456789.")
	}
	return v, true
}

// near tells whether two colours cannot be told apart by eye.
func near(a, b int) bool {
	for shift := 0; shift <= 16; shift += 8 {
		if d := a>>shift&0xff - b>>shift&0xff; d > 16 || d < -16 {
			return false
		}
	}
	return true
}

// maxClasses bounds the classes of style sheets that are kept.
const maxClasses = 200

// sheet notes the classes that a plain rule of a style sheet hides or gives a
// background. Rules within @media hold for some screens only and are skipped.
func (p *page) sheet(s string) {
	for s != "" {
		selector, rest, ok := strings.Cut(s, "{")
		if !ok {
			return
		}
		if i := strings.LastIndexByte(selector, ';'); i >= 0 {
			selector = selector[i+1:]
		}
		if strings.HasPrefix(strings.TrimSpace(selector), "@") {
			s = skipBlock(rest)
			continue
		}
		var block string
		block, s, _ = strings.Cut(rest, "}")
		says := readStyle(block)
		if hides := says.hidden || says.tiny; hides || strings.Contains(strings.ToLower(block), "background") {
			p.noteClasses(selector, hides)
		}
	}
}

// skipBlock gives what follows the "}" that ends the block.
func skipBlock(s string) string {
	depth := 1
	for i := range len(s) {
		switch s[i] {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return s[i+1:]
			}
		}
	}
	return ""
}

// noteClasses takes the selectors that are a class and nothing else.
func (p *page) noteClasses(selectors string, hides bool) {
	for s := range strings.SplitSeq(selectors, ",") {
		s = strings.TrimSpace(s)
		i := strings.IndexByte(s, '.')
		if i < 0 || strings.ContainsAny(s[i+1:], " .:>+~[#") || len(s) > 100 || len(p.classes) >= maxClasses {
			continue
		}
		if p.classes == nil {
			p.classes = map[string]bool{}
		}
		name := s[i+1:]
		p.classes[name] = p.classes[name] || hides
	}
}

// classLook tells whether one of the classes hides and whether one is in the
// style sheet for its background, which is not known then.
func (p *page) classLook(s string) (hides, paints bool) {
	if len(p.classes) == 0 || s == "" {
		return false, false
	}
	for name := range strings.FieldsSeq(s) {
		if h, ok := p.classes[name]; ok {
			hides = hides || h
			paints = paints || !h
		}
	}
	return hides, paints
}
