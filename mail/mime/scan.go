package mime

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
)

// source is a run of bytes that holds a message or the inside of one.
type source struct {
	id      int
	root    []Field // the header, where it came apart
	body    []byte
	whole   bool // the header stands in the body
	cut     bool
	parent  *Part // what the bytes were decoded from; nil for the message itself
	reading string
}

// scanSource reads a source in every reading that can differ from the first.
func (t *Tree) scanSource(src source) {
	t.sources++
	src.id = t.sources
	var seen ambiguity
	done := 0
	for i := range readings {
		r := readings[i]
		if i > 0 && r.when&seen == 0 {
			continue
		}
		if done >= t.limits.Readings || t.work > t.maxWork {
			t.limit("READINGS", done)
			return
		}
		done++
		s := &scanner{t: t, src: src.body, from: src, r: r}
		s.run()
		seen |= s.amb
		t.merge(s.parts, src)
	}
}

// merge adds the parts of one reading that no earlier reading had, and looks
// into them.
func (t *Tree) merge(parts []*Part, src source) {
	first := len(t.parts)
	for _, p := range parts {
		if p.Role != RoleEntity && p.Role != RoleRest && !notable(p.Raw()) {
			continue
		}
		key := p.key()
		if q := t.seen[key]; q != nil {
			t.unite(q, p)
			continue
		}
		if p.Reading != "" {
			if t.added >= t.limits.Parts {
				t.limit("PARTS", t.limits.Parts)
				break
			}
			t.added++
		}
		t.seen[key] = p
		t.admit(p)
	}
	for _, p := range t.parts[first:len(t.parts):len(t.parts)] {
		t.lookInside(p)
	}
}

// unite gives a part the names that it has in another reading.
func (t *Tree) unite(p, other *Part) {
	had, file := len(p.Names), p.Attachment()
	for _, n := range other.Names {
		if slices.Contains(p.Names, n) {
			continue
		}
		if len(p.Names) >= t.limits.Names {
			t.limit("NAMES", t.limits.Names)
			break
		}
		p.Names = append(p.Names[:len(p.Names):len(p.Names)], n)
	}
	if len(p.Names) > had {
		t.nameConflict(p)
	}
	if !file {
		t.charge(p)
	}
}

// admit adds a part.
func (t *Tree) admit(p *Part) {
	p.max = p.body[1] - p.body[0]
	if len(p.codecs) > 0 {
		t.take(p)
	} else {
		t.charge(p)
	}
	p.prepare()
	t.parts = append(t.parts, p)
}

// charge counts a container that is a file as if it were decoded: its bytes are
// looked at beside those of its parts, at every level.
func (t *Tree) charge(p *Part) {
	if len(p.codecs) == 0 && p.Container && p.Attachment() {
		t.take(p)
	}
}

// take gives a part its share of the bytes that may be decoded: decoding never
// makes a part longer.
func (t *Tree) take(p *Part) {
	if t.quota < p.max {
		t.limit("DECODED", t.limits.DecodedBytes)
		p.max = t.quota
	}
	t.quota -= p.max
}

// frame is a multipart or message that is open.
type frame struct {
	part       *Part
	boundaries []string // none for a message
	closed     bool
}

// scanner is one pass over a source.
type scanner struct {
	t    *Tree
	src  []byte
	from source
	r    reading
	amb  ambiguity

	parts    []*Part
	frames   []frame
	leaf     *Part // the part whose body the lines belong to
	header   collector
	inHeader bool
	fallback string // type of the part whose header is being read, where it names none
	pos      int
	full     bool
	read     int    // where the last line that was counted ends
	ends     [3]int // lines so far, by the length of their end: none, LF, CRLF
	lone     bool   // there is a CR inside a line
}

// run passes over the source line by line.
func (s *scanner) run() {
	if s.from.whole {
		s.beginHeader(0, "text/plain")
	} else {
		s.open(s.root(), [2]int{}, 0, "text/plain")
	}
	for s.pos < len(s.src) && !s.full {
		end, next := lineEnd(s.src, s.pos, s.r.cr)
		line := s.src[s.pos:end]
		s.t.work += next - s.pos
		if next > s.read { // a line may be looked at again
			s.read = next
			s.ends[min(next-end, 2)]++
		}
		if len(line) > 2 && line[0] == '-' && line[1] == '-' {
			if f, closing, ok := s.match(line[2:]); ok {
				s.delimit(f, closing, next)
				continue
			}
		}
		if s.inHeader {
			s.headerLine(end, next)
			continue
		}
		s.bodyLine(line)
		s.pos = next
	}
	s.finish()
}

