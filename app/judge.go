package app

import (
	"context"

	"github.com/postern-mail/postern/chain"
	"github.com/postern-mail/postern/mail"
	"github.com/postern-mail/postern/scoring"
	"github.com/postern-mail/postern/verdicts"
)

// evidence waits for what the chain finds, and lets the rules read it.
func (g *generation) evidence(ctx context.Context, tx *chain.Tx, m *mail.Message) (scoring.Evidence, []mail.Edit) {
	ev, wanted := tx.Data(ctx, m)
	noteTruncated(m, &ev)
	g.book.read(ctx, m, &ev)
	return ev, wanted
}

// judge turns evidence into the record, and into the edits that the record and the
// filters ask for.
func (g *generation) judge(ctx context.Context, m *mail.Message, ev scoring.Evidence, wanted []mail.Edit) (*verdicts.Record, []mail.Edit) {
	p := g.policies.Choose(m)
	v := scoring.Judge(ev, p)
	if v.Action == scoring.Greylist && g.greylist != nil {
		g.greylist.decide(ctx, m, &ev)
		v = scoring.Judge(ev, p)
	}
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

// Symbols of a message of which we saw a part only. What was seen is judged, visibly.
const (
	// The message is larger than we look at; it will not be smaller next time.
	truncatedSymbol = "MESSAGE_TRUNCATED"
	truncatedScore  = 5
	// Our disk would not take the message: that is no fault of the sender, who may come again.
	unspooledSymbol = "MESSAGE_UNSPOOLED"
)

// truncatedSpool is what mail.Message.Truncated says of the latter.
const truncatedSpool = "spool"

func noteTruncated(m *mail.Message, ev *scoring.Evidence) {
	switch m.Truncated {
	case "":
	case truncatedSpool:
		ev.Symbols = append(ev.Symbols, scoring.Found(unspooledSymbol))
	default:
		ev.Symbols = append(ev.Symbols, scoring.Found(truncatedSymbol, m.Truncated))
	}
}
