package headers

import (
	"regexp"
	"slices"
	"strings"

	"github.com/postern-mail/postern/mail"
)

// messageID looks at the form of the Message-ID (RFC 5322 section 3.6.4), as
// laxly as programs write it: anything printable, one "@", angle brackets.
func (c *check) messageID() {
	if !c.has("message-id") {
		return
	}
	id := c.first("message-id")
	inner, open := strings.CutPrefix(id, "<")
	inner, closed := strings.CutSuffix(inner, ">")
	left, right, at := strings.Cut(inner, "@")
	odd := func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '<' || r == '>' }
	switch {
	case !open || !closed || !at || left == "" || right == "" || strings.ContainsFunc(inner, odd):
		c.Note(idMalformed, 1, id)
	case !strings.ContainsAny(strings.Trim(right, "."), ".:") || strings.EqualFold(right, "localhost.localdomain"):
		c.Note(idLocal, 1, right)
	}
}

// recipients looks at whom the message says it is for (RFC 5322 section 3.6.3).
func (c *check) recipients() {
	if !c.has("to") {
		return
	}
	to := c.first("to")
	list := mail.ParseAuthor(mail.Header{{Name: "From", Value: to}}).Addresses
	named := slices.ContainsFunc(list, func(a mail.Address) bool { return a.Domain != "" })
	switch {
	case named:
		c.self(list)
	case to == "" || strings.Contains(to, ":") && strings.HasSuffix(to, ";") || strings.HasPrefix(strings.ToLower(to), "undisclosed"):
		if !c.has("cc") {
			c.Note(undisclosed, 1, to)
		}
	default:
		c.Note(toMalformed, 1, to)
	}
}

// self notes mail that is addressed to its author only and goes to others:
// the recipients are in Bcc.
func (c *check) self(to []mail.Address) {
	authors := c.msg.Author().Addresses
	if len(to) != 1 || len(authors) != 1 || c.has("cc") {
		return
	}
	own := to[0].String()
	is := func(s string) bool { return strings.EqualFold(s, own) }
	if is(authors[0].String()) && !slices.ContainsFunc(c.msg.Envelope.Rcpts, is) {
		c.Note(toSelf, 1, own)
	}
}

// placeholder is what mailing programs replace by names and random text. It
// is written so that ordinary brackets and braces do not fit.
var placeholder = regexp.MustCompile(`(?i)\{\{[ \w.|]+\}\}|%%[a-z][\w. ]*%%|@@[a-z]\w+|\[(?:to|from|e-?mail|name|fname|domain|an\d+|anl\d+|rnd\w*|rand\w*)\]|<%= ?\w+ ?%>|\$\{\w+\}`)

// brackets begin a placeholder. Few fields have one, and to look costs little.
var brackets = []string{"{{", "%%", "@@", "[", "<%", "${"}

// maxPlaceholder bounds how far a field is looked through, in bytes.
const maxPlaceholder = 1000

// placeholders looks for what was not filled in.
func (c *check) placeholders() {
	for _, key := range []string{"subject", "to", "from", "reply-to", "message-id"} {
		v := c.first(key)
		v = v[:min(len(v), maxPlaceholder)]
		if !slices.ContainsFunc(brackets, func(b string) bool { return strings.Contains(v, b) }) {
			continue
		}
		found := placeholder.FindString(v)
		if found != "" && !(key == "subject" && found[0] == '[') { // there it is a list's or a person's tag
			c.Note(template, 1, key+" "+found)
		}
	}
}
