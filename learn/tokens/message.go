package tokens

import (
	"strings"

	"github.com/postern-mail/postern/mail"
	"github.com/postern-mail/postern/mail/text"
)

// The places where words stand.
var (
	inText    = place{"", Word, Pair}
	inSubject = place{"subject:", Subject, Subject}
	inHidden  = place{"hidden:", Hidden, Hidden}
	inFrom    = place{"from:", Header, Header}
)

// message adds everything of a message. What is short and telling comes before
// what a sender may lengthen at will.
func (z *tokenizer) message(msg *mail.Message) {
	t := msg.Text()
	subject := text.Normalize(cut(untag(t.Subject), maxSubject))
	plain, html := text.Normalize(cut(t.Plain, maxText)), text.Normalize(cut(t.HTML, maxText))

	z.words(subject, inSubject)
	z.header(msg)
	z.links(msg.URLs())
	z.shape(msg, t)
	for _, s := range []string{subject, plain, html, text.Normalize(cut(t.Attached, maxText))} {
		z.words(s, inText)
	}
	z.words(text.Normalize(cut(t.Hidden, maxHidden)), inHidden)
	for _, s := range []string{subject, plain, html} {
		z.grams(s)
	}
}

// untag takes off the marks of other filters before a subject: "[SPAM]",
// "***SPAM***" and the like.
func untag(s string) string {
	for {
		s = strings.TrimLeft(s, " ")
		var mark, rest string
		ok := false
		switch {
		case strings.HasPrefix(s, "["):
			mark, rest, ok = strings.Cut(s, "]")
		case strings.HasPrefix(s, "*"):
			rest = strings.TrimLeft(s, "*")
			mark, rest, ok = strings.Cut(rest, "*")
			rest = strings.TrimLeft(rest, "*")
		}
		if !ok || len(mark) > 40 || !strings.Contains(strings.ToLower(mark), "spam") {
			return s
		}
		s = rest
	}
}
