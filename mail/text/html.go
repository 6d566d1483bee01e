package text

import (
	"bytes"
	"strings"

	"golang.org/x/net/html/atom"
)

// page is one HTML part being read.
type page struct {
	x            *extractor
	path         string
	shown, hid   flow
	open         opened
	kinds        kinds
	rules        rules
	effects      map[painted]*effect // styles of elements read before
	styles       map[string]*effect  // the same where no rules concern them
	base         base
	link         int // index in x.Links of the link being read, -1 for none
	from, hidden int // where its text begins in shown and hid
	raw          atom.Atom
	attrs        *attrs // of the start tag being read
	nested       bool   // within a conditional comment
}

// html reads an HTML part; shown is where its visible text goes.
func (x *extractor) html(s, path string, shown *pieces) {
	p := &page{x: x, path: path, link: -1}
	p.shown.max, p.hid.max = x.limits.Bytes, x.limits.Bytes
	first := len(x.Links)
	p.read(s)
	p.endLink()
	p.resolveLinks(first)
	visible, _ := x.clean(p.shown.out.String())
	hidden, _ := x.clean(p.hid.out.String())
	if p.shown.full || p.hid.full || p.open.lost || p.rules.full {
		x.find("MIME_LIMIT_TEXT", path)
	}
	x.keep(shown, visible)
	if strings.TrimSpace(hidden) != "" {
		x.find("HTML_HIDDEN_TEXT", path)
	}
	x.keep(&x.hidden, hidden)
}

// read takes the tokens one by one.
func (p *page) read(s string) {
	z := newTokenizer(s)
	p.attrs = &z.attrs
	p.shown.out.Grow(min(len(s)/3, p.shown.max))
	for t := z.next(); t != tokenEnd; t = z.next() {
		switch t {
		case tokenText:
			p.text(z.data)
		case tokenStart:
			p.start(z.name)
			if p.raw != 0 {
				z.raw = p.raw.String()
			}
		case tokenClose:
			p.raw = 0
			p.end(z.name)
		case tokenComment:
			p.comment(z.data)
		}
	}
}

// text takes a run of text, which belongs to the element before it where that
// holds no markup.
func (p *page) text(s string) {
	raw := p.raw
	p.raw = 0
	switch raw {
	case atom.Script:
	case atom.Style:
		p.sheet(s)
	case atom.Title:
		if p.x.Title == "" {
			p.x.Title, _ = p.x.clean(strings.Join(strings.Fields(unescape(s[:min(len(s), 1000)])), " "))
		}
	default:
		if p.open.within(atom.Style, atom.Script) {
			if p.open.within(atom.Style) {
				p.sheet(unescape(s))
			}
			return
		}
		if s = unescape(s); p.open.hidden() {
			p.hid.write(s)
		} else {
			p.shown.write(s)
		}
	}
}

// comment looks into the conditional comments that Outlook shows.
func (p *page) comment(s string) {
	if !strings.HasPrefix(s, "[if") {
		return
	}
	if i := strings.IndexByte(s, '>'); i >= 0 && !p.nested {
		inner := &page{x: p.x, path: p.path, link: -1}
		inner.nested = true
		inner.shown.max = p.hid.max - p.hid.out.Len()
		first := len(p.x.Links)
		inner.read(s[i+1:])
		inner.endLink()
		inner.resolveLinks(first)
		p.hid.gap()
		p.hid.write(inner.shown.out.String())
	}
}

