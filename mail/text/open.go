package text

import "golang.org/x/net/html/atom"

// element is an open element.
type element struct {
	tag     uint32 // the atom, or a hash of the name where there is none
	kind    kind
	hint    hint    // what its attributes say
	effect  *effect // what style sheets and its style attribute say, nil for nothing
	look    look
	hides   bool // text in it is not shown
	foreign bool // its content is SVG or MathML
}

// maxOpen bounds the open elements kept track of. Readers give up at 512.
const maxOpen = 512

// opened are the open elements, the innermost last: the stack of the HTML
// Standard section 13.2.4.2. Which element an end tag ends, and which ends
// without one, decides what is hidden and what is not.
type opened struct {
	list   []element
	tables int  // tables among them
	forms  int  // forms among them
	lost   bool // there were too many: what is hidden is not known any more
}

// blank is how a page looks before it says anything.
var blank = look{color: 0x000000, ground: 0xffffff, behind: 0xffffff}

func (o *opened) top() kind {
	if n := len(o.list); n > 0 {
		return o.list[n-1].kind
	}
	return 0
}

// foreign tells whether what follows is SVG or MathML.
func (o *opened) foreign() bool {
	n := len(o.list)
	return n > 0 && o.list[n-1].foreign
}

// within tells whether text that follows belongs to a foreign element.
func (o *opened) within(tags ...atom.Atom) bool {
	if !o.foreign() {
		return false
	}
	for _, tag := range tags {
		if o.list[len(o.list)-1].tag == uint32(tag) {
			return true
		}
	}
	return false
}

// endLine ends the line: what only its beginning pushes away shows from here.
func (o *opened) endLine() {
	for i := len(o.list) - 1; i >= 0 && o.list[i].look.indent; i-- {
		o.list[i].look.indent = false
		o.list[i].hides = o.list[i].look.hides()
	}
}

// hidden tells whether text that follows is not shown.
func (o *opened) hidden() bool {
	n := len(o.list)
	if n == 0 || o.lost {
		return false
	}
	if o.list[n-1].kind&kindStructure != 0 {
		n = o.foster(n)
	}
	return n > 0 && o.list[n-1].hides
}

// foster gives how many of the first n elements what does not belong into a
// table is within: it comes out before the table (section 13.2.6.1).
func (o *opened) foster(n int) int {
	for n > 0 && o.list[n-1].kind&kindStructure != 0 {
		n--
		if o.list[n].kind&kindTable != 0 {
			break
		}
	}
	return n
}

// parent is the look that an element at i with that kind inherits.
func (o *opened) parent(i int, k kind) look {
	if i > 0 && o.list[i-1].kind&kindStructure != 0 && k&(kindStructure|kindCell) == 0 {
		i = o.foster(i)
	}
	if i == 0 {
		return blank
	}
	return o.list[i-1].look
}

// push adds an element.
func (o *opened) push(e *element) {
	if len(o.list) >= maxOpen {
		o.lost = true
		return
	}
	o.count(e.kind, 1)
	if o.list == nil {
		o.list = make([]element, 0, 64)
	}
	o.list = append(o.list, *e)
	o.look(len(o.list) - 1)
}

func (o *opened) count(k kind, by int) {
	if k&kindTable != 0 {
		o.tables += by
	}
	if k&kindForm != 0 {
		o.forms += by
	}
}

// look finds how an element looks from the one it is in.
func (o *opened) look(i int) {
	e := &o.list[i]
	e.look = o.parent(i, e.kind)
	box := e.kind&(kindBox|kindStructure|kindCell) != 0
	if box && e.look.ground != e.look.behind {
		e.look.ground = unknown // blocks reach out of the background of a line
	}
	e.hint.apply(&e.look)
	e.look.hidden = e.look.hidden || e.hint.hide && (e.effect == nil || !e.effect.shown)
	if e.effect != nil {
		e.effect.apply(&e.look, e.kind)
	}
	if box || e.effect != nil && e.effect.box {
		e.look.behind = e.look.ground
	}
	e.hides = e.look.hides()
}

// maxKept bounds the formatting that outlives the element it was opened in.
const maxKept = 8

// pop ends the element at i and what is within. Formatting that nobody ended
// goes on behind it (section 13.2.4.3), but not out of a table cell.
func (o *opened) pop(i int) {
	kept := i
	all := o.list
	for k := i; k < len(all) && all[k].kind&kindMarker == 0; k++ {
		if k > i && all[k].kind&kindFormat != 0 && kept < i+maxKept {
			if kept != k {
				o.count(all[kept].kind, -1)
				all[kept] = all[k]
				all[k].kind = 0
			}
			kept++
		}
	}
	for k := kept; k < len(all); k++ {
		o.count(all[k].kind, -1)
	}
	o.list = all[:kept]
	for k := i; k < kept; k++ {
		o.look(k)
	}
}

// innermost finds the innermost element of the kinds, -1 when there is none
// or one of the kinds of stop comes first.
func (o *opened) innermost(want, stop kind) int {
	for i := len(o.list) - 1; i >= 0; i-- {
		if o.list[i].kind&want != 0 {
			return i
		}
		if o.list[i].kind&stop != 0 {
			break
		}
	}
	return -1
}

