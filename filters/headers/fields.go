package headers

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/postern-mail/postern/mail"
)

// once are the fields that may stand once (RFC 5322 section 3.6, RFC 2045
// section 4). The From and Content-* fields have filters of their own.
var once = []string{
	"date", "subject", "to", "cc", "bcc", "message-id", "reply-to", "sender", "in-reply-to", "references", "mime-version",
}

// equalRepeat is how much a field counts that is repeated letter by letter:
// careless, but all readers see the same.
const equalRepeat = 0.3

func (c *check) repeated() {
	for _, key := range once {
		all := c.fields[key]
		if len(all) < 2 {
			continue
		}
		factor := equalRepeat
		for _, v := range all[1:] {
			if strings.TrimSpace(v) != strings.TrimSpace(all[0]) {
				factor = 1
			}
		}
		c.Note(repeated, factor, fmt.Sprintf("%d times %s", len(all), key))
	}
}

// missing looks for what a message must have (RFC 5322 section 3.6: Date) or
// should have, and any mail program writes.
func (c *check) missing() {
	if !c.has("date") {
		c.Note(noDate, 1, "")
	}
	if !c.has("message-id") {
		c.Note(noMessageID, 1, "")
	}
	if !c.has("to", "cc", "bcc") {
		c.Note(noRecipient, 1, "")
	}
	if c.first("subject") == "" {
		c.Note(noSubject, 1, "")
	}
}

// maxLine is the longest line in bytes (RFC 5322 section 2.1.1).
const maxLine = 998

// utf8Factor is how much raw UTF-8 counts: RFC 6532 allows it, with SMTPUTF8.
const utf8Factor = 0.3

// bytes looks at what a field is made of. The From fields' bytes are looked
// at by the filter from.
func (c *check) bytes(f mail.Field, key string, utf8ok bool) {
	if len(f.Name) != len(strings.TrimRight(f.Name, " \t")) {
		c.Note(spaceColon, 1, key)
	}
	if key == "from" {
		return
	}
	if high(f.Value) {
		switch {
		case !utf8.ValidString(f.Value):
			c.Note(eightBit, 1, key)
		case !utf8ok:
			c.Note(eightBit, utf8Factor, key)
		}
	}
	if hasControl(f.Value) {
		c.Note(control, 1, key)
	}
	for line := range strings.SplitSeq(f.Value, "\r\n") {
		if len(line) > maxLine {
			c.Note(longLine, 1, key)
		}
	}
}

func high(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return true
		}
	}
	return false
}

// hasControl tells of a control character other than a tab and the CRLF of a
// fold.
func hasControl(s string) bool {
	for i := range len(s) {
		switch b := s[i]; {
		case b == '\r' && i+1 < len(s) && s[i+1] == '\n', b == '\n' && i > 0 && s[i-1] == '\r', b == '\t':
		case b < ' ', b == 0x7f:
			return true
		}
	}
	return false
}

// bulkPrograms write mail to many, by what stands in X-Mailer or User-Agent.
var bulkPrograms = []string{
	"mailchimp", "sendblaster", "maxbulk", "groupmail", "atomic mail", "powermta", "acymailing", "phplist", "sendy",
	"mailwizz", "interspire", "mailpoet", "listmanager", "lyris", "campaign", "emarsys", "sendinblue", "edmsender", "mass mail",
}

// scripts are programs with which web pages send mail.
var scripts = []string{"phpmailer", "php/", "swiftmailer", "symfony mailer", "nodemailer", "smtplib", "laravel", "codeigniter"}

// bulk notes what the header says of how the message was made. These are facts.
func (c *check) bulk() {
	for _, key := range []string{"list-id", "list-unsubscribe", "list-post"} {
		if c.has(key) {
			c.Note(bulkList, 1, key)
		}
	}
	if p := strings.ToLower(c.first("precedence")); p == "bulk" || p == "list" || p == "junk" {
		c.Note(bulkPrec, 1, p)
	}
	if a := c.first("auto-submitted"); a != "" && !strings.EqualFold(a, "no") { // RFC 3834 section 5
		c.Note(bulkAuto, 1, a)
	}
	if c.has("feedback-id") {
		c.Note(bulkID, 1, "")
	}
	program := strings.ToLower(c.first("x-mailer") + " " + c.first("user-agent"))
	named := func(p string) bool { return strings.Contains(program, p) }
	if slices.ContainsFunc(bulkPrograms, named) {
		c.Note(bulkMailer, 1, strings.TrimSpace(program))
	}
	if slices.ContainsFunc(scripts, named) || c.has("x-php-script", "x-php-originating-script") {
		c.Note(bulkScript, 1, strings.TrimSpace(program))
	}
}
