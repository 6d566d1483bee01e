package milter

import (
	"fmt"
	"strings"

	gm "github.com/emersion/go-milter"
)

// maxReply is the longest reply line without its CRLF (RFC 5321 section 4.5.3.1.5).
const maxReply = 510

// fallback replies, for where the Handler gave none that can be sent.
var (
	refuseForNow  = Reply{451, "4.7.1", "Service unavailable, try again later"}
	refuseForGood = Reply{550, "5.7.1", "Message refused"}
	brokenHere    = Reply{451, "4.3.0", "Internal error, try again later"}
)

// response makes the packet of a reply (SMFIR_REPLYCODE).
func (r Reply) response() gm.Response { return gm.NewResponseStr(byte(gm.ActReplyCode), r.line()) }

// line is the reply as the MTA takes it: one line, printable ASCII, and every
// percent sign doubled, as the MTA reads the text as a format.
func (r Reply) line() string {
	if r.Code < 400 || r.Code > 599 {
		r.Code, r.Enhanced = refuseForNow.Code, refuseForNow.Enhanced
	}
	class := r.Code / 100
	// RFC 2034 section 4: the class of the enhanced code is that of the reply.
	if !enhanced(r.Enhanced, byte('0'+class)) {
		r.Enhanced = fmt.Sprintf("%d.0.0", class)
	}
	line := fmt.Sprintf("%d %s %s", r.Code, r.Enhanced, strings.Map(printable, r.Text))
	line = strings.TrimRight(line[:min(len(line), maxReply)], " ")
	return strings.ReplaceAll(line, "%", "%%")
}

// of returns the reply if its code is of the class (4 or 5), and else the other one.
func (r Reply) of(class int, other Reply) Reply {
	if r.Code/100 == class {
		return r
	}
	return other
}

// enhanced tells whether s is an enhanced status code of the class
// (RFC 3463 section 2).
func enhanced(s string, class byte) bool {
	parts := strings.Split(s, ".")
	if len(parts) != 3 || parts[0] != string(class) {
		return false
	}
	for _, p := range parts[1:] {
		if len(p) < 1 || len(p) > 3 || strings.Trim(p, "0123456789") != "" {
			return false
		}
	}
	return true
}

// printable replaces what is not printable ASCII.
func printable(r rune) rune {
	if r < ' ' || r > '~' {
		return '?'
	}
	return r
}
