package mime

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"
)

// codec is one way of encoding bytes as lines of text.
type codec uint8

const (
	codecBase64 codec = iota + 1
	codecQP
	codecUU
	codecYEnc
	codecSkipPadding // base64 in which "=" that ends no quantum is skipped
)

// codecOf names the codec of a Content-Transfer-Encoding (RFC 2045 section 6).
// Known is false for a name that no reader knows.
func codecOf(name string) (c codec, known bool) {
	switch name {
	case "", "7bit", "8bit", "binary":
		return 0, true
	case "base64":
		return codecBase64, true
	case "quoted-printable":
		return codecQP, true
	case "uuencode", "x-uuencode", "uue", "x-uue":
		return codecUU, true
	case "x-yenc":
		return codecYEnc, true
	}
	return 0, false
}

// decode applies codecs one after the other. None of them makes text longer.
func decode(codecs []codec, b []byte) decoded {
	d := decoded{bytes: b}
	for _, c := range codecs {
		var next decoded
		switch c {
		case codecBase64:
			next = decodeBase64(d.bytes)
		case codecSkipPadding:
			next = skipPadding(d.bytes)
		case codecQP:
			next = decodeQP(d.bytes)
		case codecUU:
			next = decodeUU(d.bytes)
		case codecYEnc:
			next = decodeYEnc(d.bytes)
		}
		next.flaws = append(d.flaws, next.flaws...)
		d = next
	}
	return d
}

// flaw adds a finding with a count when there is something to count.
func (d *decoded) flaw(symbol string, n int, what string) {
	if n > 0 {
		d.flaws = append(d.flaws, Finding{symbol, fmt.Sprintf("%d %s", n, what)})
	}
}

const invalid = 0xff

// base64Values maps a byte to its six bits.
var base64Values = func() (t [256]byte) {
	for i := range t {
		t[i] = invalid
	}
	for i, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") {
		t[c] = byte(i)
	}
	return t
}()

// decodeBase64 decodes as readers do (RFC 2045 section 6.8): bytes outside the
// alphabet are skipped. Data after padding begins a new run, so that the
// result holds what those see who stop there and what those see who go on.
func decodeBase64(b []byte) decoded {
	out := make([]byte, base64.StdEncoding.DecodedLen(len(b))+3)
	// The library knows line ends and nothing else that is odd, and is fast.
	if n, err := base64.StdEncoding.Decode(out, b); err == nil {
		return decoded{bytes: out[:n]}
	}
	return decodeOddBase64(out[:0], b)
}

func decodeOddBase64(out, b []byte) decoded {
	var bits uint32
	have, junk, inside := 0, 0, 0
	padded := false
	for _, c := range b {
		v := base64Values[c]
		switch {
		case v != invalid:
			if padded {
				inside++
				padded = false
			}
			bits = bits<<6 | uint32(v)
			if have++; have == 4 {
				out = append(out, byte(bits>>16), byte(bits>>8), byte(bits))
				have = 0
			}
		case c == '=':
			out = tail(out, bits, have)
			have, padded = 0, true
		case c != '\r' && c != '\n' && c != ' ' && c != '\t':
			junk++
		}
	}
	d := decoded{bytes: tail(out, bits, have)}
	d.flaw("MIME_BASE64_JUNK", junk, "bytes outside the alphabet")
	d.flaw("MIME_BASE64_PADDING", inside, "times data after padding")
	if have == 1 {
		d.flaw("MIME_BASE64_LENGTH", 1, "character too many")
	}
	return d
}

// quanta follows base64 as binascii.a2b_base64 of Python does: "=" counts only
// where it fills a quantum, which begins a new run.
type quanta struct{ have, pads int }

// take gives the character its place: whether it is one of the alphabet, ends
// a run, or stands after a "=" that was skipped.
func (q *quanta) take(c byte) (value, ends, stray bool) {
	switch {
	case base64Values[c] != invalid:
		stray = q.pads > 0 && q.have > 0
		q.have, q.pads = (q.have+1)%4, 0
		return true, false, stray
	case c == '=':
		if q.pads++; q.have >= 2 && q.have+q.pads >= 4 {
			*q = quanta{}
			return false, true, false
		}
	}
	return false, false, false
}

// hasStrayPadding tells whether the readers who skip "=" see something else.
func hasStrayPadding(b []byte) bool {
	var q quanta
	for _, c := range b {
		if _, _, stray := q.take(c); stray {
			return true
		}
	}
	return false
}