// root gives the header that came apart, and notes whether fields stand behind
// a lone CR in it. Where CR alone ends a line they are fields.
func (s *scanner) root() []Field {
	var all []Field
	found := false
	for i, f := range s.from.root {
		hidden := behindCR(f.Value)
		if found = found || len(hidden) > 0; !found {
			continue
		}
		if all == nil {
			all = append(all, s.from.root[:i]...)
		}
		if len(hidden) > 0 {
			f.Value, _, _ = strings.Cut(f.Value, "\r")
		}
		all = append(append(all, f), hidden...)
	}
	if !found {
		return s.from.root
	}
	s.lone = true
	if s.r.cr {
		return all
	}
	return s.from.root
}

// note notes what is wrong with the structure as most readers see it; the
// other readings break it on purpose.
func (s *scanner) note(symbol, detail string) {
	if s.r.name == "" {
		s.t.find(symbol, detail)
	}
}

// bodyLine looks at a line of a leaf for what readers find inside text.
func (s *scanner) bodyLine(line []byte) {
	if len(line) < 8 || s.leaf == nil {
		return
	}
	switch line[0] {
	case 'b':
		s.leaf.hints = s.leaf.hints || bytes.HasPrefix(line, []byte("begin ")) || bytes.HasPrefix(line, []byte(base64Mark))
	case '=':
		s.leaf.hints = s.leaf.hints || bytes.HasPrefix(line, []byte("=ybegin ")) || bytes.HasPrefix(line, []byte("=3Dybegin "))
		if rest, ok := bytes.CutPrefix(line, []byte("=2D")); ok { // quoted-printable by a careful writer
			s.t.pgp(s.leaf, rest, pgpMark[1:])
		}
	case '-':
		s.t.pgp(s.leaf, line, pgpMark)
	}
}

// pgpMark begins what PGP wrote into a text (RFC 9580 section 6.2).
const pgpMark = "-----BEGIN PGP "

// pgp notes a line of a text at which an encrypted or signed one begins.
func (t *Tree) pgp(p *Part, line []byte, mark string) {
	kind, ok := bytes.CutPrefix(line, []byte(mark))
	switch {
	case !ok:
	case bytes.HasPrefix(kind, []byte("MESSAGE-----")):
		t.find("MIME_ENCRYPTED", p.Path+" PGP in text")
	case bytes.HasPrefix(kind, []byte("SIGNED MESSAGE-----")):
		t.find("MIME_SIGNED", p.Path+" PGP in text")
	}
}

func (s *scanner) beginHeader(pos int, fallback string) {
	s.inHeader, s.fallback, s.pos, s.leaf = true, fallback, pos, nil
	s.header.reset(pos, s.t.limits, false)
}

// headerLine takes one line of a part's header.
func (s *scanner) headerLine(end, next int) {
	line := s.src[s.pos:end]
	if len(line) == 0 {
		s.endHeader(s.pos, next)
		return
	}
	if isBlank(line[0]) && len(bytes.TrimLeft(line, " \t")) == 0 {
		s.amb |= ambBlank
		if s.r.blank {
			s.endHeader(s.pos, next)
			return
		}
	}
	switch {
	case s.header.line(s.src, s.pos, end):
		s.pos = next
	case s.pos == s.header.start && isMbox(line): // the separator of a mailbox file
		s.header.start = next
		s.pos = next
	case s.r.junk && !bytes.HasPrefix(line, []byte("--")):
		s.pos = next
	default: // as if the empty line were forgotten
		s.amb |= ambJunk
		if s.header.count > 0 {
			s.note("MIME_HEADER_JUNK", string(line))
		}
		s.endHeader(s.pos, s.pos)
	}
}

func isMbox(line []byte) bool {
	return bytes.HasPrefix(line, []byte("From ")) || bytes.HasPrefix(line, []byte(">From "))
}

