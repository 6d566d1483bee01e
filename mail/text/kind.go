package text

import "golang.org/x/net/html/atom"

// kind is what matters about an element for where it ends.
type kind uint32

const (
	kindSpecial   kind = 1 << iota // HTML Standard section 13.2.4.2
	kindScope                      // no end tag reaches across
	kindMarker                     // no formatting leaves it
	kindFormat                     // formatting, which outlives blocks
	kindEndsP                      // its start ends a paragraph
	kindBreakout                   // its start ends SVG and MathML
	kindStructure                  // part of a table that holds no text
	kindTable
	kindGroup
	kindRow
	kindCell // and captions
	kindP
	kindListItem
	kindTerm
	kindHeading
	kindOption
	kindButton
	kindList
	kindLoose // blocks that list items end across
	kindForm
	kindBox    // laid out as a box, to which sizes apply
	kindBreaks // parts words
	kindVoid   // has no end tag

	kindItem  = kindListItem | kindTerm
	kindBlock = kindSpecial | kindEndsP | kindBox
)

// kindOf gives the kind of an element.
func kindOf(tag atom.Atom) kind {
	switch tag {
	case 0:
		return 0
	case atom.A, atom.Big, atom.Font, atom.Nobr:
		return kindFormat
	case atom.B, atom.Code, atom.Em, atom.I, atom.S, atom.Small, atom.Strike, atom.Strong, atom.Tt, atom.U:
		return kindFormat | kindBreakout
	case atom.Span, atom.Sub, atom.Sup, atom.Var, atom.Ruby:
		return kindBreakout
	case atom.Div:
		return kindBlock | kindBreakout | kindLoose
	case atom.P:
		return kindBlock | kindBreakout | kindP
	case atom.Table:
		return kindSpecial | kindEndsP | kindBreakout | kindScope | kindStructure | kindTable
	case atom.Tr:
		return kindSpecial | kindStructure | kindRow
	case atom.Td, atom.Th:
		return kindSpecial | kindScope | kindMarker | kindCell
	case atom.Caption:
		return kindSpecial | kindScope | kindMarker | kindCell | kindBox
	case atom.Tbody, atom.Thead, atom.Tfoot, atom.Colgroup:
		return kindSpecial | kindStructure | kindGroup
	case atom.Li:
		return kindBlock | kindBreakout | kindListItem
	case atom.Dd, atom.Dt:
		return kindBlock | kindBreakout | kindTerm
	case atom.Ul, atom.Ol:
		return kindBlock | kindBreakout | kindList
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		return kindBlock | kindBreakout | kindHeading
	case atom.Center, atom.Blockquote, atom.Pre, atom.Listing, atom.Dl, atom.Menu:
		return kindBlock | kindBreakout
	case atom.Address:
		return kindBlock | kindLoose
	case atom.Hr:
		return kindBlock | kindBreakout
	case atom.Article, atom.Aside, atom.Details, atom.Dialog, atom.Dir, atom.Fieldset, atom.Figcaption, atom.Figure,
		atom.Footer, atom.Header, atom.Hgroup, atom.Main, atom.Nav, atom.Section, atom.Summary, atom.Plaintext, atom.Xmp:
		return kindBlock
	case atom.Form:
		return kindBlock | kindForm
	case atom.Button:
		return kindSpecial | kindButton | kindBox
	case atom.Option, atom.Optgroup:
		return kindOption
	case atom.Html, atom.Template:
		return kindSpecial | kindScope | kindMarker
	case atom.Applet, atom.Marquee, atom.Object:
		return kindSpecial | kindScope | kindMarker | kindBox
	case atom.Body:
		return kindSpecial | kindBreakout | kindBox
	case atom.Br, atom.Embed, atom.Img, atom.Meta:
		return kindSpecial | kindBreakout
	case atom.Frameset, atom.Head, atom.Iframe, atom.Noembed, atom.Noframes, atom.Noscript, atom.Script, atom.Select,
		atom.Style, atom.Textarea, atom.Title:
		return kindSpecial
	}
	return 0
}

// tagID tells elements apart, those that have no atom too.
func tagID(tag atom.Atom, name []byte) uint32 {
	if tag != 0 {
		return uint32(tag)
	}
	h := uint32(2166136261) // FNV-1a
	for _, c := range name {
		h = (h ^ uint32(c)) * 16777619
	}
	return h | 1<<31
}

// kinds remembers the kinds of the elements of a page, which are few.
type kinds [64]struct {
	tag  atom.Atom
	kind kind
}

func (m *kinds) of(tag atom.Atom) kind {
	e := &m[uint32(tag)*2654435769>>26]
	if e.tag != tag {
		e.tag, e.kind = tag, kindOf(tag)
		if breaks(tag) {
			e.kind |= kindBreaks
		}
		if void(tag) {
			e.kind |= kindVoid
		}
	}
	return e.kind
}
