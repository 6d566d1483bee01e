// Package verdicts holds the record of what was decided: the one document that
// the admin endpoint, `postern check --json` and the log show, where it is
// kept, and how it is asked for.
package verdicts

import (
	"time"

	"github.com/postern-mail/postern/scoring"
)

// Record is what is known about one judged message. Its strings may hold
// anything a stranger wrote, bounded in length: encoding/json and html/template escape
// them; whoever writes them elsewhere must.
type Record struct {
	ID      string    `json:"id"`   // ours, sorts by time
	Time    time.Time `json:"time"` // when the message was judged
	QueueID string    `json:"queue_id"`

	Session  Session  `json:"session"`
	Envelope Envelope `json:"envelope"`
	Message  Message  `json:"message"`

	Action scoring.Action `json:"action"` // what was decided; mode says how much of it was done
	Score  float64        `json:"score"`
	Mode   scoring.Mode   `json:"mode"`
	Policy string         `json:"policy"`
	Reply  string         `json:"reply"` // what the client was told, "" when the message was let in
	Reason string         `json:"reason"`

	Symbols []Symbol `json:"symbols"`
	Auth    Auth     `json:"auth"`
	Checks  []Check  `json:"checks"`

	DurationMS float64 `json:"duration_ms"` // from the end of the message to the verdict

	// Degraded says that the state was not as it should be: limits and greylist went by what this
	// machine knew, and the record had to wait.
	Degraded bool `json:"degraded"`

	Explanation Explanation `json:"explanation"`
}

// Session is the client as the record shows it.
type Session struct {
	ClientIP   string `json:"client_ip"`
	ClientName string `json:"client_name"`
	Helo       string `json:"helo"`
	TLS        string `json:"tls"`
	AuthUser   string `json:"auth_user"`
	Listener   string `json:"listener"`
}

// Envelope is the transaction as the record shows it.
type Envelope struct {
	From  string   `json:"from"`
	Rcpts []string `json:"rcpts"` // at most maxRcpts
}

// Message is what the record keeps of the message itself.
type Message struct {
	From      string `json:"from"`    // the author: address of the From field, or the raw field where it is ambiguous
	Subject   string `json:"subject"` // decoded
	MessageID string `json:"message_id"`
	Size      int64  `json:"size"` // bytes of header and body

	Attachments []Attachment `json:"attachments"` // at most maxAttachments
	URLHosts    []string     `json:"url_hosts"`   // at most maxHosts
}

// Attachment is a part that a reader would offer as a file.
type Attachment struct {
	Names    []string `json:"names"`    // every name that a reader could show
	Declared string   `json:"declared"` // media type by the mail
	Found    string   `json:"found"`    // media type by the content
	Size     int      `json:"size"`     // bytes, decoded
	SHA256   string   `json:"sha256"`
}

// Symbol is one finding with what it weighed.
type Symbol struct {
	Name    string   `json:"name"`
	Group   string   `json:"group"`
	Factor  float64  `json:"factor"`
	Score   float64  `json:"score"` // points added, after the group's cap
	Details []string `json:"details"`
	Shadow  bool     `json:"shadow"`
}

// Auth is who the message was proved to be from.
type Auth struct {
	SPF   SPF    `json:"spf"`
	DKIM  []DKIM `json:"dkim"`
	DMARC DMARC  `json:"dmarc"`
	ARC   ARC    `json:"arc"`
}

// SPF is the result for the identity that counts: MAIL FROM, or HELO with the null sender.
type SPF struct {
	Result   string `json:"result"`
	Domain   string `json:"domain"`
	Identity string `json:"identity"` // "mailfrom" or "helo"
}

// DKIM is one signature's result.
type DKIM struct {
	Result   string `json:"result"`
	Domain   string `json:"domain"`
	Selector string `json:"selector"`
	Reason   string `json:"reason"`
}

// DMARC is the evaluation for the author domain (RFC 9989).
type DMARC struct {
	Result       string `json:"result"`
	Domain       string `json:"domain"`        // the author domain
	PolicyDomain string `json:"policy_domain"` // where the record was found
	Policy       string `json:"policy"`        // what holds for this message after sp, np and t
	Disposition  string `json:"disposition"`   // what was done: none, quarantine or reject
	Override     string `json:"override"`      // why the disposition is not the policy, "" when it is
}

// ARC is the state of the chain (RFC 8617), none while nothing evaluates it.
type ARC struct {
	Result string `json:"result"`
}

// Check tells how one filter's run ended.
type Check struct {
	Name       string         `json:"name"`
	Stage      string         `json:"stage"`
	Status     scoring.Status `json:"status"`
	Error      string         `json:"error"`
	DurationMS float64        `json:"duration_ms"`
}

// Explanation says which symbols decided and what would have been without each.
type Explanation struct {
	Decided []string  `json:"decided"`
	Without []Without `json:"without"`
}

// Without is the verdict that would have been without one symbol.
type Without struct {
	Symbol string         `json:"symbol"`
	Action scoring.Action `json:"action"`
	Score  float64        `json:"score"`
}
