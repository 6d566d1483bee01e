package charset

import (
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
	shifted := false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case c == 0x0e:
			shifted = true
		case c == 0x0f:
			shifted = false
		case c == 0x1b && i+3 < len(b) && b[i+1] == '$':
			i += 3
		case c == '\n':
			shifted = false
			out = append(out, c)
		case shifted && c > 0x20 && c < 0x7f:
			out = append(out, c|0x80)
		default:
			out = append(out, c)
		}
	}
	if name == "iso-2022-kr" {
		return out, korean.EUCKR
	}
	return out, simplifiedchinese.GBK
}