// skipPadding decodes base64 without the "=" that end no quantum.
func skipPadding(b []byte) decoded {
	var q quanta
	clean := make([]byte, 0, len(b))
	for _, c := range b {
		have := q.have
		value, ends, _ := q.take(c)
		if value {
			clean = append(clean, c)
		}
		if ends {
			clean = append(clean, "=="[have-2:]...)
		}
	}
	return decodeOddBase64(make([]byte, 0, base64.StdEncoding.DecodedLen(len(clean))+3), clean)
}

// tail writes the bytes of an unfinished quantum.
func tail(out []byte, bits uint32, have int) []byte {
	switch have {
	case 2:
		return append(out, byte(bits>>4))
	case 3:
		return append(out, byte(bits>>10), byte(bits>>2))
	}
	return out
}

// decodeQP decodes quoted-printable (RFC 2045 section 6.7): a "=" before two
// hex digits is a byte, at the end of a line it joins the next; blanks at the
// end of a line go. Any other "=" stays, as readers leave it.
func decodeQP(b []byte) decoded {
	out := make([]byte, 0, len(b))
	bad := 0
	for len(b) > 0 {
		end, next := lineEnd(b, 0, false)
		line := b[:end]
		for len(line) > 0 && isBlank(line[len(line)-1]) {
			line = line[:len(line)-1]
		}
		soft := len(line) > 0 && line[len(line)-1] == '='
		if soft {
			line = line[:len(line)-1]
		}
		var n int
		out, n = appendQP(out, line)
		bad += n
		if !soft {
			out = append(out, b[end:next]...)
		}
		b = b[next:]
	}
	d := decoded{bytes: out}
	d.flaw("MIME_QP_BAD", bad, "escapes that are none")
	return d
}

// appendQP decodes one line and counts what looks like an escape and is none.
func appendQP(out, line []byte) ([]byte, int) {
	bad := 0
	for {
		i := bytes.IndexByte(line, '=')
		if i < 0 {
			return append(out, line...), bad
		}
		out, line = append(out, line[:i]...), line[i:]
		if len(line) > 2 && unhex(line[1]) >= 0 && unhex(line[2]) >= 0 {
			out = append(out, byte(unhex(line[1])<<4|unhex(line[2])))
			line = line[3:]
			continue
		}
		out, line = append(out, '='), line[1:]
		bad++
	}
}

func unhex(c byte) int {
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

// decodeUU decodes the lines of uuencode (POSIX uuencode): each begins with
// its length. A "begin" line is skipped, "end" ends.
func decodeUU(b []byte) decoded {
	out := make([]byte, 0, len(b)/4*3)
	bad := 0
	for first := true; len(b) > 0; first = false {
		end, next := lineEnd(b, 0, false)
		line := b[:end]
		b = b[next:]
		if first && strings.HasPrefix(string(line[:min(len(line), 6)]), "begin ") {
			continue
		}
		if string(line) == "end" {
			break
		}
		if len(line) == 0 {
			continue
		}
		n := int(line[0]-' ') & 63
		if line[0] < ' ' || line[0] > '`' {
			bad++
			continue
		}
		out = appendUU(out, line[1:], n)
	}
	d := decoded{bytes: out}
	d.flaw("MIME_UU_BAD", bad, "lines that are none")
	return d
}

// appendUU decodes n bytes of one line; a short line stands for blanks at its
// end that got lost.
func appendUU(out, line []byte, n int) []byte {
	at := func(i int) byte {
		if i < len(line) {
			return (line[i] - ' ') & 63
		}
		return 0
	}
	for i := 0; n > 0 && i < len(line); i += 4 {
		a, b, c, d := at(i), at(i+1), at(i+2), at(i+3)
		triple := [3]byte{a<<2 | b>>4, b<<4 | c>>2, c<<6 | d}
		out = append(out, triple[:min(n, 3)]...)
		n -= 3
	}
	return out
}

// decodeYEnc decodes yEnc 1.3: every byte is shifted by 42, "=" escapes with a
// further 64; lines that begin with "=y" are its own.
func decodeYEnc(b []byte) decoded {
	out := make([]byte, 0, len(b))
	for len(b) > 0 {
		end, next := lineEnd(b, 0, false)
		line := b[:end]
		b = b[next:]
		if len(line) > 1 && line[0] == '=' && line[1] == 'y' {
			continue
		}
		for i := 0; i < len(line); i++ {
			if line[i] == '=' && i+1 < len(line) {
				i++
				out = append(out, line[i]-64-42)
				continue
			}
			out = append(out, line[i]-42)
		}
	}
	return decoded{bytes: out}
}