// start takes a start tag.
func (p *page) start(name []byte) {
	tag := atom.Lookup(name)
	k := p.kinds.of(tag)
	p.raw = 0
	if k&kindBreaks != 0 {
		p.shown.gap()
		p.hid.gap()
	}
	foreign := p.element(tag, name, k)
	switch tag {
	case atom.A:
		p.endLink()
		if p.attrs.has(attrHref) {
			p.beginLink("a", p.attrs.get(attrHref))
		}
	case atom.Area, atom.Link:
		p.refer(tag.String(), p.attrs.get(attrHref))
	case atom.Base:
		p.setBase(p.attrs.get(attrHref))
	case atom.Form:
		p.form()
	case atom.Input, atom.Textarea, atom.Select, atom.Button:
		p.input(tag)
	case atom.Img, atom.Image:
		p.image()
	case atom.Iframe, atom.Frame, atom.Embed, atom.Video, atom.Audio, atom.Source:
		p.x.find("HTML_EMBED", p.path+" "+tag.String())
		p.refer(tag.String(), p.attrs.get(attrSrc))
	case atom.Object:
		p.x.find("HTML_EMBED", p.path+" object")
		p.refer("object", p.attrs.get(attrData))
	case atom.Meta:
		p.meta()
	case atom.Script:
		if !strings.EqualFold(p.attrs.get(attrType), "application/ld+json") { // data for calendars and assistants
			p.script()
		}
		p.refer("script", p.attrs.get(attrSrc))
	case 0:
		if bytes.HasPrefix(name, []byte("v:")) { // the buttons of Outlook are VML
			p.refer(string(name), p.attrs.get(attrHref))
		}
	}
	if p.attrs.event {
		p.script()
	}
	if bg := p.attrs.get(attrBackground); bg != "" {
		p.addImage(Image{Src: bg, Width: -1, Height: -1})
	}
	if !foreign {
		p.raw = rawText(tag)
	}
}

// element puts an element among the open ones and tells whether it is one of
// SVG or MathML.
func (p *page) element(tag atom.Atom, name []byte, k kind) (foreign bool) {
	opens := p.open.begin(tag, k)
	if tag == atom.Br {
		p.open.endLine()
	}
	foreign = p.open.foreign() || tag == atom.Svg || tag == atom.Math
	switch {
	case !opens && k&(kindStructure|kindCell) != 0:
		p.stray(tag, name, k)
		return foreign
	case !opens || k&kindVoid != 0 && !foreign || foreign && p.attrs.closed:
		return foreign
	case foreign:
		k = 0
	case tag == atom.Script || tag == atom.Style || tag == atom.Title:
		return false // their text is kept apart
	}
	e := p.paint(tag, name, k)
	e.foreign = foreign && !integrates(tag, name)
	p.open.push(&e)
	return foreign
}

// stray takes a part of a table outside of one. Browsers ignore it; others may
// show its background, so that this is not known within.
func (p *page) stray(tag atom.Atom, name []byte, k kind) {
	e := p.paint(tag, name, k)
	if e.hint.ground == same && (e.effect == nil || e.effect.ground == same) {
		return
	}
	p.open.push(&element{tag: e.tag, hint: hint{color: same, ground: unknown}})
}

// integrates tells whether an element of SVG or MathML holds HTML (HTML
// Standard section 13.2.6.1).
func integrates(tag atom.Atom, name []byte) bool {
	switch tag {
	case atom.Title, atom.Desc, atom.Mi, atom.Mo, atom.Mn, atom.Ms, atom.Mtext:
		return true
	}
	return string(name) == "foreignobject"
}

// end takes an end tag.
func (p *page) end(name []byte) {
	tag := atom.Lookup(name)
	k := p.kinds.of(tag)
	if k&kindBreaks != 0 {
		p.shown.gap()
		p.hid.gap()
	}
	if tag == atom.A {
		p.endLink()
	}
	p.open.end(tag, tagID(tag, name), k)
}

// sheet takes a style sheet.
func (p *page) sheet(s string) {
	p.rules.read(s)
	clear(p.effects)
}

func (p *page) script() {
	p.x.Scripts++
	p.x.find("HTML_SCRIPT", p.path)
}

// meta looks for a page that leads elsewhere by itself.
func (p *page) meta() {
	if !strings.EqualFold(p.attrs.get(attrHTTPEquiv), "refresh") {
		return
	}
	if target := refreshTarget(p.attrs.get(attrContent)); target != "" {
		p.x.find("HTML_REFRESH", p.path)
		p.refer("meta", target)
	}
}

// setBase takes the first base element, wherever it stands (HTML Standard
// section 4.2.3).
func (p *page) setBase(href string) {
	if p.base.scheme != "" {
		return
	}
	if b, ok := parseBase(href); ok {
		p.base = b
		p.x.find("HTML_BASE", p.path+" "+b.host)
	}
}

