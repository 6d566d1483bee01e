// Package scoring turns evidence into a verdict.
//
// Filters report what they found as symbols; they know no points, no
// thresholds and no actions. All that was found about one message, and all
// that could not be looked at, is its Evidence. Judge is a pure function of
// evidence and policy, so that the same evidence can be judged again under
// another policy and the explanation of a verdict is computed.
package scoring

import (
	"time"

	"github.com/postern-mail/postern/mail"
	"github.com/postern-mail/postern/mail/authres"
)

// Symbol is a named observation. How much it weighs is the policy's matter.
type Symbol struct {
	Name    string   // upper case, the method first: SPF_FAIL
	Factor  float64  // 0..1: how sure, or how much of it; multiplies the score
	Details []string // for the reader: what exactly was seen; may hold text from the mail, escape it where it is shown
}

// Found is a symbol with factor 1.
func Found(name string, details ...string) Symbol {
	return Symbol{Name: name, Factor: 1, Details: details}
}

// Status says how a check ended.
type Status string

// The ways a check ends.
const (
	StatusOK      Status = "ok"
	StatusError   Status = "error"
	StatusTimeout Status = "timeout"
	StatusSkipped Status = "skipped" // it was not its turn (Err says why)
)

// Check tells that a filter was run, and how that went.
type Check struct {
	Name     string
	Stage    mail.Stage
	Status   Status
	Err      string // "" when all is well
	Duration time.Duration
}

// Evidence is all that is known about one message.
type Evidence struct {
	Symbols []Symbol
	Auth    []authres.Result
	Checks  []Check
}
