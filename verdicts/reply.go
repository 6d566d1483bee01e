package verdicts

import (
	"fmt"
	"slices"
	"strings"

	"github.com/postern-mail/postern/scoring"
)

// Reply is what a client is told.
type Reply struct {
	Code     int    // SMTP reply code
	Enhanced string // RFC 3463
	Text     string
}

// String is the reply as one line.
func (r Reply) String() string { return fmt.Sprintf("%d %s %s", r.Code, r.Enhanced, r.Text) }

// classes name why mail was refused, by the symbol that decided; the first
// that fits is told. What the client reads is general on purpose: which check
// and which list is in the record, under the id.
var classes = []struct {
	symbols  []string
	enhanced string
	text     string
}{
	{[]string{"DMARC_FAIL_REJECT", "DMARC_FAIL_QUARANTINE"}, "5.7.26", "not authenticated as the author's domain demands"},
	{[]string{"SPF_FAIL"}, "5.7.23", "the sender's domain does not permit this client"},
	{[]string{"FROM_MULTIPLE_FIELDS", "FROM_MULTIPLE_ADDRESSES", "FROM_MISSING"}, "5.7.1", "the author of the message is not clear"},
}

// ReplyTo is the reply that an action gives, with ok=false for an action that
// lets mail in (or drops it). It names a reason class and the record's id, and nothing of the mail.
func (r *Record) ReplyTo(a scoring.Action) (reply Reply, ok bool) {
	switch a {
	case scoring.Reject:
		enhanced, why := r.class()
		return Reply{550, enhanced, fmt.Sprintf("message refused: %s (id %s)", why, r.ID)}, true
	case scoring.Greylist:
		return Reply{451, "4.7.1", fmt.Sprintf("try again in a few minutes (id %s)", r.ID)}, true
	case scoring.Tempfail:
		return Reply{451, "4.7.1", fmt.Sprintf("%s, try again later (id %s)", r.later(), r.ID)}, true
	}
	return Reply{}, false
}

// later says why mail is refused for now: which kind of limit is reached, where that is why.
func (r *Record) later() string {
	for _, s := range r.Symbols {
		if strings.HasPrefix(s.Name, "RATELIMIT_") && slices.Contains(r.Explanation.Decided, s.Name) && len(s.Details) > 0 {
			if text, ok := limitText(s.Details[0]); ok {
				return text
			}
		}
	}
	return "not now"
}

// limitText puts the kind of a limit, such as "recipients by user", into words. It knows the
// words that a kind is made of, and says nothing else.
func limitText(kind string) (text string, ok bool) {
	count, by, ok := strings.Cut(kind, " by ")
	if !ok || !slices.Contains([]string{"messages", "recipients", "bytes"}, count) {
		return "", false
	}
	text = "too many " + count
	for i, part := range strings.Split(by, " ") {
		words, known := limitParts[part]
		if !known {
			return "", false
		}
		if i > 0 {
			text += " and"
		}
		text += " " + words
	}
	return text, true
}

var limitParts = map[string]string{
	"client": "from this client", "network": "from this network", "helo": "from this host", "user": "from this user",
	"sender": "from this sender", "sender_domain": "from this domain", "rcpt": "to this recipient", "rcpt_domain": "to this domain",
}

// class finds the reason class: of a symbol without which the action would
// have been another.
func (r *Record) class() (enhanced, text string) {
	for _, c := range classes {
		for _, s := range c.symbols {
			if slices.Contains(r.Explanation.Decided, s) {
				return c.enhanced, c.text
			}
		}
	}
	return "5.7.1", "it looks like spam or abuse"
}
