// Package mail holds what flows through Postern: the session of an SMTP
// client, the envelope of one transaction, the message with its raw header
// and body, and the edits that a verdict makes to it.
//
// It is the ground floor: it imports nothing else of Postern but what lies
// below it in its own folder. Everything a filter is handed is read-only, so that filters
// may run at once and a late one harms nobody.
package mail

import (
	"net/netip"
	"time"

	"github.com/postern-mail/postern/mail/authres"
)

// Session is one SMTP client's connection, as far as it has come. It is
// immutable: what changes it (HELO, AUTH, STARTTLS) makes a copy.
type Session struct {
	ID       string // ours; names the connection in logs
	Listener string // name of the listener it came through
	Profile  string // what the listener is for: "inbound" or "outbound"
	MTAHost  string // the MTA's own name (macro j), "" when not told

	ClientIP   netip.Addr // unmapped; the zero Addr when the client has no IP address
	ClientPort uint16
	ClientName string // forward-confirmed reverse name, "" when there is none
	ClientPTR  string // unconfirmed reverse name (macro {client_ptr}), "" when not told
	Helo       string // as given, unescaped; "" before HELO
	TLS        string // protocol and cipher, "" in the clear
	AuthUser   string // SASL login, "" for strangers

	Local   bool // submitted through sendmail(1) or re-injected: no SMTP client
	Started time.Time
}

// Envelope is what MAIL FROM and RCPT TO said in one transaction.
type Envelope struct {
	From     string   // address without angle brackets, "" for the null sender
	FromArgs []string // ESMTP parameters of MAIL FROM, as given
	Rcpts    []string // accepted recipients, without angle brackets, in order
}

// Message is what a filter looks at. Which parts are filled depends on the
// stage: a connect filter sees the session only. It is safe for any number of
// readers; nobody writes to it after it is handed out.
type Message struct {
	Session  *Session
	Envelope Envelope
	QueueID  string    // the MTA's, "" before it is known
	Now      time.Time // the time at which all checks judge
	Header   Header    // from StageData on
	Body     Body      // from StageData on

	// Truncated says what of the message was not kept, "" when it is whole:
	// "header" or "body" (larger than the listener keeps; it will not be
	// smaller next time) or "spool" (the disk would not take it; a retry may
	// succeed). What is judged is then not what would be delivered.
	Truncated string

	// Auth holds the authentication results of the filters that ran in
	// earlier waves.
	Auth []authres.Result
	// Unchecked names the kinds of filters of earlier waves that could not make
	// their check: what Auth lacks of them is not known, and is no failure.
	Unchecked []string

	// Limits bounds the views below; nil: DefaultLimits.
	Limits *Limits

	*view // what is computed from header and body, once, on demand
}

// New completes a message: it attaches the lazily computed views of header and
// body as they are now, which all copies made of the message by WithAuth share.
func New(m Message) *Message {
	m.view = newView(&m)
	return &m
}

// Limited returns a copy of the message that is looked at within these limits.
// What was computed of m is computed anew.
func (m *Message) Limited(l *Limits) *Message {
	c := *m
	c.Limits = l
	return New(c)
}

// WithAuth returns a copy of the message that carries these results and
// shares everything else.
func (m *Message) WithAuth(results []authres.Result) *Message {
	c := *m
	c.Auth = results
	return &c
}
