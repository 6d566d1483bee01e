// Package milter is the SMTP side of Postern: it speaks the milter protocol
// with Postfix (or Sendmail) and turns it into calls of a Handler.
//
// The protocol is Sendmail's, versions 2 to 6. The MTA opens one connection
// to the filter for each SMTP client and reports each SMTP command as a
// packet: a length of 4 bytes, a command byte, data. First the two agree
// (OPTNEG) on what the filter may change, which commands it wants to hear of
// and to which of them it will reply. Macros with further facts go before a
// command. At the end of a message (BODYEOB) the filter may ask for edits of
// the header and then gives its answer. One connection carries any number of
// messages.
//
// The protocol session is emersion/go-milter's. What it lacks is mended by one
// layer beneath it, the type wire: a net.Conn that checks lengths, order and
// time, takes the data packets (macros, header fields, body chunks) itself and
// hands the commands on.
package milter

import (
	"context"

	"github.com/postern-mail/postern/mail"
)

// Handler is what a listener hands its connections to. It is called from
// several goroutines at once.
type Handler interface {
	// Answers names the early stages (connect, helo, mail, rcpt) at which the
	// Handler may refuse. At all others no reply is negotiated, so that the
	// MTA need not wait; a refusal there is logged and has no effect. It is
	// asked once a connection.
	Answers() []mail.Stage
	// Connect is told of a new SMTP client. ctx ends with the connection. A
	// non-nil Reply refuses it; then the Dialogue may be nil.
	Connect(ctx context.Context, s *mail.Session) (Dialogue, *Reply)
}

// Dialogue follows one SMTP client's connection. All methods of one Dialogue are called
// from one goroutine, in the order of SMTP; Close is the last call. After a panic, which is
// logged, only Close is called, and each message of the connection gets a tempfail.
type Dialogue interface {
	// Helo brings a copy of the session with Helo, and TLS, filled. It is called again
	// after STARTTLS.
	Helo(ctx context.Context, s *mail.Session) *Reply
	// Mail opens a transaction, unless it is refused. s is a copy with AuthUser and TLS filled.
	Mail(ctx context.Context, s *mail.Session, env mail.Envelope) *Reply
	// Rcpt brings one recipient, without angle brackets. A non-nil Reply
	// refuses this recipient only: it is not among those of the message.
	Rcpt(ctx context.Context, rcpt string, args []string) *Reply
	// Message is called at the end of the message and decides on it. The body
	// may be read until Message returns; afterwards reading a spooled one is an error.
	Message(ctx context.Context, m *mail.Message) Decision
	// Abort says that the transaction was dropped before its end.
	Abort()
	// Close says that the connection is over.
	Close()
}

// Reply is a refusal in SMTP. Text is shown to strangers: it is reduced to
// printable ASCII and to the length of one reply line.
type Reply struct {
	Code     int    // 4xx or 5xx
	Enhanced string // RFC 3463: "4.7.1"
	Text     string
}

// Action is what becomes of a message.
type Action uint8

// The actions. The zero Action is none of them and is answered by a tempfail,
// so that a forgotten decision does not let mail pass.
const (
	Continue Action = iota + 1 // let it in
	Reject                     // refuse for good
	Tempfail                   // refuse for now
	Discard                    // say yes and throw it away
	Hold                       // let it into the MTA's hold queue
)

// Decision is the answer at the end of a message.
type Decision struct {
	Action Action
	Reply  Reply       // for Reject and Tempfail
	Hold   string      // for Hold: the reason, for the MTA's log
	Edits  []mail.Edit // for Continue and Hold
}
