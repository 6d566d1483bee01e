package tokens

import (
	"strconv"
	"strings"

	"github.com/postern-mail/postern/mail"
	"github.com/postern-mail/postern/mail/mime"
	"github.com/postern-mail/postern/mail/text"
)

// The bounds on the parts that are looked at.
const (
	maxParts   = 40 // one by one
	maxPattern = 6  // for the pattern of the whole
	maxName    = 40 // bytes of a charset, encoding or type
)

// shape adds how the message is built.
func (z *tokenizer) shape(msg *mail.Message, t *text.Text) {
	tree, _ := msg.Tree() // a body that cannot be read is the chain's matter; its header still speaks
	z.parts(tree.All())
	for _, f := range tree.Findings() {
		z.text(Shape, "finding:", f.Symbol)
	}
	for _, f := range t.Findings {
		z.text(Shape, "finding:", f.Symbol)
	}
	for _, flaw := range msg.Author().Flaws {
		z.text(Shape, "finding:", flaw)
	}
	for _, r := range msg.Auth {
		z.text(Shape, "auth:", r.Method+"="+r.Value)
	}
	z.text(Shape, "plain text:", magnitude(len(t.Plain)))
	z.text(Shape, "html text:", magnitude(len(t.HTML)))
	z.text(Shape, "hidden text:", magnitude(len(t.Hidden)))
	z.text(Shape, "images:", magnitude(len(t.Images)))
	z.text(Shape, "forms:", magnitude(len(t.Forms)))
	z.text(Shape, "capitals:", capitals(t.Subject))
}

// parts adds the types, charsets, encodings and files.
func (z *tokenizer) parts(all []*mime.Part) {
	var pattern strings.Builder
	for i, p := range all[:min(len(all), maxParts)] {
		kind := cut(p.Type, maxName)
		if i < maxPattern {
			pattern.WriteString(kind + " ")
		}
		z.text(Shape, "type:", kind)
		z.text(Shape, "charset:", strings.ToLower(cut(p.Charset, maxName)))
		z.text(Shape, "encoding:", cut(p.Encoding, maxName))
		if p.Attachment() {
			z.text(Shape, "file type:", kind)
			z.text(Shape, "file name:", extension(p.Name()))
		}
	}
	z.text(Shape, "parts:", pattern.String())
}

// extension is the end of a file's name from the last dot on, "" for none.
func extension(name string) string {
	i := strings.LastIndexByte(name, '.')
	if i < 0 || len(name)-i > 8 {
		return ""
	}
	return strings.ToLower(name[i:])
}

// capitals says how much of a text is in ASCII capitals, in fifths.
func capitals(s string) string {
	upper, lower := 0, 0
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'A' && c <= 'Z':
			upper++
		case c >= 'a' && c <= 'z':
			lower++
		}
	}
	if upper+lower < 4 {
		return "none"
	}
	return strconv.Itoa(upper * 5 / (upper + lower))
}
