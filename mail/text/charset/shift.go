package charset

import (
	"bytes"
	"strings"
	"unicode/utf16"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// decodeUTF7 decodes RFC 2152: "+" opens a run of base64 over UTF-16, which
// anything outside the alphabet ends; a "-" that ends it is swallowed.
func decodeUTF7(b []byte) string {
	var out strings.Builder
	out.Grow(len(b))
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case c == '+' && i+1 < len(b) && b[i+1] == '-':
			out.WriteByte('+')
			i++
		case c == '+':
			i += writeRun(&out, b[i+1:])
		case c < 0x80:
			out.WriteByte(c)
		default:
			out.WriteRune('\uFFFD')
		}
	}
	return out.String()
}

// writeRun decodes one base64 run and says how many bytes it took.
func writeRun(out *strings.Builder, b []byte) int {
	var bits uint32
	var have, n int
	var units []uint16
	for ; n < len(b); n++ {
		v := value64(b[n])
		if v < 0 {
			break
		}
		bits = bits<<6 | uint32(v)
		if have += 6; have >= 16 {
			have -= 16
			units = append(units, uint16(bits>>have))
		}
	}
	for _, r := range utf16.Decode(units) {
		out.WriteRune(r)
	}
	if n < len(b) && b[n] == '-' {
		n++
	}
	return n
}

func value64(c byte) int {
	switch {
	case c >= 'A' && c <= 'Z':
		return int(c - 'A')
	case c >= 'a' && c <= 'z':
		return int(c-'a') + 26
	case c >= '0' && c <= '9':
		return int(c-'0') + 52
	case c == '+':
		return 62
	case c == '/':
		return 63
	}
	return -1
}

// unshift rewrites the seven-bit encodings of RFC 1557 (iso-2022-kr) and
// RFC 1922 (iso-2022-cn, of which only GB 2312 is known here) to the
// eight-bit ones that x/text reads: what stands between SO and SI gets its
// high bit, escape sequences go.
func unshift(name string, b []byte) ([]byte, encoding.Encoding) {
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case c == 0x0e:
			end := segment(b[i+1:], "\x0f")
			out = appendShifted(out, b[i+1:i+1+end])
			i += end
		case c == 0x0f:
		case c == 0x1b && i+3 < len(b) && b[i+1] == '$':
			i += 3
		default:
			out = append(out, c)
		}
	}
	if name == "iso-2022-kr" {
		return out, korean.EUCKR
	}
	return out, simplifiedchinese.GBK
}

// segment is how much of b is shifted: up to the sign or the end of the line.
func segment(b []byte, sign string) int {
	for i, c := range b {
		if c == '\n' || c == sign[0] && bytes.HasPrefix(b[i:], []byte(sign)) {
			return i
		}
	}
	return len(b)
}

// appendShifted adds what stands between SO and SI.
func appendShifted(out, b []byte) []byte {
	if leads(b) {
		return append(out, b...)
	}
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case c == 0x0e:
		case c == 0x1b && i+3 < len(b) && b[i+1] == '$':
			i += 3
		case c > 0x20 && c < 0x7f:
			out = append(out, c|0x80)
		default:
			out = append(out, c)
		}
	}
	return out
}

// leads tells whether shifted bytes hold a link as they stand. Browsers do not
// know these encodings any more, nor do many readers, and those would show it.
func leads(b []byte) bool {
	return bytes.Contains(b, []byte("://")) || bytes.Contains(bytes.ToLower(b), []byte("href"))
}

// openLinks takes the shifts of HZ (RFC 1843) away from what holds a link.
func openLinks(b []byte) []byte {
	if !leads(b) {
		return b
	}
	out := make([]byte, 0, len(b))
	for {
		i := bytes.Index(b, []byte("~{"))
		if i < 0 {
			return append(out, b...)
		}
		out = append(out, b[:i]...)
		b = b[i+2:]
		end := segment(b, "~}")
		if leads(b[:end]) {
			out = append(out, b[:end]...)
			b = bytes.TrimPrefix(b[end:], []byte("~}"))
			continue
		}
		out = append(append(out, "~{"...), b[:end]...)
		b = b[end:]
	}
}
