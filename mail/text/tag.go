package text

import (
	"golang.org/x/net/html/atom"
)

// rawText gives the tag back where what follows is text without markup, and 0
// otherwise. Browsers do the same with noscript, iframe, plaintext and others,
// whose content mail readers show or clean like any other.
func rawText(tag atom.Atom) atom.Atom {
	switch tag {
	case atom.Script, atom.Style, atom.Title, atom.Textarea:
		return tag
	}
	return 0
}

// breaks tells whether an element parts words: all but those within a line.
func breaks(tag atom.Atom) bool {
	switch tag {
	case 0, atom.A, atom.Abbr, atom.Acronym, atom.B, atom.Big, atom.Cite, atom.Code, atom.Del, atom.Em, atom.Font,
		atom.I, atom.Img, atom.Ins, atom.Kbd, atom.Label, atom.Mark, atom.Q, atom.S, atom.Samp, atom.Script, atom.Small,
		atom.Span, atom.Strike, atom.Strong, atom.Style, atom.Sub, atom.Sup, atom.Tt, atom.U, atom.Var, atom.Wbr,
		atom.Bdo, atom.Bdi, atom.Input:
		return false
	}
	return true
}

// void tells whether an element has no end tag.
func void(tag atom.Atom) bool {
	switch tag {
	case atom.Area, atom.Base, atom.Br, atom.Col, atom.Embed, atom.Hr, atom.Img, atom.Input, atom.Link, atom.Meta,
		atom.Param, atom.Source, atom.Track, atom.Wbr, atom.Frame, atom.Keygen:
		return true
	}
	return false
}

// attr is one of the attributes that are looked at.
type attr uint8

const (
	attrHref attr = iota
	attrSrc
	attrAlt
	attrStyle
	attrClass
	attrColor
	attrBgcolor
	attrBackground
	attrText
	attrSize
	attrWidth
	attrHeight
	attrAction
	attrFormaction
	attrType
	attrContent
	attrHTTPEquiv
	attrData
	attrHidden
	attrCount
)

// attrOf maps names to attributes; a compact switch is faster than a map here.
func attrOf(name []byte) attr {
	switch string(name) {
	case "href", "xlink:href":
		return attrHref
	case "src":
		return attrSrc
	case "alt":
		return attrAlt
	case "style":
		return attrStyle
	case "class":
		return attrClass
	case "color":
		return attrColor
	case "bgcolor":
		return attrBgcolor
	case "background":
		return attrBackground
	case "text":
		return attrText
	case "size":
		return attrSize
	case "width":
		return attrWidth
	case "height":
		return attrHeight
	case "action":
		return attrAction
	case "formaction":
		return attrFormaction
	case "type":
		return attrType
	case "content":
		return attrContent
	case "http-equiv":
		return attrHTTPEquiv
	case "data":
		return attrData
	case "hidden":
		return attrHidden
	}
	return attrCount
}

// attrs are the attributes of one tag: the first of each name, as browsers
// take them. The values point into the source.
type attrs struct {
	values [attrCount][]byte
	seen   uint32
	plain  uint32 // those whose character references are decoded
	event  bool   // one of them is a script: onclick and the like
}

func (a *attrs) reset() { a.seen, a.plain, a.event = 0, 0, false }

// add notes an attribute as it stands in the source.
func (a *attrs) add(name, value []byte) {
	name = lower(name)
	if k := attrOf(name); k < attrCount && !a.has(k) {
		a.seen |= 1 << k
		a.values[k] = value
	} else if len(name) > 4 && name[0] == 'o' && name[1] == 'n' {
		a.event = true
	}
}

func (a *attrs) has(i attr) bool { return a.seen&(1<<i) != 0 }

func (a *attrs) bytes(i attr) []byte {
	if !a.has(i) {
		return nil
	}
	if a.plain&(1<<i) == 0 {
		a.plain |= 1 << i
		a.values[i] = unescape(a.values[i])
	}
	return a.values[i]
}

func (a *attrs) get(i attr) string { return string(a.bytes(i)) }

// flow is text as it is laid out: runs of blanks are one, blocks are lines.
type flow struct {
	out  []byte
	max  int
	full bool
	wait byte // blank or line end to write before the next word, 0 for none
}

// gap ends the line.
func (f *flow) gap() {
	if len(f.out) > 0 {
		f.wait = '\n'
	}
}

func (f *flow) write(b []byte) {
	if len(f.out)+len(b) > f.max {
		f.full = true
		b = b[:max(0, f.max-len(f.out)-1)]
	}
	for len(b) > 0 {
		n := 0
		for n < len(b) && b[n] > ' ' {
			n++
		}
		if n > 0 {
			if f.wait != 0 {
				f.out = append(f.out, f.wait)
				f.wait = 0
			}
			f.out = append(f.out, b[:n]...)
			b = b[n:]
			continue
		}
		for n < len(b) && b[n] <= ' ' {
			n++
		}
		if f.wait == 0 && len(f.out) > 0 {
			f.wait = ' '
		}
		b = b[n:]
	}
}

func (f *flow) text() string { return string(f.out) }