// endHeader makes a part of the header that ends at end; its body begins at
// body.
func (s *scanner) endHeader(end, body int) {
	s.inHeader = false
	s.header.flush(s.src)
	if s.header.refused {
		s.t.limit("HEADER", s.header.most())
	}
	s.open(s.header.fields, [2]int{s.header.start, end}, body, s.fallback)
}

// open begins a part whose header has been read.
func (s *scanner) open(fields []Field, head [2]int, body int, fallback string) {
	parent, depth := s.parent()
	path := s.path(parent)
	s.pos = body
	if len(s.parts) >= s.t.limits.Parts {
		s.rest(path, parent, body)
		return
	}
	e := s.readEntity(fields, fallback, path)
	p := s.newPart(path, parent, body)
	p.head, p.depth = head, depth
	p.Type, p.Declared, p.Params, p.Encoding = e.typ, e.types, e.params, e.encoding
	p.Disposition, p.Names, p.ID = e.disposition, e.names, e.id
	p.Charset = p.Param("charset")
	if len(p.Names) == 0 && !p.Is("image") && p.Attachment() {
		s.addName(&e, locationName(e.location)) // readers that find no name take this one
		p.Names = e.names
	}
	s.remark(p, e)
	c, known := codecOf(e.encoding)
	if !known {
		s.t.find("MIME_ENCODING_UNKNOWN", path+" "+e.encoding)
	}
	if c != 0 {
		p.codecs = []codec{c}
	}
	s.parts = append(s.parts, p)
	s.enter(p, e)
}

// enter decides what the body of a new part is: parts, a message, or content.
func (s *scanner) enter(p *Part, e entity) {
	switch {
	case p.Is("multipart"):
		bounds := e.boundaries
		if s.r.guess {
			bounds = append(bounds[:len(bounds):len(bounds)], s.guess(p.body[0])...)
		}
		if len(bounds) == 0 {
			s.amb |= ambGuess
			s.note("MIME_BOUNDARY_MISSING", p.Path)
			break
		}
		if s.deep(p) {
			break
		}
		p.Container = true
		s.reused(bounds, p.Path)
		s.frames = append(s.frames, frame{part: p, boundaries: bounds})
		s.text(RolePreamble, p, p.body[0])
		return
	case isMessage(p.Type) && (len(p.codecs) == 0 || p.codecs[0] == codecQP):
		if s.deep(p) {
			break
		}
		p.Container = true
		s.frames = append(s.frames, frame{part: p})
		s.beginHeader(p.body[0], "text/plain")
		return
	}
	s.leaf = p
}

// isMessage tells whether the type holds a whole message (RFC 2046 section
// 5.2.1, RFC 6532 section 3.7) or at least the header of one.
func isMessage(typ string) bool {
	switch typ {
	case "message/rfc822", "message/global", "message/news", "text/rfc822-headers", "message/rfc822-headers":
		return true
	}
	return false
}

func (s *scanner) deep(p *Part) bool {
	if p.depth < s.t.limits.Depth {
		return false
	}
	s.t.limit("DEPTH", s.t.limits.Depth)
	return true
}

// rest makes one last part of everything that remains.
func (s *scanner) rest(path string, parent *Part, body int) {
	s.t.limit("PARTS", s.t.limits.Parts)
	p := s.newPart(path, parent, body)
	p.Role, p.Type = RoleRest, "text/plain"
	s.parts = append(s.parts, p)
	s.leaf, s.full = p, true
}

// newPart makes a part whose body reaches to the end until something ends it.
func (s *scanner) newPart(path string, parent *Part, body int) *Part {
	name := s.r.name
	if s.from.reading != "" {
		name = s.from.reading
	}
	return &Part{
		Path: path, Reading: name, Parent: parent, Type: "text/plain",
		limits: &s.t.limits, source: s.from.id, src: s.src, head: [2]int{body, body}, body: [2]int{body, len(s.src)},
	}
}

// text begins a preamble or epilogue.
func (s *scanner) text(role Role, parent *Part, pos int) {
	s.leaf, s.pos = nil, pos
	if len(s.parts) >= 2*s.t.limits.Parts {
		return
	}
	suffix := map[Role]string{RolePreamble: ".preamble", RoleEpilogue: ".epilogue"}[role]
	p := s.newPart(parent.Path+suffix, parent, pos)
	p.Role = role
	s.parts = append(s.parts, p)
	s.leaf = p
}

