package archive

import (
	"bytes"
	"strconv"
	"strings"
)

// A TAR is read here because its readers differ in what they believe: the
// name and size in the header (POSIX ustar), those of a PAX record before it,
// or of a GNU record. Whoever takes the other size sees other headers, so a
// dispute is a finding.

const tarBlock = 512

// isTar tells by the checksum of the first header, magic or not.
func isTar(data []byte) bool {
	return len(data) >= tarBlock && data[0] != 0 && tarSum(data[:tarBlock])
}

// tarSum checks the header's checksum: unsigned by POSIX, signed by old programs.
func tarSum(h []byte) bool {
	told, ok := tarNumber(h[148:156])
	if !ok {
		return false
	}
	var unsigned, signed int64
	for i, b := range h {
		if i >= 148 && i < 156 {
			b = ' '
		}
		unsigned += int64(b)
		signed += int64(int8(b))
	}
	return told == unsigned || told == signed
}

// tarNumber reads a number: octal digits, or base 256 where the first bit is set.
func tarNumber(b []byte) (int64, bool) {
	if b[0]&0x80 != 0 {
		v := int64(b[0] & 0x7f)
		for _, c := range b[1:] {
			if v >= 1<<54 {
				return 0, false
			}
			v = v<<8 | int64(c)
		}
		return v, true
	}
	s := strings.Trim(string(b), " \x00")
	if s == "" {
		return 0, true
	}
	v, err := strconv.ParseInt(s, 8, 63)
	return v, err == nil && v >= 0
}

// tarReader walks the blocks.
type tarReader struct {
	*place
	data []byte
	pos  int
	// What records before a header say about it; "" and -1 say nothing.
	name, link string
	size       int64
}

// readTar reads a TAR: ustar, PAX (POSIX.1-2001), GNU and older.
func readTar(p *place, data []byte) {
	t := &tarReader{place: p, data: data, size: -1}
	for t.paid(1) && t.next() {
	}
}

// next reads one header and what follows it; false at the end.
func (t *tarReader) next() bool {
	if t.pos+tarBlock > len(t.data) {
		if rest := t.data[min(t.pos, len(t.data)):]; len(bytes.Trim(rest, "\x00")) > 0 {
			t.broken("a header ends early")
		}
		return false
	}
	h := t.data[t.pos : t.pos+tarBlock]
	if h[0] == 0 && len(bytes.Trim(h, "\x00")) == 0 {
		// Two empty blocks end the file, but some readers go on.
		t.pos += tarBlock
		return true
	}
	told, ok := tarNumber(h[124:136])
	if !ok || !tarSum(h) {
		t.broken("no header at byte %d", t.pos)
		return false
	}
	t.pos += tarBlock
	kind := h[156]
	size := told
	switch kind {
	case 'x', 'g', 'X', 'L', 'K':
	case '1', '2', '3', '4', '5', '6':
		size = 0 // a folder, link or device has no content whatever it says
	default:
		if t.size >= 0 && t.size != told {
			t.found(Name, "a size of %d, or %d to other readers", t.size, told)
			size = t.size
		}
		if kind == 'S' {
			t.sparse(h)
		}
	}
	content := t.data[t.pos:]
	if size > int64(len(content)) {
		t.broken("an entry ends early")
	} else {
		content = content[:size]
	}
	t.pos += int(min(int64(len(t.data)-t.pos), (size+tarBlock-1)&^(tarBlock-1)))
	return t.record(h, kind, content)
}

// sparse goes over the blocks that continue the map of a GNU sparse file.
func (t *tarReader) sparse(h []byte) {
	for more := h[482] != 0; more && t.pos+tarBlock <= len(t.data); t.pos += tarBlock {
		more = t.data[t.pos+504] != 0
	}
}

// record takes what a header describes.
func (t *tarReader) record(h []byte, kind byte, content []byte) bool {
	switch kind {
	case 'x', 'X':
		t.pax(content)
		return true
	case 'g':
		return true // comments, as a rule; a name for all files makes no sense
	case 'L':
		t.name = untilNUL(content)
		return true
	case 'K':
		t.link = untilNUL(content)
		return true
	}
	own := untilNUL(h[:100])
	if prefix := untilNUL(h[345:500]); prefix != "" && string(h[257:263]) == "ustar\x00" {
		own = prefix + "/" + own
	}
	names := []string{own}
	if t.name != "" {
		names = []string{t.name, own}
	}
	e := inside(t.path, candidates(names...))
	// A long name is cut short in the header, or put in a folder of its own.
	if t.name != "" && extension(t.name) != extension(own) && len(t.name) <= 100 {
		t.find(e.Path, Name, "it is %s to other readers", quote(own))
	}
	e.Size = int64(len(content))
	e.Dir = kind == '5' || strings.HasSuffix(own, "/")
	if kind == '1' || kind == '2' {
		e.Link = shorten(untilNUL(h[157:257]), maxName)
		if t.link != "" {
			e.Link = shorten(t.link, maxName)
		}
		if kind == '1' && escapes(e.Link) { // this one counts from the root
			t.find(e.Path, Traversal, "a link to %s", quote(e.Link))
		}
	}
	t.name, t.link, t.size = "", "", -1
	return t.visit(e, memory(content), nil)
}

// pax reads the records of a PAX header, "length key=value\n".
func (t *tarReader) pax(b []byte) {
	for len(b) > 0 && t.paid(1) {
		space := bytes.IndexByte(b[:min(len(b), 20)], ' ')
		if space < 0 {
			t.broken("a PAX record")
			return
		}
		n, err := strconv.Atoi(string(b[:space]))
		if err != nil || n <= space+1 || n > len(b) {
			t.broken("a PAX record")
			return
		}
		key, value, _ := strings.Cut(strings.TrimSuffix(string(b[space+1:n]), "\n"), "=")
		switch key {
		case "path", "GNU.sparse.name":
			t.name = value
		case "linkpath":
			t.link = value
		case "size":
			if v, err := strconv.ParseInt(value, 10, 63); err == nil && v >= 0 {
				t.size = v
			}
		}
		b = b[n:]
	}
}

func untilNUL(b []byte) string {
	if i := bytes.IndexByte(b, 0); i >= 0 {
		b = b[:i]
	}
	return string(b)
}
