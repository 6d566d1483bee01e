package app

import (
	"context"
	"slices"

	"github.com/postern-mail/postern/chain"
	"github.com/postern-mail/postern/mail"
	"github.com/postern-mail/postern/milter"
	"github.com/postern-mail/postern/scoring"
	"github.com/postern-mail/postern/verdicts"
)

var _ milter.Handler = (*App)(nil)

// Answers implements milter.Handler: the stages at which a policy may refuse.
func (a *App) Answers() []mail.Stage { return a.current.Load().policies.EarlyStages() }

// Connect implements milter.Handler.
func (a *App) Connect(ctx context.Context, s *mail.Session) (milter.Dialogue, *milter.Reply) {
	d := &dialogue{app: a, ctx: ctx, session: s}
	d.renew()
	if !d.mayRefuse(mail.StageConnect) {
		return d, nil
	}
	return d, d.refuse(ctx, mail.StageConnect, mail.Envelope{}, d.run.Early())
}

// dialogue takes one connection through the chain of the generation that is in
// force when a transaction begins.
type dialogue struct {
	app     *App
	ctx     context.Context // of the connection
	session *mail.Session
	helo    bool   // HELO was given
	from    string // of the transaction

	gen *generation
	run *chain.Run
	tx  *chain.Tx
}

// renew goes over to the generation in force, when it is another one than the dialogue has: what was done at
// connect and HELO is done again with its filters.
func (d *dialogue) renew() {
	if d.gen != nil && d.gen == d.app.current.Load() {
		return
	}
	d.leave()
	d.gen = d.app.hold()
	d.run = d.gen.chain.Connect(d.ctx, d.session, d.app.now)
	if d.helo {
		d.run.Helo(d.session)
	}
}

// leave ends the part in a generation.
func (d *dialogue) leave() {
	if d.gen == nil {
		return
	}
	d.run.Close()
	if err := d.gen.release(); err != nil {
		d.app.log.Error("closing replaced filters", "err", err)
	}
	d.gen = nil
}

// Helo implements milter.Dialogue.
func (d *dialogue) Helo(_ context.Context, s *mail.Session) *milter.Reply {
	d.session, d.helo = s, true
	d.run.Helo(s)
	return nil
}

// Mail implements milter.Dialogue.
func (d *dialogue) Mail(_ context.Context, s *mail.Session, env mail.Envelope) *milter.Reply {
	d.session, d.from = s, env.From
	d.renew()
	d.tx = d.run.Mail(s, env)
	return nil
}

// Rcpt implements milter.Dialogue.
func (d *dialogue) Rcpt(ctx context.Context, rcpt string, _ []string) *milter.Reply {
	d.tx.Rcpt(rcpt)
	if !d.mayRefuse(mail.StageRcpt) {
		return nil
	}
	reply := d.refuse(ctx, mail.StageRcpt, mail.Envelope{From: d.from, Rcpts: []string{rcpt}}, d.tx.Early(rcpt, d.gen.awaited))
	if reply != nil {
		charges := d.tx.Drop()
		if reply.Code/100 == 4 {
			d.app.giveBack(charges)
		}
	}
	return reply
}

// mayRefuse tells whether some policy wants to hear of the evidence at this stage.
func (d *dialogue) mayRefuse(at mail.Stage) bool {
	return !d.session.Local && slices.Contains(d.gen.policies.EarlyStages(), at)
}

// refuse gives the reply when the policy refuses by what is known so far, and
// makes the refusal known like any verdict.
func (d *dialogue) refuse(ctx context.Context, at mail.Stage, env mail.Envelope, ev scoring.Evidence) *milter.Reply {
	start := d.app.now()
	m := mail.New(mail.Message{Session: d.session, Envelope: env, Now: start})
	v, by, ok := scoring.JudgeEarly(ev, d.gen.policies.Choose(m), at)
	if !ok {
		return nil
	}
	r := verdicts.Build(verdicts.NewID(start), m, ev, v, scoring.Explanation{Decided: []string{by}})
	reply, _ := r.ReplyTo(v.Action)
	r.Reply = reply.String()
	d.app.report(ctx, r, d.app.now().Sub(start))
	answer := milter.Reply(reply)
	return &answer
}

// Message implements milter.Dialogue.
func (d *dialogue) Message(ctx context.Context, m *mail.Message) milter.Decision {
	start := d.app.now()
	m = m.Limited(d.gen.reading)
	tx := d.tx
	ev, wanted := d.gen.evidence(ctx, tx, m)
	d.tx = nil
	d.app.takeReport(ctx, d.gen.cfg, m, &ev)
	r, edits := d.gen.judge(ctx, m, ev, wanted)
	d.app.report(ctx, r, d.app.now().Sub(start))
	d.app.remember(ctx, d.gen, m, ev, r)
	if a := r.Mode.Applied(r.Action); a == scoring.Tempfail || a == scoring.Greylist {
		d.app.giveBack(tx.Charges())
	}
	return decision(r, edits)
}

// decision puts a record into the terms of the milter.
func decision(r *verdicts.Record, edits []mail.Edit) milter.Decision {
	applied := r.Mode.Applied(r.Action)
	if reply, refused := r.ReplyTo(applied); refused {
		action := milter.Tempfail
		if applied == scoring.Reject {
			action = milter.Reject
		}
		return milter.Decision{Action: action, Reply: milter.Reply(reply)}
	}
	switch applied {
	case scoring.Discard:
		return milter.Decision{Action: milter.Discard}
	case scoring.Quarantine:
		return milter.Decision{Action: milter.Hold, Hold: "postern " + r.ID, Edits: edits}
	default:
		return milter.Decision{Action: milter.Continue, Edits: edits}
	}
}

// Abort implements milter.Dialogue.
func (d *dialogue) Abort() {
	if d.tx != nil {
		d.tx.Abort()
		d.app.giveBack(d.tx.Charges())
		d.tx = nil
	}
}

// Close implements milter.Dialogue.
func (d *dialogue) Close() {
	d.Abort()
	d.leave()
}
