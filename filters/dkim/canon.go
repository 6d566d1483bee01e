package dkim

import (
	"bytes"
	"strings"

	"github.com/postern-mail/postern/mail"
)

// canon is a canonicalization (RFC 6376 section 3.4).
type canon uint8

const (
	simple  canon = iota // tolerates nothing but empty lines at the end of the body
	relaxed              // tolerates changes of white space and of the case of field names
)

// canonOf reads one half of c=; absent means simple.
func canonOf(s string) (c canon, ok bool) {
	switch s {
	case "", "simple":
		return simple, true
	case "relaxed":
		return relaxed, true
	}
	return simple, false
}

// appendField appends the canonical form of a header field without its final
// CRLF (RFC 6376 sections 3.4.1 and 3.4.2).
func (c canon) appendField(b []byte, f mail.Field) []byte {
	if c == simple {
		b = append(b, f.Name...)
		b = append(b, ':')
		return append(b, f.Value...)
	}
	b = appendLower(b, strings.TrimRight(f.Name, " \t"))
	b = append(b, ':')
	start := len(b)
	for i := 0; i < len(f.Value); i++ {
		switch ch := f.Value[i]; {
		case ch == '\r' && i+1 < len(f.Value) && f.Value[i+1] == '\n':
			i++ // unfold
		case ch != ' ' && ch != '\t':
			b = append(b, ch)
		case len(b) > start && b[len(b)-1] != ' ':
			b = append(b, ' ')
		}
	}
	if len(b) > start && b[len(b)-1] == ' ' {
		b = b[:len(b)-1]
	}
	return b
}

// lower returns s with its ASCII letters in lower case, and those only: there
// is a Kelvin sign whose lower case is "k".
func lower(s string) string { return string(appendLower(make([]byte, 0, len(s)), s)) }

// appendLower appends s with its ASCII letters in lower case.
func appendLower(b []byte, s string) []byte {
	for i := range len(s) {
		c := s[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		b = append(b, c)
	}
	return b
}

// crlfs is a stretch of empty lines.
var crlfs = bytes.Repeat([]byte("\r\n"), 512)

// bodyWriter brings a body into canonical form, piece by piece, and hands it to
// a meter (RFC 6376 sections 3.4.3 and 3.4.4). A line ends with CRLF; a CR or
// LF that stands alone is an octet like any other. Line ends are held back
// until something follows them, because those at the end of the body do not
// count.
type bodyWriter struct {
	canon canon
	out   *meter
	ends  int64  // CRLFs held back
	cr    bool   // a CR held back that ended a piece
	wsp   bool   // relaxed: white space held back
	some  bool   // something was written
	buf   []byte // relaxed: what is to be written
}

// write takes the next piece of the body.
func (w *bodyWriter) write(p []byte) {
	if len(p) == 0 {
		return
	}
	if w.cr {
		w.cr = false
		if p[0] == '\n' {
			w.endLine()
			p = p[1:]
		} else {
			w.content([]byte{'\r'})
		}
	}
	if n := len(p); n > 0 && p[n-1] == '\r' {
		w.cr = true
		p = p[:n-1]
	}
	if w.canon == simple {
		w.writeSimple(p)
	} else {
		w.writeRelaxed(p)
	}
}

// writeSimple passes everything on but the line ends at the end of the piece.
func (w *bodyWriter) writeSimple(p []byte) {
	n := len(p)
	for n >= 2 && p[n-2] == '\r' && p[n-1] == '\n' {
		n -= 2
	}
	if n > 0 {
		w.content(p[:n])
	}
	w.ends += int64(len(p)-n) / 2
}

func (w *bodyWriter) writeRelaxed(p []byte) {
	for len(p) > 0 {
		i := bytes.Index(p, crlfs[:2])
		if i < 0 {
			w.content(p)
			break
		}
		w.content(p[:i])
		w.endLine()
		p = p[i+2:]
	}
	w.flush()
}

// endLine holds a line end back, and drops white space before it.
func (w *bodyWriter) endLine() {
	w.wsp = false
	w.ends++
}

// content writes part of a line, after what was held back before it.
func (w *bodyWriter) content(p []byte) {
	if w.canon == simple {
		w.writeEnds()
		w.out.write(p)
		w.some = true
		return
	}
	if n := plain(p); n > 0 {
		w.fill()
		w.buf = append(w.buf, p[:n]...)
		p = p[n:]
	}
	for _, c := range p {
		if c == ' ' || c == '\t' {
			w.wsp = true
			continue
		}
		w.fill()
		w.buf = append(w.buf, c)
	}
}

// fill writes the line ends and the white space held back before content.
func (w *bodyWriter) fill() {
	w.writeEnds()
	if w.wsp {
		w.buf = append(w.buf, ' ')
		w.wsp = false
	}
	w.some = true
}

// plain is the length of the longest beginning of a line that relaxed
// canonicalization surely leaves alone. Most lines are plain as a whole, which
// three searches tell faster than a walk over their octets. It is asked once a
// line, lest a line of many spaces be searched many times.
func plain(p []byte) int {
	n := len(p)
	if i := bytes.IndexByte(p, '\t'); i >= 0 {
		n = i
	}
	if i := bytes.Index(p[:n], []byte("  ")); i >= 0 {
		n = i
	}
	if n > 0 && p[0] == ' ' {
		return 0
	}
	if n > 0 && p[n-1] == ' ' {
		n--
	}
	return n
}

// writeEnds writes the line ends held back.
func (w *bodyWriter) writeEnds() {
	if w.ends > int64(len(crlfs)/2) {
		w.flush()
	}
	for w.ends > 0 {
		n := min(w.ends, int64(len(crlfs)/2))
		w.ends -= n
		if w.canon == relaxed && w.ends == 0 {
			w.buf = append(w.buf, crlfs[:2*n]...)
		} else {
			w.out.write(crlfs[:2*n])
		}
	}
}

// flush writes what relaxed canonicalization has gathered.
func (w *bodyWriter) flush() {
	w.out.write(w.buf)
	w.buf = w.buf[:0]
}

// close ends the body: with one CRLF, except that an empty body stays empty
// under relaxed (RFC 6376 section 3.4.4).
func (w *bodyWriter) close() {
	if w.cr {
		w.content([]byte{'\r'})
	}
	w.flush()
	if w.some || w.canon == simple {
		w.out.write(crlfs[:2])
	}
}
