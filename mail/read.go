package mail

import (
	"bytes"
	"strings"
)

// Read takes a message apart into header and body, as an MTA would: CRLF or
// bare LF end a line, a line that starts with white space continues a field, an empty
// line ends the header, and so does a line that can be no field; the body then
// begins with it. All line ends become CRLF. It never fails: whatever
// the bytes, they are some header and some body.
func Read(raw []byte) (Header, Body) {
	raw = crlf(raw)
	var h Header
	for len(raw) > 0 {
		line, rest := cutLine(raw)
		if len(line) == 0 {
			return h, BodyBytes(rest)
		}
		colon := bytes.IndexByte(line, ':')
		if colon <= 0 || bytes.ContainsAny(bytes.TrimRight(line[:colon], " \t"), " \t") {
			return h, BodyBytes(raw)
		}
		end := len(line)
		for len(rest) > 0 && (rest[0] == ' ' || rest[0] == '\t') {
			var more []byte
			more, rest = cutLine(rest)
			end += 2 + len(more)
		}
		h = append(h, Field{Name: string(line[:colon]), Value: strings.TrimSuffix(string(raw[colon+1:end]), "\r\n")})
		raw = rest
	}
	return h, Body{}
}

// cutLine cuts at the first CRLF; a last line may lack it.
func cutLine(b []byte) (line, rest []byte) {
	if i := bytes.Index(b, []byte("\r\n")); i >= 0 {
		return b[:i], b[i+2:]
	}
	return b, nil
}

// crlf turns every LF that has no CR before it into CRLF.
func crlf(b []byte) []byte {
	bare := 0
	for i, c := range b {
		if c == '\n' && (i == 0 || b[i-1] != '\r') {
			bare++
		}
	}
	if bare == 0 {
		return b
	}
	out := make([]byte, 0, len(b)+bare)
	for i, c := range b {
		if c == '\n' && (i == 0 || b[i-1] != '\r') {
			out = append(out, '\r')
		}
		out = append(out, c)
	}
	return out
}
