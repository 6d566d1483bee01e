package mime

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
)

// lookInside finds what readers find inside a part although its header does
// not say so: uuencoded and yEnc files in text, the files of a TNEF, the
// content of an opaque S/MIME signature, messages by name, containers that are
// encoded, and base64 that nobody declared.
func (t *Tree) lookInside(p *Part) {
	switch p.Role {
	case RolePreamble, RoleEpilogue:
		t.find(map[Role]string{RolePreamble: "MIME_PREAMBLE", RoleEpilogue: "MIME_EPILOGUE"}[p.Role], p.Path)
	}
	open := t.opens(p)
	switch {
	case t.work > t.maxWork:
		t.limit("READINGS", t.limits.Readings)
		return
	case p.depth >= t.limits.Depth:
		if open != nil {
			t.limit("DEPTH", t.limits.Depth)
		}
		return
	case open != nil:
		open(p)
		return
	case p.Container:
		return
	}
	t.strayPadding(p)
	if p.hints || len(p.codecs) > 0 && p.Is("text") && p.codecs[0] == codecBase64 {
		t.files(p)
	}
	t.undeclared(p)
}

// opens is how a part is taken apart that is one as a whole, nil for others.
func (t *Tree) opens(p *Part) func(*Part) {
	switch {
	case len(p.codecs) > 0 && p.Role == RoleEntity && (p.Is("multipart") || isMessage(p.Type)):
		return t.unwrap
	case p.Container:
		return nil
	case isTNEF(p):
		return t.tnef
	case isPKCS7(p):
		return t.smime
	case p.Role == RoleEntity && isLetter(p):
		return t.letter
	}
	return nil
}

// unwrap reads a container whose body is encoded, against RFC 2045 section
// 6.4, but as some readers do.
func (t *Tree) unwrap(p *Part) {
	src := source{body: p.Content(), parent: p, reading: p.Reading}
	if p.Container { // was read as it stands too
		src.reading = "decoded"
	}
	t.work += len(p.Raw())
	if isMessage(p.Type) {
		src.whole = true
	} else {
		src.root = []Field{{"Content-Type", contentType(p)}}
		src.reading = "decoded"
	}
	p.Container = true
	t.scanSource(src)
}

// contentType writes a Content-Type that means the same as the part's.
func contentType(p *Part) string {
	return p.Type + "; boundary=\"" + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(p.Param("boundary")) + `"`
}

// embed adds a part that is a span of src, found inside p.
func (t *Tree) embed(p *Part, src []byte, id int, span [2]int, name, typ string, codecs ...codec) *Part {
	if t.added >= t.limits.Parts {
		t.limit("PARTS", t.limits.Parts)
		return nil
	}
	t.added++
	p.children++
	q := &Part{
		Path: p.Path + "." + strconv.Itoa(p.children), Reading: p.Reading, Role: RoleEmbedded, Parent: p,
		limits: p.limits, Type: typ, Disposition: "attachment", depth: p.depth + 1,
		source: id, src: src, body: span, head: [2]int{span[0], span[0]}, codecs: codecs,
	}
	if name = t.clip(DecodeWords(name)); name != "" {
		q.Names = []string{name}
	}
	if t.seen[q.key()] != nil {
		return nil
	}
	t.seen[q.key()] = q
	t.admit(q)
	return q
}

// base64Mark begins a file in base64 as "uuencode -m" writes it.
const base64Mark = "begin-base64 "

// files finds uuencoded and yEnc files in a text: "begin 644 name", lines,
// "end"; "begin-base64 644 name", lines, "===="; "=ybegin ... name=name",
// lines, "=yend". A text in base64 is searched for PGP on the way.
func (t *Tree) files(p *Part) {
	text := p.Content()
	t.sources++
	id := t.sources
	t.work += len(text)
	start, name, in := -1, "", codec(0)
	for pos := 0; pos < len(text); {
		end, next := lineEnd(text, pos, false)
		line := text[pos:end]
		switch {
		case start < 0:
			if name, in = beginsFile(line); name != "" {
				start = next
				t.work += end - pos
			} else {
				t.pgp(p, line, pgpMark)
			}
		case endsFile(line, in):
			t.file(p, text, id, [2]int{start, pos}, name, in)
			start = -1
		}
		pos = next
	}
	if start >= 0 { // readers take what there is
		t.file(p, text, id, [2]int{start, len(text)}, name, in)
	}
}

func (t *Tree) file(p *Part, text []byte, id int, span [2]int, name string, c codec) {
	symbol := "MIME_UUENCODE"
	if c == codecYEnc {
		symbol = "MIME_YENC"
	}
	t.find(symbol, p.Path+" "+name)
	t.embed(p, text, id, span, name, "application/octet-stream", c)
}