// parent gives the container that a new part belongs to, and the depth of the
// part.
func (s *scanner) parent() (*Part, int) {
	p := s.from.parent
	if n := len(s.frames); n > 0 {
		p = s.frames[n-1].part
	}
	if p == nil {
		return nil, 0
	}
	return p, p.depth + 1
}

// path names a new child of the parent.
func (s *scanner) path(parent *Part) string {
	if parent == nil {
		return "1"
	}
	parent.children++
	return parent.Path + "." + strconv.Itoa(parent.children)
}

// delimit obeys a delimiter of the frame with index f.
func (s *scanner) delimit(f int, closing bool, next int) {
	start := s.pos
	if s.inHeader { // the header was not even ended
		s.endHeader(start, start)
		s.inHeader = false
	}
	if s.full {
		return
	}
	// RFC 2046 section 5.1.1: the line end before the delimiter belongs to it.
	end := start
	if end > 0 && s.src[end-1] == '\n' {
		end--
	}
	if end > 0 && s.src[end-1] == '\r' {
		end--
	}
	s.closeLeaf(end)
	for len(s.frames) > f+1 {
		s.pop(end)
	}
	fr := &s.frames[f]
	if closing {
		fr.closed = true
		s.text(RoleEpilogue, fr.part, next)
		return
	}
	fr.closed = false
	fallback := "text/plain"
	if fr.part.Type == "multipart/digest" { // RFC 2046 section 5.1.5
		fallback = "message/rfc822"
	}
	s.beginHeader(next, fallback)
}

func (s *scanner) closeLeaf(end int) {
	if s.leaf != nil {
		s.leaf.body[1] = max(end, s.leaf.body[0])
		s.leaf = nil
	}
}

// pop ends the innermost frame.
func (s *scanner) pop(end int) {
	f := s.frames[len(s.frames)-1]
	s.frames = s.frames[:len(s.frames)-1]
	f.part.body[1] = max(end, f.part.body[0])
	if len(f.boundaries) == 0 {
		return
	}
	if f.part.children == 0 {
		s.childless(f.part)
		return
	}
	if !f.closed && !s.from.cut && !s.full {
		if len(s.frames) > 0 && end < len(s.src) {
			s.amb |= ambOpen
		}
		s.note("MIME_UNCLOSED", f.part.Path)
	}
}

// childless deals with a multipart whose boundary never came: readers show
// its whole body as text.
func (s *scanner) childless(p *Part) {
	s.amb |= ambGuess
	s.note("MIME_BOUNDARY_UNUSED", p.Path)
	for _, q := range s.parts {
		if q.Parent == p && q.Role == RolePreamble && (p.Parent == nil || len(bytes.TrimSpace(q.Raw())) > 0) {
			q.Role = RoleEntity
			q.codecs = p.codecs
		}
	}
}

// finish ends everything at the end of the source.
func (s *scanner) finish() {
	end := len(s.src)
	if s.inHeader {
		s.endHeader(end, end)
		for s.inHeader { // a message within: its header is empty
			s.endHeader(end, end)
		}
	}
	s.closeLeaf(end)
	for len(s.frames) > 0 {
		s.pop(end)
	}
	if s.r.name == "" {
		s.lineEnds()
	}
}

// lineEnds notes what RFC 5322 section 2.3 forbids in a body.
func (s *scanner) lineEnds() {
	if s.lone || bytes.Count(s.src[:s.read], []byte{'\r'}) > s.ends[2] {
		s.amb |= ambCR
		s.t.find("MIME_BARE_CR", "")
	}
	rest := s.src[s.read:] // beyond a limit
	crlf := bytes.Count(rest, []byte("\r\n"))
	lf := bytes.Count(rest, []byte{'\n'}) - crlf
	if crlf+s.ends[2] > 0 && lf+s.ends[1] > 0 {
		s.t.find("MIME_BARE_LF", "")
	}
	if bytes.IndexByte(s.src, 0) >= 0 {
		s.t.find("MIME_NUL", "")
	}
}
