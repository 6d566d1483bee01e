package archive

import (
	"bytes"
	"compress/zlib"
	"io"
	"strings"
)

// pdfActive are the names of what runs (ISO 32000-1 sections 12.6.4, 13).
var pdfActive = set("JavaScript JS Launch RichMedia ImportData")

// pdfDecoded is how much of one object stream is unpacked.
const pdfDecoded = 4 << 20

// pdfReader looks for names in one pass over the bytes, whatever the cross
// references say: readers repair those.
type pdfReader struct {
	*place
	object struct { // what the dictionaries since the last "obj" said
		packed, objects, file, inflate bool
	}
}

// readPDF looks for the active parts of a PDF, in the object streams too.
func readPDF(p *place, data []byte) {
	r := &pdfReader{place: p}
	streamEnd := 0
	for i := 0; i < len(data); i++ {
		switch data[i] {
		case '/':
			name, n := pdfName(data[i+1:])
			// In packed bytes a short name stands by chance once in a while.
			if i >= streamEnd || len(name) > 4 {
				r.name(name, data[i+1+n:])
			}
			i += n
		case 'o':
			if bytes.HasPrefix(data[i:], []byte("obj")) {
				r.object.packed, r.object.objects, r.object.file, r.object.inflate = false, false, false, false
			}
		case 's':
			if body, ok := pdfStream(data[i:]); ok && i >= streamEnd && !bytes.HasSuffix(data[:i], []byte("end")) {
				streamEnd = len(data) - len(body)
				if e := bytes.Index(body, []byte("endstream")); e >= 0 {
					body = body[:e]
				}
				streamEnd += len(body)
				if !r.stream(body) {
					return
				}
			}
		}
	}
}

// pdfName reads a name after its slash, "#4a" being "J" (ISO 32000-1 section
// 7.3.5), and tells how many bytes it took. No name of ours is longer than 32.
func pdfName(b []byte) (string, int) {
	var name [32]byte
	n, i := 0, 0
	for ; i < len(b) && n < len(name); i++ {
		c := b[i]
		if c <= ' ' || strings.IndexByte("/<>[](){}%", c) >= 0 {
			break
		}
		if c == '#' && i+2 < len(b) {
			if hi, lo := nibble(b[i+1]), nibble(b[i+2]); hi >= 0 && lo >= 0 {
				c = byte(hi<<4 | lo)
				i += 2
			}
		}
		name[n] = c
		n++
	}
	return string(name[:n]), i
}

// nibble is the value of a hexadecimal digit, -1 for another character.
func nibble(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// name takes a name, and what follows it.
func (r *pdfReader) name(name string, after []byte) {
	switch name {
	case "ObjStm":
		r.object.objects = true
	case "FlateDecode", "Fl":
		r.object.inflate = true
	case "LZWDecode", "ASCII85Decode", "ASCIIHexDecode", "RunLengthDecode", "A85", "AHx", "LZW", "RL":
		r.object.packed = true
	case "EmbeddedFile": // section 7.11.4
		r.object.file = true
		r.found(PDFEmbeddedFile, "name /EmbeddedFile")
	case "Encrypt":
		r.found(PDFEncrypted, "name /Encrypt")
	case "OpenAction", "AA":
		// A destination, which is an array, only turns to a page.
		if !bytes.HasPrefix(bytes.TrimLeft(after[:min(len(after), 16)], " \t\r\n"), []byte("[")) {
			r.found(PDFOpenAction, "name /%s", name)
		}
	}
	if pdfActive[name] {
		r.found(PDFActive, "name /%s", name)
	}
}

// pdfStream tells whether a stream begins here, and gives the rest of the
// data from its first byte on (ISO 32000-1 section 7.3.8.1).
func pdfStream(b []byte) ([]byte, bool) {
	rest, ok := bytes.CutPrefix(b, []byte("stream"))
	if !ok || len(rest) == 0 {
		return nil, false
	}
	if rest[0] == '\r' && len(rest) > 1 && rest[1] == '\n' {
		return rest[2:], true
	}
	return rest[1:], rest[0] == '\n' || rest[0] == '\r'
}

// stream looks into the stream of an object that holds other objects, or an
// embedded file; false ends the PDF.
func (r *pdfReader) stream(body []byte) bool {
	o := r.object
	if !o.objects && !o.file || !r.paid(4) {
		return true
	}
	if o.packed {
		r.found(Unread, "a stream packed by a filter we do not have")
		return true
	}
	c := memory(body)
	if o.inflate {
		src := bytes.NewReader(body)
		z, err := zlib.NewReader(src)
		if err != nil {
			r.broken("stream: %s", plain(err))
			return true
		}
		c = packed(z, src, inflateWeight)
	}
	if o.file {
		return r.visit(inside(r.path, []string{""}), c, nil)
	}
	return r.objects(c)
}

// objects looks for names in an object stream (ISO 32000-1 section 7.5.7).
func (r *pdfReader) objects(c *content) bool {
	if c.r != nil {
		var err error
		if c.data, err = r.unpack(r.path, c, nil, pdfDecoded); err == errLimit {
			return false
		} else if err != nil && err != io.EOF {
			r.broken("stream: %s", plain(err))
		}
	}
	for i := 0; i < len(c.data); i++ {
		if c.data[i] == '/' {
			name, n := pdfName(c.data[i+1:])
			r.name(name, c.data[i+1+n:])
			i += n
		}
	}
	return true
}
