package text

import (
	"bytes"
	"strconv"

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
	hides, paints := p.classLook(a.bytes(attrClass))
	l.hidden = l.hidden || hides || a.has(attrHidden) || alwaysHidden(tag)
	if paints {
		l.ground = -1
	}
	if c, ok := color(a.bytes(attrBgcolor)); ok {
		l.ground = c
	}
	if a.has(attrBackground) {
		l.ground = -1
	}
	if tag == atom.Font {
		if c, ok := color(a.bytes(attrColor)); ok {
			l.color = c
		}
	}
	if tag == atom.Body {
		if c, ok := color(a.bytes(attrText)); ok {
			l.color = c
		}
	}
	l = style(l, a.bytes(attrStyle))
	if l != old {
		p.marks.push(tag, name, l)
	}
}

func alwaysHidden(tag atom.Atom) bool {
	return tag == atom.Template || tag == atom.Datalist
}

// style applies the declarations of a style attribute.
func style(l look, b []byte) look {
	clipped, empty := false, false
	for len(b) > 0 {
		var decl []byte
		if i := bytes.IndexByte(b, ';'); i >= 0 {
			decl, b = b[:i], b[i+1:]
		} else {
			decl, b = b, nil
		}
		i := bytes.IndexByte(decl, ':')
		if i < 0 {
			continue
		}
		name, value := lower(decl[:i]), lower(decl[i+1:])
		if j := bytes.IndexByte(value, '!'); j >= 0 {
			value = bytes.TrimSpace(value[:j])
		}
		switch string(name) {
		case "display":
			l.hidden = l.hidden || string(value) == "none"
		case "visibility":
			l.hidden = l.hidden || string(value) == "hidden" || string(value) == "collapse"
		case "mso-hide":
			l.hidden = l.hidden || string(value) == "all"
		case "opacity":
			if n, ok := number(value); ok && n < 0.1 {
				l.hidden = true
			}
		case "font-size":
			if n, ok := number(value); ok {
				l.tiny = n < 2 && (n == 0 || bytes.HasSuffix(value, []byte("px")) || bytes.HasSuffix(value, []byte("pt")))
			}
		case "font":
			l.tiny = l.tiny || bytes.HasPrefix(value, []byte("0px")) || bytes.HasPrefix(value, []byte("0 ")) || bytes.HasPrefix(value, []byte("0/"))
		case "color":
			if string(value) == "transparent" {
				l.hidden = true
			} else if c, ok := color(value); ok {
				l.color = c
			}
		case "background-color", "background":
			if c, ok := color(value); ok {
				l.ground = c
			} else if bytes.Contains(value, []byte("url(")) || bytes.Contains(value, []byte("gradient")) {
				l.ground = -1
			}
		case "height", "max-height", "width", "max-width":
			if n, ok := number(value); ok && n == 0 {
				empty = true
			}
		case "overflow":
			clipped = clipped || string(value) == "hidden"
		case "text-indent", "left", "top", "margin-left":
			if n, ok := number(value); ok && n <= -500 {
				l.hidden = true
			}
		}
	}
	l.hidden = l.hidden || clipped && empty
	return l
}

// lower trims and lowers ASCII in place: the source is a copy of our own.
func lower(b []byte) []byte {
	b = bytes.TrimSpace(b)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return b
}

// number reads the number that a value begins with.
func number(b []byte) (float64, bool) {
	n := 0
	for n < len(b) && n < 12 && (b[n] >= '0' && b[n] <= '9' || b[n] == '.' || n == 0 && b[n] == '-') {
		n++
	}
	f, err := strconv.ParseFloat(string(b[:n]), 64)
	return f, err == nil
}

// color reads a colour: #rgb, #rrggbb, rgb(r, g, b), and the names that hide
// most often.
func color(b []byte) (int, bool) {
	b = lower(b)
	switch {
	case len(b) == 0:
		return 0, false
	case b[0] == '#':
		return hexColor(b[1:])
	case bytes.HasPrefix(b, []byte("rgb(")):
		return rgb(b[4:])
	}
	if i := bytes.IndexByte(b, ' '); i > 0 {
		b = b[:i]
	}
	switch string(b) {
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
	if len(b) == 6 {
		return hexColor(b)
	}
	return 0, false
}

func hexColor(b []byte) (int, bool) {
	n := 0
	for n < len(b) && n < 6 && (b[n] >= '0' && b[n] <= '9' || b[n] >= 'a' && b[n] <= 'f') {
		n++
	}
	v, err := strconv.ParseUint(string(b[:n]), 16, 32)
	if err != nil {
		return 0, false
	}
	switch n {
	case 3:
		r, g, b := int(v>>8), int(v>>4&15), int(v&15)
		return r*17<<16 | g*17<<8 | b*17, true
	case 6:
		return int(v), true
	}
	return 0, false
}

func rgb(b []byte) (int, bool) {
	v := 0
	for i := range 3 {
		b = bytes.TrimLeft(b, " ,")
		n, ok := number(b)
		if !ok || n < 0 || n > 255 {
			return 0, false
		}
		v |= int(n) << (16 - 8*i)
		b = bytes.TrimLeft(b, "0123456789.")
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
// background. Rules
// within @media hold for some screens only and are skipped.
func (p *page) sheet(b []byte) {
	for len(b) > 0 {
		open := bytes.IndexByte(b, '{')
		if open < 0 {
			return
		}
		selector := bytes.TrimSpace(b[:open])
		b = b[open+1:]
		if i := bytes.LastIndexByte(selector, ';'); i >= 0 {
			selector = selector[i+1:]
		}
		if bytes.HasPrefix(bytes.TrimSpace(selector), []byte("@")) {
			b = skipBlock(b)
			continue
		}
		end := bytes.IndexByte(b, '}')
		if end < 0 {
			end = len(b)
		}
		base := look{color: -1, ground: -1}
		if l := style(base, b[:end]); l.hidden || l.tiny || bytes.Contains(b[:end], []byte("background")) {
			p.noteClasses(selector, l.hidden || l.tiny)
		}
		b = b[min(len(b), end+1):]
	}
}

// skipBlock gives what follows the "}" that ends the block.
func skipBlock(b []byte) []byte {
	depth := 1
	for i, c := range b {
		switch c {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return b[i+1:]
			}
		}
	}
	return nil
}

// noteClasses takes the selectors that are a class and nothing else.
func (p *page) noteClasses(selectors []byte, hides bool) {
	for s := range bytes.SplitSeq(selectors, []byte(",")) {
		s = bytes.TrimSpace(s)
		i := bytes.IndexByte(s, '.')
		if i < 0 || bytes.ContainsAny(s[i+1:], " .:>+~[#") || len(s) > 100 || len(p.classes) >= maxClasses {
			continue
		}
		if p.classes == nil {
			p.classes = map[string]bool{}
		}
		name := string(s[i+1:])
		p.classes[name] = p.classes[name] || hides
	}
}

// classLook tells whether one of the classes hides and whether one is in the
// style sheet for its background, which is not known then.
func (p *page) classLook(b []byte) (hides, paints bool) {
	if len(p.classes) == 0 || len(b) == 0 {
		return false, false
	}
	for name := range bytes.FieldsSeq(b) {
		if h, ok := p.classes[string(name)]; ok {
			hides = hides || h
			paints = paints || !h
		}
	}
	return hides, paints
}
