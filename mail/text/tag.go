package text

import (
	"strings"

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
	attrID
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
	case "id":
		return attrID
	}
	return attrCount
}

// attrs are the attributes of one tag: the first of each name, as browsers
// take them. They are kept as places in the source, not as strings, which
// spares the garbage collector a look at each.
type attrs struct {
	src    string
	values [attrCount]span
	seen   uint32
	event  bool // one of them is a script: onclick and the like
	closed bool // "/" ends the tag, which ends elements of SVG and MathML
}

func (a *attrs) reset() { a.seen, a.event = 0, false }

// longestAttr is the length of the longest name that attrOf knows.
const longestAttr = len("background")

// add notes an attribute as it stands in the source.
func (a *attrs) add(name, value span) {
	s := a.src[name.from:name.to]
	k := attrCount
	if len(s) <= longestAttr {
		var buf [longestAttr]byte
		k = attrOf(appendLower(buf[:0], s))
	}
	if k < attrCount && !a.has(k) {
		a.seen |= 1 << k
		a.values[k] = value
	} else if len(s) > 4 && s[0]|0x20 == 'o' && s[1]|0x20 == 'n' {
		a.event = true
	}
}

func (a *attrs) has(i attr) bool { return a.seen&(1<<i) != 0 }

// get gives the value of an attribute, character references decoded, "" where
// there is none.
func (a *attrs) get(i attr) string {
	if !a.has(i) {
		return ""
	}
	v := a.values[i]
	return unescape(a.src[v.from:v.to])
}

// flow is text as it is laid out: runs of blanks are one, blocks are lines.
type flow struct {
	out  strings.Builder
	max  int
	full bool
	wait byte // blank or line end to write before the next word, 0 for none
}

// gap ends the line.
func (f *flow) gap() {
	if f.out.Len() > 0 {
		f.wait = '\n'
	}
}

// write adds text. Words with single blanks between them, which is most text,
// are taken as one run.
func (f *flow) write(s string) {
	if f.out.Len()+len(s) > f.max {
		f.full = true
		s = s[:max(0, f.max-f.out.Len()-1)]
	}
	for len(s) > 0 {
		n := 0
		for n < len(s) && (s[n] > ' ' || s[n] == ' ' && n > 0 && n+1 < len(s) && s[n+1] > ' ') {
			n++
		}
		if n > 0 {
			if f.wait != 0 {
				f.out.WriteByte(f.wait)
				f.wait = 0
			}
			f.out.WriteString(s[:n])
			s = s[n:]
			continue
		}
		blank := false
		for n < len(s) && s[n] <= ' ' {
			blank = blank || !control(rune(s[n]))
			n++
		}
		if blank && f.wait == 0 && f.out.Len() > 0 {
			f.wait = ' '
		}
		s = s[n:]
	}
}

// from gives what was written since the flow was n bytes long.
func (f *flow) from(n int) string { return f.out.String()[min(n, f.out.Len()):] }
