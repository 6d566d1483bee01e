package scoring

import (
	"fmt"

	"github.com/postern-mail/postern/mail"
)

// JudgeEarly is Judge before the message was sent, for the symbols that may
// refuse at this stage or before it. ok is false when none of them was found, or when the
// mode refuses nothing: then the message is awaited, and nothing was decided.
// The action is the symbol's own where that is Tempfail, else Reject.
func JudgeEarly(ev Evidence, p *Policy, at mail.Stage) (v Verdict, by string, ok bool) {
	if p.Mode != Enforce {
		return Verdict{}, "", false
	}
	for _, s := range ev.Symbols {
		stage, early := p.Early[s.Name]
		if !early || stage > at || p.Shadow[s.Name] || clamp(s.Factor) == 0 {
			continue
		}
		v = Judge(ev, p)
		v.Action = Reject
		if p.Actions[s.Name] == Tempfail {
			v.Action = Tempfail
		}
		v.Reason = fmt.Sprintf("%s refuses at %s", s.Name, at)
		return v, s.Name, true
	}
	return Verdict{}, "", false
}
