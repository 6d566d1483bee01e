package app

import (
	"github.com/postern-mail/postern/mail"
	"github.com/postern-mail/postern/scoring"
	"github.com/postern-mail/postern/verdicts"
)

// judge turns evidence into the record, and into the edits that the record and the
// filters ask for.
func (g *generation) judge(m *mail.Message, ev scoring.Evidence, wanted []mail.Edit) (*verdicts.Record, []mail.Edit) {
	p := g.policies.Choose(m)
	noteTruncated(m, &ev)
	v := scoring.Judge(ev, p)
	r := verdicts.Build(verdicts.NewID(m.Now), m, ev, v, scoring.Explain(ev, p))
	applied := v.Mode.Applied(v.Action)
	if reply, refused := r.ReplyTo(applied); refused {
		r.Reply = reply.String()
		return r, nil
	}
	if !v.Mode.Edits() {
		return r, nil
	}
	return r, append(wanted, r.Edits(m.Header, g.headers, p.Thresholds.Mark)...)
}

// The symbol of a message of which we saw a part only. It is judged by what was seen, visibly; a policy may
// give the symbol a score or an action.
const (
	truncatedSymbol = "MESSAGE_TRUNCATED"
	truncatedScore  = 5
)

func noteTruncated(m *mail.Message, ev *scoring.Evidence) {
	if m.Truncated != "" {
		ev.Symbols = append(ev.Symbols, scoring.Found(truncatedSymbol, m.Truncated))
	}
}