// resolveLinks makes the links since the first whole when the page has been read:
// the base may come after them.
func (p *page) resolveLinks(first int) {
	for i := first; i < len(p.x.Links) && p.base.scheme != ""; i++ {
		p.x.Links[i].Href = p.base.resolve(p.x.Links[i].Href)
	}
}

// beginLink opens a link whose text follows.
func (p *page) beginLink(tag, href string) {
	if p.addLink(tag, href) {
		p.link = len(p.x.Links) - 1
		p.from, p.hidden = p.shown.out.Len(), p.hid.out.Len()
	}
}

// maxLinkText bounds the text kept of one link.
const maxLinkText = 1000

func (p *page) endLink() {
	if p.link < 0 {
		return
	}
	l := &p.x.Links[p.link]
	s := strings.TrimSpace(p.shown.from(p.from))
	if s == "" {
		s = strings.TrimSpace(p.hid.from(p.hidden))
		l.Hidden = l.Hidden || s != ""
	} else {
		l.Hidden = false
	}
	if s, _ = p.x.clean(strings.ToValidUTF8(s[:min(len(s), maxLinkText)], "")); s != "" {
		l.Text = s
	}
	p.link = -1
}

// refer notes a link without text.
func (p *page) refer(tag, href string) {
	if href != "" {
		p.addLink(tag, href)
	}
}

func (p *page) addLink(tag, href string) bool {
	if len(p.x.Links) >= p.x.limits.Links {
		p.x.find("MIME_LIMIT_LINKS", p.path)
		return false
	}
	href = strings.TrimSpace(href)
	if len(href) > 11 && strings.EqualFold(href[:11], "javascript:") {
		p.script()
	}
	if len(href) > 5 && strings.EqualFold(href[:5], "data:") {
		p.x.find("HTML_DATA_URI", p.path+" "+tag)
		href = href[:min(len(href), maxData)]
	}
	p.x.Links = append(p.x.Links, Link{Href: href, Tag: tag, Part: p.path, Hidden: p.open.hidden()})
	return true
}

// maxData is how much is kept of a "data:" address.
const maxData = 200

func (p *page) form() {
	p.x.find("HTML_FORM", p.path)
	if len(p.x.Forms) >= p.x.limits.Links {
		return
	}
	action := p.attrs.get(attrAction)
	p.x.Forms = append(p.x.Forms, Form{Action: action})
	p.refer("form", action)
}

func (p *page) input(tag atom.Atom) {
	kind := strings.ToLower(p.attrs.get(attrType))
	if tag == atom.Button || kind == "hidden" || kind == "submit" || kind == "button" || kind == "image" {
		p.refer("input", p.attrs.get(attrFormaction))
		return
	}
	if len(p.x.Forms) == 0 {
		p.x.Forms = append(p.x.Forms, Form{})
	}
	f := &p.x.Forms[len(p.x.Forms)-1]
	f.Fields++
	f.Password = f.Password || kind == "password"
}

func (p *page) image() {
	alt := p.attrs.get(attrAlt)
	p.addImage(Image{
		Src: p.attrs.get(attrSrc), Alt: alt,
		Width: size(p.attrs.get(attrWidth)), Height: size(p.attrs.get(attrHeight)),
	})
	if p.link >= 0 && p.x.Links[p.link].Text == "" {
		p.x.Links[p.link].Text, _ = p.x.clean(alt)
	}
}

func (p *page) addImage(i Image) {
	if len(p.x.Images) >= p.x.limits.Links {
		p.x.find("MIME_LIMIT_LINKS", p.path)
		return
	}
	if strings.HasPrefix(i.Src, "data:") {
		i.Src = i.Src[:min(len(i.Src), maxData)]
	}
	p.x.Images = append(p.x.Images, i)
}

// size reads a number of pixels, -1 when it is none.
func size(s string) int {
	n, digits := 0, 0
	for ; digits < len(s) && s[digits] >= '0' && s[digits] <= '9' && digits < 6; digits++ {
		n = n*10 + int(s[digits]-'0')
	}
	if digits == 0 || strings.HasSuffix(s, "%") {
		return -1
	}
	return n
}
