package verdicts

import (
	"fmt"
	"slices"

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
		return Reply{451, "4.7.1", fmt.Sprintf("not now, try again later (id %s)", r.ID)}, true
	}
	return Reply{}, false
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