// beginsFile reads the line before an embedded file (POSIX uuencode, yEnc 1.3).
func beginsFile(line []byte) (name string, c codec) {
	rest, ok := bytes.CutPrefix(line, []byte("begin "))
	if c = codecUU; !ok {
		rest, ok = bytes.CutPrefix(line, []byte(base64Mark))
		c = codecBase64
	}
	if ok {
		mode, name, ok := bytes.Cut(rest, []byte(" "))
		if !ok || len(mode) < 3 || len(mode) > 4 || len(bytes.Trim(mode, "01234567")) > 0 {
			return "", 0
		}
		return string(bytes.TrimSpace(name)), c
	}
	if rest, ok := bytes.CutPrefix(line, []byte("=ybegin ")); ok {
		if _, name, ok := bytes.Cut(rest, []byte("name=")); ok {
			return string(bytes.TrimSpace(name)), codecYEnc
		}
	}
	return "", 0
}

// endsFile tells the line after an embedded file.
func endsFile(line []byte, c codec) bool {
	switch c {
	case codecUU:
		return string(line) == "end"
	case codecBase64:
		return string(line) == "===="
	}
	return bytes.HasPrefix(line, []byte("=yend"))
}

// probe is how much of a body is looked at for base64 that was not declared.
const probe = 256

// undeclared adds a second part where the content looks like base64 although
// the header says nothing of it, or says it once and it is there twice.
func (t *Tree) undeclared(p *Part) {
	if p.Role != RoleEntity || len(p.codecs) > 1 {
		return
	}
	raw := p.Raw()
	symbol := "MIME_ENCODING_WRONG"
	if len(p.codecs) > 0 {
		if p.codecs[0] != codecBase64 {
			return
		}
		raw = decode(p.codecs, raw[:min(len(raw), 2*probe)]).bytes
		symbol = "MIME_DOUBLE_ENCODED"
	}
	if !looksBase64(raw) {
		return
	}
	t.find(symbol, p.Path)
	t.again(p, RoleEmbedded, "undeclared-base64", append(append([]codec(nil), p.codecs...), codecBase64))
}

// strayPadding adds a second part where "=" stands in the middle of base64: to
// most readers a run ends there, others skip it.
func (t *Tree) strayPadding(p *Part) {
	if len(p.codecs) != 1 || p.codecs[0] != codecBase64 {
		return
	}
	raw := p.Raw()
	i := bytes.IndexByte(raw, '=')
	if i < 0 || len(bytes.Trim(raw[i:], "= \t\r\n")) == 0 {
		return
	}
	t.work += len(raw)
	if hasStrayPadding(raw) {
		t.again(p, p.Role, "skip-padding", []codec{codecSkipPadding})
	}
}

// again adds a part that is decoded in another way.
func (t *Tree) again(p *Part, role Role, reading string, codecs []codec) {
	q := *p
	q.Role, q.codecs, q.hints = role, codecs, false
	if q.Reading == "" {
		q.Reading = reading
	}
	key := q.key()
	if t.seen[key] != nil {
		return
	}
	if t.added >= t.limits.Parts {
		t.limit("PARTS", t.limits.Parts)
		return
	}
	t.added++
	t.seen[key] = &q
	t.admit(&q)
}

// looksBase64 tells whether text begins with two full lines, or one long
// enough, of nothing but base64.
func looksBase64(b []byte) bool {
	b = b[:min(len(b), probe)]
	n, upper, lower, digit := 0, 0, 0, 0
	for _, c := range b {
		switch {
		case c == '\r' || c == '\n':
			continue
		case c == '=' && n >= 60:
		case base64Values[c] == invalid:
			return false
		case c >= 'A' && c <= 'Z':
			upper++
		case c >= 'a' && c <= 'z':
			lower++
		default:
			digit++
		}
		n++
	}
	return n >= 60 && (upper*8 > n && lower*8 > n && digit > 0 || beginsFormat(b))
}

// formats are how base64 begins that holds a program (MZ, ELF, a shortcut), an
// archive (ZIP, RAR, 7z, gzip) or a document (PDF, compound file, RTF). Much of
// these is zeros, and their base64 looks like no text in it.
var formats = []string{"TVo", "TVp", "TVq", "TVr", "f0VM", "TAAAAAEUAg", "UEsDB", "UmFyIR", "N3q8ry", "H4sI", "JVBERi", "0M8R4KGx", "e1xydG"}

func beginsFormat(b []byte) bool {
	return slices.ContainsFunc(formats, func(f string) bool { return bytes.HasPrefix(b, []byte(f)) })
}