// endInnermost ends the innermost element of the kinds.
func (o *opened) endInnermost(want, stop kind) bool {
	i := o.innermost(want, stop)
	if i >= 0 {
		o.pop(i)
	}
	return i >= 0
}

// begin ends what a start tag ends (section 13.2.6.4.7), and tells whether
// the tag opens an element at all there.
func (o *opened) begin(tag atom.Atom, k kind) bool {
	if k&kindBreakout != 0 && o.foreign() {
		o.leaveForeign()
	}
	if o.foreign() {
		return true
	}
	if k&(kindStructure|kindCell) != 0 && tag != atom.Table {
		return o.beginTablePart(k)
	}
	if k&kindEndsP != 0 {
		o.endInnermost(kindP, kindScope|kindButton)
	}
	switch {
	case k&kindItem != 0:
		o.endItem(k & kindItem)
	case k&(kindOption|kindHeading) != 0 && o.top()&k&(kindOption|kindHeading) != 0:
		o.pop(len(o.list) - 1)
	case k&kindButton != 0:
		o.endInnermost(kindButton, kindScope)
	case tag == atom.A || tag == atom.Nobr:
		o.endFormat(uint32(tag))
	case k&kindTable != 0 && o.top()&kindStructure != 0:
		o.endInnermost(kindTable, 0)
	case k&kindForm != 0:
		return o.forms == 0
	}
	return tag != atom.Head
}

// beginTablePart ends the cells, rows and row groups that another one ends.
// Outside a table there are none.
func (o *opened) beginTablePart(k kind) bool {
	if o.tables == 0 {
		return false
	}
	ends := kindCell
	if k&kindCell == 0 {
		ends |= kindRow
	}
	if k&(kindCell|kindRow) == 0 {
		ends |= kindGroup
	}
	at := len(o.list)
	for i := at - 1; i >= 0 && o.list[i].kind&kindTable == 0; i-- {
		if o.list[i].kind&kindStructure != 0 && o.list[i].kind&ends == 0 {
			break
		}
		at = i
	}
	if at < len(o.list) {
		o.pop(at)
	}
	return true
}

// endItem ends the list item, or the term or its description, that the next
// one ends.
func (o *opened) endItem(item kind) {
	for i := len(o.list) - 1; i >= 0; i-- {
		k := o.list[i].kind
		if k&item != 0 {
			o.pop(i)
			return
		}
		if k&kindSpecial != 0 && k&(kindP|kindLoose) == 0 {
			return
		}
	}
}

// leaveForeign ends SVG and MathML for an element of HTML that has no place
// there (section 13.2.6.5).
func (o *opened) leaveForeign() {
	i := len(o.list)
	for i > 0 && o.list[i-1].foreign {
		i--
	}
	o.pop(i)
}

// end takes an end tag.
func (o *opened) end(tag atom.Atom, name uint32, k kind) {
	switch {
	case o.foreign():
		o.endOther(name)
	case tag == atom.Body || tag == atom.Html || tag == atom.Head:
		// Sections 13.2.6.4.19 and 22: what follows goes on where it was.
	case k&kindFormat != 0:
		o.endFormat(name)
	case k&kindForm != 0:
		o.endForm()
	case k&kindHeading != 0:
		o.endInnermost(kindHeading, kindScope)
	case k&kindP != 0:
		o.endInnermost(kindP, kindScope|kindButton)
	case k&(kindStructure|kindCell) != 0:
		o.endNamed(name, kindTable)
	case k&kindItem != 0:
		o.endNamed(name, kindScope|kindList)
	case k&kindSpecial != 0:
		o.endNamed(name, kindScope)
	default:
		o.endOther(name)
	}
}

func (o *opened) endNamed(name uint32, stop kind) {
	for i := len(o.list) - 1; i >= 0; i-- {
		if o.list[i].tag == name {
			o.pop(i)
			return
		}
		if o.list[i].kind&stop != 0 {
			return
		}
	}
}

// endOther ends an element that is nothing special, which it does not across
// one that is.
func (o *opened) endOther(name uint32) { o.endNamed(name, kindSpecial) }

// endFormat ends formatting, and where blocks begin within, only that (the
// adoption agency, section 13.2.6.4.7): they go on without it.
func (o *opened) endFormat(name uint32) {
	block, i := -1, len(o.list)-1
	for ; i >= 0 && o.list[i].tag != name; i-- {
		if o.list[i].kind&(kindMarker|kindScope) != 0 {
			return
		}
		if o.list[i].kind&kindSpecial != 0 {
			block = i
		}
	}
	if i < 0 {
		return
	}
	if block < 0 {
		o.pop(i)
		return
	}
	kept := i
	for k := i + 1; k < len(o.list); k++ {
		if k >= block || o.list[k].kind&kindFormat != 0 {
			o.list[kept] = o.list[k]
			kept++
		}
	}
	o.list = o.list[:kept]
	for k := i; k < kept; k++ {
		o.look(k)
	}
}

// endForm ends a form, whose content goes on.
func (o *opened) endForm() {
	if i := o.innermost(kindForm, 0); i >= 0 {
		o.list = append(o.list[:i], o.list[i+1:]...)
		o.forms--
	}
}
