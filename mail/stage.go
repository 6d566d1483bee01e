package mail

import "fmt"

// Stage is a point in the SMTP dialogue. A filter names the earliest stage at
// which its input is complete; stages are ordered as SMTP orders them.
type Stage uint8

// The stages, in the order in which a client reaches them.
const (
	StageConnect Stage = iota + 1 // client address and name
	StageHelo                     // HELO or EHLO name
	StageMail                     // MAIL FROM; authenticated user and TLS are known
	StageRcpt                     // each accepted RCPT TO
	StageData                     // end of message: header and body
)

var stageNames = [...]string{"", "connect", "helo", "mail", "rcpt", "data"}

// String gives the name used in records, logs and the configuration.
func (s Stage) String() string {
	if int(s) < len(stageNames) && s > 0 {
		return stageNames[s]
	}
	return fmt.Sprintf("stage(%d)", uint8(s))
}
