package mail

import (
	"encoding/base64"
	"strings"

	"golang.org/x/text/encoding/htmlindex"
)

// encodedWord is one "=?charset?encoding?text?=" (RFC 2047 section 2).
type encodedWord struct {
	charset string // lower case, without language (RFC 2231 section 5)
	raw     []byte // the text, decoded from B or Q but not from the charset
	size    int    // bytes of the encoded form
}

// DecodeWords decodes the encoded words of a header text (RFC 2047) as a
// lenient reader does: wherever they stand, white space within the text
// allowed, a character split over adjacent words of one charset put together.
// White space between adjacent encoded words is dropped (section 6.2). What
// is no encoded word, or of a charset nobody knows, stays as it is. The
// result is valid UTF-8; it may hold control characters. Time and space are
// linear in len(s).
func DecodeWords(s string) string {
	if !strings.Contains(s, "=?") {
		return strings.ToValidUTF8(s, "\uFFFD")
	}
	var out strings.Builder
	var pending encodedWord // adjacent words of one charset
	plain := 0              // start of the text that is not yet out
	for i := 0; i < len(s); {
		w, ok := parseWord(s[i:])
		if !ok {
			i++
			continue
		}
		between := s[plain:i]
		if pending.size == 0 || strings.Trim(between, " \t\r\n") != "" {
			flush(&out, &pending)
			out.WriteString(between)
		} else if pending.charset != w.charset {
			flush(&out, &pending)
		}
		w.raw = append(pending.raw, w.raw...)
		pending = w
		i += w.size
		plain = i
	}
	flush(&out, &pending)
	out.WriteString(s[plain:])
	return strings.ToValidUTF8(out.String(), "\uFFFD")
}

func flush(out *strings.Builder, w *encodedWord) {
	if w.size > 0 {
		out.WriteString(decodeCharset(w.charset, w.raw))
	}
	*w = encodedWord{}
}

// parseWord reads an encoded word at the start of s. It looks no further than
// the fourth question mark and stops at what cannot stand where it stands, so
// that a text of many beginnings is read in linear time.
func parseWord(s string) (w encodedWord, ok bool) {
	if !strings.HasPrefix(s, "=?") {
		return w, false
	}
	end := 2
	for end < len(s) && isCharsetChar(s[end]) {
		end++
	}
	head := s[end:] // ?B?text?=
	if end == 2 || len(head) < 5 || head[0] != '?' || head[2] != '?' {
		return w, false
	}
	text, tail, found := strings.Cut(head[3:], "?")
	if !found || !strings.HasPrefix(tail, "=") {
		return w, false
	}
	w.charset, _, _ = strings.Cut(strings.ToLower(s[2:end]), "*")
	w.size = end + 3 + len(text) + 2
	switch head[1] {
	case 'b', 'B':
		w.raw, ok = decodeB(text)
	case 'q', 'Q':
		w.raw, ok = decodeQ(text), true
	}
	return w, ok && knownCharset(w.charset)
}

// isCharsetChar: a token without especials (RFC 2047 section 2), and the star
// of RFC 2231.
func isCharsetChar(c byte) bool {
	return c > ' ' && c < 0x7f && !strings.ContainsRune(`()<>@,;:"/[]?.=`, rune(c))
}

// decodeB decodes base64, with padding or without (RFC 2047 section 4.1).
func decodeB(text string) ([]byte, bool) {
	text = strings.Map(func(c rune) rune {
		if c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '=' {
			return -1
		}
		return c
	}, text)
	raw, err := base64.RawStdEncoding.DecodeString(text)
	return raw, err == nil
}

// decodeQ decodes the Q encoding (RFC 2047 section 4.2). What is no
// hexadecimal pair stays as it is.
func decodeQ(text string) []byte {
	raw := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '_':
			raw = append(raw, ' ')
		case c == '=' && i+2 < len(text) && isHex(text[i+1]) && isHex(text[i+2]):
			raw = append(raw, unhex(text[i+1])<<4|unhex(text[i+2]))
			i += 2
		default:
			raw = append(raw, c)
		}
	}
	return raw
}

func isHex(c byte) bool { return strings.IndexByte("0123456789abcdefABCDEF", c) >= 0 }

func unhex(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c&^0x20 - 'A' + 10
}

func knownCharset(name string) bool {
	_, err := htmlindex.Get(name)
	return err == nil
}

// decodeCharset makes UTF-8 of bytes in a known charset; bytes that mean
// nothing in it become U+FFFD.
func decodeCharset(charset string, raw []byte) string {
	enc, err := htmlindex.Get(charset)
	if err != nil {
		return string(raw)
	}
	text, err := enc.NewDecoder().Bytes(raw)
	if err != nil {
		return string(raw)
	}
	return string(text)
}
