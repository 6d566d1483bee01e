package milter

import (
	"fmt"
	"strings"
)

// state is how far the MTA has come. Each packet is checked against it before its data
// is read, so that a session out of order costs nothing.
type state uint8

const (
	stateNew    state = iota // nothing agreed yet
	stateReady               // agreed; no SMTP client
	stateClient              // connected, no transaction
	stateMail                // after MAIL: recipients
	stateHeader              // after DATA or the first field
	stateBody                // after the end of the header
)

// The commands of the MTA.
const (
	cmdOptNeg  = 'O' // SMFIC_OPTNEG
	cmdMacro   = 'D' // SMFIC_MACRO
	cmdConnect = 'C' // SMFIC_CONNECT
	cmdHelo    = 'H' // SMFIC_HELO
	cmdMail    = 'M' // SMFIC_MAIL
	cmdRcpt    = 'R' // SMFIC_RCPT
	cmdData    = 'T' // SMFIC_DATA
	cmdHeader  = 'L' // SMFIC_HEADER
	cmdEOH     = 'N' // SMFIC_EOH
	cmdBody    = 'B' // SMFIC_BODY
	cmdEOM     = 'E' // SMFIC_BODYEOB
	cmdAbort   = 'A' // SMFIC_ABORT
	cmdUnknown = 'U' // SMFIC_UNKNOWN: an SMTP command that the MTA does not know
	cmdQuit    = 'Q' // SMFIC_QUIT
	cmdQuitNC  = 'K' // SMFIC_QUIT_NC: this client is gone, another comes
)

// allowed is what may come in each state. An aborted transaction may end by ABORT, a new
// MAIL or a new HELO: Postfix sends HELO first and ABORT after it. MAIL may come
// without HELO. The header may follow MAIL without a recipient: an MTA need not
// report all of them.
var allowed = [...]string{
	stateNew:    "O",
	stateReady:  "DCAKQ",
	stateClient: "DHMAUKQ",
	stateMail:   "DRTLNHMAUKQ",
	stateHeader: "DLNMAKQ",
	stateBody:   "DBEMAKQ",
}

var after = map[byte]state{
	cmdOptNeg: stateReady, cmdConnect: stateClient, cmdHelo: stateClient, cmdMail: stateMail,
	cmdData: stateHeader, cmdHeader: stateHeader, cmdEOH: stateBody, cmdEOM: stateClient, cmdQuitNC: stateReady,
}

// violation is a breach of the protocol by the MTA, or by who plays it.
type violation string

func (v violation) Error() string { return "milter: " + string(v) }

// next is the state after the command, or a violation.
func (s state) next(cmd byte) (state, error) {
	if strings.IndexByte(allowed[s], cmd) < 0 {
		return s, violation(fmt.Sprintf("command %q out of order", cmd))
	}
	if cmd == cmdAbort && s > stateClient {
		return stateClient, nil
	}
	if to, ok := after[cmd]; ok {
		return to, nil
	}
	return s, nil
}

// inMessage tells whether a transaction is under way.
func (s state) inMessage() bool { return s > stateClient }
