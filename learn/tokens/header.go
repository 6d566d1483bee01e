package tokens

import (
	"strings"

	"golang.org/x/net/publicsuffix"

	"github.com/postern-mail/postern/mail"
	"github.com/postern-mail/postern/mail/mime"
)

// The bounds on what is read of the header.
const (
	maxAuthors    = 4
	maxAddresses  = 8  // of one field
	maxHops       = 8  // Received fields
	maxHopNames   = 12 // names in one of them
	maxFieldWords = 12 // words of one other field
)

// header adds what the header says.
func (z *tokenizer) header(msg *mail.Message) {
	z.author(msg.Author())
	hops := 0
	for _, f := range msg.Header[:min(len(msg.Header), maxFields)] {
		key, value := f.Key(), cut(f.Value, maxField)
		switch key {
		case "reply-to", "to", "cc":
			z.addresses(key, value, msg)
		case "message-id":
			z.messageID(value)
		case "date":
			z.zone(value)
		case "received":
			if hops++; hops <= maxHops {
				z.received(value)
			}
		case "x-mailer", "user-agent", "organization", "x-mimeole", "content-type", "content-transfer-encoding",
			"content-language", "x-priority", "x-msmail-priority", "importance", "mime-version":
			z.field(key, value)
		}
		if !added(key) {
			z.text(Header, "field:", cut(key, maxName))
		}
	}
	z.text(Shape, "hops:", magnitude(hops))
}

// author adds who the message says it is from.
func (z *tokenizer) author(a mail.Author) {
	for _, addr := range a.Addresses[:min(len(a.Addresses), maxAuthors)] {
		z.words(strings.ToLower(cut(addr.Name, maxField)), inFrom)
		z.text(Header, "from:@", addr.String())
		z.host("from:", addr.Domain)
	}
}

// addresses adds the domains of a list of addresses, and how many there are.
func (z *tokenizer) addresses(key, value string, msg *mail.Message) {
	list := mail.ParseAuthor(mail.Header{{Name: "From", Value: value}}).Addresses
	z.text(Header, key+" count:", magnitude(len(list)))
	from, _ := msg.Author().Domain()
	for _, a := range list[:min(len(list), maxAddresses)] {
		z.host(key+":", a.Domain)
		switch {
		case key == "reply-to":
			z.text(Header, "reply-to:@", a.String())
			if from != "" && a.Domain != from {
				z.text(Header, "reply-to elsewhere", "")
			}
		case a.Name == "":
			z.text(Header, key+" without a name", "")
		}
	}
}

// host adds a domain name, its registrable part and its top.
func (z *tokenizer) host(field, name string) {
	if name == "" {
		return
	}
	name = strings.ToLower(cut(name, 255))
	registrable, err := publicsuffix.EffectiveTLDPlusOne(name)
	if err != nil {
		registrable = ""
	}
	z.text(Header, field, name)
	z.domain(Header, field, name, registrable)
}

// messageID adds the domain and the pattern of the identifier.
func (z *tokenizer) messageID(value string) {
	left, right, _ := strings.Cut(strings.Trim(strings.TrimSpace(value), "<>"), "@")
	z.host("message-id:", right)
	z.text(Header, "message-id pattern:", pattern(left))
}

// maxPatternLen bounds the pattern of an identifier.
const maxPatternLen = 24

// pattern writes letters as a or A, digits as 0, a run of one kind once.
func pattern(s string) string {
	var b strings.Builder
	var last byte
	for i := 0; i < len(s) && b.Len() < maxPatternLen; i++ {
		c := s[i]
		switch {
		case c >= '0' && c <= '9':
			c = '0'
		case c >= 'a' && c <= 'z':
			c = 'a'
		case c >= 'A' && c <= 'Z':
			c = 'A'
		case c >= 0x80:
			c = '*'
		}
		if c != last || c != 'a' && c != 'A' && c != '0' {
			b.WriteByte(c)
		}
		last = c
	}
	return b.String()
}

// received adds the domains and networks that one hop names. Its times and
// identifiers are left out: they come with one message only.
func (z *tokenizer) received(value string) {
	value, _, _ = strings.Cut(strings.ToLower(value), ";")
	n := 0
	for w := range strings.FieldsFuncSeq(value, func(r rune) bool { return strings.ContainsRune(" \t\r\n()[]<>,=", r) }) {
		dots := strings.Count(w, ".")
		if dots == 0 || strings.Contains(w, "@") {
			continue
		}
		if n++; n > maxHopNames {
			return
		}
		if dots == 3 && allDigits(strings.ReplaceAll(w, ".", "")) {
			net := w[:strings.LastIndexByte(w, '.')]
			z.text(Header, "hop:", net)
			z.text(Header, "hop:", net[:strings.LastIndexByte(net, '.')])
			continue
		}
		if registrable, err := publicsuffix.EffectiveTLDPlusOne(w); err == nil {
			z.text(Header, "hop:", registrable)
			z.domain(Header, "hop:", w, "")
		}
	}
}

// zone adds the time zone of the Date field. The rest of it would only say
// when the mail was collected.
func (z *tokenizer) zone(value string) {
	zone := "none"
	for f := range strings.FieldsSeq(value) {
		if len(f) == 5 && (f[0] == '+' || f[0] == '-') || f == "GMT" {
			zone = f
		}
	}
	z.text(Header, "zone:", zone)
}

// field adds the words of another field as they stand.
func (z *tokenizer) field(key, value string) {
	if key == "content-type" {
		value, _, _ = strings.Cut(value, "boundary")
	}
	n := 0
	for w := range strings.FieldsFuncSeq(strings.ToLower(mime.DecodeWords(value)), func(r rune) bool { return r == ' ' || r == ';' || r == '\t' || r == '"' }) {
		if n++; n > maxFieldWords {
			return
		}
		z.text(Header, key+":", cut(w, maxName))
	}
}
