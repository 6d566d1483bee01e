package text

import "golang.org/x/net/html/atom"

// look is how text in an element looks, as far as it matters here.
type look struct {
	color  int32 // 0xRRGGBB, unknown or invisible
	ground int32 // colour of the background, or unknown
	behind int32 // that of the box that it is in
	hidden bool  // for good
	unseen bool  // until something within is visible
	tiny   bool
	indent bool // pushed off the page, up to the end of the line
}

// hides tells whether text of that look is not shown. What is not known for
// sure is shown.
func (l *look) hides() bool {
	return l.hidden || l.unseen || l.tiny || l.indent || l.color == invisible ||
		l.color >= 0 && l.ground >= 0 && near(l.color, l.ground)
}

// hint is what attributes say about the look; any style is above it.
type hint struct {
	color, ground int32
	hide          bool
}

func (h *hint) apply(l *look) {
	if h.color != same {
		l.color = h.color
	}
	if h.ground != same {
		l.ground = h.ground
	}
}

// effect is what a style makes of the look.
type effect struct {
	color, ground int32
	hidden, shown bool // display says so, or something else hides
	squeezed      bool // hidden if it is laid out as a box
	box, inline   bool // it is, it is not; else the element decides
	visibility    trio
	size, indent  trio
	part          bool // the size is a part of that of the parent
}

// trio is yes, no or not said.
type trio struct{ said, is bool }

func (t trio) over(is bool) bool {
	if t.said {
		return t.is
	}
	return is
}

func (s *style) trio(p property) trio { return trio{s[p].rank > 0, s[p].is == yes} }

// resolve tells what a style comes to.
func (s *style) resolve() *effect {
	e := &effect{color: same, ground: same, visibility: s.trio(propVisibility), size: s.trio(propSize), indent: s.trio(propIndent)}
	if s[propColor].rank > 0 {
		e.color = s[propColor].is
	}
	if s[propGround].rank > 0 {
		e.ground = s[propGround].is
	}
	if s[propImage].is != no {
		e.ground = unknown
	}
	e.part = s.has(propSize, sizeParent)
	e.shown = s[propDisplay].rank > 0 && s[propDisplay].is != displayNone
	e.hidden = s.has(propDisplay, displayNone) || s.has(propOpacity, yes) || s.has(propMargin, yes) || s.away()
	out := s.has(propPosition, absolute)
	e.hidden = e.hidden || out && s.has(propClip, yes)
	e.box = out || s.has(propDisplay, displayBox) || s.has(propFloat, yes)
	e.inline = s.has(propDisplay, displayInline)
	e.squeezed = s.has(propTransform, yes) || s.clipped()
	return e
}

// away tells whether the element is placed off the page. Where both sides are
// given it is stretched, and part of it may be on the page.
func (s *style) away() bool {
	if s[propPosition].is == no {
		return false
	}
	return s.has(propLeft, yes) && s[propRight].is == no || s.has(propRight, yes) && s[propLeft].is == no ||
		s.has(propTop, yes) && s[propBottom].is == no
}

// clipped tells whether the element has no room and shows nothing beyond it.
func (s *style) clipped() bool {
	if s[propPadding].is == yes || s[propOverflowX].is == no && s[propOverflowY].is == no {
		return false
	}
	high := s[propHeight].is == yes || s[propMaxHeight].is == yes || s[propLine].is == yes
	wide := s[propWidth].is == yes || s[propMaxWidth].is == yes
	return high && s[propMinHeight].is == no || wide && s[propMinWidth].is == no
}

func (e *effect) apply(l *look, k kind) {
	box := e.box || k&kindBox != 0 && !e.inline
	l.hidden = l.hidden || e.hidden || e.squeezed && box
	l.unseen = e.visibility.over(l.unseen)
	if !e.part {
		l.tiny = e.size.over(l.tiny)
	}
	l.indent = e.indent.over(l.indent)
	if e.color != same {
		l.color = e.color
	}
	if e.ground != same {
		l.ground = e.ground
	}
}

const hinting = 1<<attrColor | 1<<attrBgcolor | 1<<attrText | 1<<attrHidden | 1<<attrBackground

// paint makes an element of a start tag, with what it says about the look.
func (p *page) paint(tag atom.Atom, name []byte, k kind) element {
	e := element{tag: tagID(tag, name), kind: k, hint: hint{color: same, ground: same}}
	a := p.attrs
	if a.seen&hinting != 0 || alwaysHidden(tag) || tag == atom.A {
		e.hint = p.hint(tag)
	}
	if a.has(attrStyle) || p.rules.concern(e.tag, a) {
		e.effect = p.effect(e.tag, a)
	}
	return e
}

// hint reads the attributes that have a look of their own.
func (p *page) hint(tag atom.Atom) hint {
	a := p.attrs
	h := hint{color: same, ground: same, hide: a.has(attrHidden) || alwaysHidden(tag)}
	if c, ok := oldColor(a.get(attrBgcolor)); ok {
		h.ground = c
	}
	if a.has(attrBackground) {
		h.ground = unknown
	}
	if tag == atom.Font && a.has(attrColor) {
		if c, ok := oldColor(a.get(attrColor)); ok {
			h.color = c
		}
	}
	if tag == atom.A && a.has(attrHref) {
		h.color = unknown // readers give links one of their own
	}
	if tag == atom.Body {
		if c, ok := oldColor(a.get(attrText)); ok {
			h.color = c
		}
	}
	return h
}

func alwaysHidden(tag atom.Atom) bool {
	return tag == atom.Template || tag == atom.Datalist
}

// painted is what the look of an element depends on.
type painted struct {
	tag              uint32
	class, id, style string
}

// maxEffects bounds the different effects that a page remembers.
const maxEffects = 256

// effect reads the style of an element, from memory where the page had the
// same one before: most of a newsletter is a few styles many times over.
func (p *page) effect(tag uint32, a *attrs) *effect {
	key := painted{style: a.get(attrStyle)}
	if !p.rules.concern(tag, a) { // most elements: a shorter way
		e, ok := p.styles[key.style]
		if !ok {
			e = p.resolve(key)
			if p.styles == nil {
				p.styles = map[string]*effect{}
			}
			if len(p.styles) < maxEffects {
				p.styles[key.style] = e
			}
		}
		return e
	}
	key.tag, key.class, key.id = tag, a.get(attrClass), a.get(attrID)
	if known, ok := p.effects[key]; ok {
		return known
	}
	e := p.resolve(key)
	if p.effects == nil {
		p.effects = map[painted]*effect{}
	}
	if len(p.effects) < maxEffects {
		p.effects[key] = e
	}
	return e
}

// resolve works out the effect of an element, nil where it has none.
func (p *page) resolve(key painted) *effect {
	var s style
	said := p.rules.style(&s, key)
	if key.style != "" {
		inline, any := readStyle(cleanCSS(key.style))
		if any {
			s.add(&inline, rankInline)
		}
		said = said || any
	}
	if !said {
		return nil
	}
	return s.resolve()
}
