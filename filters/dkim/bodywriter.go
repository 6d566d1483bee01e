package dkim

import "bytes"

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
			w.line([]byte{'\r'})
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
		w.writeEnds()
		w.flush()
		w.out.write(p[:n])
		w.some = true
	}
	w.ends += int64(len(p)-n) / 2
}

// canonical tells whether relaxed canonicalization leaves a piece alone but
// for its last line ends. Attachments in base64 are such as a whole.
func canonical(p []byte) bool {
	return bytes.IndexByte(p, '\t') < 0 && !bytes.Contains(p, []byte("  ")) &&
		!bytes.Contains(p, []byte(" \r\n")) && !bytes.HasSuffix(p, []byte(" "))
}

func (w *bodyWriter) writeRelaxed(p []byte) {
	if !w.wsp && canonical(p) {
		w.writeSimple(p)
		return
	}
	if w.buf == nil {
		w.buf = make([]byte, 0, pieceSize+len(crlfs))
	}
	for len(p) > 0 {
		i := bytes.IndexByte(p, '\n')
		switch {
		case i < 0:
			w.line(p)
			i = len(p) - 1
		case i > 0 && p[i-1] == '\r':
			w.line(p[:i-1])
			w.endLine()
		default:
			w.line(p[:i+1])
		}
		p = p[i+1:]
	}
	w.flush()
}

// endLine holds a line end back, and drops white space before it.
func (w *bodyWriter) endLine() {
	w.wsp = false
	w.ends++
}

// line writes part of a line, after what was held back before it.
func (w *bodyWriter) line(p []byte) {
	if w.canon == simple {
		w.writeSimple(p)
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

// plain is the length of the beginning of a line that relaxed canonicalization
// surely leaves alone, which searches tell faster than a walk over the octets.
// It is asked once a line, lest a line of many spaces be searched many times.
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
		w.line([]byte{'\r'})
	}
	w.flush()
	if w.some || w.canon == simple {
		w.out.write(crlfs[:2])
	}
}
