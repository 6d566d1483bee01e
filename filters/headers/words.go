package headers

import (
	"github.com/postern-mail/postern/mail/mime"
	"github.com/postern-mail/postern/mail/text/charset"
)

// encodedWords looks at the encoded words of the Subject (RFC 2047): charsets
// that do not exist or are not the text's, and base64 around a text that needs
// no encoding.
func (c *check) encodedWords(value string) {
	words := mime.Words(value)
	plain := len(words) > 0
	for _, w := range words {
		_, info := charset.Decode(w.Charset, w.Bytes, 4*len(w.Bytes)+16)
		if info.Unknown {
			c.Note(wordUnknown, 1, info.Declared)
		}
		if info.Wrong {
			c.Note(wordWrong, 1, info.Declared+" is "+info.Used)
		}
		plain = plain && w.Base64 && isPrintable(w.Bytes)
	}
	if plain {
		c.Note(subjectEncoded, 1, "")
	}
}

func isPrintable(b []byte) bool {
	for _, c := range b {
		if c < ' ' || c > '~' {
			return false
		}
	}
	return len(b) > 0
}
