package mime

import (
	"bytes"
	"strings"

	"github.com/postern-mail/postern/mail/text/charset"
)

// DecodeWords decodes the encoded words of RFC 2047 in a field's text and
// takes out the folds. Bare 8-bit text is read as UTF-8 or what it looks like.
// Blanks between two encoded words go (section 6.2); two neighbours in the
// same charset and encoding are joined before they are decoded, because many
// programs cut a character in two. What is not an encoded word stays as it is.
// The result is valid UTF-8. It takes linear time.
func DecodeWords(s string) string {
	s = unfold(s)
	if !strings.Contains(s, "=?") {
		text, _ := charset.Decode("", []byte(s), 3*len(s)+3)
		return text
	}
	var d wordDecoder
	d.read(s)
	return d.out.String()
}

// Word is a run of encoded words in one charset.
type Word struct {
	Charset string // as labelled, without language
	Base64  bool   // every word of the run is in the B encoding
	Bytes   []byte // the text in that charset
}

// Words returns the encoded words of a field's text, neighbours joined as
// DecodeWords joins them. It takes linear time.
func Words(s string) []Word {
	d := wordDecoder{keep: true}
	d.read(unfold(s))
	return d.words
}

// read takes a text apart.
func (d *wordDecoder) read(s string) {
	for s != "" {
		i := strings.Index(s, "=?")
		if i < 0 {
			d.plain(s)
			break
		}
		w, n := readWord(s[i:])
		if n < 0 { // no encoded word ends from here on
			d.plain(s)
			break
		}
		if n == 0 {
			d.plain(s[:i+2])
			s = s[i+2:]
			continue
		}
		if !d.open || strings.Trim(s[:i], " \t") != "" {
			d.plain(s[:i])
		}
		d.word(w)
		s = s[i+n:]
	}
	d.flush()
}

// word is one encoded word; bytes is the text after its encoding.
type word struct {
	charset string
	base64  bool
	bytes   []byte
}

// maxWordCharset bounds the charset's name, language tag included.
const maxWordCharset = 64

// readWord reads "=?charset?encoding?text?=" at the start of s and says how
// long it is, 0 when it is none, -1 when none can follow either. RFC 2047 section 2 allows 75 bytes; mail
// exceeds that, so no limit is put on the text.
func readWord(s string) (w word, n int) {
	head := s[2:min(len(s), 2+maxWordCharset+3)]
	label, rest, ok := strings.Cut(head, "?")
	if !ok || label == "" || len(rest) < 2 || rest[1] != '?' {
		return w, 0
	}
	start := 2 + len(label) + 3
	end := strings.Index(s[start:], "?=")
	if end < 0 {
		return w, -1
	}
	text := s[start : start+end]
	w.charset, _, _ = strings.Cut(label, "*") // RFC 2231 section 5: charset*language
	switch rest[0] {
	case 'b', 'B':
		w.base64 = true
		w.bytes = decodeBase64([]byte(text)).bytes
	case 'q', 'Q':
		w.bytes = decodeQ(text)
	default:
		return w, 0
	}
	return w, start + end + 2
}

// decodeQ decodes the Q encoding (RFC 2047 section 4.2).
func decodeQ(s string) []byte {
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '_':
			b = append(b, ' ')
		case s[i] == '=' && i+2 < len(s) && unhex(s[i+1]) >= 0 && unhex(s[i+2]) >= 0:
			b = append(b, byte(unhex(s[i+1])<<4|unhex(s[i+2])))
			i += 2
		default:
			b = append(b, s[i])
		}
	}
	return b
}

// wordDecoder collects the bytes of neighbouring words before it decodes them.
type wordDecoder struct {
	out     strings.Builder
	open    bool // the last thing seen was a word
	charset string
	base64  bool
	pending []byte

	keep  bool // collect words, not text
	words []Word
}

func (d *wordDecoder) word(w word) {
	if d.open && !strings.EqualFold(d.charset, w.charset) {
		d.flush()
	}
	d.base64 = w.base64 && (d.base64 || !d.open)
	d.open, d.charset = true, w.charset
	d.pending = append(d.pending, w.bytes...)
}

func (d *wordDecoder) plain(s string) {
	d.flush()
	if s != "" && !d.keep {
		text, _ := charset.Decode("", []byte(s), 3*len(s)+3)
		d.out.WriteString(text)
	}
}

func (d *wordDecoder) flush() {
	switch {
	case d.open && d.keep:
		d.words = append(d.words, Word{d.charset, d.base64, bytes.Clone(d.pending)})
	case d.open:
		text, _ := charset.Decode(d.charset, d.pending, 3*len(d.pending)+3)
		d.out.WriteString(text)
	}
	d.open, d.pending = false, d.pending[:0]
}
