package headers

import (
	"slices"

	"github.com/postern-mail/postern/mail/mime"
	"github.com/postern-mail/postern/mail/text/charset"
)

// encodedWords looks at the encoded words of the Subject (RFC 2047): their
// charsets, and base64 around a text that needs no encoding.
func (c *check) encodedWords(value string) {
	words := mime.Words(value)
	c.charsets(words)
	plain := func(w mime.Word) bool { return w.Base64 && isPrintable(w.Bytes) }
	if len(words) > 0 && !slices.ContainsFunc(words, func(w mime.Word) bool { return !plain(w) }) {
		c.Note(subjectEncoded, 1, "")
	}
}

// named are the fields whose encoded words a reader sees as names.
var named = []string{"from", "to", "cc", "reply-to"}

// names looks at the charsets of the names beside addresses.
func (c *check) names() {
	for _, key := range named {
		value := c.first(key)
		c.charsets(mime.Words(value[:min(len(value), maxSubject)]))
	}
}

// charsets looks for charsets that do not exist or are not the text's.
func (c *check) charsets(words []mime.Word) {
	for _, w := range words {
		_, info := charset.Decode(w.Charset, w.Bytes, 4*len(w.Bytes)+16)
		if info.Unknown {
			c.Note(wordUnknown, 1, info.Declared)
		}
		if info.Wrong {
			c.Note(wordWrong, 1, info.Declared+" is "+info.Used)
		}
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
